"""Pieces of a row of users that are fetched when somebody wants them: its menu, its invitation's way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vestibule.directory.models import User
from vestibule.web.people import user_rows
from vestibule.web.readers import require_reader


@require_safe
def menu(request: Any, pk: UUID) -> HttpResponse:
    """What may be done with a user at this moment, as menu items."""
    return render(request, "users/_menu.html", {"row": _row(request, pk)})


@require_safe
def way(request: Any, pk: UUID) -> HttpResponse:
    """What became of a user's newest invitation."""
    return render(request, "users/_way.html", {"row": _row(request, pk)})


def _row(request: Any, pk: UUID) -> dict[str, Any]:
    require_reader(request.actor)
    found = User.objects.visible_to(request.actor).clients().one(pk=pk)
    [row] = user_rows([found], request.actor, request.LANGUAGE_CODE)
    return row

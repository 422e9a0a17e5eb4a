"""Requests: what waits for a decision, one of them with everything asked, and one's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from vestibule.actor import Actor
from vestibule.directory.actions import requests
from vestibule.directory.models import Approval, ApprovalState
from vestibule.directory.policies.validation import may_validate_anywhere
from vestibule.directory.request_views import (
    BY_AGE,
    NEWEST_FIRST,
    asked_by,
    lines_of,
    person_in,
    shown_to_deciders,
    to_decide,
)
from vestibule.refusals import Conflict, Denied, Invalid, NotNow, Refusal
from vestibule.web.context import initials
from vestibule.web.forms import NothingForm
from vestibule.web.readers import require_reader
from vestibule.web.refusals import put_at_fields, status_of
from vestibule.web.request_forms import DecisionForm, RefusalForm
from vestibule.web.request_rows import request_page
from vestibule.web.views.client_wizard import require_client_creator

PAGE_SIZE = 50
COUNT_LIMIT = 10_000


def require_decider(actor: Actor) -> None:
    """Refuse who decides about nobody.

    Refuses: Denied.
    """
    require_reader(actor)
    if not may_validate_anywhere(actor):
        raise Denied(permission="vestibule.users.validate")


def _page_of(request: Any, found: Any, name: str, order: Any) -> dict[str, Any]:
    """Return the rows and the pager of one page of a list of requests."""
    page = found.select_related("place").page(
        size=PAGE_SIZE,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        order=order,
    )
    total = found.counted(COUNT_LIMIT)
    here = reverse(name)
    rows = lines_of(page.rows, request.actor, request.LANGUAGE_CODE)
    for row in rows:
        row["initials"] = initials(row["person"]["name"])
        row["chips"], row["more_names"] = row["companies"][:1], row["companies"][1:]
        row["more"] = len(row["more_names"])
    return {
        "rows": rows,
        "pager": {
            "previous_url": f"{here}?before={page.previous}" if page.previous else "",
            "next_url": f"{here}?after={page.next}" if page.next else "",
            "shown": len(page.rows),
            "total": total if total <= COUNT_LIMIT else None,
        },
    }


@require_safe
def waiting(request: Any) -> HttpResponse:
    """List what waits for a decision, the oldest first."""
    require_decider(request.actor)
    context = _page_of(request, to_decide(request.actor), "requests", BY_AGE)
    return render(request, "requests/list.html", context)


@require_safe
def one(request: Any, pk: UUID) -> HttpResponse:
    """One request with everything that was asked, to approve or to refuse."""
    require_decider(request.actor)
    approval = _for_decider(request.actor, pk)
    return _shown(request, approval, DecisionForm(), RefusalForm(), 200)


def _for_decider(actor: Actor, pk: UUID) -> Approval:
    found: Approval = shown_to_deciders(actor).select_related("place").one(pk=pk)
    return found


def _shown(
    request: Any, approval: Approval, decision: Any, refusal: Any, status: int
) -> HttpResponse:
    context = {
        **request_page(approval, request.actor, request.LANGUAGE_CODE),
        "decision": decision,
        "refusal": refusal,
    }
    return render(request, "requests/detail.html", context, status=status)


@require_http_methods(["POST"])
def approve(request: Any, pk: UUID) -> HttpResponse:
    """Do what the request asks for, if it is still what was seen."""
    require_decider(request.actor)
    approval = _for_decider(request.actor, pk)
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            requests.approve_request(request.actor, approval, seen=form.cleaned_data["seen"])
        except (Conflict, Invalid, NotNow) as refusal:
            return _refused(request, pk, form, RefusalForm(), refusal)
        messages.success(
            request,
            _("The request for %(name)s is approved.") % {"name": person_in(approval)["name"]},
        )
        return HttpResponseRedirect(reverse("requests"), status=303)
    return _shown(request, approval, form, RefusalForm(), 422)


@require_http_methods(["POST"])
def refuse(request: Any, pk: UUID) -> HttpResponse:
    """Refuse a request and say why; who asked reads it."""
    require_decider(request.actor)
    approval = _for_decider(request.actor, pk)
    form = RefusalForm(request.POST)
    if form.is_valid():
        try:
            requests.refuse_request(
                request.actor,
                approval,
                seen=form.cleaned_data["seen"],
                reason=form.cleaned_data["reason"],
            )
        except (Conflict, Invalid, NotNow) as refusal:
            return _refused(request, pk, DecisionForm(), form, refusal)
        messages.success(
            request,
            _("The request for %(name)s is refused. Whoever asked is told why.")
            % {"name": person_in(approval)["name"]},
        )
        return HttpResponseRedirect(reverse("requests"), status=303)
    return _shown(request, approval, DecisionForm(), form, 422)


def _refused(
    request: Any, pk: UUID, decision: Any, refusal_form: Any, refusal: Refusal
) -> HttpResponse:
    """Show the request as it is now, and why nothing was decided."""
    put_at_fields(refusal_form if refusal_form.is_bound else decision, refusal)
    approval = _for_decider(request.actor, pk)
    return _shown(request, approval, decision, refusal_form, status_of(refusal))


# --- one's own ---------------------------------------------------------------------------


@require_safe
def mine(request: Any) -> HttpResponse:
    """List what a client's administrator asked, the newest first, and where each stands."""
    require_client_creator(request.actor)
    context = _page_of(request, asked_by(request.actor), "my_requests", NEWEST_FIRST)
    for row in context["rows"]:
        over = row["state"] in (ApprovalState.REFUSED, ApprovalState.WITHDRAWN)
        row["may"] = {
            "withdraw": row["state"] == ApprovalState.WAITING,
            "ask_again": over and not row["is_asked_again"],
        }
    return render(request, "requests/mine.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: Any, pk: UUID) -> HttpResponse:
    """Ask before a request is taken back, then take it back."""
    require_client_creator(request.actor)
    approval = asked_by(request.actor).select_related("place").one(pk=pk)
    form = NothingForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    name = person_in(approval)["name"]
    if form.is_valid():
        try:
            requests.withdraw_request(request.actor, approval)
        except (Conflict, NotNow) as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            messages.success(request, _("The request for %(name)s is taken back.") % {"name": name})
            return HttpResponseRedirect(reverse("my_requests"), status=303)
    [line] = lines_of([approval], request.actor, request.LANGUAGE_CODE)
    context = {"form": form, "line": line, "back_url": reverse("my_requests")}
    return render(request, "requests/withdraw.html", context, status=status)

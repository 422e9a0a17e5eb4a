"""What is done to several users at once: asked first, then each by himself, each with his outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vestibule.actor import Actor
from vestibule.directory.actions import client_users, invitations
from vestibule.directory.listing import read_id
from vestibule.directory.models import User
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.querysets import PAGE_LIMIT
from vestibule.directory.scope import firm_scope
from vestibule.refusals import Invalid, Refusal
from vestibule.web.door import own_scope
from vestibule.web.forms import NothingForm, ReasonForm
from vestibule.web.people import user_rows
from vestibule.web.readers import require_reader
from vestibule.web.refusals import put_at_fields, tell
from vestibule.web.views.user_list import address, asked_for

Deed = Callable[[Actor, User, dict[str, Any]], object]

DEEDS: dict[str, Deed] = {
    "invite": lambda actor, who, typed: invitations.send_invitation(actor, who),
    "deactivate": lambda actor, who, typed: client_users.deactivate_client_user(
        actor, who, reason=typed.get("reason", "")
    ),
}
FITS = {"invite": ("send_welcome", "resend"), "deactivate": ("deactivate",)}
"""act on several → the acts on one of which any must fit a user's state and the actor's rights"""


class _SeveralForm(ReasonForm):
    """A confirmation for several; the people are beside the form's own fields."""

    of_the_page = frozenset({"act", "user", "sure"})

    def unknown_fields(self) -> list[str]:
        return [name for name in super().unknown_fields() if name not in self.of_the_page]


class _SeveralNothingForm(NothingForm):
    of_the_page = _SeveralForm.of_the_page

    def unknown_fields(self) -> list[str]:
        return [name for name in super().unknown_fields() if name not in self.of_the_page]


@own_scope
@require_POST
def users(request: Any) -> HttpResponse:
    """Ask before an act on several users, naming them; then do it and say what became of each.

    Each act is a transaction of its own: nobody else waits until the last of them is done.
    """
    with firm_scope(request.firm):
        asked = _asked(request)
    if isinstance(asked, HttpResponse):
        return asked
    context, people = asked
    form, template = context["form"], "users/bulk.html"
    if form.is_valid():
        try:
            outcomes = _outcomes(request, context, people, form.cleaned_data)
        except Invalid as refusal:
            put_at_fields(form, refusal)
        else:
            context["outcomes"] = outcomes
            context["done"] = sum(not outcome["refused"] for outcome in outcomes)
            context["held"] = context["act"] == "invite" and settings.VESTIBULE.smtp is None
            template = "users/bulk_done.html"
    with firm_scope(request.firm):
        return render(request, template, context, status=422 if form.errors else 200)


def _asked(request: Any) -> HttpResponse | tuple[dict[str, Any], list[User]]:
    """Return what the page shows before the act and whom it is about, or the way back."""
    actor = request.actor
    require_reader(actor)
    back_url = address(asked_for(request).listing)
    act = request.POST.get("act", "")
    people = _chosen(request)
    if act not in DEEDS or not people:
        messages.warning(request, _("Nobody was chosen. Tick the users first."))
        return HttpResponseRedirect(back_url, status=303)

    rows = user_rows(people, actor, request.LANGUAGE_CODE)
    fitting = {row["id"] for row in rows if any(row["may"].get(one) for one in FITS[act])}
    is_sure = "sure" in request.POST
    kind = _SeveralForm if act == "deactivate" else _SeveralNothingForm
    form = kind(request.POST if is_sure else None)
    context = {
        "act": act,
        "form": form,
        "back_url": back_url,
        "fitting": [row for row in rows if row["id"] in fitting],
        "others": [row for row in rows if row["id"] not in fitting],
        "link_days": rules_of(actor.firm_id).invitation_days,
    }
    return context | {"rows": rows}, people


def _chosen(request: Any) -> list[User]:
    """Return the users that were ticked and that the actor sees, by name."""
    typed = request.POST.getlist("user")[:PAGE_LIMIT]
    ids = [found for found in map(read_id, typed) if found is not None]
    seen = User.objects.visible_to(request.actor).clients().filter(pk__in=ids)
    return list(seen.order_by("sort_key", "pk"))


def _outcomes(
    request: Any, context: dict[str, Any], people: list[User], typed: dict[str, Any]
) -> list[dict[str, Any]]:
    """Do the act on each person by itself: one refusal stops nobody else.

    Refuses: Invalid, for something typed, which every one of them would refuse.
    """
    outcomes = []
    for who, row in zip(people, context["rows"], strict=True):
        said = ""
        try:
            DEEDS[context["act"]](request.actor, who, typed)
        except Invalid:
            raise
        except Refusal as refusal:
            said = tell(refusal)
        outcomes.append({"row": row, "refused": said})
    return outcomes

"""The firm's team: the list, a member's page, and what is done to members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_safe

from vestibule.actor import Actor
from vestibule.directory.actions import staff
from vestibule.directory.actions.client_users import Identity
from vestibule.directory.models import Grant, User, UserState
from vestibule.directory.policies.addresses import shown_phone
from vestibule.directory.policies.administrators import last_of_the_firm
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.querysets import is_whole_firm, reach_of
from vestibule.directory.sights import events_about, names_of
from vestibule.directory.wordbook import Words
from vestibule.refusals import Denied, Refusal
from vestibule.web.details import _invitation
from vestibule.web.forms import NothingForm, ReasonForm, language_word
from vestibule.web.helping import may_reset_factors
from vestibule.web.history import history_of
from vestibule.web.people import read, shown_state
from vestibule.web.refusals import put_at_fields, status_of
from vestibule.web.team_forms import MemberForm, RoleForm
from vestibule.web.team_rows import may_do, said_of, team_rows

PAGE_SIZE = 50
STATES = (
    "",
    UserState.INVITED,
    UserState.READY,
    UserState.ACTIVE,
    UserState.DEACTIVATED,
)


def require_team_reader(actor: Actor) -> None:
    """Refuse who may not see the firm's team.

    Refuses: Denied.
    """
    if not is_whole_firm(reach_of(actor, "vestibule.staff.read")):
        raise Denied(permission="vestibule.staff.read")


@require_safe
def team(request: Any) -> HttpResponse:
    """List the team: search, state, role, pages both ways."""
    require_team_reader(request.actor)
    asked = {
        "q": request.GET.get("q", "")[:200].replace("\x00", ""),
        "state": request.GET.get("state", ""),
        "role": request.GET.get("role", "")[:60].replace("\x00", ""),
    }
    asked["state"] = asked["state"] if asked["state"] in STATES else ""
    members = User.objects.visible_to(request.actor).filter(kind="staff")
    if asked["q"]:
        members = members.matching(asked["q"])
    words, roles = (
        Words(request.actor.firm_id, request.LANGUAGE_CODE),
        staff.all_roles(request.actor),
    )
    if asked["role"]:
        held = Grant.objects.visible_to(request.actor).not_over()
        members = members.filter(pk__in=held.filter(role__code=asked["role"]).values("user_id"))
    counts = members.count_by_state()
    shown = members.filter(state=asked["state"]) if asked["state"] else members
    page = shown.page(
        size=PAGE_SIZE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    total = counts.get(asked["state"], 0) if asked["state"] else sum(counts.values())
    context = {
        **asked,
        "tabs": [
            {
                "state": state,
                "count": counts.get(state, 0) if state else sum(counts.values()),
                "url": _address({**asked, "state": state}),
                "active": state == asked["state"],
            }
            for state in STATES
        ],
        "roles": [{"code": role.code, "word": words.role(role)} for role in roles],
        "rows": team_rows(page.rows, request.actor, request.LANGUAGE_CODE),
        "pager": {
            "previous_url": _address(asked, before=page.previous) if page.previous else "",
            "next_url": _address(asked, after=page.next) if page.next else "",
            "shown": len(page.rows),
            "total": total,
        },
        "may": {"invite": _may_invite(request.actor)},
    }
    return render(request, "team/list.html", context)


@require_safe
def member(request: Any, pk: UUID) -> HttpResponse:
    """One member of the team: identity, role, invitation, history, and what can be done."""
    require_team_reader(request.actor)
    actor, language = request.actor, request.LANGUAGE_CODE
    who = User.objects.visible_to(actor).filter(kind="staff").one(pk=pk)
    seen, words = read([who], actor), Words(actor.firm_id, language)
    role = staff.roles_of([who]).get(who.pk)
    creator = names_of(actor, [who.created_by_id])
    context = {
        "user": {
            **said_of(who, seen),
            "phone": shown_phone(who.phone),
            "language": language_word(who.language),
            "role": words.role(role) if role is not None else "",
            "created_at": who.created_at,
            "created_by": creator.get(who.created_by_id, "") if who.created_by_id else "",
        },
        "invitation": _invitation(who, seen, language_word(who.language), shown_state(who, seen)),
        "history": history_of(who, actor, language),
        "history_total": events_about(who, actor).count(),
        "is_me": who.pk == actor.user_id,
        "is_last_administrator": last_of_the_firm(who),
        "may": {
            **may_do(who, actor, is_changeable=who.pk in staff.changeable(actor, [who])),
            "reset_second_factors": may_reset_factors(actor, who),
        },
    }
    return render(request, "team/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Any) -> HttpResponse:
    """Invite somebody into the team."""
    require_team_reader(request.actor)
    if not _may_invite(request.actor):
        raise Denied(permission="vestibule.staff.create")
    form = MemberForm(
        request.POST if request.method == "POST" else None,
        roles=_offered(request),
        initial={"language": request.firm.default_language},
    )
    status = 422 if form.errors else 200
    if form.is_valid():
        typed = dict(form.cleaned_data)
        role = typed.pop("role")
        try:
            made = staff.create_staff_user(request.actor, identity=Identity(**typed), role=role)
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            _say(request, _("%(name)s is invited into the team."), made)
            return HttpResponseRedirect(reverse("team_member", args=[made.pk]), status=303)
    context = {"form": form, "link_days": rules_of(request.actor.firm_id).invitation_days}
    return render(request, "team/new.html", context, status=status)


Deed = Callable[[Actor, User, dict[str, Any]], object]

DEEDS: dict[str, tuple[Deed, str]] = {
    "role": (
        lambda actor, who, typed: staff.change_staff_role(actor, who, role=typed["role"]),
        gettext_noop("%(name)s has another role now."),
    ),
    "resend": (
        lambda actor, who, typed: staff.send_staff_invitation(actor, who),
        gettext_noop(
            "A fresh invitation for %(name)s is on its way. Earlier links no longer work."
        ),
    ),
    "cancel_invitation": (
        lambda actor, who, typed: staff.cancel_staff_invitation(actor, who),
        gettext_noop("The invitation of %(name)s is cancelled."),
    ),
    "deactivate": (
        lambda actor, who, typed: staff.deactivate_staff_user(
            actor, who, reason=typed.get("reason", "")
        ),
        gettext_noop("%(name)s is deactivated and signed out everywhere."),
    ),
    "reactivate": (
        lambda actor, who, typed: staff.reactivate_staff_user(actor, who),
        gettext_noop("%(name)s has the access again."),
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: Any, pk: UUID, act: str) -> HttpResponse:
    """Ask before an act on a member of the team, then do it."""
    require_team_reader(request.actor)
    if not is_whole_firm(reach_of(request.actor, "vestibule.staff.change")):
        raise Denied(permission="vestibule.staff.change")
    who = User.objects.visible_to(request.actor).filter(kind="staff").one(pk=pk)
    deed, told = DEEDS[act]
    form = _form_of(request, act, who)
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            deed(request.actor, who, form.cleaned_data)
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            _say(request, _(told), who, by_mail=act == "resend")
            return HttpResponseRedirect(reverse("team_member", args=[pk]), status=303)
    blocked = ""
    if act in ("role", "deactivate"):
        blocked = "oneself" if who.pk == request.actor.user_id else ""
        blocked = blocked or ("last_administrator" if last_of_the_firm(who) else "")
    context = {
        "act": act,
        "form": form,
        "user": {"name": who.full_name, "first_name": who.first_name, "email": who.email},
        "back_url": reverse("team_member", args=[pk]),
        "link_days": rules_of(request.actor.firm_id).invitation_days,
        "blocked": blocked,
    }
    return render(request, "team/confirm.html", context, status=status)


def _form_of(request: Any, act: str, who: User) -> Any:
    typed = request.POST if request.method == "POST" else None
    if act == "role":
        now = staff.roles_of([who]).get(who.pk)
        return RoleForm(
            typed, roles=_offered(request), initial={"role": now.code if now is not None else ""}
        )
    return ReasonForm(typed) if act == "deactivate" else NothingForm(typed)


def _offered(request: Any) -> list[tuple[str, str]]:
    words = Words(request.actor.firm_id, request.LANGUAGE_CODE)
    return [(role.code, words.role(role)) for role in staff.roles_offered(request.actor)]


def _may_invite(actor: Actor) -> bool:
    return is_whole_firm(reach_of(actor, "vestibule.staff.create"))


def _say(request: Any, sentence: str, who: User, *, by_mail: bool = False) -> None:
    """Tell what was done, and honestly where a mail only waits."""
    name = {"name": who.full_name}
    if by_mail and settings.VESTIBULE.smtp is None:
        sentence = _(
            "The mail to %(name)s waits in the outbox: no mail server is set on this server."
        )
    messages.success(request, sentence % name)


def _address(asked: dict[str, str], **cursor: str) -> str:
    query = {key: value for key, value in {**asked, **cursor}.items() if value}
    return reverse("team") + (f"?{urlencode(query)}" if query else "")

"""Events → sentences that a person reads."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vestibule.actor import Actor
from vestibule.directory.models import Event, User
from vestibule.directory.sights import events_about
from vestibule.web.trail_rows import Told, field_word, read, shown
from vestibule.web.trail_words import DOORS

SENTENCES: dict[str, tuple[str, str]] = {
    "client_user.created": (gettext_noop("Created as %(role)s"), "user-plus"),
    "client_user.corrected": (gettext_noop("Data corrected"), "pencil"),
    "user.email_change_asked": (gettext_noop("Another e-mail address asked for"), "mail"),
    "user.email_changed": (gettext_noop("E-mail address changed"), "mail-check"),
    "user.email_change_cancelled": (
        gettext_noop("The change of the e-mail address was cancelled"),
        "x",
    ),
    "user.email_change_expired": (
        gettext_noop("The new e-mail address was not confirmed in time"),
        "clock-exclamation",
    ),
    "client_user.validated": (gettext_noop("Validated"), "user-check"),
    "client_user.requested": (gettext_noop("Asked for as %(role)s"), "hourglass"),
    "client_user.refused": (gettext_noop("Refused"), "circle-x"),
    "client_user.asked_again": (gettext_noop("Waits for validation again"), "hourglass"),
    "request.approved": (gettext_noop("The request was approved"), "user-check"),
    "request.refused": (gettext_noop("The request was refused"), "circle-x"),
    "request.withdrawn": (gettext_noop("The request was taken back"), "x"),
    "access.requested": (gettext_noop("A further company was asked for"), "hourglass"),
    "administration.handed_over": (
        gettext_noop("The administration of %(place)s was handed over"),
        "replace",
    ),
    "client_user.deactivated": (gettext_noop("Deactivated"), "ban"),
    "client_user.reactivated": (gettext_noop("Reactivated"), "user-check"),
    "grant.type_changed": (
        gettext_noop("Changed at %(place)s from %(old_role)s to %(role)s"),
        "replace",
    ),
    "invitation.sent": (gettext_noop("Invitation sent"), "send"),
    "invitation.resent": (gettext_noop("Invitation sent again"), "send"),
    "invitation.renewed": (gettext_noop("Asked for a fresh link and got one"), "send"),
    "invitation.asked_again": (gettext_noop("Asked for a link again"), "mailbox"),
    "invitation.cancelled": (gettext_noop("Invitation cancelled"), "x"),
    "invitation.expired": (gettext_noop("The invitation’s time was over"), "clock-exclamation"),
    "invitation.accepted": (
        gettext_noop("Accepted the invitation and chose a password"),
        "circle-check",
    ),
    "password.reset_asked": (gettext_noop("Asked for a new password"), "key"),
    "password.reset": (gettext_noop("Chose a new password"), "key"),
    "user.language_chosen": (gettext_noop("Chose another language"), "user"),
    "user.corrected_own_data": (gettext_noop("Corrected name or phone"), "pencil"),
    "password.changed": (gettext_noop("Changed the password"), "key"),
    "session.ended": (gettext_noop("Signed out another device"), "logout"),
    "session.others_ended": (gettext_noop("Signed out all other devices"), "logout"),
    "second_factor.added": (gettext_noop("Added a second factor"), "shield-lock"),
    "second_factor.renamed": (gettext_noop("Renamed a passkey"), "pencil"),
    "second_factor.removed": (gettext_noop("Removed a second factor"), "shield-lock"),
    "second_factor.used": (gettext_noop("Used a second factor"), "shield-lock"),
    "second_factor.reset": (
        gettext_noop("All second factors removed, after they were lost"),
        "shield-lock",
    ),
    "recovery_codes.made": (gettext_noop("Made new recovery codes"), "shield-lock"),
    "user.signed_in": (gettext_noop("Signed in"), "login"),
    "staff.created": (gettext_noop("Created as %(role)s"), "user-plus"),
    "staff.role_changed": (gettext_noop("Role in the team changed"), "replace"),
    "staff.deactivated": (gettext_noop("Deactivated"), "ban"),
    "staff.reactivated": (gettext_noop("Reactivated"), "user-check"),
    "staff.invitation_sent": (gettext_noop("Invitation sent again"), "send"),
    "staff.invitation_cancelled": (gettext_noop("Invitation cancelled"), "x"),
    "mail.handed_over": (gettext_noop("The mail was handed over to the mail server"), "check"),
    "mail.refused": (gettext_noop("The mail server refused the mail"), "mail-x"),
    "mail.given_up": (gettext_noop("The mail could not be delivered and was given up"), "mail-x"),
}


MAILS: dict[str, str] = {
    "invitation": gettext_noop("the invitation"),
    "password_reset": gettext_noop("the link to a new password"),
    "password_changed": gettext_noop("that the password was changed"),
    "email_confirm": gettext_noop("the link that confirms a new address"),
    "email_change_asked": gettext_noop("that another address was asked for"),
    "email_changed": gettext_noop("that the address was changed"),
    "request_arrived": gettext_noop("that a request waits"),
    "request_decided": gettext_noop("what was decided about a request"),
    "access_added": gettext_noop("that further companies were opened"),
}
"""What a mail was about, where that is worth saying."""

VALUES = ("last_name", "first_name", "email", "phone", "language", "position", "state", "reason")
"""What events say of a user himself, in the order in which a page shows it."""

PAGE_SIZE = 50
ON_THE_CARD = 8


def history_of(
    user: User, actor: Actor, language: str, *, limit: int = ON_THE_CARD
) -> list[dict[str, Any]]:
    """Return what happened to a user last, newest first, as far as the actor may see it."""
    events = list(events_about(user, actor)[:limit])
    told = read(events, actor, language)
    return [_told(event, user, actor, told, in_full=False) for event in events]


def page_of_history(
    user: User, actor: Actor, language: str, *, before: str = "", after: str = ""
) -> dict[str, Any]:
    """Return one page of everything that happened to a user, with the ways to its neighbours.

    `before` and `after` are numbers of events; what is no number means the newest page.
    """
    found = events_about(user, actor)
    older, newer = _number(before), _number(after)
    if newer is not None and older is None:
        rows = list(found.filter(sequence__gt=newer).order_by("sequence")[: PAGE_SIZE + 1])
        has_newer, has_older = len(rows) > PAGE_SIZE, True
        rows = rows[:PAGE_SIZE][::-1]
    else:
        rows = list((found if older is None else found.filter(sequence__lt=older))[: PAGE_SIZE + 1])
        has_newer, has_older = older is not None, len(rows) > PAGE_SIZE
        rows = rows[:PAGE_SIZE]
    told = read(rows, actor, language)
    address = reverse("user_history", args=[user.pk])
    return {
        "history": [_told(event, user, actor, told, in_full=True) for event in rows],
        "pager": {
            "previous_url": f"{address}?after={rows[0].sequence}" if rows and has_newer else "",
            "next_url": f"{address}?before={rows[-1].sequence}" if rows and has_older else "",
            "shown": len(rows),
            "total": found.count(),
        },
    }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _told(event: Event, user: User, actor: Actor, told: Told, *, in_full: bool) -> dict[str, Any]:
    sentence, icon = SENTENCES.get(event.name, (event.name, "history"))
    roles = event.public.get("user_type") or event.public.get("role") or ""
    old, new = roles if isinstance(roles, list) else ("", roles)
    filled = _(sentence) % {
        "role": told.words.get(f"role.{new}") if new else "",
        "old_role": told.words.get(f"role.{old}") if old else "",
        "place": told.places.get(event.place_id, "") if event.place_id else "",
    }
    doer = event.actor_user_id
    return {
        "at": event.at,
        "sentence": filled,
        "by": told.people.get(doer, "") if doer is not None and doer != user.pk else "",
        "door": "" if event.door == "page" else str(DOORS.get(event.door, event.door)),
        "detail": _detail(event, told),
        "changes": _changes(event, actor, told, in_full=in_full),
        "icon": icon,
    }


def _detail(event: Event, told: Told) -> str:
    """Return which mail it was, or how somebody signed in."""
    if event.name.startswith("mail."):
        about = MAILS.get(str(event.public.get("mail", "")))
        return _(about) if about else ""
    method = event.public.get("method")
    return shown("method", method, told) if event.name == "user.signed_in" and method else ""


def _changes(event: Event, actor: Actor, told: Told, *, in_full: bool) -> list[dict[str, str]]:
    """Return old and new values; on the card only of what had a value before.

    A reason is for whoever looks after users as staff, and for whoever gave it.
    """
    said = dict(event.public)
    if event.pk in told.values:
        said |= told.values[event.pk][1]
    is_staff = actor.standing is not None and actor.standing.is_staff
    found = []
    for key in VALUES:
        pair = said.get(key)
        if not isinstance(pair, list) or len(pair) != 2 or pair == [None, ""]:
            continue
        if key == "reason" and not is_staff and event.actor_user_id != actor.user_id:
            continue
        if not in_full and key != "reason" and (pair[0] is None or key == "state"):
            continue
        value = {"label": field_word(key), "old": "", "new": shown(key, pair[1], told)}
        if pair[0] is not None:
            value["old"] = shown(key, pair[0], told) or "—"
            value["new"] = value["new"] or "—"
        found.append(value)
    return found

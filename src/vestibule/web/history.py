"""Events → sentences that a person reads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vestibule.actor import Actor
from vestibule.directory.models import Event, User
from vestibule.directory.sights import events_about, names_of, place_names
from vestibule.directory.wordbook import Words

SENTENCES: dict[str, tuple[str, str]] = {
    "client_user.created": (gettext_noop("Created as %(role)s"), "user-plus"),
    "client_user.validated": (gettext_noop("Validated"), "user-check"),
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
    "user.signed_in": (gettext_noop("Signed in"), "login"),
    "staff.created": (gettext_noop("Created as %(role)s"), "user-plus"),
    "mail.handed_over": (gettext_noop("The mail was handed over to the mail server"), "check"),
    "mail.refused": (gettext_noop("The mail server refused the mail"), "mail-x"),
    "mail.given_up": (gettext_noop("The mail could not be delivered and was given up"), "mail-x"),
}


def history_of(user: User, actor: Actor, words: Words, *, limit: int = 30) -> list[dict[str, Any]]:
    """Return what happened to a user, newest first, as far as the actor may see this user."""
    events = list(events_about(user, actor)[:limit])
    people = names_of(user.firm_id, (event.actor_user_id for event in events))
    places = place_names(user.firm_id, (event.place_id for event in events))
    return [_told(event, user, people, places, words) for event in events]


def _told(
    event: Event, user: User, people: dict[UUID, str], places: dict[UUID, str], words: Words
) -> dict[str, Any]:
    sentence, icon = SENTENCES.get(event.name, (event.name, "history"))
    roles = event.public.get("user_type") or event.public.get("role") or ""
    old, new = roles if isinstance(roles, list) else ("", roles)
    filled = _(sentence) % {
        "role": words.get(f"role.{new}") if new else "",
        "old_role": words.get(f"role.{old}") if old else "",
        "place": places.get(event.place_id, "") if event.place_id else "",
    }
    doer = event.actor_user_id
    by = people.get(doer, "") if doer is not None and doer != user.pk else ""
    return {"at": event.at, "sentence": filled, "by": by, "icon": icon}

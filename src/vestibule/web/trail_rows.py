"""Events → what the audit pages show: one reading for a whole page, no query in a loop."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.forms import ChoiceField
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vestibule.actor import Actor
from vestibule.directory.models import ChainCheck, Event
from vestibule.directory.sights import names_of, place_names
from vestibule.directory.trail import values_of
from vestibule.directory.wordbook import Words
from vestibule.web.forms import language_word
from vestibule.web.settings_forms import RulesForm
from vestibule.web.templatetags.ui import exactly
from vestibule.web.trail_words import (
    DOORS,
    FAULTS,
    FAULTS_SHORT,
    FIELDS,
    KINDS,
    METHODS,
    REQUESTS,
    STATES,
    act_word,
    icon_of,
)

UUID_SHAPE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT_SHAPE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
FACTS = frozenset(
    {
        "companies",
        "applications",
        "created",
        "changed",
        "references",
        "people",
        "acts",
        "places",
        "columns",
    }
)
"""Keys whose value is a list of things and never an old value beside a new one."""
NEVER_SHOWN = frozenset({"password", "secret", "token", "salt", "sealed", "recovery_codes", "seed"})
NOT_FOR_READERS = frozenset(
    {"invitation", "depth", "file", "change", "message_id", "arguments_hash", "attempts"}
)
"""Technical facts that stand on an event's own page only."""
MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Told:
    """What was read about the events of one page."""

    people: dict[UUID, str]
    places: dict[UUID, str]
    values: dict[int, tuple[str, dict[str, Any]]]
    words: Words


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an event says: old and new value, or (`is_fact`) one value alone."""

    label: str
    old: str
    new: str
    is_fact: bool


def read(events: list[Event], actor: Actor, language: str) -> Told:
    """Read everything that these events name, at once."""
    values = values_of(events)
    ids: set[UUID] = set()
    for event in events:
        ids |= {each for each in (event.actor_user_id, event.on_behalf_of_id) if each}
        ids |= _ids_in(event.public)
        ids |= _ids_in(values[event.pk][1]) if event.pk in values else set()
        ids |= _ids_in(event.object_id)
    places = ids | {event.place_id for event in events if event.place_id}
    return Told(
        names_of(actor, ids), place_names(actor, places), values, Words(actor.firm_id, language)
    )


def rows_of(events: list[Event], actor: Actor, language: str) -> list[dict[str, Any]]:
    """Return the rows of the list (see audit/list.html for the shape)."""
    told = read(events, actor, language)
    return [row_of(event, told) for event in events]


def row_of(event: Event, told: Told) -> dict[str, Any]:
    """Return one event as the list shows it."""
    changes = list(changes_of(event, told, short=True))
    return {
        "sequence": event.sequence,
        "at": event.at,
        "act": act_word(event.name),
        "icon": icon_of(event.name),
        "who": who(event, told),
        "door": str(DOORS.get(event.door, event.door)),
        "about": about(event, told),
        "place": place_of(event, told),
        "changes": changes,
        "erased": bool(event.commitment) and event.pk not in told.values,
    }


def who(event: Event, told: Told) -> str:
    """Return who acted: a person by name, else what kind of actor it was."""
    if event.actor_user_id is not None:
        return told.people.get(event.actor_user_id) or _("a person no longer known")
    return str(KINDS.get(event.actor_kind, event.actor_kind))


def about(event: Event, told: Told) -> dict[str, str]:
    """Return whom or what it happened to, and its page."""
    key = _as_uuid(event.object_id)
    if event.object_type == "user":
        name = told.people.get(key, "") if key else ""
        return {"name": name or _("a person no longer known"), "key": event.object_id}
    if event.object_type == "place":
        name = told.places.get(key, "") if key else ""
        return {"name": name or _("a place of the firm"), "key": event.object_id}
    return {"name": "", "key": event.object_id}


def place_of(event: Event, told: Told) -> str:
    """Return the place that it happened at, unless the event is about that very place."""
    if event.place_id is None or event.object_id == str(event.place_id):
        return ""
    return told.places.get(event.place_id, "")


def changes_of(event: Event, told: Told, *, short: bool) -> Iterator[Change]:
    """Yield what an event says, public and personal; `short` leaves out what is technical."""
    said = dict(event.public)
    if event.pk in told.values:
        said |= told.values[event.pk][1]
    for key, value in said.items():
        if short and key in NOT_FOR_READERS:
            continue
        is_pair = key not in FACTS and isinstance(value, list) and len(value) == 2
        old, new = value if is_pair else (None, value)
        before, now = shown(key, old, told, short=short), shown(key, new, told, short=short)
        if short and not before and (not now or (not is_pair and new in (False, 0))):
            continue
        yield Change(label=field_word(key), old=before, new=now, is_fact=not is_pair)


def field_word(key: str) -> str:
    """Return what a field is called; one without a word of its own keeps its name."""
    return str(FIELDS.get(key, key.replace("_", " ").replace(".", ": ")))


def shown(key: str, value: Any, told: Told, *, short: bool = False) -> str:
    """Return a value as a person reads it; never a secret."""
    if key in NEVER_SHOWN:
        return _("not shown")
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        parts = [
            f"{field_word(name)}: {shown(name, each, told, short=short)}"
            for name, each in value.items()
        ]
        return _cut(parts, short=short)
    if isinstance(value, list):
        return _cut([shown(key, each, told, short=short) for each in value], short=short)
    return _word(key, str(value), told)


def _word(key: str, text: str, told: Told) -> str:
    if key == "state" and text in STATES:
        return str(STATES[text])
    if key in ("role", "user_type"):
        return told.words.get(f"role.{text}")
    if key == "applications":
        return told.words.application(text)
    if key == "language":
        return language_word(text)
    if key == "position":
        return told.words.get(f"position.{text}")
    if key == "acts":
        return act_word(text)
    if key == "door":
        return str(DOORS.get(text, text))
    if key == "fault":
        return str(FAULTS_SHORT.get(text, text))
    if key == "act" and text in REQUESTS:
        return str(REQUESTS[text])
    if key in ("method", "kind") and text.split("+")[0] in METHODS:
        return ", ".join(str(METHODS.get(each, each)) for each in text.split("+"))
    if key == "kind":
        return told.words.kind(text)
    rule = RulesForm.base_fields.get(key)
    if isinstance(rule, ChoiceField):
        choices: Any = rule.choices
        return str(dict(choices).get(text, text))
    found = _as_uuid(text)
    if found is not None:
        return told.places.get(found) or told.people.get(found) or text
    if INSTANT_SHAPE.fullmatch(text):
        try:
            return exactly(datetime.fromisoformat(text))
        except ValueError:
            return text
    return text


def _cut(parts: list[str], *, short: bool) -> str:
    if not short or len(parts) <= MOST_SHOWN:
        return ", ".join(parts)
    more = len(parts) - MOST_SHOWN
    rest = ngettext("and %(number)s more", "and %(number)s more", more) % {"number": more}
    return f"{', '.join(parts[:MOST_SHOWN])} {rest}"


def _as_uuid(text: str) -> UUID | None:
    return UUID(text) if UUID_SHAPE.fullmatch(text) else None


def _ids_in(value: Any) -> set[UUID]:
    """Return every id that a value names, however deep."""
    if isinstance(value, str):
        found = _as_uuid(value)
        return {found} if found else set()
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return set()
    return {each for part in inner for each in _ids_in(part)}


def checks_shown(checks: list[ChainCheck], actor: Actor) -> list[dict[str, Any]]:
    """Return verifications as the pages show them."""
    names = names_of(actor, (check.asked_by_id for check in checks))
    return [
        {
            "id": check.pk,
            "by": names.get(check.asked_by_id, "") if check.asked_by_id else "",
            "asked_at": check.asked_at,
            "finished_at": check.finished_at,
            "checked": check.checked,
            "total": check.total,
            "percent": 100 * check.checked // check.total if check.total else 100,
            "is_whole": check.finished_at is not None and not check.fault,
            "is_stopped": check.fault == "stopped",
            "broken_at": check.broken_at,
            "is_there": check.fault in ("altered", "order", "values"),
            "said": said_of(check),
            "url": reverse("audit_check", args=[check.pk]),
        }
        for check in checks
    ]


def said_of(check: ChainCheck) -> str:
    """Return what is wrong in plain words, or "" for a chain that is whole."""
    sentence = FAULTS.get(check.fault)
    return str(sentence) % {"number": check.broken_at} if sentence else ""

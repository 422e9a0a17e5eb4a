"""Personal data as somebody corrects them: reading, comparing, writing. Parts of acts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from vestibule.directory.actions._texts import search_text_of, sort_key_of
from vestibule.directory.actions.invitations import LANGUAGES
from vestibule.directory.models import User
from vestibule.directory.policies.addresses import read_phone, region_of
from vestibule.directory.policies.names import Gathered, read_name
from vestibule.directory.policies.rules import rules_of
from vestibule.refusals import ChoiceUnknown, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """What can be corrected of somebody without asking anybody; never the address."""

    last_name: str
    first_name: str
    phone: str
    language: str


def read_personal(firm_id: UUID, typed: PersonalData, gathered: Gathered) -> PersonalData:
    """Return the data in what was typed; every fault goes to `gathered`, at its field."""
    mandatory = rules_of(firm_id).names_mandatory
    names = {"last_name": "", "first_name": ""}
    for field in names:
        try:
            names[field] = read_name(getattr(typed, field), mandatory=mandatory)
        except Refusal as refusal:
            gathered.refuse(field, refusal)
    phone = ""
    try:
        phone = read_phone(typed.phone, region=region_of(firm_id))
    except Refusal as refusal:
        gathered.refuse("phone", refusal)
    if typed.language not in LANGUAGES:
        gathered.refuse("language", ChoiceUnknown())
    return PersonalData(**names, phone=phone, language=typed.language)


def write_personal(user: User, data: PersonalData) -> dict[str, list[Any]]:
    """Store what differs from before; return it as [old, new] by field.

    What lists search and sort by follows the names.
    """
    changed = {
        field: [getattr(user, field), value]
        for field, value in asdict(data).items()
        if getattr(user, field) != value
    }
    for field, (_old, new) in changed.items():
        setattr(user, field, new)
    if changed:
        user.search_text = search_text_of(user)
        user.sort_key = sort_key_of(user)
        user.save(update_fields=[*changed, "search_text", "sort_key"])
    return changed

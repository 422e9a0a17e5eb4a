"""Names of people and places as they are typed."""

from __future__ import annotations

from vestibule.refusals import FieldMissing, Invalid, TextHasControlCharacters, TextTooLong
from vestibule.text import has_control_characters, tidy

PERSON_LIMIT = 100
PLACE_LIMIT = 200


def read_name(typed: str, *, limit: int = PERSON_LIMIT, mandatory: bool = True) -> str:
    """Return the name in `typed`, tidied.

    Refuses: FieldMissing, TextTooLong, TextHasControlCharacters.
    """
    if len(typed) > limit * 4:
        raise TextTooLong(limit=limit)
    name = tidy(typed.replace("\t", " "))
    if has_control_characters(name):
        raise TextHasControlCharacters()
    if len(name) > limit:
        raise TextTooLong(limit=limit)
    if mandatory and not name:
        raise FieldMissing()
    return name


class Gathered:
    """Reads several fields and keeps every refusal, so that a form says all at once."""

    def __init__(self) -> None:
        self.fields: dict[str, list[object]] = {}

    def refuse(self, field: str, refusal: Exception) -> None:
        self.fields.setdefault(field, []).append(refusal)

    def stop_if_refused(self) -> None:
        """Refuses: Invalid with everything gathered."""
        if self.fields:
            raise Invalid(self.fields)  # type: ignore[arg-type]

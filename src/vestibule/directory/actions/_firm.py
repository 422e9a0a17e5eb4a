"""What changes of the firm's settings share: the firm's row is locked, and what was seen still holds."""

from __future__ import annotations

from collections.abc import Mapping

from vestibule import clock
from vestibule.actor import Actor
from vestibule.blueprints.schema import LANGUAGES
from vestibule.directory.models import Firm, FirmPolicy, FirmWord
from vestibule.directory.policies.names import Gathered, read_name
from vestibule.refusals import Refusal, SettingsChanged

WORD_LIMIT = 60


def locked_firm(actor: Actor) -> Firm:
    """Return the firm's row, locked until the act ends: settings change one after the other."""
    firm: Firm = Firm.objects.select_for_update(no_key=True).get(pk=actor.firm_id)
    return firm


def refuse_if_changed(seen: str, now: str) -> None:
    """Refuses: SettingsChanged when what the person saw is no longer so."""
    if seen != now:
        raise SettingsChanged()


def read_words(typed: Mapping[str, str]) -> dict[str, str]:
    """Return a word in every language.

    Refuses: Invalid at each language that lacks it or has what cannot be taken.
    """
    read: dict[str, str] = {}
    gathered = Gathered()
    for language in LANGUAGES:
        try:
            read[language] = read_name(typed.get(language, ""), limit=WORD_LIMIT)
        except Refusal as refusal:
            gathered.refuse(language, refusal)
    gathered.stop_if_refused()
    return read


def write_words(firm: Firm, key: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Write those languages of a word that change."""
    for language, text in new.items():
        if old.get(language) != text:
            FirmWord.objects.update_or_create(
                firm=firm, key=key, language=language, defaults={"text": text}
            )


def write_rule(firm: Firm, name: str, value: object) -> None:
    """End what a rule was until now, and begin what it is from now on."""
    now = clock.now()
    FirmPolicy.objects.filter(firm=firm, name=name, until__isnull=True).update(until=now)
    FirmPolicy.objects.create(firm=firm, name=name, value=value, since=now)


def changes(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, list[object]]:
    """Return `[old, new]` of each value that differs."""
    return {name: [old[name], value] for name, value in new.items() if old[name] != value}

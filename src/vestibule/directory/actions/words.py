"""What the firm calls its places, roles and applications: changed, and put back."""

from __future__ import annotations

from collections.abc import Mapping

from vestibule.actor import Actor
from vestibule.directory.actions._action import action, authorize, nothing_changed, record
from vestibule.directory.actions._firm import (
    changes,
    locked_firm,
    read_words,
    refuse_if_changed,
    write_words,
)
from vestibule.directory.firm_views import OwnWord, own_word
from vestibule.directory.models import Firm
from vestibule.refusals import NotFound, NotNow, _


class NoShippedWord(NotNow):
    code = "word.not_shipped"
    sentence = _("The blueprint has no word for this.")


@action("vestibule.settings.change")
def change_word(actor: Actor, *, key: str, texts: Mapping[str, str], seen: str) -> dict[str, str]:
    """Call something by another word, in all three languages, on every page and mail from now on.

    Refuses: NotFound, Invalid at the language, SettingsChanged.
    """
    actor = authorize(actor, at=None)
    firm = locked_firm(actor)
    word = _of(firm, key)
    new = read_words(texts)
    refuse_if_changed(seen, word.seen)
    return _write(actor, firm, word, new)


@action("vestibule.settings.change")
def reset_word(actor: Actor, *, key: str, seen: str) -> dict[str, str]:
    """Call something again what the firm's blueprint calls it.

    Refuses: NotFound, NoShippedWord, SettingsChanged.
    """
    actor = authorize(actor, at=None)
    firm = locked_firm(actor)
    word = _of(firm, key)
    if not word.shipped:
        raise NoShippedWord()
    refuse_if_changed(seen, word.seen)
    return _write(actor, firm, word, dict(word.shipped))


def _of(firm: Firm, key: str) -> OwnWord:
    word = own_word(firm, key)
    if word is None:
        raise NotFound()
    return word


def _write(actor: Actor, firm: Firm, word: OwnWord, new: dict[str, str]) -> dict[str, str]:
    changed = changes(word.texts, new)
    if not changed:
        nothing_changed()
        return new

    write_words(firm, word.key, word.texts, new)
    record(actor, "firm.word_changed", firm, public={"key": word.key, **changed})
    return new

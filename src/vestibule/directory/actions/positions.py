"""What somebody is in his company: positions are added, renamed, put in order, retired, restored.

Nothing is deleted: whoever holds a retired position keeps it, it is only no longer offered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.text import slugify

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.actions._action import action, authorize, nothing_changed, record
from vestibule.directory.actions._firm import (
    changes,
    locked_firm,
    read_words,
    refuse_if_changed,
    write_words,
)
from vestibule.directory.firm_views import OwnPosition, own_positions, positions_seen
from vestibule.directory.models import Firm, Position
from vestibule.directory.policies.names import Gathered
from vestibule.refusals import Conflict, NotFound, NotNow, _
from vestibule.text import fold

CODE_LIMIT = 50
MOST = 200


class PositionTaken(Conflict):
    code = "position.taken"
    sentence = _("There is already a position with this word.")


class TooManyPositions(NotNow):
    code = "position.too_many"
    sentence = _("A firm has at most %(most)s positions. Rename one that is no longer used.")


@action("vestibule.settings.change")
def add_position(actor: Actor, *, texts: Mapping[str, str]) -> str:
    """Offer another position, last in the list; return its code, made from the English word.

    Refuses: Invalid at the language, PositionTaken, TooManyPositions.
    """
    actor = authorize(actor, at=None)
    firm = locked_firm(actor)
    words = read_words(texts)
    present = own_positions(firm.pk)
    _refuse_taken(present, words)
    if len(present) >= MOST:
        raise TooManyPositions(most=MOST)

    code = _code_for(words["en"], {one.code for one in present})
    row = Position.objects.create(firm=firm, code=code, ordinal=_last(firm) + 1)
    write_words(firm, f"position.{code}", {}, words)
    pairs = {language: [None, word] for language, word in words.items()}
    record(actor, "position.added", row, public={"code": code, **pairs})
    return code


@action("vestibule.settings.change")
def rename_position(actor: Actor, *, code: str, texts: Mapping[str, str], seen: str) -> None:
    """Call a position something else, also for those who hold it.

    Refuses: NotFound, Invalid at the language, PositionTaken, SettingsChanged.
    """
    actor = authorize(actor, at=None)
    firm = locked_firm(actor)
    row, present = _row(firm, code), own_positions(firm.pk)
    words = read_words(texts)
    refuse_if_changed(seen, positions_seen(firm.pk))
    _refuse_taken([one for one in present if one.code != code], words)
    [old] = [one.texts for one in present if one.code == code]
    changed = changes(old, words)
    if not changed:
        nothing_changed()
        return

    write_words(firm, f"position.{code}", old, words)
    record(actor, "position.renamed", row, public={"code": code, **changed})


@action("vestibule.settings.change")
def order_positions(actor: Actor, *, codes: Sequence[str], seen: str) -> None:
    """Offer the positions in this order; `codes` names each that is offered, once.

    Refuses: NotFound, SettingsChanged.
    """
    actor = authorize(actor, at=None)
    firm = locked_firm(actor)
    refuse_if_changed(seen, positions_seen(firm.pk))
    old = [one.code for one in own_positions(firm.pk) if not one.is_retired]
    if sorted(old) != sorted(codes):
        raise NotFound()
    if old == list(codes):
        nothing_changed()
        return

    for ordinal, code in enumerate(codes):
        Position.objects.filter(firm=firm, code=code).update(ordinal=ordinal)
    record(actor, "positions.ordered", firm, public={"order": [old, list(codes)]})


@action("vestibule.settings.change")
def retire_position(actor: Actor, *, code: str) -> None:
    """Offer a position no longer. Whoever holds it keeps it.

    Refuses: NotFound.
    """
    actor = authorize(actor, at=None)
    firm = locked_firm(actor)
    row = _row(firm, code)
    if row.retired_at is not None:
        nothing_changed()
        return

    row.retired_at = clock.now()
    row.save(update_fields=["retired_at"])
    record(actor, "position.retired", row, public={"code": code, "offered": [True, False]})


@action("vestibule.settings.change")
def restore_position(actor: Actor, *, code: str) -> None:
    """Offer a retired position again, last in the list.

    Refuses: NotFound.
    """
    actor = authorize(actor, at=None)
    firm = locked_firm(actor)
    row = _row(firm, code)
    if row.retired_at is None:
        nothing_changed()
        return

    row.retired_at = None
    row.ordinal = _last(firm) + 1
    row.save(update_fields=["retired_at", "ordinal"])
    record(actor, "position.restored", row, public={"code": code, "offered": [False, True]})


def _row(firm: Firm, code: str) -> Position:
    row: Position | None = Position.objects.filter(firm=firm, code=code).first()
    if row is None:
        raise NotFound()
    return row


def _last(firm: Firm) -> int:
    ordinals = Position.objects.filter(firm=firm).values_list("ordinal", flat=True)
    return max(ordinals, default=-1)


def _refuse_taken(others: Sequence[OwnPosition], words: Mapping[str, str]) -> None:
    """Refuses: Invalid at each language in which another position has the same word."""
    gathered = Gathered()
    for language, word in words.items():
        if any(fold(one.texts[language]) == fold(word) for one in others):
            gathered.refuse(language, PositionTaken())
    gathered.stop_if_refused()


def _code_for(word: str, taken: set[str]) -> str:
    plain = slugify(word)[:CODE_LIMIT].strip("-") or "position"
    numbered = (f"{plain}-{number}" for number in range(2, len(taken) + 3))
    return next(code for code in (plain, *numbered) if code not in taken)

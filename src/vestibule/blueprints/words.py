"""Reads a blueprint's words: three languages, exactly the words that the blueprint uses, no gap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from vestibule.blueprints.schema import (
    LANGUAGES,
    CataloguePermission,
    PlaceKind,
    Plan,
    Role,
)
from vestibule.blueprints.tables import Table, check_code, nearest

ALWAYS = (
    "term.role.one",
    "term.role.many",
    "nav.administration",
    "nav.client_users",
    "nav.new_client",
)
"""Words that every firm has, whatever is in its blueprint."""


def parse_words(
    table: Table,
    kinds: tuple[PlaceKind, ...],
    catalogue: tuple[CataloguePermission, ...],
    roles: tuple[Role, ...],
    positions: tuple[str, ...],
    plans: tuple[Plan, ...],
) -> Mapping[str, Mapping[str, str]]:
    """Read `[words.en]`, `[words.fr]` and `[words.de]`; a dotted key is one word's name."""
    for position in positions:
        check_code(table.faults, ("positions",), position)
    wanted = (
        *(f"place.{kind.code}.{number}" for kind in kinds for number in ("one", "many")),
        *(entry.word_key for entry in catalogue),
        *(f"role.{role.code}" for role in roles),
        *(f"position.{position}" for position in positions),
        *(f"plan.{plan.code}" for plan in plans),
        *ALWAYS,
    )
    words = {language: _of_language(table.table(language), wanted) for language in LANGUAGES}
    table.end()
    return MappingProxyType(words)


def _of_language(table: Table, wanted: tuple[str, ...]) -> Mapping[str, str]:
    words: dict[str, str] = {}
    for path, holder, key in _leaves(table, ()):
        name = ".".join(path)
        text = holder.text(key)
        if name in wanted:
            words[name] = text
        else:
            holder.fault(key, "word.unknown", nearest=nearest(name, wanted))
    for name in wanted:
        if name not in words:
            table.faults.add(table.path, "word.missing", missing=name)
    return MappingProxyType(words)


def _leaves(table: Table, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Table, str]]:
    values: Mapping[str, Any] = table.values
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(table.table(key), (*above, key))
        else:
            yield (*above, key), table, key

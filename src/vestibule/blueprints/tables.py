"""Reads TOML tables key by key: each key has one type, unknown keys are faults, faults are gathered."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from vestibule.blueprints.findings import BlueprintFinding
from vestibule.blueprints.lines import KeyPath
from vestibule.text import has_control_characters, tidy

TEXT_LIMIT = 200

_CODE = re.compile(r"[a-z][a-z0-9_]{0,59}")

Choice = TypeVar("Choice", bound=StrEnum)


class Faults:
    """Gathers the faults of one file, each at the line of its key or of the nearest key above."""

    def __init__(self, file: str, lines: Mapping[KeyPath, int]) -> None:
        self.file = file
        self.lines = lines
        self.found: list[BlueprintFinding] = []
        self.told: set[str] = set()

    def add(self, path: KeyPath, code: str, **params: object) -> None:
        key = ".".join(part if _is_bare(part) else f'"{part}"' for part in path)
        finding = BlueprintFinding(self.file, self.line_of(path), key, code, params)
        if str(finding) not in self.told:
            self.told.add(str(finding))
            self.found.append(finding)

    def line_of(self, path: KeyPath) -> int:
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def in_order(self) -> tuple[BlueprintFinding, ...]:
        return tuple(sorted(self.found, key=lambda finding: finding.line))


class Table:
    """One table of the file. Whatever is asked for counts as known; `end()` reports the rest.

    A faulty value is reported once and replaced by a harmless one, so that reading goes on and all
    faults are found; the replacement never leaves the parser, which refuses the file in the end.
    """

    def __init__(self, faults: Faults, path: KeyPath, values: Mapping[str, Any]) -> None:
        self.faults = faults
        self.path = path
        self.values = values
        self.asked: list[str] = []

    def fault(self, key: str, code: str, **params: object) -> None:
        self.faults.add((*self.path, key), code, **params)

    def has(self, key: str) -> bool:
        self.asked.append(key)
        return key in self.values

    def text(self, key: str) -> str:
        value = self._value(key, str, '"a text"')
        return "" if value is None else self._checked_text((*self.path, key), value)

    def choice(self, key: str, choices: type[Choice]) -> Choice:
        known = list(choices)
        value = self._value(key, str, " | ".join(f'"{choice}"' for choice in known))
        if value is not None and value not in known:
            self.fault(key, "value.not_allowed", value=value, known=", ".join(known))
        return choices(value) if value in known else known[0]

    def flag(self, key: str) -> bool:
        return self._value(key, bool, "true | false") is True

    def whole_number(self, key: str, low: int, high: int) -> int:
        value = self._value(key, int, f"{low} … {high}")
        if value is not None and not low <= value <= high:
            self.fault(key, "value.out_of_range", value=value, low=low, high=high)
        return low if value is None else value

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of different texts."""
        texts: list[str] = []
        for path, value in self._elements(key, str, '["a text", …]'):
            text = self._checked_text(path, value)
            if text in texts:
                self.faults.add(path, "value.twice", value=text)
            else:
                texts.append(text)
        return tuple(texts)

    def whole_numbers(self, key: str, low: int, high: int) -> tuple[int, ...]:
        numbers: list[int] = []
        for path, number in self._elements(key, int, f"[{low}, {high}]"):
            if low <= number <= high:
                numbers.append(number)
            else:
                self.faults.add(path, "value.out_of_range", value=number, low=low, high=high)
        return tuple(numbers)

    def choices(self, key: str, choices: type[Choice]) -> tuple[Choice, ...]:
        known = list(choices)
        chosen: list[Choice] = []
        for text in self.texts(key):
            if text in known:
                chosen.append(choices(text))
            else:
                self.element_fault(
                    key, text, "value.not_allowed", value=text, known=", ".join(known)
                )
        return tuple(chosen)

    def element_fault(self, key: str, element: str, code: str, **params: object) -> None:
        """Report a fault of one text of a list, at its own line."""
        index = next(
            (
                str(index)
                for index, value in enumerate(self.values[key])
                if isinstance(value, str) and tidy(value) == element
            ),
            "",
        )
        self.faults.add((*self.path, key, index), code, **params)

    def table(self, key: str) -> Table:
        value = self._value(key, dict, f"[{'.'.join((*self.path, key))}]")
        return Table(self.faults, (*self.path, key), {} if value is None else value)

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Read the table as named tables, in their order."""
        for key in self.values:
            yield key, self.table(key)

    def tables_by_code(self) -> Iterator[tuple[str, Table]]:
        """Read the table as tables named by codes; the ones with a faulty name are left out."""
        for key, table in self.tables():
            if check_code(self.faults, table.path, key):
                yield key, table

    def end(self) -> None:
        for key in self.values:
            if key not in self.asked:
                self.fault(key, "key.unknown", known=", ".join(self.asked) or "—")

    def _value(self, key: str, kind: type, wanted: str) -> Any:
        if not self.has(key):
            self.faults.add(self.path, "key.missing", missing=key, wanted=wanted)
            return None
        value = self.values[key]
        if type(value) is not kind:
            self.fault(key, "value.wrong_type", wanted=wanted)
            return None
        return value

    def _elements(self, key: str, kind: type, wanted: str) -> Iterator[tuple[KeyPath, Any]]:
        for index, value in enumerate(self._value(key, list, wanted) or ()):
            path = (*self.path, key, str(index))
            if type(value) is kind:
                yield path, value
            else:
                self.faults.add(path, "value.wrong_type", wanted=wanted)

    def _checked_text(self, path: KeyPath, value: str) -> str:
        if has_control_characters(value):
            self.faults.add(path, "text.control_characters")
        elif not value.strip():
            self.faults.add(path, "text.empty")
        elif len(value) > TEXT_LIMIT:
            self.faults.add(path, "text.too_long", limit=TEXT_LIMIT)
        return tidy(value)


def check_code(faults: Faults, path: KeyPath, value: str) -> bool:
    """Return whether `value` is a code such as `establishment`; report it otherwise."""
    if _CODE.fullmatch(value):
        return True
    example = re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_")[:60]
    if not _CODE.fullmatch(example):
        example = "establishment"
    faults.add(path, "code.malformed", value=value[:80], example=example)
    return False


def nearest(value: str, known: Iterable[str]) -> str:
    """Return the known name that looks most like `value`."""
    names = sorted(known)
    close = difflib.get_close_matches(value, names, n=1, cutoff=0.0)
    return close[0] if close else "—"


def _is_bare(part: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_-]+", part) is not None

"""Checks single cells of a portfolio: names, register numbers, addresses, yes and no."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from vestibule.tabular.findings import Findings, short
from vestibule.tabular.mapping import ReferenceScheme
from vestibule.tabular.numbers import (
    bare_number,
    siren_checksum_holds,
    siret_checksum_holds,
)
from vestibule.text import INVISIBLE_CATEGORIES, fold, tidy

NAME_LIMIT = 200
POSTCODE_LIMIT = 10
CODE_LIMIT = 64

_FORMULA_SIGNS = ("=", "+", "-", "@")
_GARBLED = re.compile("\ufffd|[ÂÃ][\u00a0-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_SHORTENED = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
_DIGITS = {ReferenceScheme.SIREN: 9, ReferenceScheme.SIRET: 14}
_POSTCODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z -]*")
_ACTIVITY = re.compile(r"[0-9]{2}\.?[0-9]{1,2}[A-Z]?")
_YES = frozenset({"yes", "y", "oui", "o", "ja", "j", "true", "vrai", "wahr", "1", "x"})
_NO = frozenset({"no", "n", "non", "nein", "false", "faux", "falsch", "0", ""})


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell with its place, as messages name it."""

    line: int
    column: str
    value: str


def read_text(cell: Cell, findings: Findings) -> str:
    """Return a cell as one tidy line; report what no name or address may contain."""
    text = tidy(cell.value)
    for position, char in enumerate(text, start=1):
        if unicodedata.category(char) in INVISIBLE_CATEGORIES:
            name = f"U+{ord(char):04X}"
            _error(findings, cell, "cell.invisible_character", character=name, position=position)
            break
    if len(text) > NAME_LIMIT:
        _error(findings, cell, "cell.too_long", count=len(text), limit=NAME_LIMIT)
    if text.startswith(_FORMULA_SIGNS):
        _error(findings, cell, "cell.formula", value=short(text), sign=text[0])
    if _GARBLED.search(text):
        _error(findings, cell, "cell.garbled", value=short(text))
    return text


def read_reference(cell: Cell, scheme: ReferenceScheme, findings: Findings) -> str | None:
    """Return the register's number, or None after reporting that it is none."""
    if scheme is ReferenceScheme.CODE:
        code = read_text(cell, findings)
        if len(code) > CODE_LIMIT:
            _error(findings, cell, "code.form", value=short(code), limit=CODE_LIMIT)
            return None
        return code
    number = bare_number(cell.value)
    if not (number.isascii() and number.isdigit() and len(number) == _DIGITS[scheme]):
        shortened = _SHORTENED.fullmatch(cell.value.strip())
        code = "number.shortened" if shortened else f"{scheme}.form"
        _error(findings, cell, code, value=short(cell.value))
        return None
    holds = siren_checksum_holds if scheme is ReferenceScheme.SIREN else siret_checksum_holds
    if not holds(number):
        findings.warning(cell.line, cell.column, f"{scheme}.checksum", value=number)
    return number


def looks_like_number(name: str) -> str | None:
    """Return the SIREN or SIRET that stands where a name should, if one does."""
    number = bare_number(name)
    return number if re.fullmatch(r"[0-9]{9}|[0-9]{14}", number) else None


def read_postcode(cell: Cell, *, in_france: bool, findings: Findings) -> str:
    text = read_text(cell, findings)
    if text and not (_POSTCODE.fullmatch(text) and len(text) <= POSTCODE_LIMIT):
        _error(findings, cell, "postcode.form", value=short(text))
    elif in_france and re.fullmatch(r"[0-9]{4}", text):
        findings.warning(cell.line, cell.column, "postcode.zero_lost", value=text)
    return text


def read_activity(cell: Cell, findings: Findings) -> str:
    text = read_text(cell, findings)
    if text and not _ACTIVITY.fullmatch(text):
        findings.warning(cell.line, cell.column, "activity.form", value=short(text))
    return text


def read_yes_or_no(cell: Cell, findings: Findings) -> bool:
    answer = fold(cell.value)
    if answer not in _YES | _NO:
        _error(findings, cell, "head_office.form", value=short(cell.value))
    return answer in _YES


def _error(findings: Findings, cell: Cell, code: str, **params: object) -> None:
    findings.error(cell.line, cell.column, code, **params)

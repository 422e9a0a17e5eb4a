"""What is wrong, or odd, in a file that somebody sent: line, column, what stands there, what would be right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from vestibule.tabular.sentences import SENTENCES

MOST_FINDINGS = 500


class Severity(StrEnum):
    """An error stops the whole file; a warning is told and the file is taken."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class FileFinding:
    """One finding. `line` counts from 1 as a text editor does; `column` is the heading, or empty."""

    severity: Severity
    line: int
    column: str
    code: str
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def message(self) -> str:
        """What is wrong and what would be right, in the language that is active."""
        return str(SENTENCES[self.code]) % self.params

    def __str__(self) -> str:
        place = f"{self.line}, {self.column}" if self.column else f"{self.line}"
        return f"{place}: {self.message}"


class FileRefused(Exception):
    """The file is not taken. `findings` holds every error and every warning, in the order of lines."""

    def __init__(self, findings: tuple[FileFinding, ...]) -> None:
        self.findings = findings
        super().__init__(f"{len(findings)} findings")

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


class Findings:
    """Gathers findings while a file is read."""

    def __init__(self) -> None:
        self._found: list[FileFinding] = []
        self._count: Counter[Severity] = Counter()
        self._untold = 0

    def error(self, line: int, column: str, code: str, **params: object) -> None:
        self._add(FileFinding(Severity.ERROR, line, column, code, params))

    def warning(self, line: int, column: str, code: str, **params: object) -> None:
        self._add(FileFinding(Severity.WARNING, line, column, code, params))

    @property
    def has_errors(self) -> bool:
        return self._count[Severity.ERROR] > 0

    def in_order(self) -> tuple[FileFinding, ...]:
        """Return the findings by line; beyond `MOST_FINDINGS` of a kind only their number is told."""
        found = sorted(self._found, key=lambda finding: finding.line)
        if self._untold:
            line = found[-1].line
            untold = {"count": self._untold, "limit": MOST_FINDINGS}
            found.append(FileFinding(Severity.WARNING, line, "", "file.more_findings", untold))
        return tuple(found)

    def refuse_errors(self) -> None:
        """Raise `FileRefused` if there is an error."""
        if self.has_errors:
            raise FileRefused(self.in_order())

    def _add(self, finding: FileFinding) -> None:
        self._count[finding.severity] += 1
        if self._count[finding.severity] <= MOST_FINDINGS:
            self._found.append(finding)
        else:
            self._untold += 1


def short(value: str, limit: int = 60) -> str:
    """Return what a message quotes of a cell: one line, nothing invisible, not endless."""
    visible = "".join(char if char.isprintable() else " " for char in value)
    words = " ".join(visible.split())
    return words if len(words) <= limit else f"{words[:limit]}…"

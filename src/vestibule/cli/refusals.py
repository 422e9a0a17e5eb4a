"""How the command line tells a refusal: a sentence or JSON, and one exit code per kind."""

import json
from enum import IntEnum
from typing import Any

from vestibule import refusals


class ExitCode(IntEnum):
    """What a script reads from `$?`."""

    OK = 0
    FAILED = 1
    INVALID = 2
    NOT_SIGNED_IN = 3
    DENIED = 4
    NOT_FOUND = 5
    CONFLICT = 6
    NOT_NOW = 7
    LIMIT_REACHED = 8


_CODES: tuple[tuple[type[refusals.Refusal], ExitCode], ...] = (
    (refusals.NotSignedIn, ExitCode.NOT_SIGNED_IN),
    (refusals.Denied, ExitCode.DENIED),
    (refusals.NotFound, ExitCode.NOT_FOUND),
    (refusals.Invalid, ExitCode.INVALID),
    (refusals.Conflict, ExitCode.CONFLICT),
    (refusals.NotNow, ExitCode.NOT_NOW),
    (refusals.LimitReached, ExitCode.LIMIT_REACHED),
)


def exit_code(refusal: refusals.Refusal) -> ExitCode:
    """Return the exit code of a refusal's kind."""
    for kind, code in _CODES:
        if isinstance(refusal, kind):
            return code
    return ExitCode.FAILED


def as_json(refusal: refusals.Refusal) -> dict[str, Any]:
    """Return a refusal as what a program reads."""
    told: dict[str, Any] = {"code": refusal.code, "sentence": str(refusal)}
    if isinstance(refusal, refusals.Invalid) and refusal.fields:
        told["fields"] = {
            field: [{"code": one.code, "sentence": str(one)} for one in several]
            for field, several in refusal.fields.items()
        }
    if isinstance(refusal, refusals.FileUnreadable):
        told["problems"] = [str(problem) for problem in refusal.problems]
    if isinstance(refusal, refusals.LimitReached):
        told["retry_after_seconds"] = refusal.retry_after_seconds
    return {"refused": told}


def as_text(refusal: refusals.Refusal) -> str:
    """Return a refusal as what a person reads: the sentence, then one line for each field or line of a file."""
    lines = [str(refusal)]
    if isinstance(refusal, refusals.Invalid):
        lines += [
            f"  {field}: {one}"
            for field, several in refusal.fields.items()
            for one in several
            if one is not refusal
        ]
    if isinstance(refusal, refusals.FileUnreadable):
        lines += [f"  {problem}" for problem in refusal.problems]
    return "\n".join(lines)


def tell(refusal: refusals.Refusal, *, to_json: bool) -> tuple[str, ExitCode]:
    """Return what to print and the exit code."""
    text = (
        json.dumps(as_json(refusal), ensure_ascii=False, indent=2) if to_json else as_text(refusal)
    )
    return text, exit_code(refusal)

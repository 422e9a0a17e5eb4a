"""Finds the line on which each key of a TOML text stands, which tomllib does not tell."""

from __future__ import annotations

import re

KeyPath = tuple[str, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'", re.DOTALL
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def lines_of_keys(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, of every key and table, and of the elements of every array.

    Expects a text that tomllib accepts. An element's path is its array's path and its index;
    keys inside inline tables are not listed: they stand where their table stands.
    """
    return _Scanner(text).run()


class _Scanner:
    """Walks through the text once; `at` is the next character, `line` its line."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.line = 1
        self.found: dict[KeyPath, int] = {}

    def run(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in " \t\n":
                self.step(1)
            elif char == "#":
                self.skip_comment()
            elif char == "[":
                self.step(2 if self.text.startswith("[[", self.at) else 1)
                table = self.read_key()
                self.note(table)
                self.step_over("]")
            else:
                line, path = self.line, table + self.read_key()
                self.note(path, line)
                self.step_over("=")
                self.skip_value(path)
        return self.found

    def note(self, path: KeyPath, line: int | None = None) -> None:
        for length in range(1, len(path) + 1):
            self.found.setdefault(path[:length], line or self.line)

    def step(self, count: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count

    def step_over(self, char: str) -> None:
        while self.at < len(self.text) and self.text[self.at] in f" \t{char}":
            self.step(1)

    def skip_comment(self) -> None:
        end = self.text.find("\n", self.at)
        self.step((end if end >= 0 else len(self.text)) - self.at)

    def read_key(self) -> KeyPath:
        """Read `a . "b.c"` and return its parts."""
        parts: list[str] = []
        while self.at < len(self.text):
            self.step_over(".")
            if bare := _BARE.match(self.text, self.at):
                parts.append(bare.group())
                self.step(len(bare.group()))
            elif quoted := _STRING.match(self.text, self.at):
                parts.append(_unquoted(quoted.group()))
                self.step(len(quoted.group()))
            else:
                break
        return tuple(parts)

    def skip_value(self, path: KeyPath) -> None:
        """Go to the end of a value; note where the elements of an array stand."""
        depth = 0
        index = 0
        is_array = self.text.startswith("[", self.at)
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\n" and depth == 0:
                return
            if char == "#":
                self.skip_comment()
                continue
            if is_array and depth == 1 and char not in " \t\n],":
                self.found.setdefault((*path, str(index)), self.line)
            if string := _STRING.match(self.text, self.at):
                self.step(len(string.group()))
                continue
            depth += (char in "[{") - (char in "]}")
            index += char == "," and depth == 1
            self.step(1)


def _unquoted(key: str) -> str:
    if key.startswith("'"):
        return key[1:-1]
    return _ESCAPE.sub(_character, key[1:-1])


def _character(escape: re.Match[str]) -> str:
    number = escape.group(1) or escape.group(2)
    if number:
        return chr(int(number, 16))
    return _ESCAPED.get(escape.group(3), escape.group(3))

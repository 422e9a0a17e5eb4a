"""The line of a key, however TOML lets people write it."""

from __future__ import annotations

import tomllib

from vestibule.blueprints.lines import lines_of_keys

TEXT = '''# a comment with = and [brackets]
plain = 1
dotted.deep."quo.ted" = "x = 2 # no comment"

many = [
  "one",   # "not an element",
  "two", ["in"],
  { a = 1 },
]
long = """
fake = 1
[fake]
"""
literal = \'\'\'
fake2 = 1\'\'\'

[table."with \\"quotes\\""]
key = [1, 2]
[[list]]
inner = { x = [
  1,
] }
last = true
'''


def test_keys_tables_and_elements_have_their_lines() -> None:
    tomllib.loads(TEXT)

    lines = lines_of_keys(TEXT)

    assert lines["plain",] == 2
    assert lines["dotted", "deep", "quo.ted"] == 3
    assert lines["many",] == 5
    assert (lines["many", "0"], lines["many", "1"], lines["many", "3"]) == (6, 7, 8)
    assert lines["long",] == 10
    assert lines["literal",] == 14
    assert lines["table", 'with "quotes"', "key"] == 18
    assert lines["list",] == 19
    assert lines["list", "last"] == 23


def test_what_only_looks_like_a_key_has_no_line() -> None:
    lines = lines_of_keys(TEXT)

    assert ("fake",) not in lines
    assert ("long", "fake") not in lines
    assert ("fake2",) not in lines

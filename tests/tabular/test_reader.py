"""What people send as CSV: read faithfully, or refused with the line."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.tabular.findings import MOST_FINDINGS, FileFinding, FileRefused
from vestibule.tabular.reader import Limits, read_sheet


def findings_of(data: bytes, limits: Limits | None = None) -> tuple[FileFinding, ...]:
    with pytest.raises(FileRefused) as refused:
        read_sheet(data, limits or Limits())
    return refused.value.findings


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encoding_and_delimiter_are_found(encoding: str, delimiter: str) -> None:
    text = delimiter.join(["Nom", "Ville"]) + "\r\n" + delimiter.join(["Crème €", "Mérignac"])

    sheet = read_sheet(text.encode(encoding))

    assert sheet.headings.cells == ("Nom", "Ville")
    assert sheet.rows[0].cells == ("Crème €", "Mérignac")
    assert sheet.delimiter == delimiter


def test_the_delimiter_is_the_one_outside_quotation_marks() -> None:
    assert read_sheet(b'"a,b,c";d\n1;2').headings.cells == ("a,b,c", "d")


def test_lines_are_counted_as_a_text_editor_counts_them() -> None:
    sheet = read_sheet(b'a;b\n\n"two\nlines";x\n;\nlast;y')

    assert [(row.line, row.cells[0]) for row in sheet.rows] == [(3, "two\nlines"), (6, "last")]


def test_lines_may_end_as_on_any_system() -> None:
    for end in ("\n", "\r\n", "\r"):
        sheet = read_sheet(end.join(["a;b", "1;2", "3;4"]).encode())
        assert [row.line for row in sheet.rows] == [2, 3]


def test_a_quotation_mark_inside_a_quoted_cell_is_written_twice() -> None:
    assert read_sheet(b'a;b\n"say ""hi""";2').rows[0].cells == ('say "hi"', "2")


@pytest.mark.parametrize(
    ("data", "line", "code"),
    [
        (b"", 1, "file.empty"),
        (b"\xef\xbb\xbf \r\n;;\r\n", 1, "file.empty"),
        (b"PK\x03\x04rest", 1, "file.workbook"),
        (b"\xd0\xcf\x11\xe0rest", 1, "file.workbook"),
        (b"a;b\nok;ok\n\x81;2", 3, "file.encoding"),
        (b"\xef\xbb\xbfa;b\n\xff;2", 2, "file.encoding"),
        (b'a;b\n1;2\n"open;2\n3;4\n', 3, "file.quote_open"),
        (b'a;b\n1;2\n"in"side;2\n', 3, "file.quote_inside"),
        (b"a;b\n1;2\n1;2;3\n", 3, "row.length"),
        (b"a;b\n1;2\n1\n", 3, "row.length"),
    ],
)
def test_a_file_that_cannot_be_read_faithfully_is_refused_at_its_line(
    data: bytes, line: int, code: str
) -> None:
    assert [(finding.line, finding.code) for finding in findings_of(data)] == [(line, code)]


def test_empty_cells_beyond_the_headings_do_no_harm() -> None:
    assert read_sheet(b"a;b\n1;2;;\n").rows[0].cells == ("1", "2")


@pytest.mark.parametrize("char", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u2028"])
def test_control_characters_are_refused_with_line_and_column(char: str) -> None:
    data = f'Name;Town\nx;y\n"two\nlines";"Par\n{char}is"\n'.encode()

    (finding,) = findings_of(data)

    assert (finding.line, finding.column, finding.code) == (5, "Town", "cell.control_character")
    assert finding.params["character"] == f"U+{ord(char):04X}"


def test_a_control_character_in_a_heading_is_refused_too() -> None:
    (finding,) = findings_of(b"Name;To\x00wn\nx;y")

    assert (finding.line, finding.column) == (1, "2")


def test_what_is_too_much_is_refused_and_never_cut() -> None:
    limits = Limits(megabytes=1, rows=2, columns=3, cell_characters=10)

    assert (
        read_sheet(b"a;b;c\n1;2;3\n" + b"1234567890;2;3\n", limits).rows[1].cells[0] == "1234567890"
    )
    assert findings_of(b"a\n1\n2\n3\n", limits)[0].code == "file.too_many_rows"
    assert findings_of(b"a;b;c;d\n", limits)[0].code == "file.too_many_columns"
    assert findings_of(b"a\n12345678901\n", limits)[0].code == "cell.too_long"
    assert findings_of(b"a\n" + b"1" * 1_100_000, limits)[0].code == "file.too_large"


def test_a_cell_longer_than_pythons_own_limit_is_a_finding_and_no_crash() -> None:
    assert findings_of(b"a;b\n" + b"x" * 200_000 + b";1")[0].code == "cell.too_long"


def test_all_faults_are_told_but_not_endlessly() -> None:
    data = b"a;b\n" + b"1\n" * (MOST_FINDINGS + 7)

    found = findings_of(data)

    assert len(found) == MOST_FINDINGS + 1
    assert found[-1].code == "file.more_findings"
    assert found[-1].params["count"] == 7


@settings(deadline=None)  # other tests share the processor
@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_crash(data: bytes) -> None:
    with contextlib.suppress(FileRefused):
        sheet = read_sheet(data)
        assert all(len(row.cells) == len(sheet.headings.cells) for row in sheet.rows)


CELLS = st.text(
    st.characters(codec="cp1252", exclude_categories=["Cc"], include_characters="\n"), max_size=20
)


@settings(deadline=None)  # other tests share the processor
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6),
    delimiter=st.sampled_from([";", ",", "\t"]),
    encoding=st.sampled_from(["utf-8-sig", "cp1252", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_spreadsheet_writes_comes_back_unchanged(
    rows: list[list[str]], delimiter: str, encoding: str, end: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["é1", "b", "c"], *rows])

    sheet = read_sheet(out.getvalue().encode(encoding))

    kept = [tuple(row) for row in rows if any(cell.strip() for cell in row)]
    assert [row.cells for row in sheet.rows] == kept

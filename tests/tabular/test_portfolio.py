"""A firm's client list becomes a tree, or every bad line is named."""

from __future__ import annotations

import contextlib
import csv
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.authz.catalogue import RESERVED_NAMES
from vestibule.blueprints.parse import demo_portfolio, load
from vestibule.tabular.findings import FileFinding, FileRefused, Severity
from vestibule.tabular.mapping import ReferenceScheme
from vestibule.tabular.numbers import luhn_holds, siret_checksum_holds
from vestibule.tabular.portfolio import PlaceDetails, Portfolio, read_portfolio

PRACTICE = load("practice", reserved=RESERVED_NAMES)
REAL = demo_portfolio(PRACTICE)
HEAD = "Group;Company;SIREN;Establishment;SIRET;Address;Postcode;Town;APE;Head office"
GOOD = "AIRBUS;AIRBUS ATLANTIC;778127613;Mérignac;77812761300017;27 RUE;33700;Mérignac;30.30Z;no"


def read(*lines: str, head: str = HEAD) -> Portfolio:
    return read_portfolio("\r\n".join([head, *lines]).encode(), PRACTICE.portfolio)


def findings_of(*lines: str, head: str = HEAD) -> tuple[FileFinding, ...]:
    with pytest.raises(FileRefused) as refused:
        read(*lines, head=head)
    return refused.value.findings


def real_rows() -> list[list[str]]:
    return list(csv.reader(io.StringIO(REAL.decode("cp1252"), newline=""), delimiter=";"))


def written(rows: list[list[str]], delimiter: str, encoding: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def shape(portfolio: Portfolio) -> set[tuple[object, ...]]:
    """The tree without lines and order: each place with the path of names and numbers above it."""
    paths: list[tuple[object, ...]] = []
    for place in portfolio.places:
        above = paths[place.parent] if place.parent is not None else ()
        paths.append((*above, (place.kind, place.name, place.reference, place.details)))
    return set(paths)


# --- the real portfolio -------------------------------------------------------------------


def test_the_real_portfolio_has_30_groups_69_companies_and_311_establishments() -> None:
    portfolio = read_portfolio(REAL, PRACTICE.portfolio)

    assert portfolio.count("group") == 30
    assert portfolio.count("company") == 69
    assert portfolio.count("establishment") == 311
    assert portfolio.warnings == ()
    assert (portfolio.encoding, portfolio.delimiter) == ("cp1252", ";")


def test_parents_come_before_their_children_and_a_group_may_be_named_like_a_company() -> None:
    places = read_portfolio(REAL, PRACTICE.portfolio).places

    for index, place in enumerate(places):
        assert (place.parent is None) is (place.kind == "group")
        assert place.parent is None or place.parent < index
    like_their_group = [
        place
        for place in places
        if place.kind == "company" and places[place.parent or 0].name == place.name
    ]
    assert len(like_their_group) > 10


def test_siblings_of_one_name_stay_apart_because_their_numbers_differ() -> None:
    places = read_portfolio(REAL, PRACTICE.portfolio).places

    toulouse = [p for p in places if p.name == "Toulouse" and places[p.parent or 0].name == "AIRBUS DEFENCE AND SPACE SAS"]  # fmt: skip

    assert len(toulouse) > 1
    assert len({place.reference for place in toulouse}) == len(toulouse)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_same_list_saved_otherwise_gives_the_same_tree(delimiter: str, encoding: str) -> None:
    other = read_portfolio(written(real_rows(), delimiter, encoding), PRACTICE.portfolio)

    assert shape(other) == shape(read_portfolio(REAL, PRACTICE.portfolio))


def test_the_order_of_lines_and_columns_does_not_matter() -> None:
    rows = real_rows()
    body = rows[1:]
    random.Random(7).shuffle(body)
    shuffled = [list(reversed(row)) for row in [rows[0], *body]]

    other = read_portfolio(written(shuffled, ";", "utf-8"), PRACTICE.portfolio)

    assert shape(other) == shape(read_portfolio(REAL, PRACTICE.portfolio))


# --- headings -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        "Entreprise;Groupe;SIREN;Établissement;SIRET;Adresse;Code postal;Ville;Code APE;Siège",
        "ENTREPRISE;groupe;siren;ETABLISSEMENT;Siret;adresse;CODE POSTAL;VILLE;code ape;siege",
        "Group;Company;Siren;Establishment;Siret;Address;Postcode;Town;APE;Head office",
        "Gruppe;Unternehmen;SIREN;Betriebsstätte;SIRET;Anschrift;PLZ;Ort;APE-Code;Hauptsitz",
        "Konzern;Gesellschaft;SIREN;BETRIEBSSTAETTE;SIRET;Strasse;plz;ort;APE;Hauptsitz",
    ],
)
def test_headings_are_recognised_in_three_languages(head: str) -> None:
    portfolio = read(GOOD, head=head)

    assert [place.name for place in portfolio.places] == ["AIRBUS", "AIRBUS ATLANTIC", "Mérignac"]
    assert portfolio.places[2].details == PlaceDetails(
        "27 RUE", "33700", "Mérignac", "30.30Z", False
    )
    assert portfolio.places[2].scheme is ReferenceScheme.SIRET


def test_missing_columns_are_one_error_that_names_them_and_how_they_may_be_written() -> None:
    found = findings_of(GOOD, head=HEAD.replace("SIREN", "Number").replace("Company", "Client"))

    (error,) = [finding for finding in found if finding.severity is Severity.ERROR]
    assert (error.line, error.code) == (1, "heading.missing")
    assert "Société / Entité juridique / Company" in error.message
    assert "SIREN / N° SIREN" in error.message
    assert "Client, Number" in error.message


def test_a_heading_left_out_over_full_lines_is_one_error_and_not_one_per_line() -> None:
    text = REAL.decode("cp1252").replace("SIREN;", "", 1)

    with pytest.raises(FileRefused) as refused:
        read_portfolio(text.encode(), PRACTICE.portfolio)

    assert [finding.code for finding in refused.value.findings] == ["heading.missing"]


def test_two_columns_of_one_meaning_are_refused() -> None:
    found = findings_of(GOOD, head=HEAD.replace("Head office", "Ville"))

    assert [finding.code for finding in found] == ["heading.twice"]


def test_an_unknown_column_is_told_and_not_read() -> None:
    portfolio = read(GOOD + ";x", head=HEAD + ";Shoe size")

    assert [warning.code for warning in portfolio.warnings] == ["heading.unknown"]


def test_details_without_a_column_are_unknown_and_not_empty() -> None:
    portfolio = read(
        "A;B;778127613;C;77812761300017", head="Group;Company;SIREN;Establishment;SIRET"
    )

    assert portfolio.places[2].details == PlaceDetails(None, None, None, None, None)


def test_headings_without_lines_are_refused() -> None:
    assert [finding.code for finding in findings_of()] == ["file.no_rows"]


def test_columns_that_look_swapped_are_warned_of() -> None:
    text = REAL.decode("cp1252").replace("Entreprise;Groupe", "Groupe;Entreprise", 1)

    portfolio = read_portfolio(text.encode(), PRACTICE.portfolio)

    assert [warning.code for warning in portfolio.warnings] == ["place.levels_swapped"]


# --- lines --------------------------------------------------------------------------------


def test_a_company_without_group_and_without_establishment_is_taken() -> None:
    portfolio = read(";DURAND;778127613;;;1 RUE;33000;BORDEAUX;;")

    (company,) = portfolio.places
    assert (company.kind, company.parent, company.reference) == ("company", None, "778127613")
    assert company.details is not None
    assert company.details.town == "BORDEAUX"


def test_numbers_may_be_written_with_spaces() -> None:
    portfolio = read(GOOD.replace("778127613;", "778 127 613;", 1).replace("77812761300017", "778 127 613 00017"))  # fmt: skip

    assert [place.reference for place in portfolio.places] == [None, "778127613", "77812761300017"]


@pytest.mark.parametrize(
    ("old", "new", "column", "code"),
    [
        ("AIRBUS ATLANTIC", "", "Company", "cell.missing"),
        ("AIRBUS ATLANTIC", "A" * 201, "Company", "cell.too_long"),
        ("AIRBUS ATLANTIC", "A" * 5_000, "Company", "cell.too_long"),
        ("AIRBUS ATLANTIC", "=HYPERLINK(1)", "Company", "cell.formula"),
        ("AIRBUS ATLANTIC", "@SUM", "Company", "cell.formula"),
        ("27 RUE", "+33", "Address", "cell.formula"),
        ("27 RUE", "-1", "Address", "cell.formula"),
        ("AIRBUS ATLANTIC", "AIR\u200bBUS", "Company", "cell.invisible_character"),
        ("AIRBUS ATLANTIC", "AIR\u202eBUS", "Company", "cell.invisible_character"),
        ("AIRBUS ATLANTIC", "AIR\x00BUS", "Company", "cell.control_character"),
        ("AIRBUS ATLANTIC", "CrÃ©dit", "Company", "cell.garbled"),
        ("778127613;", "77812761;", "SIREN", "siren.form"),
        ("778127613;", "77812761A;", "SIREN", "siren.form"),
        ("778127613;", "\u0667\u0667\u0668127613;", "SIREN", "siren.form"),
        ("778127613;", ";", "SIREN", "cell.missing"),
        ("77812761300017", "7781276130001", "SIRET", "siret.form"),
        ("77812761300017", "7,78128E+13", "SIRET", "number.shortened"),
        ("77812761300017", "7.78128e13", "SIRET", "number.shortened"),
        ("77812761300017", "", "SIRET", "cell.missing"),
        ("77812761300017", "39334151600093", "SIRET", "siret.other_company"),
        (";Mérignac;7", ";;7", "Establishment", "cell.missing"),
        ("33700", "33700 BORDEAUX", "Postcode", "postcode.form"),
        (";no", ";perhaps", "Head office", "head_office.form"),
        ("AIRBUS;", "393341516;", "Group", "place.number_as_name"),
        ("AIRBUS;", "77812761300017;", "Group", "place.under_itself"),
        ("AIRBUS;", "778 127 613 00041;", "Group", "place.under_itself"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(old: str, new: str, column: str, code: str) -> None:
    other = "AIRBUS;AIRBUS DEFENCE;393341516;Toulouse;39334151600101;1 RUE;31000;Toulouse;;"

    found = findings_of(other, GOOD.replace(old, new, 1))

    assert (3, column, code) in {(f.line, f.column, f.code) for f in found}
    assert all(finding.line == 3 and finding.message for finding in found)


def test_check_digits_that_do_not_fit_only_warn() -> None:
    portfolio = read(GOOD.replace("778127613;", "778127614;").replace("77812761300017", "77812761400018"))  # fmt: skip

    assert [(w.column, w.code) for w in portfolio.warnings] == [
        ("SIREN", "siren.checksum"),
        ("SIRET", "siret.checksum"),
    ]
    assert portfolio.places[1].reference == "778127614"


def test_la_poste_has_its_own_check_digits() -> None:
    assert siret_checksum_holds("35600000000048")
    assert not luhn_holds("35600000049837")
    assert siret_checksum_holds("35600000049837")
    assert not siret_checksum_holds("35600000049838")
    assert not siret_checksum_holds("77812761300016")


def test_a_lost_leading_zero_of_a_postcode_is_warned_of() -> None:
    assert [w.code for w in read(GOOD.replace("33700", "6560")).warnings] == ["postcode.zero_lost"]


def test_all_errors_of_all_lines_are_told_in_their_order() -> None:
    found = findings_of(
        GOOD.replace("778127613;", "7;"), GOOD, GOOD.replace("AIRBUS;", "=x;"), "too;short"
    )

    assert [(finding.line, finding.code) for finding in found][:1] == [(2, "siren.form")]
    assert {finding.line for finding in found} == {2, 4, 5}


# --- contradictions between lines ----------------------------------------------------------


def test_one_establishment_under_two_companies_is_refused_at_the_later_line() -> None:
    other = GOOD.replace("778127613;", "393341516;").replace("AIRBUS ATLANTIC", "AIRBUS DEFENCE")

    codes = {(finding.line, finding.code) for finding in findings_of(GOOD, other)}

    assert codes == {(3, "siret.other_company")} | {
        (line, code) for line, code in codes if code == "siren.checksum"
    }


def test_one_company_under_two_groups_is_refused_at_the_later_line() -> None:
    second = GOOD.replace("AIRBUS;", "DAHER;").replace("77812761300017", "77812761300041")

    (finding,) = findings_of(GOOD, second)

    assert (finding.line, finding.column, finding.code) == (3, "Company", "place.other_parent")
    assert "“DAHER”" in finding.message
    assert "“AIRBUS” in line 2" in finding.message


def test_a_company_of_the_portfolio_moved_under_its_own_establishment_is_refused_at_its_line() -> (
    None
):
    text = REAL.decode("cp1252")
    line = "AIRBUS;AIRBUS ATLANTIC;778127613;Rochefort"

    for above, code in (("77812761300041", "place.under_itself"), ("Rochefort", "place.other_parent")):  # fmt: skip
        moved = text.replace(line, line.replace("AIRBUS;", f"{above};", 1), 1)
        with pytest.raises(FileRefused) as refused:
            read_portfolio(moved.encode(), PRACTICE.portfolio)
        assert [(finding.line, finding.code) for finding in refused.value.findings] == [(3, code)]


def test_a_group_named_like_an_establishment_of_its_company_is_warned_of() -> None:
    portfolio = read(GOOD.replace("AIRBUS;", "Mérignac;", 1))

    assert [warning.code for warning in portfolio.warnings] == ["place.named_like_site"]


def test_one_number_with_two_names_is_refused() -> None:
    second = GOOD.replace("ATLANTIC", "ATLANTIQUE").replace("77812761300017", "77812761300041")

    assert [finding.code for finding in findings_of(GOOD, second)] == ["place.other_name"]


def test_one_establishment_with_two_addresses_is_refused() -> None:
    found = findings_of(GOOD, GOOD.replace("27 RUE", "28 RUE"))

    assert [finding.code for finding in found] == ["place.other_details"]


def test_a_line_that_stands_twice_is_left_out_and_said_so() -> None:
    portfolio = read(GOOD, GOOD)

    assert portfolio.count("establishment") == 1
    assert [(w.line, w.code) for w in portfolio.warnings] == [(3, "place.same_line")]


def test_groups_that_differ_by_case_only_are_taken_as_two_and_said_so() -> None:
    second = "Airbus;AIRBUS DEFENCE;393341516;Toulouse;39334151600101;1 RUE;31000;Toulouse;;"

    portfolio = read(GOOD, second)

    assert portfolio.count("group") == 2
    assert [(w.line, w.code) for w in portfolio.warnings] == [(3, "place.nearly_same")]


@settings(deadline=None)  # other tests share the processor
@given(st.lists(st.text(max_size=12), max_size=12))
def test_no_line_makes_the_portfolio_crash(cells: list[str]) -> None:
    data = written([HEAD.split(";"), GOOD.split(";"), cells], ";", "utf-8-sig")

    with contextlib.suppress(FileRefused):
        assert read_portfolio(data, PRACTICE.portfolio).count("group") >= 1

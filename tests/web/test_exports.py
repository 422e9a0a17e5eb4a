"""Lists as files: exactly what the filter shows, nothing that is a formula, and written down."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.actions.doing import create, personal_values
from tests.support.databases import Database
from tests.web.everything import content_of, differences
from tests.web.pages import PREFIX, signed_in, text_of
from tests.world import World
from vestibule import clock
from vestibule.directory.actions import client_users
from vestibule.directory.actions._action import bump_firm
from vestibule.directory.models import Event, Grant, RolePermission, User
from vestibule.web import csv_files
from vestibule.web.views import exports

pytestmark = pytest.mark.usefixtures("database")

LIST = f"{PREFIX}/users/"
EXPORT = f"{LIST}export/"


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world, "practitioner")


def text_in(answer: Any) -> str:
    assert answer.status_code == 200, text_of(answer)
    return b"".join(answer.streaming_content).decode()


def table(answer: Any, separator: str = ",") -> list[list[str]]:
    """Return the rows of the file as a spreadsheet reads them, the headings first."""
    text = text_in(answer)
    assert text.startswith("\ufeff")
    return list(csv.reader(text.removeprefix("\ufeff").splitlines(), delimiter=separator))


def exported(world: World) -> list[Event]:
    with world.scope():
        return list(Event.objects.filter(firm_id=world.morel.id, name="users.exported"))


@pytest.mark.req("X-08")
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?sort=-name",
        "?state=active&q=estran",
        "?role=administrator&sort=-created&column=state&column=phone",
        "?q=nobody+like+this",
        "?sort=-seen",
    ],
)
def test_the_file_is_what_the_list_shows(world: World, staff: Client, query: str) -> None:
    with world.scope():
        User.objects.filter(pk=world.morel.people["director"]).update(last_sign_in_at=clock.now())
    shown = staff.get(f"{LIST}{query}").context

    headings, *rows = table(staff.post(f"{EXPORT}{query}"))

    assert [f"{row[1]} {row[0]}" for row in rows] == [row["name"] for row in shown["rows"]]
    assert headings[:3] == ["Last name", "First name", "E-mail"]
    assert len(headings) == 3 + len(shown["columns"])
    assert {len(row) for row in rows} <= {len(headings)}


def test_every_company_of_a_user_is_in_the_file(staff: Client) -> None:
    [_headings, row] = table(staff.post(f"{EXPORT}?q=weber"))

    assert row[:6] == [
        "Weber",
        "Jonas",
        "standard@people.example",
        "ESTRAN CONSEIL | ESTRAN SERVICES",
        "Standard client",
        "Active",
    ]


def test_the_file_goes_on_over_many_pages(
    world: World, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PAGE_LIMIT", 2)
    answer = staff.post(f"{EXPORT}?sort=seen")

    assert answer.streaming
    assert len(table(answer)) == 8


@pytest.mark.parametrize(
    ("language", "separator", "headings", "never"),
    [
        ("fr", ";", ["Nom", "Prénom", "E-mail"], "jamais"),
        ("de", ";", ["Nachname", "Vorname", "E-Mail"], "nie"),
    ],
)
def test_the_file_speaks_the_readers_language(
    world: World, language: str, separator: str, headings: list[str], never: str
) -> None:
    with world.scope():
        User.objects.filter(pk=world.morel.people["practitioner"]).update(language=language)
        User.objects.filter(pk=world.morel.people["director"]).update(last_sign_in_at=None)

    answer = signed_in(world, "practitioner").post(f"{EXPORT}?q=fontaine")
    [first, row] = table(answer, separator)

    assert first[:3] == headings
    assert row[-1] == never
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="users-')
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "cell", ["=1+1", "+33612345678", "-2", "@SUM(A1)", "\tx", "\rx", " =1", "\u00a0=1"]
)
def test_no_cell_is_a_formula(cell: str) -> None:
    assert csv_files.harmless(cell) == f"'{cell}"
    assert csv_files.harmless("O’Brien = x") == "O’Brien = x"


@pytest.mark.parametrize(
    ("cell", "harmless"),
    [
        ("Ann;=cmd|'/C calc'!A0;x", "Ann;'=cmd|'/C calc'!A0;x"),
        ("x, =1+1", "x, '=1+1"),
        ("x;\u00a0@SUM(A1)", "x;\u00a0'@SUM(A1)"),
        ("Doe, Jane; Roe", "Doe, Jane; Roe"),
    ],
)
def test_nor_is_a_part_of_one_where_another_sign_separates_cells(cell: str, harmless: str) -> None:
    """A German spreadsheet splits at semicolons, an English one at commas."""
    assert csv_files.harmless(cell) == harmless


def test_a_name_that_looks_like_a_formula_comes_out_harmless(world: World, staff: Client) -> None:
    create(world, last_name='=HYPERLINK("http://evil.example")', first_name="Eve, “quoted”")

    rows = table(staff.post(EXPORT))

    [row] = [row for row in rows if row[1] == "Eve, “quoted”"]
    assert row[0] == '\'=HYPERLINK("http://evil.example")'


@pytest.mark.req("X-03")
def test_what_was_taken_is_in_the_audit_trail(world: World, staff: Client) -> None:
    place = world.morel.places["a"]
    staff.post(f"{EXPORT}?q=weber&state=active&place={place}&odd=1")

    [event] = exported(world)
    assert event.actor_user_id == world.morel.people["practitioner"]
    assert event.door == "page"
    assert event.public == {
        "filter": {"state": "active", "place": str(place)},
        "columns": ["companies", "role", "state", "seen"],
        "number": 1,
    }
    with world.scope():
        assert personal_values(world, event) == {"searched": "weber"}


def test_reading_the_address_exports_nothing(
    world: World, staff: Client, database: Database
) -> None:
    before = content_of(database)

    assert staff.get(EXPORT).status_code == 405

    assert differences(before, content_of(database)) == []


@pytest.mark.parametrize("who", ["standard", "trainee"])
def test_whoever_may_export_nowhere_is_refused(world: World, who: str) -> None:
    assert signed_in(world, who).post(EXPORT).status_code == 403
    assert exported(world) == []


def test_without_the_right_there_is_no_button_and_no_file(world: World) -> None:
    take_the_right_from(world, "practitioner")
    client = signed_in(world, "practitioner")

    answer = client.get(LIST)
    assert "Export" not in text_of(answer)
    assert client.post(EXPORT).status_code == 403
    assert exported(world) == []


def take_the_right_from(world: World, role: str) -> None:
    """End a role's right to export."""
    with world.scope():
        RolePermission.objects.filter(
            firm_id=world.morel.id, role__code=role, permission="vestibule.users.export"
        ).update(until=clock.now())
        bump_firm(world.morel.id)


def test_a_director_takes_only_who_is_wholly_his(world: World) -> None:
    """Who has a place elsewhere, now or later, or is billed there, is shown and not exported."""
    now = clock.now()
    for number, (at, billed) in enumerate([(("b", "port"), "b"), (("b",), "port"), (("b",), "b")]):
        create(
            world,
            at=at,
            billed_to=billed,
            user_type="administrator",
            email=f"n{number}@c.example",
            last_name=f"Nr {number}",
            key=f"k{number}",
        )
    with world.scope():
        grants = Grant.objects.filter(user__canonical_email="n0@c.example")
        grants.filter(place_id=world.morel.places["port"]).update(since=now + timedelta(days=3))
    client = signed_in(world, "director")
    shown = {row["email"] for row in client.get(LIST).context["rows"]}
    assert shown >= {"n0@c.example", "n1@c.example", "n2@c.example"}

    text = text_in(client.post(EXPORT))

    assert "n2@c.example" in text
    assert "n0@c.example" not in text
    assert "n1@c.example" not in text
    assert "ATELIER DU PORT" not in text
    [event] = exported(world)
    assert event.public["number"] == text.count("@")


def test_a_place_that_the_reader_does_not_see_narrows_nothing(world: World) -> None:
    client = signed_in(world, "co_director")

    everything = text_in(client.post(EXPORT))
    forged = text_in(client.post(f"{EXPORT}?place={world.morel.places['port']}"))

    assert forged == everything
    assert "place" not in exported(world)[-1].public["filter"]


def test_whoever_is_shut_out_meanwhile_gets_no_further_line(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 6: also in a file that is still being written."""
    monkeypatch.setattr(exports, "PAGE_LIMIT", 1)
    pieces: Iterator[bytes] = signed_in(world, "director").post(EXPORT).streaming_content
    assert next(pieces).decode().startswith("\ufeff")
    assert "@" in next(pieces).decode()

    with world.scope():
        standard = world.user("standard")
        client_users.change_type(
            world.actor("practitioner"),
            standard,
            company=world.place("a"),
            user_type="administrator",
        )
        client_users.deactivate_client_user(world.actor("practitioner"), world.user("director"))

    assert "@" not in b"".join(pieces).decode()

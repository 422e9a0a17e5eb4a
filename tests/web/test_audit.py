"""The audit page: found, read, taken out and verified by whoever may, and by nobody else."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Page

from tests.actions.doing import create, events, personal_values
from tests.specimens import SPECIMENS
from tests.support.databases import Database
from tests.support.served import Serve
from tests.tampering import past_every_guard
from tests.web.pages import PREFIX, do_jobs, signed_in, text_of
from tests.web.test_accessible import opened
from tests.world import World
from vestibule import clock
from vestibule.directory import audit, trail
from vestibule.directory.actions import _states, chain_checks, client_users, jobs, places
from vestibule.directory.models import (
    Event,
    EventValue,
    Firm,
    Role,
    RolePermission,
    User,
    UserState,
)
from vestibule.web.csv_files import harmless
from vestibule.web.trail_rows import NEVER_SHOWN, Told, shown
from vestibule.web.trail_words import GROUPS

AUDIT = f"{PREFIX}/audit/"
ROW = re.compile(r'href="[^"]*/audit/(\d+)/"')

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def administrator(world: World) -> Client:
    return signed_in(world, "administrator")


def numbers(answer: Any) -> list[int]:
    """Return the numbers of the events in the table of a page."""
    table = re.search(r"<tbody>.*</tbody>", answer.content.decode(), re.S)
    return [int(number) for number in ROW.findall(table.group())] if table else []


def found(client: Client, **asked: str) -> list[int]:
    """Return the numbers of all events that a filter shows, over all its pages."""
    all_of_them: list[int] = []
    answer = client.get(AUDIT, asked)
    while True:
        assert answer.status_code == 200
        all_of_them += numbers(answer)
        older = re.search(r'href="([^"]+)" rel="next"', answer.content.decode())
        if older is None:
            return all_of_them
        answer = client.get(older.group(1).replace("&amp;", "&"))


def told(world: World, **asked: Any) -> list[int]:
    """Return the numbers of the events that fit, newest first, without the page's own code."""
    with world.scope():
        rows = Event.objects.filter(firm_id=world.morel.id, **asked).order_by("-sequence")
        return list(rows.values_list("sequence", flat=True))


# --- who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["practitioner", "trainee", "director", "standard"])
def test_without_the_right_there_is_neither_page_nor_menu_entry(world: World, name: str) -> None:
    client = signed_in(world, name)

    for path in ("", "1/", f"checks/{world.morel.people['standard']}/"):
        assert client.get(AUDIT + path).status_code == 403
    for path in ("export/", "verify/"):
        assert client.post(AUDIT + path).status_code == 403
    assert "/audit/" not in client.get(f"{PREFIX}/").content.decode()


def test_whoever_reads_the_trail_of_one_company_sees_what_is_there_and_nothing_else(
    world: World,
) -> None:
    with world.scope():
        RolePermission.objects.create(
            firm_id=world.morel.id,
            role=Role.objects.get(firm_id=world.morel.id, code="administrator"),
            permission="vestibule.audit.read",
            level="on",
            since=clock.now(),
        )
        Firm.objects.filter(pk=world.morel.id).update(epoch=F("epoch") + 1)
    client = signed_in(world, "co_director")
    b = [world.morel.places[name] for name in ("b", "rennes")]
    there = told(world, place_id__in=b)

    assert found(client) == there != []
    elsewhere = told(world, place_id=world.morel.places["a"])[0]
    assert client.get(f"{AUDIT}{elsewhere}/").status_code == 404
    assert client.get(f"{AUDIT}{there[0]}/").status_code == 200
    assert client.post(f"{AUDIT}verify/").status_code == 403
    assert found(client, company="Estran Conseil") == []
    exported = rows_of(client.post(f"{AUDIT}export/"))
    numbers = [next(iter(row.values())) for row in exported]  # headed in the reader's language
    assert [int(number) for number in numbers] == there


# --- finding ------------------------------------------------------------------------------------


class TestTheFilter:
    def test_everything_newest_first_page_by_page_in_both_directions(
        self, world: World, administrator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("vestibule.web.views.audit.PAGE_SIZE", 7)
        everything = told(world)

        assert found(administrator) == everything
        first = administrator.get(AUDIT)
        second = administrator.get(AUDIT, {"after": numbers(first)[-1]})
        back = administrator.get(AUDIT, {"before": numbers(second)[0]})
        assert numbers(first) == everything[:7]
        assert numbers(second) == everything[7:14]
        assert numbers(back) == numbers(first)
        assert 'rel="prev"' not in back.content.decode()

    def test_by_a_person_shows_what_was_done_by_and_to_that_person(
        self, world: World, administrator: Client
    ) -> None:
        nadia = world.morel.people["practitioner"]
        by, about = told(world, actor_user_id=nadia), told(world, object_id=str(nadia))

        for typed in ("benali", "Nadia Benali", world.morel.emails["practitioner"]):
            assert found(administrator, person=typed) == sorted({*by, *about}, reverse=True)
        assert by
        assert about
        assert found(administrator, person="nobody called so") == []

    def test_by_a_company_shows_what_happened_there_and_below(
        self, world: World, administrator: Client
    ) -> None:
        practitioner = world.actor("practitioner")
        places.rename_place(practitioner, world.place("nantes"), name="Nantes Centre")
        below = [world.morel.places[name] for name in ("a", "nantes", "brest")]

        for typed in ("estran conseil", "732829320"):
            shown = found(administrator, company=typed)
            assert shown == told(world, place_id__in=below)
        renamed = told(world, name="place.renamed")[0]
        assert renamed in found(administrator, company="estran conseil")
        assert renamed not in found(administrator, company="estran services")

    def test_by_act_by_group_of_acts_and_by_door(self, world: World, administrator: Client) -> None:
        assert found(administrator, act="client_user.created") == told(
            world, name="client_user.created"
        )
        invitations = found(administrator, act="invitations")
        assert invitations == told(world, name__startswith="invitation.")
        assert found(administrator, door="cli") == told(world, door="cli")
        assert found(administrator, door="link", act="invitation.accepted", person="weber") == (
            told(world, name="invitation.accepted", object_id=str(world.morel.people["standard"]))
        )

    def test_days_are_those_of_the_firms_time_zone(
        self, world: World, administrator: Client, freeze: Any
    ) -> None:
        """21:30 UTC in August is the same evening in Paris; 22:30 UTC is the next day."""
        freeze.at(datetime(2027, 8, 15, 21, 30, tzinfo=UTC))
        client = signed_in(world, "administrator")
        create(world, email="evening@clients.example", key="evening")
        freeze.at(datetime(2027, 8, 15, 22, 30, tzinfo=UTC))
        create(world, email="night@clients.example", key="night")
        night, evening = told(world, name="client_user.created")[:2]

        act = {"act": "client_user.created"}
        assert found(client, since="2027-08-16", **act) == [night]
        assert found(client, since="2027-08-15", until="2027-08-15", **act) == [evening]
        assert found(client, until="2027-08-14", since="2027-08-14", **act) == []

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"since": "yesterday"}, "This is not a day."),
            ({"until": "2026-02-31"}, "This is not a day."),
            ({"since": "2026-03-02", "until": "2026-03-01"}, "lies before the first one"),
            ({"act": "user.promoted"}, "no such act"),
            ({"door": "window"}, "no such door"),
            ({"person": "x" * 300}, "200"),
        ],
    )
    def test_a_filter_that_cannot_be_used_shows_nothing_and_says_why(
        self, administrator: Client, asked: dict[str, str], said: str
    ) -> None:
        answer = administrator.get(AUDIT, asked)

        assert numbers(answer) == []
        assert "so nothing is shown" in text_of(answer)
        assert said in text_of(answer)
        assert administrator.post(f"{AUDIT}export/", asked).status_code == 422

    @pytest.mark.parametrize("cursor", ["x", "-1", "9" * 30, "\x00", "1e3", "٣"])
    def test_a_cursor_that_cannot_be_read_means_the_first_page(
        self, world: World, administrator: Client, cursor: str
    ) -> None:
        for name in ("after", "before"):
            assert numbers(administrator.get(AUDIT, {name: cursor})) == told(world)[:50]

    def test_the_total_is_counted_no_further_than_it_is_shown(
        self, world: World, administrator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert f"{len(events(world))} events" in text_of(administrator.get(AUDIT))

        monkeypatch.setattr(trail, "MOST_COUNTED", 20)
        assert "20+ events" in text_of(administrator.get(AUDIT))

    def test_it_asks_as_many_questions_for_fifty_events_as_for_five(
        self, world: World, administrator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def asked(**query: str) -> int:
            with CaptureQueriesContext(connection) as queries:
                assert administrator.get(AUDIT, query).status_code == 200
            assert not any(" OFFSET " in one["sql"] for one in queries.captured_queries)
            return len(queries)

        asked()  # what every first page reads
        many = asked()
        monkeypatch.setattr("vestibule.web.views.audit.PAGE_SIZE", 5)
        few = asked()

        assert few == many <= 20
        assert asked(person="benali", company="estran", act="users", door="page") <= many + 6


# --- reading ------------------------------------------------------------------------------------


@pytest.mark.req("X-03")
def test_every_change_is_read_with_who_how_when_old_and_new_value(
    world: World, administrator: Client
) -> None:
    client_users.change_type(
        world.actor("practitioner"),
        world.user("standard"),
        company=world.place("a"),
        user_type="administrator",
    )
    [number] = told(world, name="grant.type_changed")

    row = text_of(administrator.get(AUDIT, {"act": "grant.type_changed"}))
    page = text_of(administrator.get(f"{AUDIT}{number}/"))

    for said in (row, page):
        assert "Nadia Benali" in said
        assert "Pages" in said
        assert "Type changed" in said
        assert "Jonas Weber" in said
        assert "ESTRAN CONSEIL" in said
        assert "before: Standard client → now: Director" in said
    [event] = events(world, name="grant.type_changed")
    assert event.hash in page
    assert event.previous_hash in page
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d CES?T", page)
    assert re.search(r"\d\d:\d\d:\d\d UTC", page)


@pytest.mark.req("X-03")
def test_every_event_of_the_firm_has_a_row_and_a_page_in_plain_words(
    world: World, administrator: Client
) -> None:
    for event in events(world):
        page = administrator.get(f"{AUDIT}{event.sequence}/")
        words = text_of(page)

        assert page.status_code == 200
        assert "The event is as it was written." in words
        assert "It follows the event before it." in words
        for key, value in personal_values(world, event).items():
            new = value[1] if isinstance(value, list) else value
            if new and key not in ("language", "position"):
                assert str(new) in words, key
    listed = text_of(administrator.get(AUDIT))
    assert not re.search(r"\b(client_user|invitation|place|staff|user|grant)\.[a-z_]+", listed)


def test_erased_values_say_so_and_the_chain_holds(world: World, administrator: Client) -> None:
    user = create(world)
    [event] = events(world, about=user)
    with world.scope():
        EventValue.objects.filter(firm_id=world.morel.id, event=event).delete()

    page = text_of(administrator.get(f"{AUDIT}{event.sequence}/"))

    assert "The personal values were erased." in page
    assert "the chain holds without them" in page
    assert "alice.martin@client.example" not in page
    assert "The personal values were erased." in text_of(
        administrator.get(AUDIT, {"act": "client_user.created"})
    )


def test_an_altered_event_is_told_on_its_own_page(
    world: World, administrator: Client, database: Database
) -> None:
    target = events(world, name="client_user.created")[0]
    past_every_guard(database, f"UPDATE directory_event SET door = 'worker' WHERE id = {target.pk}")

    page = text_of(administrator.get(f"{AUDIT}{target.sequence}/"))

    assert "somebody altered it" in page


def test_no_page_shows_a_secret(world: World, administrator: Client) -> None:
    """Nothing that opens a door lies in the trail; were it there, it would not be shown."""
    for key in NEVER_SHOWN:
        assert "s3cret" not in shown(key, ["old s3cret", "s3cret"], Told({}, {}, {}, None))  # type: ignore[arg-type]
        assert "s3cret" not in shown("x", {key: "s3cret"}, Told({}, {}, {}, None))  # type: ignore[arg-type]
    with world.scope():
        salts = list(EventValue.objects.values_list("salt", flat=True))
    for event in events(world):
        page = administrator.get(f"{AUDIT}{event.sequence}/").content.decode()
        assert world.invited_secret not in page
        assert not any(salt in page for salt in salts)


def test_an_event_that_is_not_there_or_another_firms_is_not_found(
    world: World, administrator: Client
) -> None:
    for number in (0, len(events(world)) + 1000, 2**63, 10**40):
        assert administrator.get(f"{AUDIT}{number}/").status_code == 404
    theirs = signed_in(world, "administrator", "rivage").get("/f/rivage/audit/")
    assert "Claire Morel" not in text_of(theirs)


# --- taking out ---------------------------------------------------------------------------------


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, text_of(answer)
    content = b"".join(answer.streaming_content).decode()
    assert content.startswith("\ufeff")
    separator = ";" if ";" in content.partition("\n")[0] else ","  # as the reader's language has it
    return list(csv.DictReader(io.StringIO(content[1:]), delimiter=separator))


class TestTheExport:
    def test_holds_exactly_what_the_filter_shows_and_is_itself_an_event(
        self, world: World, administrator: Client
    ) -> None:
        asked = {"person": "benali", "act": "users"}
        shown = found(administrator, **asked)
        before = len(events(world))

        answer = administrator.post(f"{AUDIT}export/", asked)
        exported = rows_of(answer)

        assert [int(row["Number"]) for row in exported] == shown != []
        assert "attachment" in answer["Content-Disposition"]
        assert all(row["Who"] == "Nadia Benali" for row in exported)
        assert "Last name: – → Weber" in " ".join(row["Values"] for row in exported)
        trail_now = events(world)
        assert len(trail_now) == before + 1
        assert trail_now[-1].name == "audit.exported"
        assert trail_now[-1].public["events"] == len(shown)
        assert trail_now[-1].public["people"] == [str(world.morel.people["practitioner"])]

    def test_is_longer_than_a_page_and_a_slice(
        self, world: World, administrator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("vestibule.web.trail_export.SLICE", 4)
        everything = told(world)

        exported = rows_of(administrator.post(f"{AUDIT}export/"))

        assert [int(row["Number"]) for row in exported] == everything

    def test_what_begins_like_a_formula_is_made_harmless(
        self, world: World, administrator: Client
    ) -> None:
        places.rename_place(world.actor("practitioner"), world.place("port"), name="=HYPERLINK(1)")

        [row] = rows_of(administrator.post(f"{AUDIT}export/", {"act": "place.renamed"}))

        assert row["About"] == "'=HYPERLINK(1)"
        for cell in ("=1", "+1", "-1", "@a"):
            assert harmless(cell) == f"'{cell}"
        assert harmless("a=1") == "a=1"

    def test_whoever_loses_the_right_meanwhile_gets_no_more_of_it(
        self, world: World, administrator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("vestibule.web.trail_export.SLICE", 4)
        answer = administrator.post(f"{AUDIT}export/")
        pieces = iter(answer.streaming_content)  # type: ignore[attr-defined]
        assert next(pieces)
        assert next(pieces)

        with world.scope():
            _states.move(
                User.objects.get(pk=world.morel.people["administrator"]), UserState.DEACTIVATED
            )

        assert list(pieces) == []


# --- verifying ----------------------------------------------------------------------------------


class TestVerifying:
    def test_a_whole_trail_is_said_to_be_whole(self, world: World, administrator: Client) -> None:
        assert "was never verified" in text_of(administrator.get(AUDIT))

        answer = administrator.post(f"{AUDIT}verify/", follow=True)
        assert "You can leave this page and come back." in text_of(answer)
        do_jobs()

        page = text_of(administrator.get(AUDIT))
        assert re.search(r"The trail is whole: all \d+ events are as they were written", page)
        assert "by Claire Morel" in page

    def test_a_running_one_shows_how_far_it_is_and_stops_asking_at_its_end(
        self, world: World, administrator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "STRETCH", 10)
        administrator.post(f"{AUDIT}verify/")
        jobs.do_due("worker of the tests")
        page = administrator.get(AUDIT).content.decode()
        address = re.search(r'hx-get="([^"]+/audit/checks/[^"]+)"', page)
        assert address

        running = administrator.get(address.group(1))
        assert re.search(r'<progress max="\d+" value="10"', running.content.decode())
        assert 'hx-trigger="every 1s"' in running.content.decode()
        do_jobs()
        done = administrator.get(address.group(1))

        assert "hx-trigger" not in done.content.decode()
        assert "The trail is whole" in text_of(done)

    @pytest.mark.req("X-03")
    def test_a_tampered_one_names_the_event(
        self, world: World, administrator: Client, database: Database
    ) -> None:
        target = events(world, name="client_user.deactivated")[0]
        past_every_guard(database, f"UPDATE directory_event SET name = 'x' WHERE id = {target.pk}")
        administrator.post(f"{AUDIT}verify/")
        do_jobs()

        page = administrator.get(AUDIT)

        assert (
            f"Event number {target.sequence} is not as it was written: somebody altered it"
            in text_of(page)
        )
        assert f"{AUDIT}{target.sequence}/" in page.content.decode()

    def test_what_the_command_line_found_stands_here_too(
        self, world: World, administrator: Client
    ) -> None:
        with world.scope():
            verified = audit.verify(world.morel.id)
        chain_checks.note_check(world.morel.operator(), verified)

        page = text_of(administrator.get(AUDIT))

        assert f"all {verified.events} events are as they were written" in page
        assert "at the command line" in page

    def test_the_check_of_another_firm_is_not_there(
        self, world: World, administrator: Client
    ) -> None:
        check = chain_checks.ask_chain_check(world.rivage.actor("administrator"))

        assert administrator.get(f"{AUDIT}checks/{check.pk}/").status_code == 404


@pytest.mark.browser
class TestInABrowser:
    def test_by_keyboard_alone_a_person_is_searched_and_the_trail_verified_while_one_watches(
        self,
        world: World,
        database: Database,
        serve: Serve,
        new_page: Callable[..., Page],
        administrator: Client,
    ) -> None:
        served = serve(worker=True)
        page = opened(new_page, served, administrator, "en")
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(served.url(AUDIT))

        page.locator("#id_person").focus()
        page.keyboard.type("weber")
        page.wait_for_url(lambda url: "person=weber" in url)
        page.get_by_text("by or about Jonas Weber").wait_for()
        assert page.locator(".trail tbody tr").count() == len(found(administrator, person="weber"))

        page.locator("#chain").get_by_role("button", name="Verify now").focus()
        page.keyboard.press("Enter")
        page.get_by_text("The trail is whole").first.wait_for()

        page.reload()
        page.get_by_text("The trail is whole").first.wait_for()
        page.locator(".trail tbody a").first.focus()
        page.keyboard.press("Enter")
        page.get_by_text("In the chain").wait_for()


def test_every_act_of_the_product_has_a_word_in_exactly_one_group() -> None:
    names = [name for group in GROUPS.values() for name in group.acts]
    recorded = {one.records for one in SPECIMENS.values() if one.records}
    recorded |= {"invitation.sent", "invitation.resent"}

    assert len(names) == len(set(names))
    assert recorded - set(names) == set()

"""Lists for a day's work: filters, tabs, order, columns, saved views, and several users at once."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.actions.doing import create
from tests.support.databases import Database
from tests.web.everything import content_of, differences
from tests.web.pages import PREFIX, events_of, follow, letters, signed_in, text_of
from tests.world import FirmOfTheWorld, World
from vestibule import clock
from vestibule.directory.actions.saved_views import MOST_VIEWS
from vestibule.directory.models import Invitation, OutboxMessage, SavedView, User
from vestibule.web.views import user_list

pytestmark = pytest.mark.usefixtures("database")

LIST = f"{PREFIX}/users/"
COMPANIES = f"{PREFIX}/companies/"
BULK = f"{LIST}bulk/"
VIEWS = f"{PREFIX}/views/"


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world, "practitioner")


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, text_of(answer)
    return [row["name"] for row in answer.context["rows"]]


def of_the_world(world: World, answer: Any) -> set[str]:
    """Return the names that the world's people on a page have in tests."""
    ids = {row["id"] for row in answer.context["rows"]}
    return {name for name, pk in world.morel.people.items() if pk in ids}


def places(world: World, query: dict[str, str]) -> dict[str, str]:
    """Put the ids of the world's places where a query names them."""
    return {
        key: str(world.morel.places[value]) if key == "place" else value
        for key, value in query.items()
    }


def change(world: World, name: str, **values: Any) -> None:
    with world.scope():
        User.objects.filter(firm_id=world.morel.id, pk=world.morel.people[name]).update(**values)


def expire(world: World, name: str) -> None:
    with world.scope():
        Invitation.objects.filter(user_id=world.morel.people[name]).update(
            expires_at=clock.now() - timedelta(days=1)
        )


def bounce(world: World, name: str) -> None:
    with world.scope():
        OutboxMessage.objects.filter(user_id=world.morel.people[name], kind="invitation").update(
            state="refused", last_error="550 no such mailbox"
        )


# --- filters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"place": "a"}, {"director", "standard", "waiting", "ready", "invited"}),
        ({"place": "b"}, {"director", "co_director", "standard", "deactivated"}),
        ({"place": "port"}, set()),
        (
            {"place": "group", "state": "active"},
            {"director", "co_director", "standard"},
        ),
        ({"role": "administrator"}, {"director", "co_director"}),
        ({"role": "administrator", "place": "a"}, {"director"}),
        ({"application": "bank"}, {"co_director"}),
        ({"application": "payroll", "place": "a"}, {"director", "standard", "invited"}),
        ({"invitation": "pending"}, {"invited"}),
        ({"invitation": "accepted"}, {"director", "co_director", "standard", "deactivated"}),
        ({"invitation": "none"}, {"waiting", "ready"}),
        ({"invitation": "none", "q": "blanc"}, {"ready"}),
        ({"signed_in": "30d"}, {"standard"}),
        ({"signed_in": "over30"}, {"director"}),
        ({"signed_in": "over90"}, {"director"}),
        ({"signed_in": "over365"}, set()),
        ({"role": "administrator", "signed_in": "never"}, {"co_director"}),
    ],
)
def test_a_filter_leaves_whom_it_names(
    world: World, staff: Client, query: dict[str, str], found: set[str]
) -> None:
    change(world, "director", last_sign_in_at=clock.now() - timedelta(days=100))
    change(world, "standard", last_sign_in_at=clock.now() - timedelta(days=10))
    for name in ("co_director", "deactivated"):
        change(world, name, last_sign_in_at=None)

    answer = staff.get(LIST, places(world, query))

    assert of_the_world(world, answer) == found
    assert len(answer.context["rows"]) == len(found)


def test_who_has_a_group_is_found_at_each_of_its_companies(world: World, staff: Client) -> None:
    with world.scope():
        grants = world.user("standard").grants
        grants.filter(place_id=world.morel.places["b"]).delete()
        grants.update(place_id=world.morel.places["group"])

    assert "standard" in of_the_world(world, staff.get(LIST, places(world, {"place": "a"})))
    assert "standard" not in of_the_world(world, staff.get(LIST, places(world, {"place": "port"})))


def test_each_tab_shows_exactly_whose_badge_says_so_and_counts_them(
    world: World, staff: Client
) -> None:
    for number in range(3):
        create(world, email=f"n{number}@c.example", send_email=True, key=f"k{number}")
    with world.scope():
        late, refused, both = User.objects.filter(canonical_email__endswith="@c.example")
        past = clock.now() - timedelta(days=1)
        Invitation.objects.filter(user_id__in=[late.pk, both.pk]).update(expires_at=past)
        OutboxMessage.objects.filter(user_id__in=[refused.pk, both.pk]).update(state="refused")

    everybody = staff.get(LIST)
    shown = {row["id"]: row["state"] for row in everybody.context["rows"]}
    assert set(shown.values()) >= {"invited", "link_expired", "mail_bounced"}

    for tab in everybody.context["tabs"]:
        answer = staff.get(tab["url"])
        ids = {row["id"] for row in answer.context["rows"]}
        assert ids == {pk for pk, state in shown.items() if tab["state"] in ("", state)}
        assert tab["count"] == len(ids)
        assert answer.context["total"] == {"number": len(ids), "more": False}


def test_somebody_invited_again_after_a_refused_mail_is_invited(
    world: World, staff: Client
) -> None:
    bounce(world, "invited")
    assert of_the_world(world, staff.get(LIST, {"state": "mail_bounced"})) == {"invited"}

    staff.post(f"{LIST}{world.morel.people['invited']}/resend/")

    assert of_the_world(world, staff.get(LIST, {"state": "mail_bounced"})) == set()
    assert of_the_world(world, staff.get(LIST, {"invitation": "bounced"})) == set()
    assert of_the_world(world, staff.get(LIST, {"state": "invited"})) == {"invited"}


def test_an_expired_link_is_found_by_tab_and_by_filter(world: World, staff: Client) -> None:
    expire(world, "invited")

    assert of_the_world(world, staff.get(LIST, {"state": "link_expired"})) == {"invited"}
    assert of_the_world(world, staff.get(LIST, {"invitation": "expired"})) == {"invited"}
    assert of_the_world(world, staff.get(LIST, {"invitation": "pending"})) == set()
    assert of_the_world(world, staff.get(LIST, {"state": "invited"})) == set()


def test_tabs_count_what_the_filters_leave(world: World, staff: Client) -> None:
    answer = staff.get(LIST, {"role": "administrator", "state": "invited"})

    counts = {tab["state"]: tab["count"] for tab in answer.context["tabs"]}
    assert (counts[""], counts["active"], counts["invited"]) == (2, 2, 0)
    assert "Nobody fits these filters" in text_of(answer)


@pytest.mark.parametrize(
    "query",
    [
        {"state": "nonsense", "role": "king", "application": "x", "signed_in": "1d"},
        {"invitation": "\x00", "sort": "--name", "column": "password"},
        {"place": "x"},
        {"place": "01a1fff9-d8a7-7fdd-ad48-00c0370cbf94", "sort": "password", "odd": "1"},
    ],
)
def test_what_an_address_says_and_nobody_knows_is_ignored(
    staff: Client, query: dict[str, str]
) -> None:
    answer = staff.get(LIST, query)

    assert len(names(answer)) == 7
    assert answer.context["filters"] == []
    assert answer.context["query"] == ""


def test_each_filter_is_a_chip_that_takes_it_away(world: World, staff: Client) -> None:
    query = places(world, {"place": "a", "role": "standard", "q": "e", "sort": "-name"})
    answer = staff.get(LIST, query)

    chips = {chip["name"]: chip for chip in answer.context["filters"]}
    assert [(chip["label"], chip["value"]) for chip in chips.values()] == [
        ("Company", "ESTRAN CONSEIL"),
        ("Type", "Standard client"),
    ]
    without = staff.get(chips["place"]["remove_url"])
    assert [chip["name"] for chip in without.context["filters"]] == ["role"]
    assert (without.context["q"], without.context["query"]) == ("e", "q=e&role=standard&sort=-name")
    cleared = staff.get(answer.context["clear_url"])
    assert len(names(cleared)) == 7
    assert names(cleared) == names(staff.get(LIST))[::-1]


def test_a_filter_is_chosen_in_a_form_and_then_stands_in_the_address(
    world: World, staff: Client
) -> None:
    answer = staff.get(
        LIST, {"filter": "1", "find": "conseil", "role": "administrator", "signed_in": ""}
    )

    assert answer.status_code == 302
    assert answer["Location"] == f"{LIST}?place={world.morel.places['a']}&role=administrator"
    assert of_the_world(world, staff.get(answer["Location"])) == {"director"}


def test_a_name_that_several_companies_have_is_asked_about(world: World, staff: Client) -> None:
    answer = staff.get(LIST, {"filter": "1", "find": "estran", "role": "administrator"})

    assert [place["name"] for place in answer.context["offered"]] == [
        "ESTRAN CONSEIL",
        "ESTRAN SERVICES",
        "GROUPE ESTRAN",
    ]
    chosen = staff.get(answer.context["offered"][0]["url"])
    assert of_the_world(world, chosen) == {"director"}
    nobody = staff.get(LIST, {"filter": "1", "find": "moulin bleu"})
    assert "None that you see is called “moulin bleu”" in text_of(nobody)


# --- order and pages --------------------------------------------------------------------------


def thirty(world: World) -> None:
    """Create users who signed in, were created and changed their state at odd times, or never."""
    now = clock.now()
    for number in range(30):
        create(
            world, email=f"n{number}@many.example", last_name=f"Nr {number:02}", key=f"k{number}"
        )
    with world.scope():
        people = User.objects.filter(canonical_email__endswith="@many.example")
        for number, user in enumerate(people.order_by("sort_key")):
            ago = now - timedelta(hours=(number * 7) % 12)  # several share a moment
            User.objects.filter(pk=user.pk).update(
                last_sign_in_at=ago if number % 3 else None, created_at=ago, state_since=ago
            )


KEYS: dict[str, Any] = {
    "name": lambda user: user.sort_key,
    "seen": lambda user: (user.last_sign_in_at is not None, user.last_sign_in_at or 0),
    "created": lambda user: user.created_at,
    "since": lambda user: user.state_since,
}


@pytest.mark.parametrize(
    "sort", ["name", "-name", "seen", "-seen", "created", "-created", "-since"]
)
@pytest.mark.req("X-08")
def test_every_order_pages_both_ways_and_shows_everybody_once(
    world: World, staff: Client, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    thirty(world)
    monkeypatch.setattr(user_list, "PAGE_SIZE", 8)
    key = KEYS[sort.removeprefix("-")]
    with world.scope():
        everybody = list(User.objects.filter(firm_id=world.morel.id, kind="client"))
    everybody.sort(key=lambda user: (key(user), user.pk), reverse=sort.startswith("-"))
    expected = [user.pk for user in everybody]

    page, forward, backward = staff.get(LIST, {"sort": sort}), [], []
    while True:
        forward += [row["id"] for row in page.context["rows"]]
        if not page.context["pager"]["next_url"]:
            break
        page = staff.get(page.context["pager"]["next_url"])
    while True:
        backward = [row["id"] for row in page.context["rows"]] + backward
        if not page.context["pager"]["previous_url"]:
            break
        page = staff.get(page.context["pager"]["previous_url"])

    assert forward == expected
    assert backward == expected


@pytest.mark.parametrize(
    "cursor",
    [
        ["2026-01-01", "01a1fff9-d8a7-7fdd-ad48-00c0370cbf94"],
        ["yesterday", "01a1fff9-d8a7-7fdd-ad48-00c0370cbf94"],
        [5, "x"],
        [None, None],
        {"a": 1},
    ],
)
@pytest.mark.parametrize("way", ["after", "before"])
@pytest.mark.parametrize("sort", ["seen", "-created"])
def test_a_cursor_that_fits_no_order_is_the_first_page(
    staff: Client, way: str, sort: str, cursor: object
) -> None:
    packed = base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode()

    assert len(names(staff.get(LIST, {"sort": sort, way: packed}))) == 7


def test_a_heading_sorts_and_sorts_back(staff: Client) -> None:
    first = staff.get(LIST)
    assert first.context["sorts"]["name"]["sorted"] == "ascending"
    back = staff.get(first.context["sorts"]["name"]["url"])
    assert names(back) == names(first)[::-1]
    assert 'aria-sort="descending"' in back.content.decode()
    assert names(staff.get(back.context["sorts"]["name"]["url"])) == names(first)
    assert "sort=-seen" in first.context["sorts"]["seen"]["url"]


def test_columns_are_chosen_and_kept(staff: Client) -> None:
    answer = staff.get(f"{LIST}?column=phone&column=billed&q=weber")

    assert answer.context["columns"] == ("phone", "billed")
    page = answer.content.decode()
    assert "Billed company" in text_of(answer)
    assert "sort-seen" not in page
    tab = next(tab for tab in answer.context["tabs"] if tab["state"] == "active")
    assert "column=phone&column=billed" in tab["url"]
    assert len(answer.context["rows"]) == 1


def test_the_list_asks_as_many_questions_whatever_it_finds(world: World, staff: Client) -> None:
    queries = [
        places(world, query)
        for query in (
            {},
            {"place": "a", "role": "standard", "application": "payroll", "sort": "name"},
            {"invitation": "bounced", "signed_in": "never", "q": "e"},
        )
    ]

    def asked(query: dict[str, str]) -> int:
        staff.get(LIST, query)
        with CaptureQueriesContext(connection) as asked:
            staff.get(LIST, query)
        return len(asked)

    few = [asked(query) for query in queries[:2]]
    for number in range(60):
        create(
            world,
            email=f"n{number}@many.example",
            last_name=f"Nr {number:02}",
            applications=("payroll",),
            send_email=number % 2 == 0,
            activate_now=number % 5 != 0,
            key=f"k{number}",
        )
    many = [asked(query) for query in queries[:2]]

    assert many[0] <= few[0] + 1  # who waits for validation is asked about once
    assert many[1] <= few[1] + 1
    assert max(many) <= 45
    assert asked(queries[2]) <= 45


def test_more_than_the_limit_are_never_counted(
    world: World, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("vestibule.directory.listing", "vestibule.web.list_forms"):
        monkeypatch.setattr(f"{module}.COUNT_LIMIT", 5)

    answer = staff.get(LIST)

    assert answer.context["total"] == {"number": 5, "more": True}
    assert "7 of more than 5" in text_of(answer)
    assert "Export more than 5" in text_of(answer)
    [everybody, *others] = answer.context["tabs"]
    assert (everybody["count"], everybody["more"]) == (5, True)
    assert not any(tab["more"] for tab in others)
    found = staff.get(LIST, {"q": "people", "state": "active"})
    counts = {tab["state"]: (tab["count"], tab["more"]) for tab in found.context["tabs"]}
    assert counts[""] == (5, True)
    assert counts["active"] == (3, False), "the tab that is open is counted for itself"
    assert counts["deactivated"] == (None, False)
    assert found.context["total"] == {"number": 3, "more": False}


# --- what a client administrator sees of it ------------------------------------------------------


def apart(world: World) -> User:
    """Let somebody of the director's company have a place of another company, billed there too."""
    return create(
        world,
        at=("b", "port"),
        billed_to="port",
        email="both@c.example",
        user_type="administrator",
    )


def test_a_director_filters_his_own_people_and_learns_no_other_place(world: World) -> None:
    apart(world)
    client = signed_in(world, "director")

    answer = client.get(LIST, {"column": "billed"})
    assert answer.context["rows"][0]["billed"] in ("", "ESTRAN CONSEIL")
    for query in (
        {"q": "atelier"},
        {"filter": "1", "find": "atelier"},
        {"filter": "1", "find": "groupe"},
    ):
        assert "ATELIER DU PORT" not in text_of(client.get(LIST, query))
        assert "GROUPE ESTRAN" not in text_of(client.get(LIST, query))
    for name in ("port", "group"):
        forged = client.get(LIST, places(world, {"place": name}))
        assert forged.context["filters"] == []
        assert len(forged.context["rows"]) == len(answer.context["rows"])
    at_b = client.get(LIST, places(world, {"place": "b"}))
    assert [chip["value"] for chip in at_b.context["filters"]] == ["ESTRAN SERVICES"]


def test_a_director_is_offered_the_applications_of_his_companies_only(world: World) -> None:
    for_staff = signed_in(world, "practitioner").get(LIST).context["filter_form"]
    for_director = signed_in(world, "co_director").get(LIST).context["filter_form"]

    def offered(form: Any) -> set[str]:
        return {value for value, _word in form.fields["application"].choices} - {""}

    assert offered(for_director) == {"payroll", "documents", "bank"}
    assert offered(for_staff) > offered(for_director)
    assert len(names(signed_in(world, "co_director").get(LIST, {"application": "invoicing"}))) == (
        len(names(signed_in(world, "co_director").get(LIST)))
    )


def test_what_somebody_has_elsewhere_does_not_find_him_here(world: World) -> None:
    with world.scope():
        at_b = world.user("standard").grants.filter(place_id=world.morel.places["b"])
        at_b.filter(permission_set__isnull=False).delete()
    payroll = {"application": "payroll"}

    assert "standard" in of_the_world(world, signed_in(world, "director").get(LIST, payroll))
    client = signed_in(world, "co_director")
    assert "standard" in of_the_world(world, client.get(LIST))
    assert "standard" not in of_the_world(world, client.get(LIST, payroll))


def test_a_directors_companies_are_his_own_and_name_no_group(world: World) -> None:
    answer = signed_in(world, "co_director").get(COMPANIES)

    assert [row["name"] for row in answer.context["rows"]] == ["ESTRAN SERVICES"]
    assert "GROUPE ESTRAN" not in text_of(answer)
    assert names(signed_in(world, "co_director").get(f"{COMPANIES}?show=groups")) == []


# --- saved views -----------------------------------------------------------------------------------


def views_in(firm: FirmOfTheWorld) -> list[SavedView]:
    with firm.scope():
        return list(SavedView.objects.filter(firm_id=firm.id))


def test_a_list_is_saved_under_a_name_and_opened_again(world: World, staff: Client) -> None:
    query = "q=estran&state=active&sort=-seen&column=state&odd=1"

    answer = follow(staff, staff.post(f"{VIEWS}new/users/?{query}", {"name": "  Active  there "}))

    assert "The view “Active there” is saved." in text_of(answer)
    [view] = answer.context["views"]
    assert view.query == "q=estran&state=active&sort=-seen&column=state"
    assert f"?{view.query.replace('&', '&amp;')}" in answer.content.decode()
    assert answer.context["query"] == view.query


def test_a_view_is_renamed_and_deleted(world: World, staff: Client) -> None:
    staff.post(f"{VIEWS}new/users/?state=active", {"name": "One"})
    staff.post(f"{VIEWS}new/companies/?administrator=none", {"name": "Two"})
    one, two = sorted(views_in(world.morel), key=lambda view: view.name)

    page = follow(staff, staff.post(f"{VIEWS}{one.pk}/rename/", {"name": "First"}))
    assert "First" in text_of(page)
    page = follow(staff, staff.post(f"{VIEWS}{two.pk}/delete/"))

    assert [view.name for view in views_in(world.morel)] == ["First"]
    assert "Two" not in text_of(staff.get(VIEWS))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Mine", "You already have a view named “Mine”"),
        ("", "This field is required"),
        ("x" * 81, "longer than 80 characters"),
        ("a\u202eb", "characters that cannot be seen"),
    ],
)
def test_a_name_that_cannot_be_taken_is_said_at_its_field(
    world: World, staff: Client, name: str, said: str
) -> None:
    staff.post(f"{VIEWS}new/users/", {"name": "Mine"})

    answer = staff.post(f"{VIEWS}new/users/", {"name": name})

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert len(views_in(world.morel)) == 1


def test_a_list_keeps_so_many_views_and_no_more(world: World, staff: Client) -> None:
    with world.scope():
        SavedView.objects.bulk_create(
            SavedView(
                firm_id=world.morel.id,
                owner_id=world.morel.people["practitioner"],
                list="users",
                name=f"{number}",
                query="",
                created_at=clock.now(),
            )
            for number in range(MOST_VIEWS)
        )

    answer = staff.post(f"{VIEWS}new/users/", {"name": "One more"})

    assert answer.status_code == 409
    assert "at most 50 views" in text_of(answer)


def test_nobody_sees_or_changes_anothers_views(world: World, staff: Client) -> None:
    staff.post(f"{VIEWS}new/users/?state=active", {"name": "Mine alone"})
    [view] = views_in(world.morel)
    other = signed_in(world, "administrator")

    assert "Mine alone" not in text_of(other.get(LIST)) + text_of(other.get(VIEWS))
    assert other.post(f"{VIEWS}{view.pk}/rename/", {"name": "x"}).status_code == 404
    assert other.post(f"{VIEWS}{view.pk}/delete/").status_code == 404
    assert signed_in(world, "standard").get(VIEWS).status_code == 403
    assert [view.name for view in views_in(world.morel)] == ["Mine alone"]


# --- several at once -------------------------------------------------------------------------------


def several(world: World, *who: str, act: str = "deactivate", **typed: str) -> dict[str, Any]:
    return {"act": act, "user": [str(world.morel.people[name]) for name in who], **typed}


def states(world: World, *who: str) -> list[str]:
    return [world.user(name).state for name in who]


def test_deactivating_several_names_how_many_and_whom_first(
    world: World, staff: Client, database: Database
) -> None:
    before = content_of(database)
    answer = staff.post(BULK, several(world, "standard", "invited", "deactivated"))

    words = text_of(answer)
    assert "Deactivate 2 people?" in words
    assert "Jonas Weber" in words
    assert "Paul Girard" in words
    assert "1 of the chosen users stays as is: Hugo Lenoir." in words
    assert differences(before, content_of(database)) == []


def test_each_is_deactivated_by_himself_and_a_refusal_stops_nobody_else(
    world: World, staff: Client
) -> None:
    """The only administrator of a company with users stays; the others go."""
    who = ("director", "standard", "invited")
    answer = staff.post(BULK, several(world, *who, sure="1", reason="Contract ended"))

    assert states(world, *who) == ["active", "deactivated", "deactivated"]
    outcomes = {row["row"]["name"]: row["refused"] for row in answer.context["outcomes"]}
    assert "last administrator of ESTRAN CONSEIL" in outcomes["Solène Fontaine"]
    assert outcomes["Jonas Weber"] == outcomes["Paul Girard"] == ""
    assert "2 of 3 users deactivated" in text_of(answer)
    [event] = [
        event
        for event in events_of(world.morel, world.morel.people["standard"])
        if event.name == "client_user.deactivated"
    ]
    assert event.actor_user_id == world.morel.people["practitioner"]


def test_several_are_invited_each_with_a_mail_of_his_own(world: World, staff: Client) -> None:
    asked = staff.post(BULK, several(world, "ready", "invited", "waiting", act="invite"))
    assert "Send the invitation to 2 people?" in text_of(asked)

    done = staff.post(BULK, several(world, "ready", "invited", act="invite", sure="1"))

    assert "2 of 2 invitations sent" in text_of(done)
    assert sorted(letter.to for letter in letters(world.morel)) == [
        world.morel.emails["invited"],
        world.morel.emails["ready"],
    ]
    assert states(world, "ready", "invited", "waiting") == [
        "invited",
        "invited",
        "awaiting_validation",
    ]


def test_an_odd_reason_is_refused_at_its_field_and_nobody_is_touched(
    world: World, staff: Client
) -> None:
    answer = staff.post(BULK, several(world, "standard", "invited", sure="1", reason="x" * 600))

    assert answer.status_code == 422
    assert "longer than 500 characters" in text_of(answer)
    assert states(world, "standard", "invited") == ["active", "invited"]


@pytest.mark.parametrize("act", ["deactivate", "invite"])
def test_a_director_touches_nobody_who_is_not_wholly_his(world: World, act: str) -> None:
    """Law 4: whoever has a place elsewhere is left as he is, also when the form is forged."""
    both = apart(world)
    client = signed_in(world, "director")
    typed = {"act": act, "user": [str(both.pk)], "sure": "1"}

    answer = client.post(BULK, typed)

    with world.scope():
        assert User.objects.get(pk=both.pk).state == "ready"
    assert [bool(row["refused"]) for row in answer.context["outcomes"]] == [True]
    with world.scope():
        User.objects.filter(pk=world.morel.people["co_director"]).update(language="en")
    strangers = signed_in(world, "co_director")
    typed["user"] = [str(world.morel.people["invited"])]
    assert "Nobody was chosen" in text_of(follow(strangers, strangers.post(BULK, typed)))


@pytest.mark.parametrize(
    "typed", [{}, {"act": "deactivate"}, {"act": "erase", "user": ["x"]}, {"user": ["\x00"]}]
)
def test_nothing_chosen_is_said(staff: Client, typed: dict[str, Any]) -> None:
    answer = follow(staff, staff.post(f"{BULK}?state=active", typed))

    assert "Nobody was chosen" in text_of(answer)
    assert answer.context["state"] == "active"


# --- companies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"place": "group"}, ["ESTRAN CONSEIL", "ESTRAN SERVICES"]),
        ({"application": "bank"}, ["ESTRAN SERVICES"]),
        ({"administrator": "none"}, ["ATELIER DU PORT"]),
        ({"status": "closed"}, ["ATELIER DU PORT"]),
        ({"status": "open"}, ["ESTRAN CONSEIL", "ESTRAN SERVICES"]),
        ({"sort": "-name"}, ["ESTRAN SERVICES", "ESTRAN CONSEIL", "ATELIER DU PORT"]),
        ({"place": "group", "application": "bank"}, ["ESTRAN SERVICES"]),
        (
            {"status": "odd", "sort": "odd"},
            ["ATELIER DU PORT", "ESTRAN CONSEIL", "ESTRAN SERVICES"],
        ),
    ],
)
def test_companies_are_filtered_and_sorted(
    world: World, staff: Client, query: dict[str, str], found: list[str]
) -> None:
    staff.post(f"{PREFIX}/places/{world.morel.places['port']}/close/")

    assert names(staff.get(COMPANIES, places(world, query))) == found


def test_a_company_whose_group_has_an_administrator_is_not_without(
    world: World, staff: Client
) -> None:
    with world.scope():
        grants = world.user("director").grants
        grants.filter(place_id=world.morel.places["b"]).delete()
        grants.update(place_id=world.morel.places["group"])
        world.user("co_director").grants.all().delete()

    found = names(staff.get(COMPANIES, {"administrator": "none"}))

    assert found == ["ATELIER DU PORT"]


def test_a_company_is_found_by_its_group_in_the_form(world: World, staff: Client) -> None:
    answer = staff.get(COMPANIES, {"filter": "1", "find": "estran", "status": "open"})

    assert answer["Location"] == f"{COMPANIES}?place={world.morel.places['group']}&status=open"
    [group, status] = staff.get(answer["Location"]).context["filters"]
    assert (group["value"], status["value"]) == ("GROUPE ESTRAN", "Open")

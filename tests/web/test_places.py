"""Renaming, moving, closing, reopening and adding places: through the door."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from tests.web.place_pages import PREFIX, follow, signed_in, text_of
from tests.world import World
from vestibule.directory.actions.places import close_place, create_place
from vestibule.directory.models import Event, Place
from vestibule.web import place_forms

pytestmark = pytest.mark.usefixtures("database")

VERBS = ("rename", "move", "close", "reopen", "add")


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world, "practitioner")


def address(world: World, name: str, verb: str) -> str:
    return f"{PREFIX}/places/{world.place(name).pk}/{verb}/"


def events(world: World) -> list[str]:
    """Return what was recorded about places since the world was built."""
    with world.scope():
        found = Event.objects.filter(name__startswith="place.", door="page")
        return list(found.order_by("sequence").values_list("name", flat=True))


def offered(answer: Any, field: str) -> dict[str, str]:
    choices = answer.context["form"].fields[field].widget.choices
    return {str(label): str(value) for value, label in choices if value}


def new_group(world: World, name: str = "Groupe Neuf") -> Place:
    with world.scope():
        place: Place = create_place(
            world.actor("practitioner"), parent=world.place("root"), kind="group", name=name
        )
        return place


# --- rename -----------------------------------------------------------------------------


@pytest.mark.req("X-10")
@pytest.mark.parametrize("name", ["group", "a", "nantes"])
def test_a_group_a_company_and_an_establishment_are_renamed(
    staff: Client, world: World, name: str
) -> None:
    form = staff.get(address(world, name, "rename"))
    assert form.context["form"].initial["name"] == world.place(name).name

    shown = follow(staff, staff.post(address(world, name, "rename"), {"name": "Un nom neuf"}))

    assert world.place(name).name == "Un nom neuf"
    assert "is now called Un nom neuf." in text_of(shown)
    assert events(world) == ["place.renamed"]


@pytest.mark.req("X-10")
def test_a_renamed_group_is_the_word_by_which_its_companies_are_found(
    staff: Client, world: World
) -> None:
    staff.post(address(world, "group", "rename"), {"name": "Armorique"})

    rows = staff.get(f"{PREFIX}/companies/", {"q": "armorique"}).context["rows"]

    assert {row["group"] for row in rows} == {"Armorique"}
    assert len(rows) == 2


@pytest.mark.parametrize("typed", ["", "   ", "x" * 5000, "x" * 201, "a\u200bb", "a\x00b"])
def test_a_name_that_cannot_be_taken_is_said_at_its_field(
    staff: Client, world: World, typed: str
) -> None:
    answer = staff.post(address(world, "a", "rename"), {"name": typed})

    assert answer.status_code == 422
    assert answer.context["form"].errors["name"]
    assert world.place("a").name == "ESTRAN CONSEIL"
    assert events(world) == []


# --- move -------------------------------------------------------------------------------


@pytest.mark.req("X-10")
def test_a_company_moves_to_another_group_with_all_that_is_below(
    staff: Client, world: World
) -> None:
    group = new_group(world)
    form = staff.get(address(world, "a", "move"))
    assert offered(form, "parent") == {
        "Directly under Cabinet Morel": str(world.place("root").pk),
        "Groupe Neuf": str(group.pk),
    }
    assert "2 establishments move with it." in text_of(form)

    shown = follow(staff, staff.post(address(world, "a", "move"), {"parent": str(group.pk)}))

    assert "ESTRAN CONSEIL now stands under Groupe Neuf." in text_of(shown)
    assert shown.context["company"]["group"] == "Groupe Neuf"
    assert world.place("nantes").path.startswith(group.path + world.place("a").pk.hex)
    assert events(world)[-1] == "place.moved"


@pytest.mark.req("X-10")
def test_an_establishment_moves_only_after_it_was_said_who_gains_and_who_loses(
    staff: Client, world: World
) -> None:
    there = {"parent": str(world.morel.places["b"])}

    asked = staff.post(address(world, "nantes", "move"), there)

    assert asked.status_code == 200
    assert "1 user gains access to it: Marc Olivier" in text_of(asked)
    assert asked.context["losing_total"] == 3
    for name in ("Inès Roux", "Lucie Blanc", "Paul Girard"):
        assert name in asked.context["losing"]
    assert world.place("nantes").parent_id == world.morel.places["a"]
    assert events(world) == []

    seen = asked.context["form"]["seen"].value()
    shown = follow(staff, staff.post(address(world, "nantes", "move"), there | {"seen": seen}))

    assert shown.context["company"]["name"] == "ESTRAN SERVICES"
    assert world.place("nantes").company_id == world.morel.places["b"]
    assert events(world) == ["place.moved"]


def test_what_was_said_of_one_new_place_is_not_said_of_another(staff: Client, world: World) -> None:
    told = staff.post(address(world, "nantes", "move"), {"parent": str(world.morel.places["b"])})
    seen = told.context["form"]["seen"].value()

    answer = staff.post(
        address(world, "nantes", "move"),
        {"parent": str(world.morel.places["port"]), "seen": seen},
    )

    assert answer.status_code == 200
    assert answer.context["losing_total"] == 5
    assert events(world) == []


@pytest.mark.parametrize("target", ["", "nonsense", "ABSENT", "FOREIGN", "nantes", "a", "group"])
def test_a_company_cannot_be_put_where_it_does_not_belong(
    staff: Client, world: World, target: str
) -> None:
    places = {"ABSENT": str(uuid4()), "FOREIGN": str(world.rivage.place("root").pk)}
    sent = places.get(target) or str(world.morel.places.get(target, target))

    answer = staff.post(address(world, "a", "move"), {"parent": sent})

    assert answer.status_code == 422
    assert answer.context["form"].errors["parent"]
    assert events(world) == []


def test_a_foreign_place_and_an_absent_one_are_refused_in_the_same_words(
    staff: Client, world: World
) -> None:
    sentences = []
    for target in (world.rivage.place("root").pk, uuid4(), "nonsense"):
        answer = staff.post(address(world, "a", "move"), {"parent": str(target)})
        sentences.append(list(answer.context["form"].errors["parent"]))

    assert sentences[0] == sentences[1] == sentences[2]


def test_a_closed_group_is_not_offered(staff: Client, world: World) -> None:
    group = new_group(world)
    with world.scope():
        close_place(world.actor("practitioner"), group)

    assert "Groupe Neuf" not in offered(staff.get(address(world, "a", "move")), "parent")
    answer = staff.post(address(world, "a", "move"), {"parent": str(group.pk)})
    assert answer.status_code == 422


def test_among_many_places_a_search_finds_the_new_one(
    staff: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_forms, "CHOICES_LIMIT", 3)
    group = [new_group(world, f"Groupe {name}") for name in ("Un", "Deux", "Trois", "Quatre")][3]
    first = staff.get(address(world, "a", "move"))
    assert "q" in first.context["form"].fields
    assert len(offered(first, "parent")) == 3

    found = staff.post(address(world, "a", "move"), {"q": "quatre", "parent": ""})

    assert found.status_code == 422
    assert list(offered(found, "parent")) == ["Directly under Cabinet Morel", "Groupe Quatre"]
    chosen = staff.post(address(world, "a", "move"), {"q": "x\x00", "parent": str(group.pk)})
    assert chosen.status_code == 422  # the search cannot hold such a character; nothing moved
    moved = staff.post(address(world, "a", "move"), {"q": "quatre", "parent": str(group.pk)})
    assert moved.status_code == 303


# --- close and reopen -------------------------------------------------------------------


@pytest.mark.req("X-10")
def test_a_company_closes_after_its_users_are_billed_to_another(
    staff: Client, world: World
) -> None:
    form = staff.get(address(world, "b", "close"))
    assert "1 establishment closes with it." in text_of(form)
    assert form.context["losing_total"] == 3
    assert "Marc Olivier" in form.context["losing"]
    assert form.context["billed_total"] == 1
    assert set(offered(form, "billed_to").values()) == {
        str(world.morel.places[name]) for name in ("a", "port")
    }

    unanswered = staff.post(address(world, "b", "close"), {})
    assert unanswered.status_code == 422
    assert unanswered.context["form"].errors["billed_to"]
    assert world.place("b").is_open

    sent = {"billed_to": str(world.morel.places["a"])}
    shown = follow(staff, staff.post(address(world, "b", "close"), sent))

    assert "ESTRAN SERVICES is closed." in text_of(shown)
    assert not world.place("b").is_open
    assert world.user("co_director").billable_company_id == world.morel.places["a"]
    assert events(world) == ["place.closed"]


@pytest.mark.parametrize("target", ["FOREIGN", "ABSENT", "nantes", "a", "nonsense"])
def test_users_are_billed_to_no_place_that_is_not_another_open_company(
    staff: Client, world: World, target: str
) -> None:
    places = {"ABSENT": uuid4(), "FOREIGN": world.rivage.places["a"]}
    sent = str(places.get(target) or world.morel.places.get(target, target))

    answer = staff.post(address(world, "a", "close"), {"billed_to": sent})

    assert answer.status_code == 422
    assert answer.context["form"].errors["billed_to"]
    assert world.place("a").is_open


@pytest.mark.req("X-10")
def test_an_establishment_closes_and_opens_again(staff: Client, world: World) -> None:
    assert staff.get(address(world, "nantes", "close")).context["billed_total"] == 0

    closed = follow(staff, staff.post(address(world, "nantes", "close")))

    node = next(node for node in closed.context["tree"] if node["name"] == "Nantes")
    assert (node["closed"], node["may"]["close"], node["may"]["reopen"]) == (True, False, True)
    assert closed.context["establishments_open"] == 1
    assert "has it again" in text_of(staff.get(address(world, "nantes", "reopen")))

    opened = follow(staff, staff.post(address(world, "nantes", "reopen")))

    assert "Nantes is open again." in text_of(opened)
    assert opened.context["establishments_open"] == 2
    assert events(world) == ["place.closed", "place.reopened"]


@pytest.mark.req("X-10")
def test_a_group_with_open_companies_stays_open_and_says_why(staff: Client, world: World) -> None:
    sentence = "GROUPE ESTRAN still has open companies. Close or move them first."
    asked = staff.get(address(world, "group", "close"))
    assert (asked.status_code, asked.context["blocked"]) == (200, sentence)

    answer = staff.post(address(world, "group", "close"))

    assert answer.status_code == 409
    assert sentence in text_of(answer)
    assert world.place("group").is_open

    empty = new_group(world)
    closed = staff.post(f"{PREFIX}/places/{empty.pk}/close/")
    assert "Groupe Neuf is closed." in text_of(follow(staff, closed))


def test_what_is_closed_is_not_closed_again(staff: Client, world: World) -> None:
    staff.post(address(world, "port", "close"))

    assert staff.get(address(world, "port", "close")).context["blocked"]
    assert staff.post(address(world, "port", "close")).status_code == 409
    assert events(world) == ["place.closed"]


def test_below_a_closed_company_opening_again_says_that_nobody_is_let_in_yet(
    staff: Client, world: World
) -> None:
    for name in ("lorient", "port"):
        staff.post(address(world, name, "close"))

    assert "ATELIER DU PORT is closed: nobody has access below it" in text_of(
        staff.get(address(world, "lorient", "reopen"))
    )


def test_who_is_of_a_closed_company_no_longer_sees_it_at_home_until_it_is_opened(
    staff: Client, world: World
) -> None:
    director = signed_in(world, "director")
    home = f"{PREFIX}/"
    assert "ESTRAN SERVICES" in text_of(director.get(home))

    sent = {"billed_to": str(world.morel.places["a"])}
    staff.post(address(world, "b", "close"), sent)
    assert "ESTRAN SERVICES" not in text_of(director.get(home))

    staff.post(address(world, "b", "reopen"))
    assert "ESTRAN SERVICES" in text_of(director.get(home))


# --- add --------------------------------------------------------------------------------


@pytest.mark.req("X-10")
def test_an_establishment_is_added_to_a_company_with_its_address(
    staff: Client, world: World
) -> None:
    form = staff.get(address(world, "a", "add"))
    assert "SIRET" in text_of(form)

    answer = staff.post(
        address(world, "a", "add"),
        {
            "kind": "establishment",
            "name": "Quimper",
            "number": "732 829 320 00090",
            "address": "4 rue Kéréon",
            "postcode": "29000",
            "town": "Quimper",
        },
    )

    shown = follow(staff, answer)
    node = next(node for node in shown.context["tree"] if node["name"] == "Quimper")
    assert (node["detail"], node["siret_end"]) == ("4 rue Kéréon, Quimper", "00090")
    assert shown.context["establishments_open"] == 3


@pytest.mark.req("X-10")
def test_a_company_is_added_to_a_group_from_the_groups_page(staff: Client, world: World) -> None:
    shown = follow(
        staff,
        staff.post(address(world, "group", "add"), {"kind": "company", "name": "Estran Conseil 2"}),
    )

    assert shown.context["company"]["group"] == "GROUPE ESTRAN"


def test_a_number_of_another_place_is_refused_at_its_field(staff: Client, world: World) -> None:
    answer = staff.post(
        address(world, "a", "add"),
        {"kind": "establishment", "name": "Encore", "number": "73282932000074"},
    )

    assert answer.status_code == 422
    assert "already belongs to another place" in " ".join(answer.context["form"].errors["number"])
    assert events(world) == []


@pytest.mark.parametrize("kind", ["group", "company", "firm", "castle", ""])
def test_only_what_may_stand_below_a_company_is_added_to_it(
    staff: Client, world: World, kind: str
) -> None:
    answer = staff.post(address(world, "a", "add"), {"kind": kind, "name": "Encore"})

    assert answer.status_code == 422
    assert answer.context["form"].errors["kind"]
    assert events(world) == []


def test_nothing_is_added_below_an_establishment(staff: Client, world: World) -> None:
    assert staff.get(address(world, "nantes", "add")).status_code == 404


def test_nothing_is_added_to_a_closed_company(staff: Client, world: World) -> None:
    staff.post(address(world, "port", "close"))

    answer = staff.post(address(world, "port", "add"), {"kind": "establishment", "name": "Encore"})

    assert answer.status_code == 409
    assert "ATELIER DU PORT is closed." in text_of(answer)
    assert events(world) == ["place.closed"]


# --- who may not ------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", ["director", "standard", "trainee"])
def test_clients_and_staff_without_the_right_are_refused_before_and_at_the_act(
    world: World, name: str, verb: str
) -> None:
    client = signed_in(world, name)

    for answer in (
        client.get(address(world, "a", verb)),
        client.post(address(world, "a", verb), {"name": "Mine"}),
    ):
        assert answer.status_code == 403
    assert events(world) == []


@pytest.mark.parametrize("verb", VERBS)
def test_a_place_of_another_firm_is_the_same_answer_as_one_that_is_not_there(
    staff: Client, world: World, verb: str
) -> None:
    for send in (staff.get, staff.post):
        foreign = send(f"{PREFIX}/places/{world.rivage.places['a']}/{verb}/")
        absent = send(f"{PREFIX}/places/{uuid4()}/{verb}/")
        assert foreign.status_code == absent.status_code == 404
        assert text_of(foreign) == text_of(absent)


@pytest.mark.parametrize("verb", VERBS)
def test_the_firm_itself_is_no_place_to_act_on(staff: Client, world: World, verb: str) -> None:
    assert staff.get(address(world, "root", verb)).status_code == 404
    assert staff.post(address(world, "root", verb), {"name": "Mine"}).status_code == 404


@pytest.mark.parametrize("verb", VERBS)
def test_looking_at_the_page_of_an_act_changes_nothing(
    staff: Client, world: World, verb: str
) -> None:
    name = "a" if verb != "reopen" else "port"
    if verb == "reopen":
        staff.post(address(world, "port", "close"))
    before = events(world)

    assert staff.get(address(world, name, verb)).status_code == 200
    assert staff.head(address(world, name, verb)).status_code == 200

    assert events(world) == before


@pytest.mark.parametrize("verb", VERBS)
def test_a_form_without_its_token_is_refused(world: World, verb: str) -> None:
    client = signed_in(world, "practitioner")
    client.handler.enforce_csrf_checks = True

    assert client.post(address(world, "port", verb), {"name": "Mine"}).status_code == 403
    assert events(world) == []

"""The companies' list, a company's and a group's page, and a new one: through the door."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.web.place_pages import PREFIX, follow, signed_in, text_of
from tests.world import World
from vestibule.directory.actions.places import close_place, create_place
from vestibule.directory.models import Event, Place

pytestmark = pytest.mark.usefixtures("database")

LIST = f"{PREFIX}/companies/"
NEW = f"{PREFIX}/companies/new/"


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world, "practitioner")


def page_of(world: World, name: str) -> str:
    return f"{LIST}{world.morel.places[name]}/"


def row_of(answer: Any, name: str) -> dict[str, Any]:
    return next(row for row in answer.context["rows"] if row["name"] == name)


def parent_choices(answer: Any) -> dict[str, str]:
    """Return the names offered as a new company's parent, with their values."""
    widget = answer.context["form"].fields["parent"].widget
    return {str(label): str(value) for value, label in widget.choices}


def test_the_list_shows_every_company_with_its_group_and_its_figures(
    staff: Client, world: World
) -> None:
    answer = staff.get(LIST)

    assert [row["name"] for row in answer.context["rows"]] == [
        "ATELIER DU PORT",
        "ESTRAN CONSEIL",
        "ESTRAN SERVICES",
    ]
    conseil = row_of(answer, "ESTRAN CONSEIL")
    assert (conseil["siren"], conseil["group"]) == ("732 829 320", "GROUPE ESTRAN")
    # director, standard, waiting, ready and invited; the deactivated one is of the other company
    assert (conseil["establishments"], conseil["users"], conseil["administrators"]) == (2, 5, 1)
    services = row_of(answer, "ESTRAN SERVICES")
    assert (services["establishments"], services["users"], services["administrators"]) == (1, 3, 2)
    assert "No administrator yet" in text_of(answer)
    assert "MOULIN BLEU" not in text_of(answer)


@pytest.mark.parametrize("query", ["conseil", "732829320", "estran con", "ÉSTRAN CONSEIL"])
def test_a_search_finds_names_and_numbers(staff: Client, query: str) -> None:
    answer = staff.get(LIST, {"q": query})

    assert [row["name"] for row in answer.context["rows"]] == ["ESTRAN CONSEIL"]


def test_a_search_finds_the_companies_of_a_group(staff: Client) -> None:
    assert len(staff.get(LIST, {"q": "groupe estran"}).context["rows"]) == 2


@pytest.mark.parametrize("query", ["nothing like it", "%", "x" * 5000, "a\x00b"])
def test_a_search_that_finds_nothing_says_so(staff: Client, query: str) -> None:
    answer = staff.get(LIST, {"q": query})

    assert answer.status_code == 200
    assert "No company is found" in text_of(answer)


def test_pages_of_the_list_lead_to_each_other_and_show_everything_once(
    staff: Client, world: World
) -> None:
    actor, root = world.actor("practitioner"), world.place("root")
    with world.scope():
        for number in range(60):
            create_place(actor, parent=root, kind="company", name=f"Société {number:02}")

    first = staff.get(LIST)
    second = staff.get(first.context["pager"]["next_url"])
    back = staff.get(second.context["pager"]["previous_url"])

    names = [row["name"] for answer in (first, second) for row in answer.context["rows"]]
    assert len(names) == len(set(names)) == 63
    assert first.context["pager"]["total"] == 63
    assert not first.context["pager"]["previous_url"]
    assert not second.context["pager"]["next_url"]
    assert back.context["rows"] == first.context["rows"]


@pytest.mark.parametrize("cursor", ["x", "%00", "e30", "W10", "WyJhIiwiYiJd"])
def test_a_cursor_that_cannot_be_read_is_the_first_page(staff: Client, cursor: str) -> None:
    answer = staff.get(f"{LIST}?after={cursor}")

    assert len(answer.context["rows"]) == 3


def test_the_list_asks_as_many_questions_for_sixty_companies_as_for_three(
    staff: Client, world: World
) -> None:
    staff.get(LIST)
    with CaptureQueriesContext(connection) as few:
        staff.get(LIST)
    actor, root = world.actor("practitioner"), world.place("root")
    with world.scope():
        for number in range(57):
            create_place(actor, parent=root, kind="company", name=f"Société {number:02}")
    staff.get(LIST)

    with CaptureQueriesContext(connection) as many:
        answer = staff.get(LIST)

    assert len(answer.context["rows"]) == 50
    assert len(many) == len(few) <= 25


def test_the_list_of_groups_leads_to_the_page_of_a_group_with_its_companies(
    staff: Client, world: World
) -> None:
    groups = staff.get(LIST, {"show": "groups"})
    assert [(row["name"], row["companies"]) for row in groups.context["rows"]] == [
        ("GROUPE ESTRAN", 2)
    ]

    answer = staff.get(page_of(world, "group"))

    assert [node["name"] for node in answer.context["tree"]] == [
        "ESTRAN CONSEIL",
        "ESTRAN SERVICES",
    ]
    assert page_of(world, "a") in answer.content.decode()
    assert answer.context["rows_total"] == 6


def test_a_company_shows_its_tree_its_applications_and_its_users(
    staff: Client, world: World
) -> None:
    answer = staff.get(page_of(world, "a"))

    assert [
        (node["name"], node["depth"], node["siret_end"]) for node in answer.context["tree"]
    ] == [
        ("Brest", 1, "00082"),
        ("Nantes", 1, "00074"),
    ]
    assert [entry["name"] for entry in answer.context["applications"]] == [
        "Payroll",
        "Invoicing",
        "Expenses",
        "Documents",
        "Messaging",
    ]
    assert {row["email"] for row in answer.context["rows"]} == {
        world.morel.emails[name] for name in ("director", "standard", "waiting", "ready", "invited")
    }
    words = text_of(answer)
    assert "SIREN 732 829 320" in words
    assert "GROUPE ESTRAN" in words


def test_a_company_page_asks_as_many_questions_for_many_establishments_as_for_two(
    staff: Client, world: World
) -> None:
    staff.get(page_of(world, "a"))
    with CaptureQueriesContext(connection) as few:
        staff.get(page_of(world, "a"))
    actor, company = world.actor("practitioner"), world.place("a")
    with world.scope():
        for number in range(20):
            create_place(actor, parent=company, kind="establishment", name=f"Site {number}")
    staff.get(page_of(world, "a"))

    with CaptureQueriesContext(connection) as many:
        answer = staff.get(page_of(world, "a"))

    assert len(answer.context["tree"]) == 22
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        *(("companies/", name) for name in ("standard", "trainee")),
        *(
            (path, name)
            for path in ("companies/new/", "companies/{a}/")
            for name in ("director", "standard", "trainee")
        ),
    ],
)
def test_clients_and_staff_without_the_right_are_refused(
    world: World, path: str, name: str
) -> None:
    address = f"{PREFIX}/{path.format(**world.morel.places)}"

    assert signed_in(world, name).get(address).status_code == 403


def test_whoever_has_not_signed_in_is_asked_to(world: World) -> None:
    answer = Client().get(page_of(world, "a"))

    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{PREFIX}/sign-in/?next=")


def test_a_company_of_another_firm_is_the_same_answer_as_one_that_is_not_there(
    staff: Client, world: World
) -> None:
    foreign = staff.get(f"{LIST}{world.rivage.places['a']}/")
    absent = staff.get(f"{LIST}{uuid4()}/")

    assert foreign.status_code == absent.status_code == 404
    assert text_of(foreign) == text_of(absent)


def test_an_establishment_and_the_firm_itself_have_no_page_of_their_own(
    staff: Client, world: World
) -> None:
    for name in ("nantes", "root"):
        assert staff.get(f"{LIST}{world.place(name).pk}/").status_code == 404


def test_a_closed_company_says_since_when(staff: Client, world: World) -> None:
    port = world.place("port")
    with world.scope():
        close_place(world.actor("practitioner"), port)

    answer = staff.get(page_of(world, "port"))

    assert "Closed since" in text_of(answer)
    assert answer.context["company"]["may"]["reopen"]
    assert not answer.context["company"]["may"]["close"]
    assert row_of(staff.get(LIST), "ATELIER DU PORT")["closed"]


# --- new ones ---------------------------------------------------------------------------


@pytest.mark.req("X-10")
def test_a_company_is_created_in_a_group_with_its_usual_applications(
    staff: Client, world: World
) -> None:
    parents = parent_choices(staff.get(NEW))
    answer = staff.post(
        NEW,
        {
            "kind": "company",
            "name": "Estran Formation",
            "number": "480 470 152",
            "parent": parents["GROUPE ESTRAN"],
            "town": "Nantes",
        },
    )

    shown = follow(staff, answer)
    assert shown.context["company"]["name"] == "Estran Formation"
    assert shown.context["company"]["siren"] == "480 470 152"
    assert shown.context["company"]["group"] == "GROUPE ESTRAN"
    assert len(shown.context["applications"]) == 5
    assert "Estran Formation is added." in text_of(shown)
    with world.scope():
        assert Event.objects.filter(name="place.created", door="page").count() == 1


@pytest.mark.req("X-10")
def test_a_group_is_created_and_found_again(staff: Client) -> None:
    form = staff.get(NEW, {"kind": "group"})
    assert "Add a group" in text_of(form)
    (root,) = parent_choices(form).values()

    shown = follow(staff, staff.post(NEW, {"kind": "group", "name": "Groupe Neuf", "parent": root}))

    assert shown.context["company"]["acts_as"] == "group"
    groups = staff.get(LIST, {"show": "groups"}).context["rows"]
    assert [row["name"] for row in groups] == ["GROUPE ESTRAN", "Groupe Neuf"]


def test_a_check_digit_that_does_not_fit_is_warned_of_and_taken(
    staff: Client, world: World
) -> None:
    root = str(world.place("root").pk)

    answer = staff.post(
        NEW, {"kind": "company", "name": "Neuve", "number": "123456789", "parent": root}
    )

    assert "The check digit of SIREN 123456789 does not fit." in text_of(follow(staff, answer))


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("name", "", "This field is required."),
        ("name", "x" * 5000, "at most 400 characters"),
        ("name", "x" * 300, "longer than 200 characters"),
        ("name", "a\u202eb", "cannot be seen"),
        ("name", "a\x00b", "Null characters are not allowed."),
        ("number", "12", "12 is not a complete SIREN number."),
        ("number", "732829320", "SIREN 732829320 already belongs to another place."),
        ("town", "x" * 200, "longer than 120 characters"),
        ("parent", "", "This field is required."),
        ("parent", "nonsense", "Please choose one of the values offered."),
        ("parent", "FOREIGN", "Please choose one of the values offered."),
        ("parent", "ABSENT", "Please choose one of the values offered."),
        ("parent", "COMPANY", "Please choose one of the values offered."),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field_and_nothing_is_written(
    staff: Client, world: World, field: str, typed: str, says: str
) -> None:
    places = {
        "FOREIGN": str(world.rivage.place("root").pk),
        "ABSENT": str(uuid4()),
        "COMPANY": str(world.morel.places["a"]),
    }
    root = str(world.place("root").pk)
    sent = {"kind": "company", "name": "Neuve", "number": "", "parent": root}
    with world.scope():
        before = Place.objects.count()

    answer = staff.post(NEW, sent | {field: places.get(typed, typed)})

    assert answer.status_code == 422
    assert says in " ".join(answer.context["form"].errors[field])
    with world.scope():
        assert Place.objects.count() == before


@pytest.mark.parametrize("kind", ["establishment", "firm", "castle"])
def test_a_kind_that_does_not_stand_there_has_no_form(staff: Client, kind: str) -> None:
    assert staff.get(NEW, {"kind": kind}).status_code == 404
    assert staff.post(NEW, {"kind": kind, "name": "x"}).status_code == 404


def test_a_name_with_markup_is_shown_as_it_was_typed_and_does_nothing(
    staff: Client, world: World
) -> None:
    root = str(world.place("root").pk)
    name = "<script>alert(1)</script>"

    shown = follow(staff, staff.post(NEW, {"kind": "company", "name": name, "parent": root}))

    assert shown.context["company"]["name"] == name
    assert "<script>alert" not in shown.content.decode()
    assert "&lt;script&gt;alert" in staff.get(LIST).content.decode()


def test_a_form_without_its_token_is_refused_and_nothing_is_written(world: World) -> None:
    client = signed_in(world, "practitioner")
    client.handler.enforce_csrf_checks = True

    answer = client.post(
        NEW, {"kind": "company", "name": "Neuve", "parent": str(world.place("root").pk)}
    )

    assert answer.status_code == 403
    with world.scope():
        assert not Place.objects.filter(name="Neuve").exists()


def test_looking_changes_nothing(staff: Client, world: World) -> None:
    with world.scope():
        before = (Event.objects.count(), Place.objects.count())

    for address in (LIST, NEW, page_of(world, "a")):
        assert staff.get(address).status_code == 200
        assert staff.head(address).status_code == 200

    with world.scope():
        assert (Event.objects.count(), Place.objects.count()) == before


def test_every_link_of_a_company_page_leads_somewhere(staff: Client, world: World) -> None:
    page = staff.get(page_of(world, "a")).content.decode()

    for address in set(re.findall(r'href="(/f/morel/(?:companies|places)/[^"#?]*)"', page)):
        assert staff.get(address).status_code == 200, address


@pytest.mark.browser
@pytest.mark.req("X-10")
def test_in_a_browser_a_company_is_renamed_in_the_dialog_and_its_pages_are_accessible(
    serve: Any, world: World, page: Any, axe: Any
) -> None:
    served = serve(worker=False)
    page.goto(served.url(f"{PREFIX}/sign-in/"))
    page.locator("input[name=email]").fill(world.morel.emails["practitioner"])
    page.locator("input[name=password]").fill(world.password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/users/")
    for path in (LIST, f"{LIST}?show=groups", page_of(world, "group"), NEW):
        page.goto(served.url(path))
        assert axe(page) == [], path
    for verb in ("move", "close", "add"):
        page.goto(served.url(f"{PREFIX}/places/{world.morel.places['b']}/{verb}/"))
        assert axe(page) == [], verb

    page.goto(served.url(page_of(world, "a")))
    assert axe(page) == []
    page.get_by_role("link", name="Rename…").first.click()
    dialog = page.locator("#dialog")
    dialog.locator("input[name=name]").fill("Estran Conseil et Audit")
    dialog.get_by_role("button", name="Save the new name").click()

    page.get_by_role("heading", name="Estran Conseil et Audit", level=1).wait_for()

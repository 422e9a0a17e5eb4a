"""What nobody should send: a clear refusal at its place, never a 500, nothing written."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.support.databases import Database
from tests.support.mailserver import MailServer
from tests.support.served import Serve
from tests.web.everything import UNWATCHED, content_of, differences
from tests.web.pages import (
    PERSON,
    PREFIX,
    Wizard,
    created,
    do_jobs,
    letters,
    signed_in,
    stranger,
    text_of,
    user_of,
    without_tokens,
)
from tests.world import World
from vestibule.directory.actions.places import create_place

pytestmark = pytest.mark.usefixtures("database")

SCRIPT = "<script>alert(1)</script>"
REFUSED_OR_NOT = (303, 400, 404, 422)
DRAFTS = UNWATCHED | {"directory_draft"}
ABSENT = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world, "practitioner")


def errors_of(answer: Any) -> dict[str, str]:
    """Return what a refused form says at each field."""
    assert answer.status_code == 422, answer.status_code
    return {field: " ".join(told) for field, told in answer.context["form"].errors.items()}


# --- size, unknown fields, tokens ---------------------------------------------------------------


@pytest.mark.parametrize("page", ["sign-in", "forgotten", "welcome/fresh", "welcome", "identity"])
def test_a_body_over_one_megabyte_is_refused_everywhere(
    world: World, database: Database, staff: Client, page: str
) -> None:
    wizard = Wizard(staff, world).company()
    path = {
        "welcome": f"{PREFIX}/welcome/{world.invited_secret}/",
        "identity": wizard.url("identity"),
    }.get(page, f"{PREFIX}/{page}/")
    before = content_of(database)

    answer = staff.post(path, {**PERSON, "last_name": "x" * (1024 * 1024)})

    assert answer.status_code == 413
    assert "Nothing was changed." in text_of(answer)
    assert differences(before, content_of(database)) == []


def test_thousands_of_fields_are_refused(staff: Client, world: World) -> None:
    wizard = Wizard(staff, world).company().identity()

    answer = wizard.post("companies", companies=["x"] * 5000, go="next")

    assert answer.status_code in (400, 413)


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "staff"},
        {"state": "active"},
        {"firm_id": ABSENT},
        {"role": "firm_administrator"},
        {"id": ABSENT},
        {"done": "summary", "__proto__": "x"},
        {"": "x"},
        {"a\x00b": "x"},
        {"x" * 5000: "x"},
    ],
    ids=lambda more: repr(more)[:30].replace("\\", ""),
)
def test_a_field_that_a_form_does_not_have_is_refused_or_ignored(
    world: World, database: Database, staff: Client, more: dict[str, str]
) -> None:
    person = world.morel.people["standard"]
    wizard = Wizard(staff, world).to_summary()
    before = content_of(database, without=DRAFTS)
    paths = {
        wizard.url("company"): {"company": str(world.morel.places["a"])},
        wizard.url("identity"): {**PERSON, "language": "fr"},
        wizard.url("companies"): {"companies": str(world.morel.places["a"]), "go": "next"},
        wizard.url("applications"): {"applications": "payroll"},
        f"{PREFIX}/users/{person}/type/{world.morel.places['a']}/": {"type": "administrator"},
        f"{PREFIX}/users/{person}/deactivate/": {"reason": ""},
        f"{PREFIX}/users/{world.morel.people['waiting']}/validate/": {},
        f"{PREFIX}/companies/new/": {"name": "NOUVELLE SA"},
    }

    codes = {path: staff.post(path, {**typed, **more}).status_code for path, typed in paths.items()}
    signing_in = stranger().post(f"{PREFIX}/sign-in/", {"email": "x", "password": "y", **more})

    assert {path: code for path, code in codes.items() if code not in REFUSED_OR_NOT} == {}
    assert signing_in.status_code in (400, 422)
    assert differences(before, content_of(database, without=DRAFTS)) == []


def test_a_form_without_its_token_is_refused_and_writes_nothing(
    world: World, database: Database
) -> None:
    client = stranger(enforce_csrf_checks=True)
    staff = signed_in(world, "practitioner")
    draft = Wizard(staff, world).to_summary()
    client.cookies = staff.cookies
    person = world.morel.people["standard"]
    before = content_of(database)

    for path in (
        f"{PREFIX}/sign-in/",
        f"{PREFIX}/forgotten/",
        f"{PREFIX}/welcome/fresh/",
        f"{PREFIX}/welcome/{world.invited_secret}/",
        f"{PREFIX}/users/new/",
        draft.url("summary"),
        f"{PREFIX}/users/{person}/deactivate/",
        f"{PREFIX}/users/{person}/type/{world.morel.places['a']}/",
        f"{PREFIX}/sign-out/",
        f"{PREFIX}/companies/new/",
    ):
        answer = client.post(path, {"when": "now", "csrfmiddlewaretoken": "x" * 64})
        assert answer.status_code == 403, path
        assert "It was open for too long, or cookies are blocked." in text_of(answer)

    assert differences(before, content_of(database)) == []
    assert staff.get(f"{PREFIX}/users/").status_code == 200, "and he is still signed in"


# --- what is typed --------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["last_name", "first_name", "email", "phone"])
@pytest.mark.parametrize(
    "value",
    ["a\x00b", "a\x07b", "a\x1bb", "a\u202eb", "a\u200bb", "x" * 5000, "x" * 390],
    ids=["NUL", "bell", "escape", "direction", "invisible", "5000 letters", "390 letters"],
)
def test_what_cannot_be_a_name_or_an_address_is_refused_at_its_field(
    world: World, database: Database, staff: Client, field: str, value: str
) -> None:
    wizard = Wizard(staff, world).company()
    before = content_of(database, without=DRAFTS)
    typed = f"{value}@clients.example" if field == "email" else value

    answer = wizard.post("identity", **{**PERSON, field: typed})

    assert list(errors_of(answer)) == [field]
    assert errors_of(answer)[field]
    assert differences(before, content_of(database, without=DRAFTS)) == []
    assert wizard.get("identity").status_code == 200


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("elоdie@clients.example", "cyrillic small letter o"),
        ("elodie@cliеnts.example", "cyrillic small letter ie"),
        ("elod\u200bie@clients.example", "zero width space"),
        ("ｅlodie@clients.example", "fullwidth latin small letter e"),
        ("elodie\u202e@clients.example", "right-to-left override"),
        ("elodie@clients\u00ad.example", "soft hyphen"),
    ],
)
def test_a_lookalike_or_invisible_character_in_an_address_is_named(
    world: World, staff: Client, email: str, told: str
) -> None:
    answer = Wizard(staff, world).company().post("identity", **{**PERSON, "email": email})

    assert told in errors_of(answer)["email"]
    assert "Please type it again by hand." in errors_of(answer)["email"]


@pytest.mark.parametrize(
    "email",
    [
        "",
        "elodie",
        "@clients.example",
        "elodie@",
        "elodie@localhost",
        "a b@clients.example",
        "elodie@clients.example, second@clients.example",
        "elodie@clients.example\nBcc: second@clients.example",
        "Elodie <elodie@clients.example>",
        "elodie@clients..example",
        "elodie@[127.0.0.1]",
        '"; DROP TABLE"@clients.example',
        f"{SCRIPT}@clients.example",
    ],
)
def test_what_is_no_address_is_refused(world: World, staff: Client, email: str) -> None:
    answer = Wizard(staff, world).company().post("identity", **{**PERSON, "email": email})

    assert list(errors_of(answer)) == ["email"]
    assert SCRIPT not in answer.content.decode()


def test_a_draft_cannot_be_filled_without_end(world: World, staff: Client) -> None:
    wizard = Wizard(staff, world).company().identity()
    ids = [f"01890a5d-ac96-774b-bcce-{number:012x}" for number in range(500)]

    answer = wizard.post("companies", companies=ids, go="next")

    assert answer.status_code == 422
    assert wizard.get("companies").context["chosen"] == []


@pytest.mark.parametrize("when", ["", "never", "NOW", "\x00"])
def test_a_moment_that_was_not_offered_creates_nobody(
    world: World, staff: Client, when: str
) -> None:
    answer = Wizard(staff, world).to_summary().post("summary", when=when)

    assert list(errors_of(answer)) == ["when"]
    assert user_of(world.morel, PERSON["email"]) is None


# --- <script> is a name like any other ----------------------------------------------------------------


def test_a_script_in_a_name_is_inert_on_every_page_that_shows_it(
    world: World, staff: Client
) -> None:
    actor = world.actor("practitioner")
    with world.scope():
        company = create_place(
            actor, parent=world.place("root"), kind="company", name=f"A {SCRIPT} SA"
        )
    wizard = Wizard(staff, world)
    wizard.post("company", company=company.pk)
    wizard.identity(first_name=SCRIPT, last_name="\"'><img src=x onerror=alert(1)>")
    wizard.post("companies", companies=[company.pk], go="next")
    pages = {step: wizard.get(step) for step in ("company", "identity", "companies")}
    wizard.post("applications", applications=[])
    pages |= {step: wizard.get(step) for step in ("applications", "summary")}
    pages["receipt"] = wizard.confirm()
    user = f"{PREFIX}/users/{created(world).pk}/"
    for path in (
        *(f"{PREFIX}/users/", f"{PREFIX}/users/?q=%3Cscript%3Ealert(1)", user),
        *(f"{user}{act}/" for act in ("resend", "cancel-invitation", "deactivate")),
        f"{user}type/{company.pk}/",
        *(f"{PREFIX}/companies/", f"{PREFIX}/companies/{company.pk}/"),
        f"{PREFIX}/companies/?q=%3Cscript%3Ealert(1)",
        *(f"{PREFIX}/places/{company.pk}/{act}/" for act in ("rename", "move", "close", "add")),
    ):
        pages[path] = staff.get(path)
    [letter] = letters(world.morel)
    client = stranger()
    pages["welcome"] = client.get(letter.path)
    form = pages["welcome"].context["form"].initial
    client.post(letter.path, {**form, "password": world.password})
    pages["home"] = client.get(f"{PREFIX}/")

    assert {name: page.status_code for name, page in pages.items()} == dict.fromkeys(pages, 200)
    for name, page in pages.items():
        source = page.content.decode()
        assert "<script>alert" not in source, name
        assert "<img src=x" not in source, name
    for name in ("welcome", "home", user, "receipt"):
        assert "&lt;script&gt;" in pages[name].content.decode(), name
    assert "<script" not in letter.html
    assert "<img src=x" not in letter.html
    assert "\n" not in letter.subject


def test_a_search_for_a_script_is_shown_inert(staff: Client) -> None:
    for path in ("users", "companies"):
        page = staff.get(f"{PREFIX}/{path}/", {"q": f'"{SCRIPT}'}).content.decode()

        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_a_name_reaches_neither_the_mails_headers_nor_its_html_as_markup(
    world: World, staff: Client, serve: Serve, smtp_server: MailServer
) -> None:
    serve(smtp=smtp_server)
    Wizard(staff, world).to_summary(
        first_name=SCRIPT, last_name="Bcc: thief@evil.example, https://evil.example"
    ).confirm()

    [mail] = smtp_server.wait_for(to=PERSON["email"])

    assert mail.recipients == (PERSON["email"],)
    assert mail.message["Bcc"] is None
    assert mail.message["Cc"] is None
    assert [address.addr_spec for address in mail.message["To"].addresses] == [PERSON["email"]]
    assert "<script" not in mail.html
    assert "https://evil.example" not in mail.html
    assert "https://evil.example" not in mail.text


# --- forged addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-host": "evil.example"},
        {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https"},
        {"forwarded": "host=evil.example;proto=https"},
        {"x-forwarded-port": "444"},
        {"x-host": "evil.example", "x-original-url": "/evil", "x-rewrite-url": "/evil"},
        {"origin": "null"},
    ],
)
def test_forged_headers_change_no_link(world: World, headers: dict[str, str]) -> None:
    path = f"{PREFIX}/forgotten/"
    stranger().post(path, {"email": world.morel.emails["standard"]}, headers=headers)
    do_jobs()

    [letter] = letters(world.morel)
    assert "evil" not in letter.text + letter.html
    assert letter.path.startswith(f"{PREFIX}/reset/")


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil", ""])
def test_a_host_that_is_not_ours_is_not_served(world: World, database: Database, host: str) -> None:
    before = content_of(database, without=set())

    answer = stranger().post(
        f"{PREFIX}/forgotten/",
        {"email": world.morel.emails["standard"]},
        headers={"host": host},
    )

    assert answer.status_code == 400
    assert host not in answer.content.decode() or not host
    assert differences(before, content_of(database, without=set())) == []


# --- ids of the other firm ---------------------------------------------------------------------------------


def test_the_other_firms_ids_are_answered_like_absent_ones(
    world: World, database: Database, staff: Client
) -> None:
    person, place = str(world.rivage.people["director"]), str(world.rivage.places["a"])
    own_person = str(world.morel.people["standard"])
    begun = signed_in(world, "practitioner", "rivage").post("/f/rivage/users/new/")
    draft_id = begun["Location"].split("/")[-3]
    users = ("", *(f"{act}/" for act in ("validate", "send-welcome", "resend")))
    users += ("cancel-invitation/", "deactivate/", "reactivate/")
    paths = [
        *((f"{PREFIX}/users/{{}}/{act}", person) for act in users),
        (f"{PREFIX}/users/{own_person}/type/{{}}/", place),
        (f"{PREFIX}/users/{{}}/type/{world.morel.places['a']}/", person),
        (f"{PREFIX}/users/new/{{}}/summary/", draft_id),
        (f"{PREFIX}/companies/{{}}/", place),
        *((f"{PREFIX}/places/{{}}/{act}/", place) for act in ("rename", "move", "close", "add")),
    ]
    before = content_of(database)

    for path, foreign in paths:
        for method in ("get", "post"):
            theirs = getattr(staff, method)(path.format(foreign), {"name": "x", "type": "standard"})
            absent = getattr(staff, method)(path.format(ABSENT), {"name": "x", "type": "standard"})
            assert theirs.status_code == absent.status_code, path
            assert theirs.headers.keys() == absent.headers.keys(), path
            assert theirs.status_code in (404, 405), path
            one = without_tokens(theirs).replace(foreign, "")
            other = without_tokens(absent).replace(ABSENT, "")
            assert one == other, path

    assert differences(before, content_of(database)) == []


# --- a client list that is not right --------------------------------------------------------------------------

HEADINGS = "Entreprise;Groupe;SIREN;Établissement;SIRET;Ville\n"
GOOD = "GROUPE ESTRAN;ESTRAN CONSEIL;732829320;Nantes;73282932000074;Nantes\n"


@pytest.fixture
def import_file(
    world: World, vestibule: Callable[..., Any], tmp_path: Path
) -> Callable[[bytes | str], Any]:
    """Give a function that imports a file on the command line for the firm's administrator."""

    def run(content: bytes | str) -> Any:
        file = tmp_path / "clients.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return vestibule(
            *("places", "import", str(file), "--firm", "morel"),
            *("--as", world.morel.emails["administrator"]),
        )

    return run


@pytest.mark.parametrize(
    ("content", "where", "told"),
    [
        ("Entreprise;SIREN;Ville\nX;732829320;Nantes\n", r"\b1\b", "Columns are missing"),
        (
            HEADINGS + GOOD + ";X SA;12345;Brest;12345678900011;Brest\n",
            r"\b3, SIREN",
            "“12345” is not a SIREN. A SIREN has nine digits",
        ),
        (
            HEADINGS + GOOD + ";X SA;552100554;Brest;5521005540001;Brest\n",
            r"\b3, SIRET",
            "“5521005540001” is not a SIRET",
        ),
        (
            HEADINGS + GOOD + ";X SA;552100554;Brest;73282932000090;Brest\n",
            r"\b3, SIRET",
            "does not begin with 552100554",
        ),
        (HEADINGS + ";;732829320;Nantes;73282932000074;Nantes\n", r"\b2, ", "This cell is empty"),
        (HEADINGS + GOOD + "GROUPE ESTRAN;X SA\n", r"\b3\b", "This line has 2 cells"),
        (
            HEADINGS + "73282932000074;ESTRAN CONSEIL;732829320;Nantes;73282932000074;Nantes\n",
            r"\b2, Entreprise",
            "is an establishment of this very company, and the company would stand under it",
        ),
        (HEADINGS + ";A\x00B;552100554;Brest;55210055400013;x\n", r"\b2\b", "control character"),
        (HEADINGS + f";{'x' * 5000};552100554;B;55210055400013;x\n", r"\b2, ", "too many here"),
        (HEADINGS + ";=cmd|x;552100554;B;55210055400013;x\n", r"\b2, ", "run as a formula"),
        ("", "", "The file is empty"),
        (b"PK\x03\x04" + b"\x00" * 200, "", "workbook"),
    ],
    ids=[
        *("missing columns", "no SIREN", "no SIRET", "another company’s SIRET", "no company"),
        *("short line", "under its own establishment", "NUL", "5000 letters", "formula"),
        *("empty", "workbook"),
    ],
)
def test_a_client_list_that_is_not_right_is_refused_with_line_and_column(
    world: World,
    database: Database,
    import_file: Callable[[bytes | str], Any],
    content: bytes | str,
    where: str,
    told: str,
) -> None:
    before = content_of(database)

    done = import_file(content)

    assert done.returncode == 2, done.stdout + done.stderr
    assert "The file was not taken. Nothing was changed." in done.stderr
    assert told in done.stderr
    line = next(line for line in done.stderr.splitlines() if told in line)
    assert re.search(where, line), line
    assert "Traceback" not in done.stderr
    assert differences(before, content_of(database)) == []


@pytest.mark.parametrize("person", ["trainee", "director", "deactivated", "nobody"])
def test_only_who_may_import_imports(
    world: World, database: Database, vestibule: Callable[..., Any], tmp_path: Path, person: str
) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(HEADINGS + ";NOUVELLE SA;552100554;Lorient;55210055400013;Lorient\n")
    email = world.morel.emails.get(person, "nobody@people.example")
    before = content_of(database)

    done = vestibule("places", "import", str(file), "--firm", "morel", "--as", email)

    assert done.returncode in (3, 4, 5), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert differences(before, content_of(database)) == []

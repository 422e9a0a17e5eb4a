"""The pages of the firm's settings: who gets in, what a change does to other pages and to mails."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from playwright.sync_api import Page, expect

import vestibule.web
from tests.actions.test_settings_appearance import claiming, picture
from tests.support.databases import Database
from tests.support.served import Serve
from tests.web.pages import PREFIX, Wizard, follow, letters, signed_in, stranger, text_of
from tests.world import World
from vestibule.colours import theme_of
from vestibule.directory.actions.outbox import claim, open_letter
from vestibule.directory.letters import LOGO_CID
from vestibule.directory.models import Event, Firm
from vestibule.directory.policies.rules import rules_of
from vestibule.web.settings_forms import RulesForm

pytestmark = pytest.mark.usefixtures("database")

PAGES = ("", "words/", "words/place.company.many/", "rules/", "positions/", "positions/add/", "mail/",
         "mail/preview/", "look/")  # fmt: skip
TEMPLATES = sorted((Path(vestibule.web.__path__[0]) / "templates").rglob("*.html"))
CLIENTS = {"en": "Mandates", "fr": "Mandats", "de": "Mandate"}


@pytest.fixture
def administrator(world: World) -> Client:
    return signed_in(world, "administrator")


def path(page: str) -> str:
    return f"{PREFIX}/settings/{page}"


def seen(client: Client, page: str) -> str:
    """Return the token that a page's form carries."""
    found = re.search(r'name="seen" value="(\w*)"', client.get(path(page)).content.decode())
    assert found
    return found.group(1)


def as_sent(form: Any) -> dict[str, Any]:
    """Return what a browser sends of a form that was only looked at."""
    values = {field.name: field.value() for field in form}
    return {name: "on" if value is True else value for name, value in values.items() if value not in (None, False)}  # fmt: skip


def rules_typed(client: Client, **typed: Any) -> dict[str, Any]:
    return {**as_sent(client.get(path("rules/")).context["form"]), **typed}


def events(world: World) -> list[str]:
    with world.scope():
        found = Event.objects.filter(firm_id=world.morel.id).order_by("sequence")
        return [name for name in found.values_list("name", flat=True) if name != "user.signed_in"]


def firm(world: World) -> Firm:
    return Firm.objects.get(pk=world.morel.id)


# --- who ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["practitioner", "trainee", "director", "standard"])
def test_only_an_administrator_of_the_firm_sees_its_settings(world: World, who: str) -> None:
    client = signed_in(world, who)

    answers = {page: client.get(path(page)).status_code for page in PAGES}

    assert answers == dict.fromkeys(PAGES, 403)
    assert "Settings" not in text_of(client.get(f"{PREFIX}/"))


def test_the_administrator_sees_them_and_their_entry_in_the_menu(administrator: Client) -> None:
    answers = {page: administrator.get(path(page)).status_code for page in PAGES}

    assert answers == dict.fromkeys(PAGES, 200)
    assert f'href="{path("")}"' in administrator.get(f"{PREFIX}/users/").content.decode()


def test_a_word_or_position_that_is_not_there_is_not_found(administrator: Client) -> None:
    for page in ("words/app.nothing/", "words/plan.complete/", "positions/nobody/"):
        assert administrator.get(path(page)).status_code == 404
    for page in ("words/app.nothing/reset/", "positions/nobody/retire/", "positions/nobody/up/"):
        assert administrator.post(path(page), {"seen": ""}).status_code == 404


# --- the firm -----------------------------------------------------------------------------


def test_the_firms_new_name_stands_on_the_next_page(world: World, administrator: Client) -> None:
    typed = {"name": "Morel & <b>Fils</b>", "language": "fr", "time_zone": "Europe/Zurich"}

    shown = follow(
        administrator, administrator.post(path(""), {**typed, "seen": seen(administrator, "")})
    )

    assert "Morel & <b>Fils</b>" in text_of(shown).replace("&lt;", "<")
    assert "<b>Fils" not in shown.content.decode()
    assert "Morel &amp; &lt;b&gt;Fils" in stranger().get(f"{PREFIX}/sign-in/").content.decode()
    assert events(world)[-1] == "firm.changed"


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\u200bb"])
def test_a_name_that_cannot_be_is_said_at_its_field(
    world: World, administrator: Client, name: str
) -> None:
    typed = {"name": name, "language": "fr", "time_zone": "Europe/Paris"}

    answer = administrator.post(path(""), {**typed, "seen": seen(administrator, "")})

    assert answer.status_code == 422
    assert answer.context["form"].errors["name"]
    assert firm(world).name == "Cabinet Morel"


def test_who_comes_second_sees_what_the_first_did_and_changes_nothing(
    world: World, administrator: Client
) -> None:
    old = seen(administrator, "")
    typed = {"language": "fr", "time_zone": "Europe/Paris"}
    administrator.post(path(""), {**typed, "name": "Morel Un", "seen": old})

    answer = administrator.post(path(""), {**typed, "name": "Morel Deux", "seen": old})

    assert answer.status_code == 409
    assert "Somebody else changed this in the meantime" in text_of(answer)
    assert answer.context["form"]["name"].value() == "Morel Un"
    assert firm(world).name == "Morel Un"


# --- words --------------------------------------------------------------------------------


def test_a_changed_word_stands_in_the_menu_in_headings_and_in_the_next_mail(
    world: World, administrator: Client
) -> None:
    for key, texts in (
        ("place.company.many", CLIENTS),
        ("app.payroll", {"en": "Salaries", "fr": "Salaires", "de": "Gehälter"}),
    ):
        page = f"words/{key}/"
        answer = administrator.post(path(page), {**texts, "seen": seen(administrator, page)})
        assert "from now on" in text_of(follow(administrator, answer))

    staff = signed_in(world, "practitioner")
    companies = staff.get(f"{PREFIX}/companies/").content.decode()
    Wizard(staff, world).to_summary(language="de").confirm()

    assert "<h1>Mandates</h1>" in companies
    assert re.search(r'href="/f/morel/companies/"[^>]*>.*<span>Mandates</span>', companies)
    [letter] = letters(world.morel)
    assert "Gehälter" in letter.text
    assert "Gehälter" in letter.html
    assert "Lohnabrechnung" not in letter.text


def test_no_template_says_with_our_word_what_the_firm_has_a_word_for() -> None:
    ours = "Companies|Company|Groups?|Establishments|Clients users|New client|Administration"
    said = re.compile(rf'{{% translate "(?:{ours})"')

    assert [path.name for path in TEMPLATES if said.search(path.read_text("utf-8"))] == []


def test_a_word_made_of_html_is_only_a_word(administrator: Client) -> None:
    page, evil = "words/place.company.many/", "<script>alert(1)</script>"

    shown = follow(
        administrator,
        administrator.post(
            path(page), {**dict.fromkeys(CLIENTS, evil), "seen": seen(administrator, page)}
        ),
    )

    assert evil not in shown.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.content.decode()


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_a_language_without_a_word_is_asked_for_it(administrator: Client, language: str) -> None:
    page = "words/place.company.many/"

    answer = administrator.post(
        path(page), {**CLIENTS, language: " ", "seen": seen(administrator, page)}
    )

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {language}


def test_words_are_searched_in_every_language_and_put_back(
    world: World, administrator: Client
) -> None:
    page = "words/place.company.many/"
    administrator.post(path(page), {**CLIENTS, "seen": seen(administrator, page)})

    found = administrator.get(path("words/"), {"q": "mandats"})
    assert [row["key"] for group in found.context["groups"] for row in group["rows"]] == [
        "place.company.many"
    ]
    assert "Your word" in text_of(found)
    assert "Companies, Sociétés and Unternehmen" in text_of(administrator.get(path(page)))
    shown = follow(
        administrator,
        administrator.post(path(f"{page}reset/"), {"seen": seen(administrator, page)}),
    )

    assert "It is called “Companies” again." in text_of(shown)
    assert "No word fits" in text_of(administrator.get(path("words/"), {"q": "mandats"}))


# --- rules --------------------------------------------------------------------------------


def test_every_rule_on_the_page_is_saved(world: World, administrator: Client) -> None:
    typed = rules_typed(
        administrator,
        invitation_days="7",
        password_preset="nist",
        generic_addresses="refuse",
        client_created="validated",
        validation="firm_or_client",
        activation="later",
        applications_preselected="all",
        second_factor_grace_days="30",
    )
    del typed["send_email"], typed["billable_company_preselected"]

    shown = follow(administrator, administrator.post(path("rules/"), typed))

    assert "The settings are saved." in text_of(shown)
    with world.scope():
        rules = rules_of(world.morel.id)
    assert {name: getattr(rules, name) for name in RulesForm().names} == {
        "invitation_days": 7,
        "password_preset": "nist",
        "generic_addresses": "refuse",
        "client_created": "validated",
        "validation": "firm_or_client",
        "activation": "later",
        "send_email": False,
        "billable_company_preselected": False,
        "applications_preselected": "all",
        "second_factor": "off",
        "second_factor_grace_days": 30,
    }
    assert events(world)[-1] == "firm.rules_changed"


def test_saving_what_is_there_already_writes_nothing(world: World, administrator: Client) -> None:
    before = events(world)

    shown = follow(administrator, administrator.post(path("rules/"), rules_typed(administrator)))

    assert "Nothing was changed." in text_of(shown)
    assert events(world) == before


def test_the_wizard_obeys_at_once(world: World, administrator: Client) -> None:
    typed = rules_typed(administrator, activation="later", generic_addresses="refuse")
    follow(administrator, administrator.post(path("rules/"), typed))

    wizard = Wizard(signed_in(world, "practitioner"), world)
    shared = wizard.company().post("identity", email="info@clients.example", last_name="A",
                                   first_name="B", language="en", type="administrator")  # fmt: skip
    summary = wizard.to_summary().get("summary")

    assert shared.status_code == 422
    assert summary.context["form"]["when"].value() == "later"


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("staff", "3 people have to have a second factor."),
        ("staff_and_administrators", "5 people have to have a second factor."),
    ],
)
def test_before_a_second_factor_is_asked_for_it_is_said_of_how_many(
    world: World, administrator: Client, policy: str, said: str
) -> None:
    before = events(world)

    asked = administrator.post(path("rules/"), rules_typed(administrator, second_factor=policy))

    assert said in text_of(asked)
    assert "Nothing is saved yet." in text_of(asked)
    assert events(world) == before
    follow(administrator, administrator.post(path("rules/"), as_sent(asked.context["form"])))
    with world.scope():
        assert rules_of(world.morel.id).second_factor == policy


def test_what_was_told_of_one_policy_saves_no_stricter_one(
    world: World, administrator: Client
) -> None:
    asked = administrator.post(path("rules/"), rules_typed(administrator, second_factor="staff"))
    stricter = {**as_sent(asked.context["form"]), "second_factor": "staff_and_administrators"}

    again = administrator.post(path("rules/"), stricter)

    assert "Nothing is saved yet." in text_of(again)
    with world.scope():
        assert rules_of(world.morel.id).second_factor == "off"


@pytest.mark.parametrize(
    ("name", "typed"),
    [("invitation_days", "0"), ("invitation_days", "9e9"), ("second_factor", "x"), ("odd", "1")],
)
def test_a_rule_that_cannot_be_changes_nothing(
    world: World, administrator: Client, name: str, typed: str
) -> None:
    before = events(world)

    answer = administrator.post(
        path("rules/"), rules_typed(administrator, validation="firm_or_client", **{name: typed})
    )

    assert answer.status_code == 422
    assert events(world) == before


# --- positions ----------------------------------------------------------------------------


def add_position(client: Client, word: str) -> Any:
    return client.post(path("positions/add/"), dict.fromkeys(CLIENTS, word))


def offered(client: Client) -> list[str]:
    return [row["text"] for row in client.get(path("positions/")).context["rows"]]


def test_positions_are_added_ordered_renamed_retired_and_restored(administrator: Client) -> None:
    for word in ("Owner", "Clerk", "Boss"):
        follow(administrator, add_position(administrator, word))
    assert offered(administrator) == ["Owner", "Clerk", "Boss"]

    token = seen(administrator, "positions/")
    follow(administrator, administrator.post(path("positions/boss/up/"), {"seen": token}))
    assert offered(administrator) == ["Owner", "Boss", "Clerk"]
    late = follow(administrator, administrator.post(path("positions/clerk/up/"), {"seen": token}))
    assert "Somebody else changed this in the meantime" in text_of(late)
    assert offered(administrator) == ["Owner", "Boss", "Clerk"]

    typed = {**dict.fromkeys(CLIENTS, "Partner"), "seen": seen(administrator, "positions/owner/")}
    follow(administrator, administrator.post(path("positions/owner/"), typed))
    follow(administrator, administrator.post(path("positions/boss/retire/"), {"seen": ""}))
    assert offered(administrator) == ["Partner", "Clerk"]
    follow(administrator, administrator.post(path("positions/boss/restore/"), {"seen": ""}))
    assert offered(administrator) == ["Partner", "Clerk", "Boss"]


def test_the_same_position_twice_is_refused_at_its_fields(administrator: Client) -> None:
    add_position(administrator, "Owner")

    answer = add_position(administrator, "owner")

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(CLIENTS)


# --- mail ---------------------------------------------------------------------------------


def test_mails_show_the_senders_name_and_where_answers_go(
    world: World, administrator: Client
) -> None:
    typed = {"sender_name": "Paie Morel", "reply_to": "Paie@Morel.example"}
    follow(
        administrator,
        administrator.post(path("mail/"), {**typed, "seen": seen(administrator, "mail/")}),
    )

    Wizard(signed_in(world, "practitioner"), world).to_summary().confirm()

    [claimed] = claim("a test", limit=5)
    letter = open_letter(claimed)
    assert letter is not None
    assert (letter.from_name, letter.reply_to) == ("Paie Morel", "Paie@morel.example")
    assert "Answers to Paie@morel.example" in text_of(administrator.get(path("mail/")))


@pytest.mark.parametrize("typed", ["nobody", "a@b.example, c@d.example", "söl@firm.example"])
def test_an_address_for_answers_has_to_be_one(
    world: World, administrator: Client, typed: str
) -> None:
    answer = administrator.post(
        path("mail/"),
        {"sender_name": "", "reply_to": typed, "seen": seen(administrator, "mail/")},
    )

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"reply_to"}
    with world.scope():
        assert rules_of(world.morel.id).reply_to == ""


def test_the_preview_is_a_page_that_can_do_nothing(administrator: Client) -> None:
    preview = administrator.get(path("mail/preview/"))

    policy = preview["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy
    assert "Choose my password" in text_of(preview)
    assert "<script" not in preview.content.decode()


# --- colour and logo ----------------------------------------------------------------------


def test_the_accent_is_a_sheet_of_its_own_on_every_page_and_the_button_of_the_next_mail(
    world: World, administrator: Client
) -> None:
    assert "/theme/" not in administrator.get(path("look/")).content.decode()

    shown = follow(
        administrator,
        administrator.post(
            path("look/"), {"accent": "#FFDD00", "seen": seen(administrator, "look/")}
        ),
    )

    assert "could not be read by everybody" in text_of(shown)
    for page in (shown, stranger().get(f"{PREFIX}/sign-in/"), stranger().get(f"{PREFIX}/no/")):
        [sheet] = re.findall(r'href="(/f/morel/theme/\w+\.css)"', page.content.decode())
    answer = stranger().get(sheet)
    assert answer["Content-Type"] == "text/css"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    accent = theme_of("#ffdd00").light.accent
    assert f"--accent:{accent}" in answer.content.decode()
    Wizard(signed_in(world, "practitioner"), world).to_summary().confirm()
    [letter] = letters(world.morel)
    assert f"background:{accent}" in letter.html


def test_another_firm_has_neither_the_sheet_nor_the_logo(
    world: World, administrator: Client
) -> None:
    typed = {"accent": "#6336c4", "seen": seen(administrator, "look/")}
    administrator.post(path("look/"), typed)
    upload(administrator, picture())
    page = administrator.get(path("look/")).content.decode()
    addresses = re.findall(r"/f/morel(/(?:theme|logo)/\w+\.\w+)", page)
    assert len(set(addresses)) == 2

    for address in addresses:
        assert stranger().get(f"/f/morel{address}").status_code == 200
        assert stranger().get(f"/f/rivage{address}").status_code == 404


def test_trying_a_colour_saves_nothing(world: World, administrator: Client) -> None:
    shown = administrator.get(path("look/"), {"accent": "#12a07a"})

    assert "So #12a07a would look. It is not saved yet." in text_of(shown)
    assert firm(world).accent == "#2450c8"


@pytest.mark.parametrize("accent", ["", "red", "#12", '#fff"><script>'])
def test_a_colour_that_is_none_is_said_at_its_field(
    world: World, administrator: Client, accent: str
) -> None:
    answer = administrator.post(
        path("look/"), {"accent": accent, "seen": seen(administrator, "look/")}
    )

    assert answer.status_code == 422
    assert firm(world).accent == "#2450c8"


def upload(client: Client, data: bytes, name: str = "logo.png") -> Any:
    found = client.get(path("look/")).context["logo_form"].initial["seen"]
    file = SimpleUploadedFile(name, data, content_type="image/png")
    return client.post(path("look/logo/"), {"logo": file, "seen": found})


def test_a_logo_stands_on_every_page_and_travels_inside_the_next_mail(
    world: World, administrator: Client
) -> None:
    follow(administrator, upload(administrator, picture(960, 200)))

    page = stranger().get(f"{PREFIX}/sign-in/").content.decode()
    [address] = re.findall(r'<img class="firm-logo" src="(\S+)"', page)
    assert 'alt="Cabinet Morel"' in page
    served = stranger().get(address)
    assert served["Content-Type"] == "image/png"
    assert served["Cache-Control"] == "public, max-age=31536000, immutable"
    assert served["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(served.content)) as drawn:
        assert drawn.size == (480, 100)
    Wizard(signed_in(world, "practitioner"), world).to_summary().confirm()
    [letter] = letters(world.morel)
    assert f'src="cid:{LOGO_CID}" alt="Cabinet Morel"' in letter.html
    assert not re.search(r'<img[^>]+src="(?!cid:)', letter.html)
    [claimed] = claim("a test", limit=5)
    opened = open_letter(claimed)
    assert opened is not None
    assert opened.logo == served.content
    assert 'src="data:image/png' in administrator.get(path("mail/preview/")).content.decode()


def test_removed_the_logo_is_gone_everywhere(world: World, administrator: Client) -> None:
    follow(administrator, upload(administrator, picture()))
    page = administrator.get(path("look/"))
    [address, *_] = re.findall(r'src="(/f/morel/logo/\S+)"', page.content.decode())

    gone = administrator.post(path("look/logo/remove/"), {"seen": page.context["logo_seen"]})

    assert "The logo is removed." in text_of(follow(administrator, gone))
    assert stranger().get(address).status_code == 404
    assert "firm-logo" not in stranger().get(f"{PREFIX}/sign-in/").content.decode()
    assert events(world)[-2:] == ["firm.logo_changed", "firm.logo_removed"]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"only text", "is not a PNG, JPEG or WebP picture"),
        (b"", "is not a PNG, JPEG or WebP picture"),
        (picture()[:300], "is not a PNG, JPEG or WebP picture"),
        (claiming(20_000, 20_000), "20000 × 20000 pixels"),
        (SVG, "An SVG file can carry scripts"),
    ],
    ids=["text", "empty", "cut short", "20,000 × 20,000", "SVG"],
)
def test_a_file_that_is_no_logo_is_refused_with_the_reason(
    world: World, administrator: Client, data: bytes, said: str
) -> None:
    before = events(world)

    answer = upload(administrator, data)

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert events(world) == before
    assert "firm-logo" not in stranger().get(f"{PREFIX}/sign-in/").content.decode()


def test_a_file_over_a_megabyte_is_not_even_read(administrator: Client) -> None:
    assert upload(administrator, b"\0" * (1024 * 1024 + 1)).status_code == 413


# --- in a browser ---------------------------------------------------------------------------


@pytest.fixture
def browsing(
    administrator: Client, serve: Serve, new_page: Callable[..., Page], database: Database
) -> Page:
    """Give a browser in which the firm's administrator is signed in, at the settings."""
    served = serve(env={"VESTIBULE_DEMO": "1"}, worker=False)
    page = new_page()
    key = administrator.cookies["vestibule_morel"].value
    page.context.add_cookies([{"name": "vestibule_morel", "value": key, "url": served.base_url}])
    page.goto(served.url(path("")))
    return page


@pytest.mark.browser
def test_in_a_browser_the_word_the_colour_and_the_logo_are_seen_at_once(
    world: World,
    browsing: Page,
    axe: Callable[..., list[str]],
    tmp_path: Any,
) -> None:
    page = browsing

    # The word, with the keyboard, beside its live example.
    page.get_by_role("link", name="Words", exact=True).click()
    page.get_by_placeholder("A word, in any language").fill("sociétés")
    expect(page.get_by_role("link", name="Change Companies")).to_be_visible()
    expect(page.get_by_role("link", name="Change Payroll")).to_have_count(0)
    page.get_by_role("link", name="Change Companies").focus()
    page.keyboard.press("Enter")
    page.get_by_label("English").fill("Mandates")
    expect(page.locator("[data-example=en]")).to_have_text("Mandates")
    page.get_by_label("English").press("Enter")
    expect(page.get_by_text("It is called “Mandates” from now on.")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main menu")).to_contain_text("Mandates")
    assert axe(page) == []

    # The colour: tried while it is typed, then saved; buttons have it in both themes.
    page.get_by_role("link", name="Colour and logo").click()
    page.get_by_label("Accent colour").fill("#ffdd00")
    expect(page.locator("#shades")).to_contain_text("So #ffdd00 would look")
    assert page.locator("#picked").input_value() == "#ffdd00"
    page.get_by_role("button", name="Save the colour").click()
    expect(page.get_by_text("The colour is used on every page")).to_be_visible()
    wanted = theme_of("#ffdd00")
    read = "() => getComputedStyle(document.querySelector('.btn-primary')).backgroundColor"
    for scheme, shades in (("light", wanted.light), ("dark", wanted.dark)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert page.evaluate(read) == as_rgb(shades.accent)
    page.emulate_media(color_scheme="light")
    assert axe(page) == []

    # The logo: a bad file is refused, a good one stands in the menu.
    bad = tmp_path / "logo.png"
    bad.write_bytes(b"only text")
    page.get_by_label("Picture").set_input_files(bad)
    page.get_by_role("button", name="Use this picture").click()
    expect(page.locator(".errors", has_text="is not a PNG, JPEG or WebP picture")).to_be_visible()
    assert axe(page) == []
    bad.write_bytes(picture())
    page.get_by_label("Picture").set_input_files(bad)
    page.get_by_role("button", name="Use this picture").click()
    shown = page.get_by_role("navigation", name="Main menu").get_by_role(
        "img", name="Cabinet Morel"
    )
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.naturalWidth") == 480
    assert axe(page) == []

    # The mail, with both.
    page.get_by_role("link", name="Mail", exact=True).click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("img", name="Cabinet Morel")).to_be_visible()
    expect(frame.get_by_text("Choose my password")).to_be_visible()


def as_rgb(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"


@pytest.mark.browser
@pytest.mark.parametrize("accent", ["#000000", "#ffffff", "#ff0000"])
def test_lists_stay_readable_with_any_accent(
    world: World, administrator: Client, browsing: Page, axe: Callable[..., list[str]], accent: str
) -> None:
    follow(
        administrator,
        administrator.post(path("look/"), {"accent": accent, "seen": seen(administrator, "look/")}),
    )

    for where in ("users/?q=estran", "settings/look/", "companies/"):
        browsing.goto(browsing.url.partition("/f/")[0] + f"{PREFIX}/{where}")
        assert axe(browsing) == [], where

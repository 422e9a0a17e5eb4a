"""Every page of the product: nothing for axe-core to find, nothing wider than a small phone."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import resolve
from playwright.sync_api import Page

from tests.actions.doing import ask, create, set_rule
from tests.actions.test_settings_appearance import picture
from tests.support.databases import Database
from tests.support.served import Serve, Served
from tests.sweeps.test_routes import all_paths
from tests.web.factors import CODE, SECOND, factors, give_app, with_password
from tests.web.pages import PERSON, PREFIX, ClientsWizard, Wizard, do_jobs, letters, signed_in
from tests.world import World
from vestibule.directory.models import Approval, OutboxMessage, SavedView, User

pytestmark = pytest.mark.browser

PERSON_CORRECTED = {
    "last_name": "Fontaine-Delaroche",
    "first_name": "Solène",
    "phone": "06 12 34 56 78",
    "language": "en",
}
PHONE = {"width": 320, "height": 640}
STEPS = ("company", "identity", "companies", "applications", "summary")
NOT_LOOKED_AT = {
    "account_factor_rename": "asks for a passkey: tests/web/test_passkeys.py goes there with one",
    "audit_check": "a piece of the audit page, which asks for it while a verification runs",
    "inbox_html": "a mail as it was sent, in a frame of the page that is looked at",
    "logo": "a picture",
    "person_new": "leads on, to a draft or to the list",
    "settings_mail_preview": "a mail as it is sent, in a frame of the page that is looked at",
    "theme": "a style sheet",
    "user_menu": "a piece of the list: the menu of a row, fetched when it is wanted",
    "user_new": "leads on, to a draft or to the list",
    "user_way": "a piece of the list: the way of an invitation, fetched when it is wanted",
}
"""What answers a GET and is no page to look at here, and why."""

TOO_WIDE = """[...document.querySelectorAll("main *")]
    .filter(one => one.getBoundingClientRect().right > window.innerWidth + 0.5)
    .map(one => `${one.tagName}.${one.className.baseVal ?? one.className}`).slice(0, 4).join(", ")"""
"""What sticks out of a page, in the browser's words."""

NewPage = Callable[..., Page]


def speak(world: World, language: str) -> None:
    """Let everybody's stored language be this one."""
    with world.scope():
        User.objects.filter(firm_id=world.morel.id).update(language=language)


def opened(new_page: NewPage, served: Served, client: Client, language: str) -> Page:
    """Open a page on a small phone with the session that a test's client has."""
    page = new_page(viewport=PHONE, locale=language)
    for name, morsel in client.cookies.items():
        if morsel.value:
            page.context.add_cookies(
                [{"name": name, "value": morsel.value, "url": served.base_url}]
            )
    return page


def pages_for_staff(world: World, staff: Client) -> list[str]:
    """Return the paths of every page that a practitioner sees, in every state it has."""
    done = Wizard(staff, world).to_summary(email="done@clients.example")
    done.confirm()
    draft = (
        Wizard(staff, world)
        .company("a")
        .identity(email="info@clients.example")
        .companies("a", "b")
        .applications("payroll", "bank")
    )
    people = [f"users/{world.morel.people[name]}/" for name in ("waiting", "invited", "director")]
    staff.post(f"{PREFIX}/{people[0]}edit/", PERSON_CORRECTED)
    staff.post(f"{PREFIX}/{people[2]}address/", {"email": "another@clients.example"})
    staff.post(f"{PREFIX}/views/new/users/?state=active", {"name": "Who is in, of all companies"})
    staff.post(f"{PREFIX}/places/{world.morel.places['brest']}/close/")
    with world.scope():
        [view] = SavedView.objects.filter(firm_id=world.morel.id)
        [held, *_] = OutboxMessage.objects.filter(firm_id=world.morel.id, sealed__isnull=False)
    paths = [
        *("users/", "users/?q=estran", "users/?q=nobody+like+this", "users/?state=deactivated"),
        *people,
        *(f"{people[0]}{act}/" for act in ("validate", "deactivate")),
        *(f"{people[1]}{act}/" for act in ("resend", "cancel-invitation")),
        f"users/{world.morel.people['ready']}/send-welcome/",
        f"users/{world.morel.people['deactivated']}/reactivate/",
        *(f"{people[2]}type/{world.morel.places[name]}/" for name in ("a", "b")),
        *(f"{people[2]}{page}/" for page in ("edit", "address", "history")),
        *(f"{people[0]}history/", f"{people[1]}address/"),
        f"{people[2]}deactivate/",
        *("users/?role=standard&signed_in=never&sort=-created&column=phone", "users/?role=x&q=zzz"),
        *("users/?filter=1&find=estran", "users/?state=mail_bounced", "users/?invitation=bounced"),
        *("views/", "views/new/users/?state=active", f"views/{view.pk}/rename/"),
        *("companies/?administrator=none&sort=-created&column=created", "companies/?show=groups"),
        *("companies/", "companies/?q=nobody", "companies/new/"),
        *(f"companies/{world.morel.places[name]}/" for name in ("a", "port")),
        *(f"places/{world.morel.places['a']}/{act}/" for act in ("rename", "move", "close", "add")),
        f"places/{world.morel.places['brest']}/reopen/",
        *("inbox/", f"inbox/{held.pk}/"),
        *("account/", "account/password/", "account/address/", "account/second-factor/"),
        *("account/second-factor/app/", "account/second-factor/passkey/", "account/confirm/"),
        "nothing-here/",
    ]
    wizard = [draft.url(step) for step in STEPS] + [done.url("receipt")]
    return [*(f"{PREFIX}/{path}" for path in paths), *wizard]


def pages_of_the_settings(administrator: Client) -> list[str]:
    """Return the paths of the firm's settings, after two positions and a logo were added."""
    for word in ("Owner", "Head of payroll"):
        typed = dict.fromkeys(("en", "fr", "de"), word)
        administrator.post(f"{PREFIX}/settings/positions/add/", typed)
    administrator.post(f"{PREFIX}/settings/positions/owner/retire/")
    look = administrator.get(f"{PREFIX}/settings/look/").context
    file = SimpleUploadedFile("logo.png", picture(), content_type="image/png")
    administrator.post(f"{PREFIX}/settings/look/logo/", {"logo": file, "seen": look["logo_seen"]})
    pages = (
        *("", "words/", "words/?q=nothing", "words/app.payroll/", "rules/", "positions/"),
        *("positions/add/", "positions/head-of-payroll/", "mail/", "look/?accent=%23ffdd00"),
    )
    return [f"{PREFIX}/settings/{page}" for page in pages]


def pages_about_factors(world: World) -> tuple[list[str], Client, Client]:
    """Return own pages with an application, a client that has them, and one asked for its code."""
    app = give_app(world.morel, "co_director")
    asked = with_password(world.morel, "co_director", world.password)
    inside = with_password(world.morel, "co_director", world.password)
    assert inside.post(CODE, {"code": app.next_code()}).status_code == 302
    mine = factors(world.morel, "co_director").app
    assert mine is not None
    return [SECOND, f"{SECOND}codes/", f"{SECOND}{mine.id}/remove/"], inside, asked


def pages_of_requests(world: World, staff: Client, director: Client) -> tuple[list[str], list[str]]:
    """Return the paths of requests in every state: for who decides, and for who asked."""
    set_rule(world, "client_created", "validated")
    create(world, at=("port",), user_type="administrator", email="known@people.example")
    ask(world, key="new", email="new@people.example", applications=("payroll",))
    ask(world, key="known", at=("a", "b"), email="known@people.example")
    ask(world, key="refused", email="refused@people.example")
    with world.scope():
        asked = [*Approval.objects.filter(needs_second_person=True).order_by("asked_at")]
    one = f"{PREFIX}/requests/{asked[2].pk}/"
    seen = staff.get(one).context["seen"]
    staff.post(f"{one}refuse/", {"seen": seen, "reason": "Which company is it for?"})
    draft = director.post(f"{PREFIX}/my-requests/{asked[2].pk}/again/")["Location"]
    steps = [draft.replace("/identity/", f"/{step}/") for step in STEPS]
    other = ClientsWizard(director, world).company("b").identity(email="other@clients.example")
    other.companies("b").applications("payroll").ask()
    for_deciders = [f"{PREFIX}/requests/", *(f"{PREFIX}/requests/{row.pk}/" for row in asked)]
    for_asker = [
        f"{PREFIX}/my-requests/",
        f"{PREFIX}/my-requests/{asked[0].pk}/take-back/",
        f"{PREFIX}/users/{world.morel.people['invited']}/",
        f"{PREFIX}/users/{world.morel.people['invited']}/deactivate/",
        *(*steps, other.url("receipt")),
    ]
    return for_deciders, for_asker


def pages_of_trail_and_team(world: World, administrator: Client) -> list[str]:
    """Return the paths of the audit trail's and the team's pages, in every state they have."""
    administrator.post(f"{PREFIX}/audit/verify/")
    do_jobs()
    administrator.post(f"{PREFIX}/audit/verify/")
    member = {**PERSON, "email": "new.member@people.example", "role": "practitioner"}
    del member["type"]
    answer = administrator.post(f"{PREFIX}/team/new/", member)
    assert answer.status_code == 303
    invited, other = answer["Location"], f"{PREFIX}/team/{world.morel.people['practitioner']}/"
    own = f"{PREFIX}/team/{world.morel.people['administrator']}/"
    gone = f"{PREFIX}/team/{world.morel.people['trainee']}/"
    administrator.post(f"{gone}deactivate/", {"reason": "Left in June"})
    audit = f"{PREFIX}/audit/"
    return [
        *(audit, f"{audit}?person=benali&company=estran", f"{audit}?person=nobody+like+this"),
        *(f"{audit}?since=nonsense", f"{audit}1/", f"{audit}9/"),
        *(f"{PREFIX}/team/", f"{PREFIX}/team/?q=nobody", f"{PREFIX}/team/new/", own, other),
        *(f"{other}role/", f"{other}deactivate/", f"{own}deactivate/"),
        *(gone, f"{gone}reactivate/"),
        *(invited, f"{invited}resend/", f"{invited}cancel-invitation/"),
    ]


def pages_of_helping(world: World) -> list[str]:
    """Return the paths of what only the firm's administrators do for a client's people."""
    last, lost = (world.morel.people[name] for name in ("director", "co_director"))
    return [
        f"{PREFIX}/users/{last}/hand-over/{world.morel.places['a']}/",
        f"{PREFIX}/users/{lost}/remove-second-factor/",
    ]


def pages_for_strangers(world: World) -> list[str]:
    """Return the paths of every page that somebody sees who is not signed in."""
    email = world.morel.emails["standard"]
    Client().post(f"{PREFIX}/forgotten/", {"email": email})
    do_jobs()
    [reset] = [letter.path for letter in letters(world.morel) if letter.kind == "password_reset"]
    [address] = [letter.path for letter in letters(world.morel) if letter.kind == "email_confirm"]
    return [
        address,
        *(f"{PREFIX}/sign-in/", f"{PREFIX}/forgotten/", reset),
        f"{PREFIX}/welcome/{world.invited_secret}/",
        f"{PREFIX}/welcome/nothing-like-it/",
        "/",
    ]


def name_of(address: str) -> str:
    """Return the name of the firm's page that an address belongs to, "" for any other page."""
    path = urlsplit(address).path
    if not path.startswith(f"{PREFIX}/"):
        return ""
    return str(resolve(path.removeprefix(PREFIX), urlconf="vestibule.web.urls").url_name)


def names_of_pages(world: World) -> set[str]:
    """Return the names of all addresses that answer a GET."""
    administrator = signed_in(world, "administrator")
    return {name for name, path in all_paths(world) if administrator.get(path).status_code != 405}


@pytest.mark.timeout(420)
@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_every_page_is_clean_in_both_themes_and_fits_a_small_phone(
    world: World,
    database: Database,
    serve: Serve,
    new_page: NewPage,
    axe: Callable[..., list[str]],
    language: str,
) -> None:
    if database.vendor == "postgresql":
        pytest.skip("the pages are the same on both databases: looked at on SQLite")
    speak(world, language)
    there = names_of_pages(world)
    staff, client = signed_in(world, "practitioner"), signed_in(world, "director")
    for_staff, for_strangers = pages_for_staff(world, staff), pages_for_strangers(world)
    for_deciders, for_asker = pages_of_requests(world, staff, client)
    with_an_app, owner, asked_for_code = pages_about_factors(world)
    served = serve(env={"VESTIBULE_DEMO": "1"}, worker=False)
    faults: list[str] = []
    shown: set[str] = set()
    looked_at = 0

    def look(page: Page, where: str) -> None:
        nonlocal looked_at
        looked_at += 1
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            faults.append(f"{where} is {width} px wide: {page.evaluate(TOO_WIDE)}")
        said = page.evaluate("document.documentElement.lang")
        if said != language:
            faults.append(f"{where} speaks {said}")
        if language == "en":  # colours and structure are the same in every language
            faults.extend(f"{where}: {found}" for found in axe(page))

    def walk(page: Page, paths: list[str], who: str) -> None:
        for path in paths:
            answer = page.goto(served.url(path))
            assert answer is not None
            if answer.status == 200:
                shown.add(name_of(page.url))
            look(page, f"{path} for {who}")

    page = opened(new_page, served, staff, language)
    walk(page, for_staff + for_deciders, "staff")
    page.goto(served.url(f"{PREFIX}/users/"))
    page.locator(".hamburger").click()
    look(page, "the menu")

    administrator = signed_in(world, "administrator")
    for_administrator = [
        *pages_of_the_settings(administrator),
        *pages_of_trail_and_team(world, administrator),
        *pages_of_helping(world),
    ]
    page = opened(new_page, served, administrator, language)
    walk(page, for_administrator, "the firm’s administrator")

    page = opened(new_page, served, client, language)
    colleague = f"{PREFIX}/users/{world.morel.people['standard']}/"
    for_asker += [f"{colleague}{page}" for page in ("", "edit/", "history/")]
    for_all = [f"{PREFIX}/", f"{PREFIX}/users/", f"{PREFIX}/nothing-here/"]
    walk(page, for_all + for_asker, "a client")
    walk(opened(new_page, served, owner, language), with_an_app, "who has an application")

    walk(opened(new_page, served, asked_for_code, language), [CODE], "who gave a password")
    page = opened(new_page, served, Client(), language)
    walk(page, for_strangers, "a stranger")
    for path in ("sign-in/", f"welcome/{world.invited_secret}/"):
        page.goto(served.url(f"{PREFIX}/{path}"))
        for field in page.locator("main input:visible:not([readonly])").all():
            is_address = field.get_attribute("type") == "email"
            field.fill("nobody@clients.example" if is_address else "x")
        page.locator("main form button[type=submit], main form button:not([type])").first.click()
        page.locator("[role=alert]").first.wait_for()
        look(page, f"{path}, refused")
    for path in ("forgotten/", "welcome/nothing-like-it/"):
        page.goto(served.url(f"{PREFIX}/{path}"))
        page.locator("main input[type=email]").fill(PERSON["email"])
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, path=path: not url.endswith("nothing-like-it/"))
        page.locator(".symbol").wait_for()
        look(page, f"{path}, sent")

    assert faults == []
    assert looked_at > 40
    assert there - shown == {*NOT_LOOKED_AT}

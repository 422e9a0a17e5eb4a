"""One invitation link, many who use it: one gets in. Whoever only looks changes nothing."""

from collections import Counter
from typing import Any

import pytest

from tests.actions.doing import let_the_worker_answer
from tests.faults.children.visitor import Answer
from tests.faults.conftest import Unguarded
from tests.faults.nurseries import Nursery
from tests.faults.pictures import changed, picture_of
from tests.faults.racing import race
from tests.faults.walk import Inside, sign_in
from tests.support.databases import Database
from tests.support.moments import Moment
from tests.support.served import Serve
from tests.world import World, secret_mailed_to
from vestibule.directory.actions.client_users import Identity, create_client_user
from vestibule.directory.actions.email_changes import ask_email_change
from vestibule.directory.actions.invitations import cancel_invitation, send_invitation
from vestibule.directory.actions.passwords import answer_password_reset
from vestibule.directory.models import User
from vestibule.web import urls
from vestibule.web.views import session, welcome

pytestmark = pytest.mark.faults


def invited(world: World, number: int) -> tuple[User, str]:
    """Return somebody who is invited, and the secret of his link."""
    with world.scope():
        user = create_client_user(
            world.actor("practitioner"),
            billable_company=world.place("a"),
            identity=Identity(
                last_name="Kervella", first_name="Anne", email=f"nr{number}@people.example"
            ),
            user_type="standard",
            companies=[world.place("a")],
            applications=["payroll"],
            activate_now=True,
            send_email=True,
            key=f"invited {number}",
        )
        return user, secret_mailed_to(user)


def accepting(world: World) -> dict[str, str]:
    return {
        "first_name": "Anne",
        "last_name": "Kervella",
        "phone": "",
        "language": "en",
        "password": world.password,
    }


def acceptances(database: Database, user: User) -> int:
    """Return how many events say that this user accepted."""
    of_user = str(user.pk)
    rows = database.rows("SELECT object_id FROM directory_event WHERE name = 'invitation.accepted'")
    return sum(object_id == of_user for (object_id,) in rows)


def test_of_200_who_accept_with_one_link_exactly_one_gets_in(
    world: World, nursery: Nursery, database: Database, serve: Serve
) -> None:
    served = serve(worker=False, env={"VESTIBULE_WORKERS": "4"})
    user, secret = invited(world, 0)
    path = f"/f/{world.morel.slug}/welcome/{secret}/"

    answers = race(nursery, database, served, path, accepting(world), processes=8, each=25)

    statuses = Counter(answer["status"] for answer in answers)
    assert statuses == {302: 1, 410: 199}
    assert acceptances(database, user) == 1
    print(f"200 acceptances through 8 processes on one link: {dict(statuses)}, 1 event, 0 of 5xx")


GUARDS = (
    "the token is used up",
    "the row is locked and read again",
    "the offer is open",
    "one step in a life",
)
"""What stands between two acceptances of one link, each enough for itself: the token is consumed by
one conditional UPDATE; the user's row is locked, and no longer waits for an answer when its turn
comes; the invitation is pending; and a state changes only from the one that was read."""


def test_without_its_guards_one_link_lets_several_in(
    world: World, nursery: Nursery, database: Database, unguarded: Unguarded
) -> None:
    """They overlap: taken away one after the other, the violation appears with the last."""
    found = []
    for number in range(len(GUARDS) + 1):
        user, secret = invited(world, number)
        path = f"/f/{world.morel.slug}/welcome/{secret}/"
        unguarded.without(*GUARDS[:number])
        race(nursery, database, unguarded.served, path, accepting(world), processes=4, each=2)
        unguarded.without()
        found.append(acceptances(database, user))

    assert found[:-1] == [1, 1, 1, 1]
    assert found[-1] > 1
    print(f"8 acceptances of one link with 0, 1, 2, 3, 4 guards away: {found} events")


# --- looking changes nothing ------------------------------------------------------------------


def links_of(world: World) -> dict[str, str]:
    """Return one link of every kind and state, by what it is."""
    slug = world.morel.slug
    practitioner = world.actor("practitioner")
    open_link = f"/f/{slug}/welcome/{invited(world, 0)[1]}/"
    replaced_user, replaced = invited(world, 1)
    cancelled_user, cancelled = invited(world, 2)
    with world.scope():
        send_invitation(practitioner, replaced_user)
        cancel_invitation(practitioner, cancelled_user)
        used = invited(world, 3)[1]
        answer_password_reset(world.morel.system(), email=world.morel.emails["director"])
        reset = secret_mailed_to(world.user("director"), "password_reset")
        answer_password_reset(world.morel.system(), email=world.morel.emails["standard"])
        used_reset = secret_mailed_to(world.user("standard"), "password_reset")
        ask_email_change(practitioner, world.user("co_director"), email="marc@people.example")
        let_the_worker_answer()
        address = secret_mailed_to(world.user("co_director"), "email_confirm")
    visitor = Inside()
    assert visitor.post(f"/f/{slug}/welcome/{used}/", accepting(world)).status == 302
    answer = Inside().post(f"/f/{slug}/reset/{used_reset}/", {"password": world.password + "-2"})
    assert answer.status == 302
    return {
        "invitation": open_link,
        "replaced invitation": f"/f/{slug}/welcome/{replaced}/",
        "cancelled invitation": f"/f/{slug}/welcome/{cancelled}/",
        "used invitation": f"/f/{slug}/welcome/{used}/",
        "unknown invitation": f"/f/{slug}/welcome/{'x' * 43}/",
        "reset": f"/f/{slug}/reset/{reset}/",
        "used reset": f"/f/{slug}/reset/{used_reset}/",
        "unknown reset": f"/f/{slug}/reset/{'x' * 43}/",
        "address": f"/f/{slug}/confirm-address/{address}/",
        "unknown address": f"/f/{slug}/confirm-address/{'x' * 43}/",
    }


OPEN = ("invitation", "reset", "address")


def test_this_file_knows_every_page_behind_a_one_time_link() -> None:
    pages = {one.name for one in urls.urlpatterns if "secret" in str(one.pattern)}

    assert pages == {"welcome", "reset", "confirm_email"}


def test_reading_a_one_time_link_changes_nothing(
    world: World, database: Database, freeze: Moment
) -> None:
    links = links_of(world)
    stranger, colleague = Inside(), Inside()
    sign_in(colleague, world, "practitioner")
    before = picture_of(database)
    asked = 0

    for what, path in links.items():
        for visitor in (stranger, colleague):
            for ask in (visitor.get, visitor.head):
                answer: Answer = ask(path)
                assert answer.status == (200 if what in OPEN else 410), what
                assert changed(before, picture_of(database)) == set(), what
                asked += 1
    freeze.forward(days=60)
    for what in OPEN:
        for ask in (stranger.get, stranger.head):
            assert ask(links[what]).status == 410
            asked += 1
    assert changed(before, picture_of(database)) == set()
    print(f"GET and HEAD on one-time links: {asked} requests, {len(before)} tables, 0 rows changed")


@pytest.mark.parametrize(
    ("what", "page", "opens"),
    [("invitation", welcome, "open_invitation"), ("reset", session, "open_reset")],
)
def test_a_page_that_used_its_link_up_on_reading_would_be_found(
    world: World,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    page: Any,
    opens: str,
) -> None:
    """What a page must not do, because scanners of mail open every link: consume at the look."""
    from vestibule.directory.actions._tokens import consume

    links = links_of(world)
    look = getattr(page, opens)

    def look_and_consume(*args: Any) -> Any:
        token = look(*args)
        if token is not None:
            consume(token)
        return token

    monkeypatch.setattr(page, opens, look_and_consume)
    before = picture_of(database)

    Inside().head(links[what])

    assert changed(before, picture_of(database)) == {"directory_token"}
    assert Inside().get(links[what]).status == 410

"""The gate: whoever is not let in at this very moment does not come in, by whatever way."""

import pytest

from tests.actions.doing import create, events
from tests.world import World
from vestibule.directory.actions.client_users import deactivate_client_user
from vestibule.directory.actions.sign_in import open_session
from vestibule.refusals import Denied, SignInRefused


@pytest.mark.parametrize("name", ["director", "standard", "practitioner"])
def test_whoever_is_in_comes_in_and_it_is_recorded(world: World, name: str) -> None:
    user = open_session(world.morel.nobody(), world.user(name), method="password")

    assert user.last_sign_in_at is not None
    (event,) = events(world, about=user, name="user.signed_in")
    assert event.public == {"method": "password"}


@pytest.mark.parametrize("name", ["waiting", "ready", "invited", "deactivated"])
def test_in_any_other_state_the_answer_is_no(world: World, name: str) -> None:
    with pytest.raises(SignInRefused):
        open_session(world.morel.nobody(), world.user(name), method="password")

    assert not events(world, name="user.signed_in")


def test_deactivated_between_password_and_code_is_refused(world: World) -> None:
    proven_a_moment_ago = world.user("standard")
    deactivate_client_user(world.actor("practitioner"), world.user("standard"))

    with pytest.raises(SignInRefused):
        open_session(world.morel.nobody(), proven_a_moment_ago, method="password")


def test_a_sign_in_begun_at_one_firm_does_not_end_at_another(world: World) -> None:
    with pytest.raises(SignInRefused):
        open_session(world.rivage.nobody(), world.user("director"), method="password")


def test_nobody_signs_somebody_else_in(world: World) -> None:
    for actor in (world.actor("administrator"), world.morel.operator(), world.morel.system()):
        with pytest.raises(Denied):
            open_session(actor, world.user("standard"), method="password")


def test_every_refusal_at_the_gate_says_the_same(world: World) -> None:
    told = set()
    for user in (create(world), world.user("deactivated"), world.rivage.user("director")):
        with pytest.raises(SignInRefused) as refused:
            open_session(world.morel.nobody(), user, method="password")
        told.add(str(refused.value))

    assert len(told) == 1

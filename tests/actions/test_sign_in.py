"""The gate: whoever is not let in at this very moment does not come in, by whatever way."""

import pytest

from tests.actions.doing import a_password, create, events
from tests.reading import changes_nothing
from tests.world import World
from vestibule.actor import Actor
from vestibule.directory.actions.client_users import deactivate_client_user
from vestibule.directory.actions.sign_in import open_session, proof_of
from vestibule.directory.models import User
from vestibule.refusals import Denied, SignInRefused


def come_in(actor: Actor, user: User) -> User:
    """Come in with the password checked a moment ago."""
    return open_session(actor, user, method="password", proof=proof_of(user))


@pytest.mark.parametrize("name", ["director", "standard", "practitioner"])
def test_whoever_is_in_comes_in_and_it_is_recorded(world: World, name: str) -> None:
    user = come_in(world.morel.nobody(), world.user(name))

    assert user.last_sign_in_at is not None
    (event,) = events(world, about=user, name="user.signed_in")
    assert event.public == {"method": "password"}


@changes_nothing
@pytest.mark.parametrize("name", ["waiting", "ready", "invited", "deactivated"])
def test_in_any_other_state_the_answer_is_no(world: World, name: str) -> None:
    with pytest.raises(SignInRefused):
        come_in(world.morel.nobody(), world.user(name))

    assert not events(world, name="user.signed_in")


def test_deactivated_between_password_and_code_is_refused(world: World) -> None:
    proven_a_moment_ago = world.user("standard")
    deactivate_client_user(world.actor("practitioner"), world.user("standard"))

    with pytest.raises(SignInRefused):
        come_in(world.morel.nobody(), proven_a_moment_ago)


@changes_nothing
def test_a_sign_in_begun_at_one_firm_does_not_end_at_another(world: World) -> None:
    with pytest.raises(SignInRefused):
        come_in(world.rivage.nobody(), world.user("director"))


@changes_nothing
def test_nobody_signs_somebody_else_in(world: World) -> None:
    for actor in (world.actor("administrator"), world.morel.operator(), world.morel.system()):
        with pytest.raises(Denied):
            come_in(actor, world.user("standard"))


def test_every_refusal_at_the_gate_says_the_same(world: World) -> None:
    told = set()
    for user in (create(world), world.user("deactivated"), world.rivage.user("director")):
        with pytest.raises(SignInRefused) as refused:
            come_in(world.morel.nobody(), user)
        told.add(str(refused.value))

    assert len(told) == 1


def test_a_password_changed_between_password_and_code_ends_the_sign_in(world: World) -> None:
    proven = world.user("standard")
    proof = proof_of(proven)
    with world.scope():
        User.objects.filter(pk=proven.pk).update(password=a_password().encoded)

    with pytest.raises(SignInRefused):
        open_session(world.morel.nobody(), proven, method="password", proof=proof)

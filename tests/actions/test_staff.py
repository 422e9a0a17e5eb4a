"""The firm's team: who invites, changes and ends it, and what nobody can do to it or to himself."""

from typing import Any

import pytest

from tests.actions.doing import accept, events, identity
from tests.world import World, secret_mailed_to, token_of
from vestibule import clock
from vestibule.actor import Actor, Door
from vestibule.directory.actions import staff
from vestibule.directory.actions._action import bump_firm
from vestibule.directory.actions.invitations import open_invitation
from vestibule.directory.facts import actor_for
from vestibule.directory.models import (
    Grant,
    Role,
    RolePermission,
    Session,
    User,
    UserState,
)
from vestibule.directory.policies.administrators import last_of_the_firm
from vestibule.directory.scope import firm_scope
from vestibule.refusals import (
    Denied,
    Invalid,
    LastFirmAdministrator,
    LinkDead,
    NotFound,
    OwnAccess,
    WrongState,
)


def invite(
    world: World, role: str = "practitioner", by: str = "administrator", **typed: Any
) -> User:
    typed.setdefault("email", "zoe.lang@people.example")
    return staff.create_staff_user(world.actor(by), identity=identity(**typed), role=role)


def come_in(user: User) -> User:
    return accept(token_of(user.firm_id, secret_mailed_to(user)))


def second_administrator(world: World) -> User:
    return come_in(invite(world, "firm_administrator", email="second@people.example"))


def carries(world: World, role: str, *permissions: str) -> None:
    """Let a role of the firm carry more than it does."""
    with world.scope():
        row = Role.objects.get(firm_id=world.morel.id, code=role)
        for name in permissions:
            RolePermission.objects.create(
                firm_id=world.morel.id,
                role=row,
                permission=name,
                level="on",
                since=clock.now(),
            )
        bump_firm(world.morel.id)


def acting(user: User) -> Actor:
    with firm_scope(user.firm_id):
        return actor_for(User.objects.get(pk=user.pk), door=Door.PAGE)


def role_of(user: User) -> list[str]:
    with firm_scope(user.firm_id):
        grants = Grant.objects.filter(firm_id=user.firm_id, user_id=user.pk).in_force()
        return [grant.role.code for grant in grants.select_related("role") if grant.role]


class TestInviting:
    def test_the_firms_administrator_invites_a_practitioner_who_comes_in(
        self, world: World
    ) -> None:
        user = invite(world)
        assert user.state == UserState.INVITED

        come_in(user)

        assert role_of(user) == ["practitioner"]
        assert acting(user).standing is not None
        [said] = events(world, name="staff.created")[-1:]
        assert said.actor_user_id == world.morel.people["administrator"]
        assert said.public["role"] == "practitioner"

    @pytest.mark.parametrize("by", ["practitioner", "trainee", "director", "standard"])
    def test_without_the_right_nobody_does(self, world: World, by: str) -> None:
        with pytest.raises(Denied):
            invite(world, by=by)

    def test_whoever_is_not_administrator_of_the_firm_gives_no_staff_rights(
        self, world: World
    ) -> None:
        """Law 3: the right to invite is not the right to give everything."""
        carries(world, "practitioner", "vestibule.staff.create", "vestibule.staff.change")

        for role in ("firm_administrator", "practitioner"):
            with pytest.raises(Denied) as refused:
                invite(world, role, by="practitioner")
            assert refused.value.reason == "more_than_held"
        assert invite(world, "trainee", by="practitioner").state == UserState.INVITED

    @pytest.mark.parametrize("role", ["", "standard", "administrator", "nothing"])
    def test_only_a_role_for_staff_is_given(self, world: World, role: str) -> None:
        with pytest.raises(Invalid) as refused:
            invite(world, role)
        assert set(refused.value.fields) == {"role"}

    def test_an_address_in_use_is_refused_at_its_field(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            invite(world, email=world.morel.emails["practitioner"])
        assert set(refused.value.fields) == {"email"}


class TestAcceptingIsDecidedAgain:
    def test_a_link_of_somebody_who_may_no_longer_give_it_is_dead(self, world: World) -> None:
        second = second_administrator(world)
        user = staff.create_staff_user(
            acting(second), identity=identity(email="late@people.example"), role="practitioner"
        )
        secret = secret_mailed_to(user)
        with world.scope():
            assert open_invitation(world.morel.id, secret) is not None

        staff.change_staff_role(world.actor("administrator"), second, role="practitioner")

        with world.scope():
            assert open_invitation(world.morel.id, secret) is None
        with pytest.raises(LinkDead):
            accept(token_of(world.morel.id, secret))
        with world.scope():
            assert User.objects.get(pk=user.pk).state == UserState.INVITED

    def test_another_role_replaces_the_open_link_by_a_fresh_one(self, world: World) -> None:
        user = invite(world)
        first = secret_mailed_to(user)

        staff.change_staff_role(world.actor("administrator"), user, role="trainee")

        with pytest.raises(LinkDead):
            accept(token_of(world.morel.id, first))
        come_in(user)
        assert role_of(user) == ["trainee"]

    def test_sent_again_only_the_last_link_lives_and_cancelled_none(self, world: World) -> None:
        user = invite(world)
        first = secret_mailed_to(user)
        staff.send_staff_invitation(world.actor("administrator"), user)
        second = secret_mailed_to(user)
        assert first != second

        with world.scope():
            assert open_invitation(world.morel.id, first) is None
            assert open_invitation(world.morel.id, second) is not None
        staff.cancel_staff_invitation(world.actor("administrator"), user)

        with world.scope():
            assert open_invitation(world.morel.id, second) is None
            assert User.objects.get(pk=user.pk).state == UserState.READY
        with pytest.raises(WrongState):
            staff.cancel_staff_invitation(world.actor("administrator"), user)


class TestChanging:
    def test_another_role_counts_at_the_very_next_decision(self, world: World) -> None:
        practitioner = world.actor("practitioner")
        staff.change_staff_role(
            world.actor("administrator"), world.user("practitioner"), role="trainee"
        )

        assert role_of(world.user("practitioner")) == ["trainee"]
        with pytest.raises(Denied):
            staff.create_staff_user(practitioner, identity=identity(), role="trainee")
        [said] = events(world, name="staff.role_changed")
        assert said.public == {"role": ["practitioner", "trainee"]}

    def test_the_same_role_again_changes_nothing(self, world: World) -> None:
        staff.change_staff_role(
            world.actor("administrator"), world.user("practitioner"), role="practitioner"
        )
        assert events(world, name="staff.role_changed") == []

    def test_deactivated_is_out_everywhere_at_once_and_comes_back_with_the_same_role(
        self, world: World
    ) -> None:
        person = world.user("practitioner")
        before = world.actor("practitioner")
        staff.deactivate_staff_user(world.actor("administrator"), person, reason="On leave")

        with world.scope():
            assert not Session.objects.filter(user_id=person.pk).exists()
            assert User.objects.get(pk=person.pk).state == UserState.DEACTIVATED
        with pytest.raises(Denied):
            staff.create_staff_user(before, identity=identity(), role="trainee")

        staff.reactivate_staff_user(world.actor("administrator"), person)
        with world.scope():
            assert User.objects.get(pk=person.pk).state == UserState.ACTIVE
        assert role_of(person) == ["practitioner"]

    @pytest.mark.parametrize("by", ["practitioner", "trainee", "director"])
    def test_without_the_right_nobody_does(self, world: World, by: str) -> None:
        person = world.user("trainee")
        for deed in (
            lambda: staff.change_staff_role(world.actor(by), person, role="trainee"),
            lambda: staff.deactivate_staff_user(world.actor(by), person),
            lambda: staff.reactivate_staff_user(world.actor(by), person),
            lambda: staff.send_staff_invitation(world.actor(by), person),
            lambda: staff.cancel_staff_invitation(world.actor(by), person),
        ):
            with pytest.raises(Denied):
                deed()

    def test_nobody_touches_who_can_do_more_than_he_may_give(self, world: World) -> None:
        """Law 4: the right to change the team does not reach its administrators."""
        carries(world, "trainee", "vestibule.staff.change")
        trainee = world.actor("trainee")

        for person in (world.user("administrator"), world.user("practitioner")):
            with pytest.raises(Denied) as refused:
                staff.deactivate_staff_user(trainee, person)
            assert refused.value.reason == "more_than_held"

    def test_a_client_user_is_not_found_among_the_staff(self, world: World) -> None:
        for name in ("standard", "director"):
            with pytest.raises(NotFound):
                staff.deactivate_staff_user(world.actor("administrator"), world.user(name))
        with pytest.raises(NotFound):
            staff.deactivate_staff_user(
                world.actor("administrator"), world.rivage.user("practitioner")
            )


class TestTheFirmKeepsAnAdministrator:
    """Law 5."""

    def test_nobody_changes_or_ends_his_own_access(self, world: World) -> None:
        second_administrator(world)
        administrator = world.actor("administrator")

        with pytest.raises(OwnAccess):
            staff.deactivate_staff_user(administrator, world.user("administrator"))
        with pytest.raises(OwnAccess):
            staff.change_staff_role(administrator, world.user("administrator"), role="trainee")

    def test_one_of_two_may_go(self, world: World) -> None:
        second = second_administrator(world)

        staff.deactivate_staff_user(world.actor("administrator"), second)

        with world.scope():
            assert User.objects.get(pk=second.pk).state == UserState.DEACTIVATED

    @pytest.mark.parametrize(
        "deed",
        [
            lambda actor, user: staff.deactivate_staff_user(actor, user),
            lambda actor, user: staff.change_staff_role(actor, user, role="trainee"),
        ],
        ids=["deactivated", "demoted"],
    )
    def test_whoever_leaves_by_an_end_already_scheduled_cannot_remove_the_other(
        self, world: World, deed: Any, freeze: Any
    ) -> None:
        second = second_administrator(world)
        invite(world, "firm_administrator", email="third@people.example")  # and is not in yet
        with world.scope():
            assert not last_of_the_firm(second)
        with world.scope():
            Grant.objects.filter(user_id=world.morel.people["administrator"]).update(
                until=freeze.now.replace(year=freeze.now.year + 1)
            )
            bump_firm(world.morel.id)

        with pytest.raises(LastFirmAdministrator):
            deed(world.actor("administrator"), second)
        assert role_of(second) == ["firm_administrator"]
        with world.scope():
            assert last_of_the_firm(second)

"""Validate, deactivate, reactivate, change of type: containment, states, the last administrator."""

from datetime import timedelta
from typing import Any

import pytest

from tests.actions.doing import (
    accept,
    ask,
    create,
    events,
    field_refusals,
    fresh,
    given,
    grants,
    let_the_worker_answer,
    personal_values,
    tokens,
)
from tests.reading import changes_nothing
from tests.world import World, bring_in, secret_mailed_to, token_of
from vestibule import clock
from vestibule.actor import Door
from vestibule.directory.actions import client_users, invitations, passwords
from vestibule.directory.actions.client_users import (
    change_type,
    deactivate_client_user,
    reactivate_client_user,
    validate_client_user,
)
from vestibule.directory.actions.places import close_place
from vestibule.directory.models import (
    Grant,
    Invitation,
    OutboxMessage,
    Session,
    User,
    UserStateSpan,
    WorkItem,
)
from vestibule.directory.policies.administrators import last_administrator_of
from vestibule.directory.policies.passwords import choose
from vestibule.directory.scope import firm_scope
from vestibule.directory.sessions import SessionStore
from vestibule.refusals import (
    ChoiceUnknown,
    Denied,
    FirstUserIsAdministrator,
    Invalid,
    LastAdministrator,
    LinkDead,
    NotFound,
    PlaceClosed,
    WrongState,
)


def sign_in(user: User) -> str:
    """Leave a browser signed in for this user, and return its session's key."""
    with firm_scope(user.firm_id):
        store = SessionStore(firm=user.firm_id)
        store["_auth_user_id"] = str(user.pk)
        store.create()
        Session.objects.update(user_id=user.pk)
    assert store.session_key
    return store.session_key


def states(user: User) -> list[str]:
    with firm_scope(user.firm_id):
        return list(
            UserStateSpan.objects.filter(user_id=user.pk)
            .order_by("since", "pk")
            .values_list("state", flat=True)
        )


class TestValidate:
    def test_a_practitioner_lets_in_who_waits_and_nothing_is_mailed(self, world: World) -> None:
        """S0-17."""
        user = validate_client_user(world.actor("practitioner"), world.user("waiting"))

        assert user.state == "ready"
        (event,) = events(world, about=user, name="client_user.validated")
        assert event.public["state"] == ["awaiting_validation", "ready"]
        with world.scope():
            assert not OutboxMessage.objects.filter(user=user).exists()

    def test_whoever_chose_later_may_validate_himself(self, world: World) -> None:
        """One-person firms exist."""
        user = create(world, "practitioner", activate_now=False)

        assert validate_client_user(world.actor("practitioner"), user).state == "ready"

    @changes_nothing
    @pytest.mark.parametrize("name", ["director", "standard", "trainee"])
    def test_without_the_right_nobody_validates(self, world: World, name: str) -> None:
        with pytest.raises(Denied):
            validate_client_user(world.actor(name), world.user("waiting"))

    @changes_nothing
    @pytest.mark.parametrize("name", ["ready", "invited", "standard", "deactivated"])
    def test_only_who_waits_can_be_validated(self, world: World, name: str) -> None:
        with pytest.raises(WrongState):
            validate_client_user(world.actor("practitioner"), world.user(name))

    @changes_nothing
    def test_while_he_waits_he_cannot_be_invited(self, world: World) -> None:
        with pytest.raises(WrongState):
            invitations.send_invitation(world.actor("practitioner"), world.user("waiting"))


class TestDeactivate:
    def test_he_is_refused_at_the_very_next_decision(self, world: World) -> None:
        page_open_since_before = world.actor("co_director")
        deactivate_client_user(world.actor("practitioner"), world.user("co_director"))

        with pytest.raises(Denied):
            deactivate_client_user(page_open_since_before, world.user("ready"))

    def test_every_session_of_his_ends_and_no_other(self, world: World) -> None:
        """S2-13."""
        sign_in(world.user("standard"))
        with world.scope():
            other = SessionStore(firm=world.morel.id)
            other.create()

        deactivate_client_user(world.actor("practitioner"), world.user("standard"))

        with world.scope():
            assert [row.user_id for row in Session.objects.all()] == [None]

    def test_his_invitation_dies_and_its_mail_is_taken_back_and_wiped(self, world: World) -> None:
        user = create(world, send_email=True)
        secret = secret_mailed_to(user)

        deactivate_client_user(world.actor("practitioner"), user)

        with world.scope():
            assert invitations.open_invitation(world.morel.id, secret) is None
            assert Invitation.objects.get(user=user).state == "cancelled"
            mail = OutboxMessage.objects.get(user=user)
        assert (mail.state, mail.sealed) == ("withdrawn", None)
        assert WorkItem.objects.get(pk=mail.pk).state == "done"
        assert tokens(user) == 0

    def test_a_reset_link_dies_too_and_stays_dead_when_he_comes_back(self, world: World) -> None:
        passwords.ask_password_reset(world.morel.nobody(), email=world.morel.emails["standard"])
        let_the_worker_answer()
        secret = secret_mailed_to(world.user("standard"), "password_reset")

        deactivate_client_user(world.actor("practitioner"), world.user("standard"))
        reactivate_client_user(world.actor("practitioner"), world.user("standard"))

        with world.scope():
            assert passwords.open_reset(world.morel.id, secret) is None

    def test_a_reset_mail_that_has_not_left_is_taken_back(self, world: World) -> None:
        passwords.ask_password_reset(world.morel.nobody(), email=world.morel.emails["standard"])
        let_the_worker_answer()

        deactivate_client_user(world.actor("practitioner"), world.user("standard"))

        with world.scope():
            assert not OutboxMessage.objects.filter(state="queued").exists()

    def test_his_grants_stay_so_that_he_can_come_back(self, world: World) -> None:
        before = given(world.user("standard"))
        deactivate_client_user(world.actor("practitioner"), world.user("standard"))

        assert given(world.user("standard")) == before

    def test_the_reason_is_a_personal_value(self, world: World) -> None:
        user = deactivate_client_user(
            world.actor("practitioner"), world.user("standard"), reason="Left in June"
        )

        (event,) = events(world, about=user, name="client_user.deactivated")
        assert event.public["state"] == ["active", "deactivated"]
        assert "June" not in str(event.public)
        assert personal_values(world, event) == {"reason": [None, "Left in June"]}

    @changes_nothing
    def test_an_endless_reason_is_refused(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            deactivate_client_user(
                world.actor("practitioner"), world.user("standard"), reason="x" * 501
            )
        assert field_refusals(refused.value) == {"reason": ["text.too_long"]}

    @changes_nothing
    @pytest.mark.parametrize("reason", ["a\x00b", "a\u202eb"])
    def test_a_reason_with_characters_that_cannot_be_seen_is_refused(
        self, world: World, reason: str
    ) -> None:
        with pytest.raises(Invalid):
            deactivate_client_user(
                world.actor("practitioner"), world.user("standard"), reason=reason
            )

    @changes_nothing
    def test_nobody_deactivates_himself(self, world: World) -> None:
        with pytest.raises(Denied):
            deactivate_client_user(world.actor("co_director"), world.user("co_director"))

    @changes_nothing
    def test_a_second_time_is_refused(self, world: World) -> None:
        with pytest.raises(WrongState):
            deactivate_client_user(world.actor("practitioner"), world.user("deactivated"))


class TestContainment:
    """Law 4: acts on a person need all his places, and no more power than the actor may give."""

    def test_a_client_administrator_deactivates_a_person_of_his_own_company(
        self, world: World
    ) -> None:
        user = create(world, at=("b",), applications=("payroll",))

        assert deactivate_client_user(world.actor("co_director"), user).state == "deactivated"

    @changes_nothing
    def test_but_not_one_who_has_a_grant_elsewhere_too(self, world: World) -> None:
        with pytest.raises(Denied):
            deactivate_client_user(world.actor("co_director"), world.user("standard"))

    def test_nor_one_who_is_only_billed_elsewhere(self, world: World) -> None:
        user = create(world, at=("b",), billed_to="a")

        with pytest.raises(Denied):
            deactivate_client_user(world.actor("co_director"), user)

    def test_nor_one_whose_grant_elsewhere_begins_tomorrow(self, world: World) -> None:
        user = create(world, at=("b",))
        with world.scope():
            Grant.objects.create(
                firm_id=user.firm_id,
                user=user,
                place=world.place("a"),
                role=grants(user)[0].role,
                since=clock.now() + timedelta(days=1),
            )

        with pytest.raises(Denied):
            deactivate_client_user(world.actor("co_director"), user)

    def test_nor_one_who_can_do_more_than_he_may_give(self, world: World) -> None:
        """`director` administers B too, but has no access to its bank."""
        user = create(world, at=("b",), applications=("bank",))

        with pytest.raises(Denied) as refused:
            deactivate_client_user(world.actor("director"), user)
        assert refused.value.reason == "more_than_held"

    @changes_nothing
    def test_nor_anybody_of_another_company(self, world: World) -> None:
        with pytest.raises(Denied):
            deactivate_client_user(world.actor("co_director"), world.user("ready"))

    @changes_nothing
    @pytest.mark.parametrize("act", ["deactivate", "reactivate", "validate", "invite", "cancel"])
    @pytest.mark.parametrize("name", ["administrator", "practitioner", "director"])
    def test_staff_are_out_of_reach_of_acts_on_client_users(
        self, world: World, act: str, name: str
    ) -> None:
        acts: dict[str, Any] = {
            "deactivate": deactivate_client_user,
            "reactivate": reactivate_client_user,
            "validate": validate_client_user,
            "invite": invitations.send_invitation,
            "cancel": invitations.cancel_invitation,
        }
        with pytest.raises(Denied):
            acts[act](world.actor(name), world.user("trainee"))

    @changes_nothing
    def test_a_person_of_another_firm_does_not_exist(self, world: World) -> None:
        with pytest.raises(NotFound):
            deactivate_client_user(world.actor("administrator"), world.rivage.user("director"))

    def test_acts_on_a_grant_need_only_its_place(self, world: World) -> None:
        """`standard` is at A too, where `co_director` has nothing to say."""
        change_type(
            world.actor("co_director"),
            world.user("standard"),
            company=world.place("b"),
            user_type="administrator",
        )

        assert given(world.user("standard"))[world.place("b").pk][0] == "administrator"
        assert given(world.user("standard"))[world.place("a").pk][0] == "standard"


class TestReactivate:
    @pytest.mark.parametrize(
        ("name", "again"),
        [("standard", "active"), ("waiting", "awaiting_validation"), ("ready", "ready")],
    )
    def test_he_is_again_what_he_was(self, world: World, name: str, again: str) -> None:
        practitioner = world.actor("practitioner")
        deactivate_client_user(practitioner, world.user(name))

        user = reactivate_client_user(practitioner, world.user(name))

        assert user.state == again
        assert states(user)[-2:] == ["deactivated", again]
        (event,) = events(world, about=user, name="client_user.reactivated")
        assert event.public["state"] == ["deactivated", again]

    def test_one_who_was_invited_is_ready_and_his_old_link_stays_dead(self, world: World) -> None:
        practitioner = world.actor("practitioner")
        deactivate_client_user(practitioner, world.user("invited"))

        assert reactivate_client_user(practitioner, world.user("invited")).state == "ready"
        with world.scope():
            assert invitations.open_invitation(world.morel.id, world.invited_secret) is None

    def test_nobody_comes_back_to_be_billed_to_a_company_that_was_closed(
        self, world: World
    ) -> None:
        practitioner = world.actor("practitioner")
        deactivate_client_user(practitioner, world.user("ready"))
        close_place(practitioner, world.place("a"), billed_to=world.place("b"))

        with pytest.raises(PlaceClosed):
            reactivate_client_user(practitioner, world.user("ready"))

    @changes_nothing
    def test_nobody_else_can_be_reactivated(self, world: World) -> None:
        with pytest.raises(WrongState):
            reactivate_client_user(world.actor("practitioner"), world.user("standard"))

    def test_his_password_is_the_one_he_had(self, world: World) -> None:
        practitioner = world.actor("practitioner")
        deactivate_client_user(practitioner, world.user("standard"))

        user = reactivate_client_user(practitioner, world.user("standard"))
        assert user.password == world.encoded

    def test_a_company_that_lost_its_administrator_meanwhile_takes_no_standard_user_back(
        self, world: World
    ) -> None:
        practitioner = world.actor("practitioner")
        head = create(world, at=("port",), user_type="administrator", key="head")
        user = create(world, at=("port",), email="bob@client.example", key="other")
        deactivate_client_user(practitioner, user)
        deactivate_client_user(practitioner, head)  # nobody is left, nobody ever was in

        with pytest.raises(FirstUserIsAdministrator):
            reactivate_client_user(practitioner, fresh(user))


class TestChangeType:
    def test_it_changes_the_type_at_one_company_and_keeps_the_applications(
        self, world: World
    ) -> None:
        """S0-09."""
        user = change_type(
            world.actor("practitioner"),
            world.user("standard"),
            company=world.place("a"),
            user_type="administrator",
        )

        assert given(user) == {
            world.place("a").pk: ("administrator", {"payroll"}),
            world.place("b").pk: ("standard", {"payroll"}),
        }
        (event,) = events(world, about=user, name="grant.type_changed")
        assert event.public["user_type"] == ["standard", "administrator"]
        assert event.place_id == world.place("a").pk

    def test_the_grant_before_is_ended_and_not_edited(self, world: World) -> None:
        change_type(
            world.actor("practitioner"),
            world.user("standard"),
            company=world.place("a"),
            user_type="administrator",
        )

        with world.scope():
            ended = Grant.objects.get(
                user=world.user("standard"), place=world.place("a"), until__isnull=False
            )
        assert ended.role_id is not None
        assert ended.ended_by_id == world.morel.people["practitioner"]

    def test_it_holds_at_the_very_next_decision(self, world: World) -> None:
        before = world.actor("standard")
        change_type(
            world.actor("practitioner"),
            world.user("standard"),
            company=world.place("a"),
            user_type="administrator",
        )

        ask(world, before, at=("a",), email="somebody.new@client.example")

        with world.scope():
            created = User.objects.get(email="somebody.new@client.example")
        assert created.created_by_id == before.user_id

    @changes_nothing
    def test_the_same_type_again_changes_nothing(self, world: World) -> None:
        change_type(
            world.actor("practitioner"),
            world.user("standard"),
            company=world.place("a"),
            user_type="standard",
        )

        assert not events(world, name="grant.type_changed")

    @changes_nothing
    @pytest.mark.parametrize("user_type", ["practitioner", "no-such-role", "no\x00such"])
    def test_what_is_no_type_of_a_client_is_refused(self, world: World, user_type: str) -> None:
        with pytest.raises(ChoiceUnknown):
            change_type(
                world.actor("practitioner"),
                world.user("standard"),
                company=world.place("a"),
                user_type=user_type,
            )

    @changes_nothing
    def test_a_company_where_he_is_not_is_absent(self, world: World) -> None:
        with pytest.raises(NotFound):
            change_type(
                world.actor("practitioner"),
                world.user("ready"),
                company=world.place("b"),
                user_type="administrator",
            )

    @changes_nothing
    def test_a_person_of_another_firm_is_absent(self, world: World) -> None:
        with pytest.raises(NotFound):
            change_type(
                world.actor("practitioner"),
                world.rivage.user("director"),
                company=world.place("a"),
                user_type="standard",
            )

    @changes_nothing
    def test_a_company_of_another_firm_is_refused(self, world: World) -> None:
        with pytest.raises(Denied):
            change_type(
                world.actor("administrator"),
                world.rivage.user("director"),
                company=world.rivage.place("a"),
                user_type="standard",
            )

    @changes_nothing
    def test_a_standard_client_changes_nobody(self, world: World) -> None:
        with pytest.raises(Denied):
            change_type(
                world.actor("standard"),
                world.user("standard"),
                company=world.place("a"),
                user_type="administrator",
            )

    def test_an_open_invitation_is_replaced_for_what_it_offered_has_changed(
        self, world: World
    ) -> None:
        user = change_type(
            world.actor("practitioner"),
            world.user("invited"),
            company=world.place("a"),
            user_type="administrator",
        )

        with world.scope():
            assert invitations.open_invitation(world.morel.id, world.invited_secret) is None
            assert invitations.open_invitation(world.morel.id, secret_mailed_to(user)) is not None

    def test_and_the_fresh_link_works_whoever_changed_the_type(self, world: World) -> None:
        user = create(world, at=("a", "b"), send_email=True)

        change_type(
            world.actor("co_director"), user, company=world.place("b"), user_type="administrator"
        )

        assert accept(token_of(user.firm_id, secret_mailed_to(user))).state == "active"

    def test_an_invitation_that_has_lapsed_is_not_sent_again_by_the_way(
        self, world: World, freeze: Any
    ) -> None:
        freeze.forward(days=22)
        invitations.expire_invitations(world.morel.system())

        change_type(
            world.actor("practitioner"),
            world.user("invited"),
            company=world.place("a"),
            user_type="administrator",
        )

        with world.scope():
            assert not OutboxMessage.objects.filter(state="queued").exists()


class TestTheLastAdministrator:
    """Law 5, S0-10. Races are in tests/faults/test_invariants.py."""

    @changes_nothing
    def test_cannot_be_demoted(self, world: World) -> None:
        with pytest.raises(LastAdministrator) as refused:
            change_type(
                world.actor("administrator"),
                world.user("director"),
                company=world.place("a"),
                user_type="standard",
            )

        assert "Solène Fontaine is the last administrator of ESTRAN CONSEIL" in str(refused.value)
        assert given(world.user("director"))[world.place("a").pk][0] == "administrator"

    @changes_nothing
    def test_cannot_demote_himself(self, world: World) -> None:
        with pytest.raises(LastAdministrator):
            change_type(
                world.actor("director"),
                world.user("director"),
                company=world.place("a"),
                user_type="standard",
            )

    @changes_nothing
    def test_cannot_be_deactivated(self, world: World) -> None:
        with pytest.raises(LastAdministrator):
            deactivate_client_user(world.actor("administrator"), world.user("director"))

        assert world.user("director").state == "active"

    def test_one_of_two_can_go_and_then_the_other_cannot(self, world: World) -> None:
        practitioner, b = world.actor("practitioner"), world.place("b")
        change_type(practitioner, world.user("director"), company=b, user_type="standard")

        with pytest.raises(LastAdministrator):
            change_type(practitioner, world.user("co_director"), company=b, user_type="standard")
        with pytest.raises(LastAdministrator):
            deactivate_client_user(practitioner, world.user("co_director"))

    def test_an_invited_successor_does_not_replace_one_who_is_in(self, world: World) -> None:
        create(world, at=("a",), user_type="administrator", send_email=True)

        with pytest.raises(LastAdministrator):
            deactivate_client_user(world.actor("practitioner"), world.user("director"))

    def test_one_who_is_in_does(self, world: World) -> None:
        user = create(world, at=("a", "b"), user_type="administrator", send_email=True)
        with world.scope():
            bring_in(user, choose("Quiet-Meadow-77-Anchor", preset="either"))

        gone = deactivate_client_user(world.actor("practitioner"), world.user("director"))
        assert gone.state == "deactivated"

    def test_while_nobody_is_in_the_last_one_who_waits_is_kept_for_the_others(
        self, world: World
    ) -> None:
        head = create(world, at=("port",), user_type="administrator", key="head")
        create(world, at=("port",), email="bob@client.example", key="other")

        with pytest.raises(LastAdministrator):
            deactivate_client_user(world.actor("practitioner"), head)

    def test_the_only_user_who_never_was_in_can_go(self, world: World) -> None:
        head = create(world, at=("port",), user_type="administrator")

        assert deactivate_client_user(world.actor("practitioner"), head).state == "deactivated"

    def test_an_end_already_scheduled_counts_as_gone(self, world: World) -> None:
        with world.scope():
            Grant.objects.filter(
                user=world.user("director"), place=world.place("b"), role__isnull=False
            ).update(until=clock.now() + timedelta(days=30))

        with pytest.raises(LastAdministrator):
            deactivate_client_user(world.actor("practitioner"), world.user("co_director"))

    @changes_nothing
    def test_the_page_can_say_beforehand_which_companies_would_lose_him(self, world: World) -> None:
        with world.scope():
            assert [place.name for place in last_administrator_of(world.user("director"))] == [
                "ESTRAN CONSEIL"
            ]
            assert last_administrator_of(world.user("co_director")) == []
            assert last_administrator_of(world.user("standard")) == []


def test_every_state_of_a_life_is_kept_as_an_interval(world: World) -> None:
    practitioner = world.actor("practitioner", Door.CLI)
    user = create(world, activate_now=False)
    validate_client_user(practitioner, user)
    invitations.send_invitation(practitioner, fresh(user))
    accept(token_of(user.firm_id, secret_mailed_to(user)))
    deactivate_client_user(practitioner, fresh(user))

    assert states(user) == ["awaiting_validation", "ready", "invited", "active", "deactivated"]
    with world.scope():
        spans = list(UserStateSpan.objects.filter(user_id=user.pk).order_by("since", "pk"))
    assert [span.until for span in spans[:-1]] == [span.since for span in spans[1:]]
    assert spans[-1].until is None


def test_two_who_move_one_user_at_once_cannot_both_win(world: World) -> None:
    stale = world.user("ready")
    deactivate_client_user(world.actor("practitioner"), world.user("ready"))

    with pytest.raises(WrongState):
        invitations.send_invitation(world.actor("practitioner"), stale)


def test_a_dead_link_stays_dead_after_deactivation(world: World) -> None:
    token = token_of(world.morel.id, world.invited_secret)
    deactivate_client_user(world.actor("practitioner"), world.user("invited"))

    with pytest.raises(LinkDead):
        accept(token)


@changes_nothing
def test_the_type_that_a_page_shows_is_the_one_of_that_company(world: World) -> None:
    with world.scope():
        assert client_users.type_at(world.user("director"), world.place("a")) == "administrator"
        assert client_users.type_at(world.user("ready"), world.place("b")) == ""

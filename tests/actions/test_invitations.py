"""Invitations: sent, sent again, cancelled, accepted, lapsed; the row is the offer."""

from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.actions.doing import (
    NEW_PASSWORD,
    a_password,
    accept,
    bearer,
    create,
    events,
    field_refusals,
    fresh,
    given,
    let_the_worker_answer,
    personal_values,
)
from tests.reading import changes_nothing
from tests.world import World, secret_mailed_to, token_of
from vestibule import actor as actors
from vestibule import clock
from vestibule.directory.actions import invitations
from vestibule.directory.actions._action import bump_firm
from vestibule.directory.actions.client_users import change_type, deactivate_client_user
from vestibule.directory.actions.invitations import (
    ask_fresh_link,
    cancel_invitation,
    expire_invitations,
    open_invitation,
    send_invitation,
)
from vestibule.directory.actions.passwords import ask_password_reset
from vestibule.directory.actions.places import close_place, reopen_place
from vestibule.directory.models import Grant, Invitation, OutboxMessage, Token, TokenPurpose, User
from vestibule.refusals import Denied, Invalid, LinkDead, NothingToOffer, WrongState

CLIENT = "invited"


def still_opens(world: World, secret: str) -> bool:
    with world.scope():
        return open_invitation(world.morel.id, secret) is not None


def waiting_mails(world: World) -> list[tuple[str, str]]:
    """Return kind and recipient's name of every mail that waits."""
    names = {pk: name for name, pk in world.morel.people.items()}
    with world.scope():
        rows = OutboxMessage.objects.filter(state="queued").order_by("created_at", "pk")
        return [(row.kind, names.get(row.user_id, "?")) for row in rows]


class TestSend:
    def test_a_user_who_is_ready_gets_a_link(self, world: World) -> None:
        """S0-16."""
        invitation = send_invitation(world.actor("practitioner"), world.user("ready"))

        assert world.user("ready").state == "invited"
        assert waiting_mails(world) == [("invitation", "ready")]
        assert still_opens(world, secret_mailed_to(world.user("ready")))
        (event,) = events(world, about=world.user("ready"), name="invitation.sent")
        assert event.public["invitation"] == str(invitation.pk)

    def test_sending_again_kills_every_earlier_link(self, world: World) -> None:
        """S2-09."""
        practitioner = world.actor("practitioner")
        secrets = [world.invited_secret]
        for _ in range(3):
            send_invitation(practitioner, world.user(CLIENT))
            secrets.append(secret_mailed_to(world.user(CLIENT)))

        assert [still_opens(world, secret) for secret in secrets] == [False, False, False, True]
        assert len(events(world, name="invitation.resent")) == 3
        with world.scope():
            states = Counter(
                Invitation.objects.filter(user=world.user(CLIENT)).values_list("state", flat=True)
            )
        assert states == {"replaced": 3, "pending": 1}

    def test_a_mail_that_has_not_left_yet_is_taken_back(self, world: World) -> None:
        practitioner = world.actor("practitioner")
        send_invitation(practitioner, world.user("ready"))
        send_invitation(practitioner, world.user("ready"))

        assert waiting_mails(world) == [("invitation", "ready")]

    @changes_nothing
    @pytest.mark.parametrize("name", ["waiting", "standard", "deactivated"])
    def test_nobody_else_can_be_invited(self, world: World, name: str) -> None:
        with pytest.raises(WrongState):
            send_invitation(world.actor("practitioner"), world.user(name))

    @changes_nothing
    @pytest.mark.parametrize("name", ["standard", "co_director", "trainee"])
    def test_without_the_right_at_his_places_nobody_invites(self, world: World, name: str) -> None:
        with pytest.raises(Denied):
            send_invitation(world.actor(name), world.user("ready"))

    def test_an_offer_that_nobody_could_accept_is_not_sent(self, world: World) -> None:
        user = create(world, at=("port",), user_type="administrator")
        with world.scope():
            User.objects.filter(pk=user.pk).update(billable_company=None)
        close_place(world.actor("practitioner"), world.place("port"))

        with pytest.raises(NothingToOffer):
            send_invitation(world.actor("practitioner"), fresh(user))

    def test_the_secret_is_kept_as_a_hash_only(self, world: World, database: Any) -> None:
        secret = world.invited_secret
        for table in ("token", "invitation", "event", "eventvalue", "outboxmessage"):
            for row in database.rows(f"SELECT * FROM directory_{table}"):
                assert secret not in str(row)


class TestCancel:
    def test_the_link_dies_and_he_is_ready_again(self, world: World) -> None:
        """S2-11."""
        user = cancel_invitation(world.actor("practitioner"), world.user(CLIENT))

        assert user.state == "ready"
        assert not still_opens(world, world.invited_secret)
        (event,) = events(world, about=user, name="invitation.cancelled")
        assert event.public["state"] == ["invited", "ready"]

    def test_a_lapsed_one_can_be_cancelled_too(self, world: World, freeze: Any) -> None:
        freeze.forward(days=22)
        expire_invitations(world.morel.system())

        assert cancel_invitation(world.actor("practitioner"), world.user(CLIENT)).state == "ready"

    @changes_nothing
    def test_only_who_is_invited(self, world: World) -> None:
        with pytest.raises(WrongState):
            cancel_invitation(world.actor("practitioner"), world.user("ready"))

    @changes_nothing
    def test_not_without_the_right(self, world: World) -> None:
        with pytest.raises(Denied):
            cancel_invitation(world.actor("co_director"), world.user(CLIENT))


class TestLooking:
    def test_opening_a_link_changes_nothing(self, world: World, database: Any) -> None:
        """X-04."""
        before = [
            database.rows(f"SELECT * FROM directory_{table}")
            for table in ("token", "invitation", "user", "event")
        ]
        for _ in range(3):
            assert still_opens(world, world.invited_secret)

        after = [
            database.rows(f"SELECT * FROM directory_{table}")
            for table in ("token", "invitation", "user", "event")
        ]
        assert after == before

    @changes_nothing
    @pytest.mark.parametrize("secret", ["", "wrong", "x" * 5000, "a\x00b", "é"])
    def test_a_wrong_secret_opens_nothing(self, world: World, secret: str) -> None:
        assert not still_opens(world, secret)

    @changes_nothing
    def test_a_link_of_one_firm_opens_nothing_at_another(self, world: World) -> None:
        with world.rivage.scope():
            assert open_invitation(world.rivage.id, world.invited_secret) is None

    def test_a_reset_secret_opens_no_invitation(self, world: World) -> None:
        ask_password_reset(world.morel.nobody(), email=world.morel.emails["standard"])
        let_the_worker_answer()

        assert not still_opens(world, secret_mailed_to(world.user("standard"), "password_reset"))


class TestAccept:
    def test_he_is_in_with_the_password_that_he_chose(self, world: World) -> None:
        user = accept(token_of(world.morel.id, world.invited_secret))

        assert user.state == "active"
        assert user.check_password(NEW_PASSWORD)
        (event,) = events(world, about=user, name="invitation.accepted")
        assert (event.actor_kind, event.door) == ("link_bearer", "link")
        assert event.public["state"] == ["invited", "active"]

    def test_what_he_corrected_is_kept_with_old_and_new_values(self, world: World) -> None:
        """S2-15."""
        user = accept(
            token_of(world.morel.id, world.invited_secret),
            first_name="Paule",
            phone="06 12 34 56 78",
            language="de",
        )

        assert (user.first_name, user.phone, user.language) == ("Paule", "+33612345678", "de")
        (event,) = events(world, about=user, name="invitation.accepted")
        assert personal_values(world, event) == {
            "first_name": ["Paul", "Paule"],
            "phone": ["", "+33612345678"],
            "language": ["en", "de"],
        }

    def test_every_fault_is_told_at_once_and_the_link_still_works(self, world: World) -> None:
        token = token_of(world.morel.id, world.invited_secret)
        with pytest.raises(Invalid) as refused:
            accept(token, last_name=" ", first_name="x" * 5000, phone="1", language="xx")

        assert field_refusals(refused.value) == {
            "last_name": ["field.missing"],
            "first_name": ["text.too_long"],
            "phone": ["phone.invalid"],
            "language": ["choice.unknown"],
        }
        assert accept(token).state == "active"

    def test_a_link_works_once(self, world: World) -> None:
        token = token_of(world.morel.id, world.invited_secret)
        accept(token)

        with pytest.raises(LinkDead):
            accept(token)
        assert len(events(world, name="invitation.accepted", about=world.user(CLIENT))) == 1

    def test_it_neither_changes_the_address_nor_gives_a_right(self, world: World) -> None:
        before = world.user(CLIENT)
        rights = given(before)
        user = accept(token_of(world.morel.id, world.invited_secret))

        assert user.canonical_email == before.canonical_email
        assert given(user) == rights

    def test_on_its_last_day_it_works(self, world: World, freeze: Any) -> None:
        """S2-08: 21 days."""
        freeze.forward(days=20, hours=23)
        assert accept(token_of(world.morel.id, world.invited_secret)).state == "active"

    def test_after_its_time_it_does_not(self, world: World, freeze: Any) -> None:
        freeze.forward(days=21, hours=1)
        assert not still_opens(world, world.invited_secret)
        with pytest.raises(LinkDead):
            accept(token_of(world.morel.id, world.invited_secret))

    def test_the_bearer_of_one_link_uses_no_other(self, world: World) -> None:
        mine = token_of(world.morel.id, world.invited_secret)
        send_invitation(world.actor("practitioner"), world.user("ready"))
        other = token_of(world.morel.id, secret_mailed_to(world.user("ready")))

        with pytest.raises(LinkDead):
            invitations.accept_invitation(
                bearer(mine),
                other,
                password=a_password(),
                corrections=invitations.Corrections(
                    first_name="A", last_name="B", phone="", language="en"
                ),
            )

    def test_a_token_for_something_else_lets_nobody_in(self, world: World) -> None:
        token = token_of(world.morel.id, world.invited_secret)
        with world.scope():
            Token.objects.filter(pk=token.pk).update(purpose=TokenPurpose.EMAIL_CHANGE)

        with pytest.raises(LinkDead):
            accept(token_of(world.morel.id, world.invited_secret))

    @changes_nothing
    def test_a_bearer_of_another_firm_uses_nothing(self, world: World) -> None:
        token = token_of(world.morel.id, world.invited_secret)
        stranger = actors.link_bearer(world.rivage.id, token.user_id, token.pk)

        with pytest.raises(LinkDead):
            invitations.accept_invitation(
                stranger,
                token,
                password=a_password(),
                corrections=invitations.Corrections(
                    first_name="A", last_name="B", phone="", language="en"
                ),
            )
        assert world.user(CLIENT).state == "invited"

    @changes_nothing
    @pytest.mark.parametrize("name", ["practitioner", "administrator"])
    def test_nobody_else_accepts_for_him(self, world: World, name: str) -> None:
        with pytest.raises(Denied):
            invitations.accept_invitation(
                world.actor(name),
                token_of(world.morel.id, world.invited_secret),
                password=a_password(),
                corrections=invitations.Corrections(
                    first_name="A", last_name="B", phone="", language="en"
                ),
            )


class TestAcceptIsDecidedAgain:
    """The offer must still be one that its maker may make, at places that are still there."""

    def invite(self, world: World, by: str, *at: str, applications: tuple[str, ...] = ()) -> str:
        user = create(world, at=at, email="new@client.example", applications=applications)
        send_invitation(world.actor(by), user)
        return secret_mailed_to(user)

    def test_the_inviter_was_deactivated_meanwhile(self, world: World) -> None:
        secret = self.invite(world, "co_director", "b")
        deactivate_client_user(world.actor("practitioner"), world.user("co_director"))

        assert not still_opens(world, secret)
        with pytest.raises(LinkDead):
            accept(token_of(world.morel.id, secret))

    def test_the_inviter_lost_the_right_meanwhile(self, world: World) -> None:
        secret = self.invite(world, "co_director", "b")
        change_type(
            world.actor("practitioner"),
            world.user("co_director"),
            company=world.place("b"),
            user_type="standard",
        )

        with pytest.raises(LinkDead):
            accept(token_of(world.morel.id, secret))

    def test_the_inviter_no_longer_has_what_he_offered(self, world: World) -> None:
        """Law 3 as of now, and not as of then."""
        secret = self.invite(world, "co_director", "b", applications=("bank",))
        assert still_opens(world, secret)
        with world.scope():
            Grant.objects.filter(
                user=world.user("co_director"), permission_set__isnull=False
            ).update(until=clock.now())
            bump_firm(world.morel.id)

        with pytest.raises(LinkDead):
            accept(token_of(world.morel.id, secret))

    def test_his_only_company_was_closed_meanwhile_and_opened_again(self, world: World) -> None:
        secret = self.invite(world, "practitioner", "a")
        close_place(world.actor("practitioner"), world.place("a"), billed_to=world.place("port"))
        with world.scope():
            User.objects.filter(canonical_email="new@client.example").update(
                billable_company=world.place("a")
            )

        with pytest.raises(LinkDead):
            accept(token_of(world.morel.id, secret))
        reopen_place(world.actor("practitioner"), world.place("a"))
        assert accept(token_of(world.morel.id, secret)).state == "active"

    def test_one_of_his_companies_is_still_open(self, world: World) -> None:
        secret = self.invite(world, "practitioner", "a", "b")
        close_place(world.actor("practitioner"), world.place("a"), billed_to=world.place("b"))

        assert accept(token_of(world.morel.id, secret)).state == "active"

    def test_the_rights_offered_have_changed_meanwhile(self, world: World) -> None:
        change_type(
            world.actor("practitioner"),
            world.user(CLIENT),
            company=world.place("a"),
            user_type="administrator",
        )

        with pytest.raises(LinkDead):
            accept(token_of(world.morel.id, world.invited_secret))

    def test_the_version_offered_is_not_the_present_one(self, world: World) -> None:
        token = token_of(world.morel.id, world.invited_secret)
        with world.scope():
            User.objects.filter(pk=token.user_id).update(version=token.user_version + 1)

        with pytest.raises(LinkDead):
            accept(token)

    def test_the_address_is_another_one(self, world: World) -> None:
        token = token_of(world.morel.id, world.invited_secret)
        with world.scope():
            User.objects.filter(pk=token.user_id).update(canonical_email="other@client.example")

        with pytest.raises(LinkDead):
            accept(token)


class TestLapse:
    def test_what_has_passed_its_time_is_recorded_once(self, world: World, freeze: Any) -> None:
        """X-06."""
        freeze.forward(days=21, seconds=1)

        assert expire_invitations(world.morel.system("expiry")) == 1
        assert expire_invitations(world.morel.system("expiry")) == 0
        (event,) = events(world, name="invitation.expired")
        assert (event.actor_kind, event.actor_name, event.door) == ("system", "expiry", "worker")
        assert world.user(CLIENT).state == "invited"

    @changes_nothing
    def test_what_has_time_left_is_left_alone(self, world: World, freeze: Any) -> None:
        freeze.forward(days=20)

        assert expire_invitations(world.morel.system()) == 0

    @changes_nothing
    def test_nobody_but_the_worker_lets_invitations_lapse(self, world: World) -> None:
        for actor in (world.actor("administrator"), world.morel.nobody(), world.morel.operator()):
            with pytest.raises(Denied):
                expire_invitations(actor)


class TestAFreshLink:
    """X-05: the stored address gets it; whoever asks learns nothing."""

    def ask(self, world: World, email: str) -> Any:
        answer = ask_fresh_link(world.morel.nobody(), email=email)
        let_the_worker_answer()
        return answer

    def test_the_answer_is_the_same_for_everybody(self, world: World) -> None:
        addresses = [*world.morel.emails.values(), "unknown@client.example", "no address", ""]

        assert {self.ask(world, address) for address in addresses} == {None}

    def test_a_pending_one_gets_another_link_and_the_one_before_lives_on(
        self, world: World
    ) -> None:
        """A stranger who asks must not be able to kill the link in somebody's mailbox."""
        self.ask(world, world.morel.emails[CLIENT].upper())

        assert waiting_mails(world) == [("invitation", CLIENT)]
        assert still_opens(world, world.invited_secret)
        assert still_opens(world, secret_mailed_to(world.user(CLIENT)))

    def test_the_first_of_them_to_be_used_kills_the_others(self, world: World) -> None:
        self.ask(world, world.morel.emails[CLIENT])
        second = token_of(world.morel.id, secret_mailed_to(world.user(CLIENT)))
        accept(token_of(world.morel.id, world.invited_secret))

        with pytest.raises(LinkDead):
            accept(second)

    def test_sending_again_from_the_page_kills_them_all(self, world: World) -> None:
        self.ask(world, world.morel.emails[CLIENT])
        asked_for = secret_mailed_to(world.user(CLIENT))
        send_invitation(world.actor("practitioner"), world.user(CLIENT))

        assert not still_opens(world, asked_for)
        assert not still_opens(world, world.invited_secret)

    def test_another_link_lives_no_longer_than_the_offer(self, world: World, freeze: Any) -> None:
        freeze.forward(days=20)
        self.ask(world, world.morel.emails[CLIENT])
        secret = secret_mailed_to(world.user(CLIENT))
        freeze.forward(days=1, minutes=1)

        assert not still_opens(world, secret)

    def test_within_an_hour_at_most_five_are_mailed_whoever_asks(self, world: World) -> None:
        for _ in range(8):
            self.ask(world, world.morel.emails[CLIENT])

        assert len(waiting_mails(world)) <= 5

    def test_a_lapsed_one_is_renewed(self, world: World, freeze: Any) -> None:
        freeze.forward(days=30)
        expire_invitations(world.morel.system())
        self.ask(world, world.morel.emails[CLIENT])

        assert accept(token_of(world.morel.id, secret_mailed_to(world.user(CLIENT))))

    def test_one_whose_time_has_passed_unrecorded_is_renewed(
        self, world: World, freeze: Any
    ) -> None:
        freeze.forward(days=30)
        self.ask(world, world.morel.emails[CLIENT])

        assert still_opens(world, secret_mailed_to(world.user(CLIENT)))

    def test_a_cancelled_one_is_for_the_inviter_to_decide(self, world: World) -> None:
        cancel_invitation(world.actor("practitioner"), world.user(CLIENT))
        self.ask(world, world.morel.emails[CLIENT])

        assert world.user(CLIENT).state == "ready"
        assert waiting_mails(world) == [("asked_again", "practitioner")]
        assert len(events(world, name="invitation.asked_again")) == 1

    def test_the_inviter_is_asked_once_a_day_at_most(self, world: World, freeze: Any) -> None:
        cancel_invitation(world.actor("practitioner"), world.user(CLIENT))
        for _ in range(3):
            self.ask(world, world.morel.emails[CLIENT])
        assert waiting_mails(world) == [("asked_again", "practitioner")]

        freeze.forward(days=1, minutes=1)
        self.ask(world, world.morel.emails[CLIENT])
        assert len(waiting_mails(world)) == 2

    def test_and_when_the_inviter_may_no_longer_invite_he_is_asked_not_obeyed(
        self, world: World
    ) -> None:
        user = create(world, at=("b",))
        send_invitation(world.actor("co_director"), user)
        change_type(
            world.actor("practitioner"),
            world.user("co_director"),
            company=world.place("b"),
            user_type="standard",
        )
        self.ask(world, user.email)

        assert waiting_mails(world) == [("invitation", "?"), ("asked_again", "co_director")]

    @pytest.mark.parametrize("name", ["standard", "waiting", "ready", "deactivated", "trainee"])
    def test_nobody_else_is_written_to(self, world: World, name: str) -> None:
        self.ask(world, world.morel.emails[name])

        assert waiting_mails(world) == []

    def test_the_same_address_at_another_firm_is_not_written_to(self, world: World) -> None:
        ask_fresh_link(world.rivage.nobody(), email=world.morel.emails[CLIENT])
        let_the_worker_answer()

        assert waiting_mails(world) == []

    def test_it_costs_the_same_for_a_known_and_an_unknown_address(self, world: World) -> None:
        """security.md, property 10: tests compare the steps taken."""
        stranger = world.morel.nobody()
        with world.scope(), CaptureQueriesContext(connection) as known:
            ask_fresh_link(stranger, email=world.morel.emails[CLIENT])
        with world.scope(), CaptureQueriesContext(connection) as unknown:
            ask_fresh_link(stranger, email="unknown@client.example")

        assert len(known) == len(unknown)

    def test_it_lifts_no_state(self, world: World) -> None:
        before = {name: world.user(name).state for name in world.morel.people}
        for address in world.morel.emails.values():
            self.ask(world, address)

        assert {name: world.user(name).state for name in world.morel.people} == before


def test_an_active_user_is_not_let_in_by_his_first_link_again(world: World) -> None:
    token = token_of(world.morel.id, world.invited_secret)
    user = accept(token)
    with world.scope():
        Token.objects.filter(pk=token.pk).update(used_at=None)

    with pytest.raises(LinkDead):
        accept(token)
    assert fresh(user).state == "active"

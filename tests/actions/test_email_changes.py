"""Change of address: who may ask, what waits, what a confirmation does, and what nobody learns."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from tests.actions.doing import (
    NEW_PASSWORD,
    a_password,
    bearer,
    create,
    events,
    field_refusals,
    let_the_worker_answer,
    personal_values,
)
from tests.world import World, secret_mailed_to, token_of
from vestibule import sealing
from vestibule.directory.actions import email_changes, passwords
from vestibule.directory.actions._tokens import hash_of_secret
from vestibule.directory.actions.client_users import deactivate_client_user
from vestibule.directory.actions.invitations import open_invitation, send_invitation
from vestibule.directory.models import (
    EmailChange,
    FirmPolicy,
    Invitation,
    OutboxMessage,
    Session,
    Token,
    User,
)
from vestibule.refusals import (
    Denied,
    EmailTaken,
    Invalid,
    LimitReached,
    LinkDead,
    NotFound,
    WrongState,
)

pytestmark = pytest.mark.usefixtures("database")

NEW = "jonas.new@people.example"


def ask(world: World, by: str, who: str = "standard", email: str = NEW) -> EmailChange | None:
    """Ask for another address of somebody as somebody; the worker does its part."""
    change = email_changes.ask_email_change(world.actor(by), world.user(who), email=email)
    let_the_worker_answer()
    return change


def mails(world: World) -> list[tuple[str, str]]:
    """Return the kind and the address of every mail that waits, the oldest first."""
    with world.scope():
        rows = OutboxMessage.objects.filter(firm_id=world.morel.id, sealed__isnull=False)
        return [
            (row.kind, json.loads(sealing.unseal(bytes(row.sealed or b"")))["to"])
            for row in rows.order_by("created_at", "pk")
        ]


def link_token(world: World, who: str = "standard") -> Token:
    """Return the token of the confirmation link that was mailed."""
    secret = secret_mailed_to(world.user(who), "email_confirm")
    return token_of(world.morel.id, secret)


def confirm(token: Token) -> User:
    return email_changes.confirm_email_change(bearer(token), token)


def waiting(world: World, who: str = "standard") -> list[EmailChange]:
    with world.scope():
        return list(EmailChange.objects.filter(user_id=world.morel.people[who], state="pending"))


class TestWhoMayAsk:
    @pytest.mark.parametrize("by", ["administrator", "practitioner", "standard"])
    def test_staff_and_the_person_himself(self, world: World, by: str) -> None:
        assert ask(world, by) is not None
        assert [change.email for change in waiting(world)] == [NEW]

    def test_a_client_administrator_may_not_even_at_all_the_persons_companies(
        self, world: World
    ) -> None:
        """He may correct everything else; the answer would tell who is known to the firm."""
        with pytest.raises(Denied):
            ask(world, "director")

        assert waiting(world) == []
        assert mails(world) == []

    @pytest.mark.parametrize("by", ["trainee", "co_director", "ready"])
    def test_nobody_without_the_right(self, world: World, by: str) -> None:
        with pytest.raises(Denied):
            ask(world, by)

    def test_a_member_of_staff_changes_his_own(self, world: World) -> None:
        ask(world, "practitioner", "practitioner", "nadia.new@people.example")

        confirm(link_token(world, "practitioner"))

        assert world.user("practitioner").email == "nadia.new@people.example"

    def test_but_no_other_member_of_staff(self, world: World) -> None:
        with pytest.raises(Denied):
            ask(world, "practitioner", "administrator")

    def test_another_firms_people_are_not_there(self, world: World) -> None:
        with pytest.raises(NotFound):
            email_changes.ask_email_change(
                world.rivage.actor("administrator"), world.user("standard"), email=NEW
            )

    def test_somebody_deactivated_has_no_address_to_change(self, world: World) -> None:
        with pytest.raises(WrongState):
            ask(world, "practitioner", "deactivated")

    def test_whoever_may_not_invite_redirects_no_invitation(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with world.scope():
            from vestibule.directory.models import Firm, RolePermission

            RolePermission.objects.filter(
                role__code="practitioner", permission="vestibule.users.invite"
            ).delete()
            firm = Firm.objects.get(pk=world.morel.id)
            firm.epoch += 1
            firm.save(update_fields=["epoch"])

        with pytest.raises(Denied):
            ask(world, "practitioner", "invited")

        assert world.user("invited").email == world.morel.emails["invited"]


class TestAsking:
    def test_nothing_changes_yet_and_both_addresses_hear_of_it(self, world: World) -> None:
        before = world.user("standard")

        ask(world, "practitioner")

        after = world.user("standard")
        assert (after.email, after.version, after.epoch) == (
            before.email,
            before.version,
            before.epoch,
        )
        assert mails(world) == [("email_change_asked", before.email), ("email_confirm", NEW)]

    def test_it_is_recorded_with_the_old_and_the_new_address(self, world: World) -> None:
        ask(world, "practitioner")

        [event] = events(world, about=world.user("standard"), name="user.email_change_asked")
        assert personal_values(world, event) == {"email": [world.morel.emails["standard"], NEW]}
        assert NEW not in json.dumps(event.public)

    def test_a_second_request_replaces_the_first_and_its_link(self, world: World) -> None:
        ask(world, "practitioner")
        first = link_token(world)

        ask(world, "standard", email="other@people.example")

        assert [change.email for change in waiting(world)] == ["other@people.example"]
        with pytest.raises(LinkDead):
            confirm(first)
        assert [kind for kind, to in mails(world) if to == NEW] == []

    @pytest.mark.parametrize(
        ("email", "code"),
        [
            ("no address", "email.invalid"),
            ("Standard@PEOPLE.example", "email.unchanged"),
            ("director@people.example", "email.taken"),
            ("jоnas@people.example", "email.looks_alike"),
            ("x" * 300 + "@people.example", "text.too_long"),
        ],
    )
    def test_what_cannot_be_an_address_of_his_is_said_at_the_field(
        self, world: World, email: str, code: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            ask(world, "practitioner", email=email)

        assert field_refusals(refused.value) == {"email": [code]}
        assert waiting(world) == []

    def test_a_shared_mailbox_is_refused_where_the_firm_says_so(self, world: World) -> None:
        with world.scope():
            FirmPolicy.objects.filter(firm_id=world.morel.id, name="generic_addresses").update(
                value="refuse"
            )

        with pytest.raises(Invalid) as refused:
            ask(world, "standard", email="info@people.example")

        assert field_refusals(refused.value) == {"email": ["email.generic"]}

    def test_at_most_five_within_an_hour(self, world: World, freeze: Any) -> None:
        for number in range(5):
            ask(world, "standard", email=f"nr{number}@people.example")

        with pytest.raises(LimitReached):
            ask(world, "standard", email="nr5@people.example")

        freeze.forward(hours=1, seconds=1)
        assert ask(world, "standard", email="nr5@people.example") is not None

    def test_the_database_holds_no_secret(self, world: World) -> None:
        ask(world, "practitioner")
        secret = secret_mailed_to(world.user("standard"), "email_confirm")

        with world.scope():
            assert Token.objects.filter(secret_hash=hash_of_secret(secret)).count() == 1
            assert not Token.objects.filter(secret_hash=secret).exists()


class TestAnAddressThatIsSomebodyElses:
    """Law 4: whoever asks for himself learns nothing of who else is known to the firm."""

    TAKEN = "co-director@people.example"

    def test_the_person_himself_gets_the_same_answer_and_no_link_goes_out(
        self, world: World
    ) -> None:
        free = ask(world, "standard")
        seen_free = _seen(world)
        [event_free] = events(world, about=world.user("standard"), name="user.email_change_asked")
        email_changes.cancel_email_change(world.actor("standard"), world.user("standard"))

        taken = ask(world, "standard", email=self.TAKEN)

        assert free is not None
        assert taken is not None
        assert (taken.state, taken.expires_at - taken.created_at) == (
            free.state,
            free.expires_at - free.created_at,
        )
        assert _seen(world) == {**seen_free, "email": self.TAKEN}
        event = events(world, about=world.user("standard"), name="user.email_change_asked")[-1]
        assert set(event.public) == set(event_free.public)
        assert ("email_confirm", self.TAKEN) not in mails(world)
        with world.scope():
            assert EmailChange.objects.get(pk=taken.pk).token_id is None

    def test_asking_takes_the_same_steps_for_both(self, world: World) -> None:
        """What differs is done by the worker, where nobody can time it."""

        def statements(email: str) -> list[str]:
            from django.db import connection
            from django.test.utils import CaptureQueriesContext

            actor, who = world.actor("standard"), world.user("standard")
            with CaptureQueriesContext(connection) as asked:
                email_changes.ask_email_change(actor, who, email=email)
            with world.scope():
                EmailChange.objects.update(state="cancelled")
            return [
                re.sub(r"'[^']*'|\d+", "?", query["sql"].split(" WHERE ")[0])[:60]
                for query in asked.captured_queries
            ]

        assert statements("free@people.example") == statements(self.TAKEN)

    def test_staff_are_told_at_the_field(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            ask(world, "practitioner", email=self.TAKEN)

        assert field_refusals(refused.value) == {"email": ["email.taken"]}

    def test_of_two_who_confirm_one_address_one_wins_and_the_other_is_told(
        self, world: World
    ) -> None:
        ask(world, "practitioner")
        ask(world, "practitioner", "director")
        mine, other = link_token(world), link_token(world, "director")

        confirm(mine)
        with pytest.raises(EmailTaken):
            confirm(other)

        assert world.user("standard").email == NEW
        assert world.user("director").email == world.morel.emails["director"]
        assert [change.email for change in waiting(world, "director")] == [NEW]

    def test_the_same_address_at_another_firm_does_not_matter(self, world: World) -> None:
        ask(world, "practitioner", email="practitioner@people.example".replace("p", "pp", 1))
        email_changes.ask_email_change(
            world.rivage.actor("director"), world.rivage.user("director"), email=NEW
        )
        let_the_worker_answer()

        with world.rivage.scope():
            secret = secret_mailed_to(world.rivage.user("director"), "email_confirm")
            confirm(token_of(world.rivage.id, secret))
        ask(world, "standard")
        confirm(link_token(world))

        assert world.user("standard").email == world.rivage.user("director").email == NEW


class TestConfirming:
    def test_the_new_address_counts_from_now_on_and_the_old_one_is_told(self, world: World) -> None:
        old = world.user("standard")
        ask(world, "practitioner")

        confirm(link_token(world))

        user = world.user("standard")
        assert (user.email, user.canonical_email) == (NEW, NEW)
        assert user.login_key == f"{world.morel.id}:{NEW}"
        assert user.password == old.password
        assert user.version > old.version
        assert user.epoch > old.epoch
        assert user.state == "active"
        assert mails(world)[-1] == ("email_changed", old.email)
        with world.scope():
            seen = User.objects.visible_to(world.actor("practitioner"))
            assert seen.matching("jonas.new").exists()
            assert not seen.matching("standard@people").exists()

    def test_it_is_recorded_through_the_links_door(self, world: World) -> None:
        ask(world, "practitioner")

        confirm(link_token(world))

        [event] = events(world, about=world.user("standard"), name="user.email_changed")
        assert event.door == "link"
        assert personal_values(world, event) == {"email": [world.morel.emails["standard"], NEW]}

    def test_every_session_and_every_older_link_ends(self, world: World) -> None:
        passwords.ask_password_reset(world.morel.nobody(), email=world.morel.emails["standard"])
        let_the_worker_answer()
        reset = secret_mailed_to(world.user("standard"), "password_reset")
        with world.scope():
            now = world.user("standard").state_since
            Session.objects.create(
                session_key_hash="x" * 64,
                firm_id=world.morel.id,
                user_id=world.morel.people["standard"],
                data="",
                created_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(days=9999),
            )
        ask(world, "practitioner")

        confirm(link_token(world))

        with world.scope():
            assert passwords.open_reset(world.morel.id, reset) is None
            assert not Session.objects.filter(user_id=world.morel.people["standard"]).exists()

    def test_a_link_is_used_once(self, world: World) -> None:
        ask(world, "practitioner")
        token = link_token(world)
        confirm(token)

        with pytest.raises(LinkDead):
            confirm(token)

    def test_the_bearer_of_one_link_uses_no_other(self, world: World) -> None:
        ask(world, "practitioner")
        mine = link_token(world)
        ask(world, "practitioner", "director", "sol@people.example")
        other = link_token(world, "director")

        with pytest.raises(LinkDead):
            email_changes.confirm_email_change(bearer(mine), other)

        assert world.user("director").email == world.morel.emails["director"]

    def test_a_reset_link_confirms_no_address(self, world: World) -> None:
        ask(world, "practitioner")
        passwords.ask_password_reset(world.morel.nobody(), email=world.morel.emails["standard"])
        let_the_worker_answer()
        reset = token_of(world.morel.id, secret_mailed_to(world.user("standard"), "password_reset"))

        with pytest.raises(LinkDead):
            confirm(reset)

    def test_after_a_day_it_is_too_late(self, world: World, freeze: Any) -> None:
        ask(world, "practitioner")
        token = link_token(world)
        freeze.forward(hours=24, seconds=1)

        with world.scope():
            assert email_changes.open_email_change(world.morel.id, "x") is None
        with pytest.raises(LinkDead):
            confirm(token)

    def test_a_change_of_access_meanwhile_does_not_matter(self, world: World) -> None:
        ask(world, "practitioner")
        token = link_token(world)
        from vestibule.directory.actions.client_users import change_type

        change_type(
            world.actor("practitioner"),
            world.user("standard"),
            company=world.place("a"),
            user_type="administrator",
        )

        confirm(token)

        assert world.user("standard").email == NEW

    def test_whoever_is_deactivated_meanwhile_confirms_nothing(self, world: World) -> None:
        ask(world, "practitioner")
        token = link_token(world)
        deactivate_client_user(world.actor("practitioner"), world.user("standard"))

        with pytest.raises(LinkDead):
            confirm(token)

        assert waiting(world) == []

    def test_a_member_of_staff_who_lost_the_right_meanwhile_changes_nothing(
        self, world: World
    ) -> None:
        """What he asked is decided again, as with an invitation's inviter."""
        ask(world, "practitioner")
        token = link_token(world)
        with world.scope():
            User.objects.filter(pk=world.morel.people["practitioner"]).update(epoch=99)
            from vestibule.directory.models import UserStateSpan

            UserStateSpan.objects.filter(
                user_id=world.morel.people["practitioner"], state="active"
            ).update(state="deactivated")

        with pytest.raises(LinkDead):
            confirm(token)

    def test_a_new_password_stops_a_change_that_waits(self, world: World) -> None:
        """The mail to the old address says so."""
        ask(world, "practitioner")
        link = link_token(world)
        passwords.ask_password_reset(world.morel.nobody(), email=world.morel.emails["standard"])
        let_the_worker_answer()
        token = token_of(world.morel.id, secret_mailed_to(world.user("standard"), "password_reset"))

        passwords.reset_password(bearer(token), token, password=a_password(NEW_PASSWORD))

        assert waiting(world) == []
        with pytest.raises(LinkDead):
            confirm(link)


class TestCancellingAndLapsing:
    @pytest.mark.parametrize("by", ["practitioner", "standard"])
    def test_a_cancelled_change_leaves_everything_as_it_was(self, world: World, by: str) -> None:
        ask(world, "practitioner")
        token = link_token(world)

        email_changes.cancel_email_change(world.actor(by), world.user("standard"))

        assert waiting(world) == []
        assert ("email_confirm", NEW) not in mails(world)
        with pytest.raises(LinkDead):
            confirm(token)
        [event] = events(world, about=world.user("standard"), name="user.email_change_cancelled")
        assert personal_values(world, event) == {"email": [NEW, world.morel.emails["standard"]]}

    @pytest.mark.parametrize("by", ["director", "trainee", "co_director"])
    def test_by_nobody_who_could_not_ask(self, world: World, by: str) -> None:
        ask(world, "practitioner")

        with pytest.raises(Denied):
            email_changes.cancel_email_change(world.actor(by), world.user("standard"))

    def test_what_does_not_wait_cannot_be_cancelled(self, world: World) -> None:
        with pytest.raises(NotFound):
            email_changes.cancel_email_change(world.actor("practitioner"), world.user("standard"))

    def test_one_cancelled_before_the_worker_came_mails_no_link(self, world: World) -> None:
        email_changes.ask_email_change(
            world.actor("practitioner"), world.user("standard"), email=NEW
        )
        email_changes.cancel_email_change(world.actor("practitioner"), world.user("standard"))

        let_the_worker_answer()

        assert [kind for kind, _to in mails(world)] == ["email_change_asked"]

    def test_what_was_not_confirmed_in_time_is_recorded_once(
        self, world: World, freeze: Any
    ) -> None:
        ask(world, "practitioner")
        assert email_changes.expire_email_changes(world.morel.system()) == 0
        freeze.forward(hours=24, seconds=1)

        assert email_changes.expire_email_changes(world.morel.system()) == 1
        assert email_changes.expire_email_changes(world.morel.system()) == 0

        assert waiting(world) == []
        [event] = events(world, about=world.user("standard"), name="user.email_change_expired")
        assert event.actor_kind == "system"


class TestWhoeverIsNotInYet:
    @pytest.mark.parametrize("who", ["waiting", "ready"])
    def test_gets_the_address_at_once_and_no_mail(self, world: World, who: str) -> None:
        assert ask(world, "practitioner", who) is None

        assert world.user(who).email == NEW
        assert mails(world) == []
        [event] = events(world, about=world.user(who), name="user.email_changed")
        assert personal_values(world, event) == {"email": [world.morel.emails[who], NEW]}

    def test_an_open_invitation_dies_and_a_fresh_one_goes_to_the_new_address(
        self, world: World
    ) -> None:
        ask(world, "practitioner", "invited")

        with world.scope():
            assert open_invitation(world.morel.id, world.invited_secret) is None
            pending = Invitation.objects.get(user_id=world.morel.people["invited"], state="pending")
            assert pending.email == NEW
            fresh_secret = secret_mailed_to(world.user("invited"))
            assert open_invitation(world.morel.id, fresh_secret) is not None
        assert mails(world) == [("invitation", NEW)]

    def test_a_mail_to_the_old_address_that_has_not_left_is_taken_back(self, world: World) -> None:
        send_invitation(world.actor("practitioner"), world.user("ready"))
        assert mails(world) == [("invitation", world.morel.emails["ready"])]

        ask(world, "practitioner", "ready")

        assert mails(world) == [("invitation", NEW)]

    def test_an_address_that_is_taken_is_said_at_the_field(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            ask(world, "practitioner", "ready", "DIRECTOR@people.example")

        assert field_refusals(refused.value) == {"email": ["email.taken"]}
        assert world.user("ready").email == world.morel.emails["ready"]

    def test_one_that_is_taken_in_between_is_no_error(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The database decides, whatever the question before said."""
        monkeypatch.setattr(email_changes, "_is_taken", lambda user, canonical: False)

        with pytest.raises(Invalid) as refused:
            ask(world, "practitioner", "ready", "director@people.example")

        assert field_refusals(refused.value) == {"email": ["email.taken"]}

    def test_a_client_administrator_may_not_here_either(self, world: World) -> None:
        person = create(world, email="somebody@people.example")

        with pytest.raises(Denied):
            email_changes.ask_email_change(world.actor("director"), person, email=NEW)


def _seen(world: World) -> dict[str, Any]:
    """Return what the person himself can see of a change that waits, and of what happened."""
    from vestibule.directory.sights import events_about

    actor, user = world.actor("standard"), world.user("standard")
    with world.scope():
        change = EmailChange.objects.visible_to(actor).get(user_id=user.pk, state="pending")
        names = [event.name for event in events_about(user, actor)]
        return {"email": change.email, "events": names.count("user.email_change_asked") > 0}

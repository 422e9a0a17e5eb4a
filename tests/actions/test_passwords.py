"""Passwords: what one must be, who may reset one, and what a reset ends."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.actions.doing import (
    NEW_PASSWORD,
    a_password,
    bearer,
    events,
    let_the_worker_answer,
)
from tests.world import World, secret_mailed_to, token_of
from vestibule.directory.actions.client_users import deactivate_client_user
from vestibule.directory.actions.passwords import (
    ask_password_reset,
    open_reset,
    reset_password,
)
from vestibule.directory.models import OutboxMessage, Session, Token, TokenPurpose, User
from vestibule.directory.policies.passwords import NewPassword, checklist, choose
from vestibule.directory.sessions import SessionStore
from vestibule.refusals import Denied, Invalid, LinkDead


def ask(world: World, name: str) -> str:
    """Ask for a reset of somebody's password and return the secret that was mailed."""
    ask_password_reset(world.morel.nobody(), email=world.morel.emails[name])
    let_the_worker_answer()
    return secret_mailed_to(world.user(name), "password_reset")


def unmet(plain: str, preset: str, *names: str) -> set[str]:
    return {
        line.code for line in checklist(plain, preset=preset, names=tuple(names)) if not line.met
    }


class TestWhatItMustBe:
    @pytest.mark.parametrize(
        ("preset", "plain"),
        [
            ("either", "long words without any rule"),
            ("either", "Zq7!vLp2"),
            ("classic", "Zq7!vLp2"),
            ("nist", "long words without any rule"),
            ("either", "Пароль из многих слов"),
        ],
    )
    def test_it_is_taken(self, preset: str, plain: str) -> None:
        assert unmet(plain, preset) == set()
        assert choose(plain, preset=preset).encoded.startswith(
            "argon2$argon2id$v=19$m=19456,t=2,p=1$"
        )

    @pytest.mark.parametrize(
        ("preset", "plain", "missing"),
        [
            ("either", "", {"length8", "upper", "lower", "digit", "special"}),
            ("either", "zq7!vlp2", {"upper"}),
            ("either", "short words 12", {"upper", "special"}),
            ("classic", "long words without any rule", {"upper", "digit"}),
            ("classic", "Zq7!vLp", {"length8"}),
            ("nist", "Zq7!vLp2", {"length15"}),
        ],
    )
    def test_or_the_list_says_what_is_missing(
        self, preset: str, plain: str, missing: set[str]
    ) -> None:
        assert unmet(plain, preset) >= missing
        with pytest.raises(Invalid) as refused:
            choose(plain, preset=preset)
        assert list(refused.value.fields) == ["password"]

    @pytest.mark.parametrize("preset", ["either", "classic", "nist"])
    @pytest.mark.parametrize("plain", ["P@ssw0rd", "password", "Passw0rd!", "aaaaaaaaaaaaaaaaaaaa"])
    def test_what_everybody_guesses_first_is_refused(self, preset: str, plain: str) -> None:
        assert "not_common" in unmet(plain, preset)

    @pytest.mark.parametrize(
        "plain", ["fontaine is my own name 7!A", "FONTAINE-is-my-own-7", "Solène 7! and more A"]
    )
    def test_ones_own_name_is_refused_whatever_its_case_and_accents(self, plain: str) -> None:
        assert "not_name" in unmet(plain, "either", "Solène", "Fontaine")

    def test_the_firms_name_too(self) -> None:
        assert "not_name" in unmet("we all work for morel 7!A", "either", "Cabinet Morel")

    def test_a_nul_or_endless_text_is_refused_without_hashing_it(self) -> None:
        for plain in ("Zq7!vLp2\x00", "x" * 257):
            with pytest.raises(Invalid):
                choose(plain, preset="either")

    def test_only_the_policy_makes_one(self) -> None:
        """So no door can store a password that was not checked."""
        with pytest.raises(TypeError):
            NewPassword("plain text")
        with pytest.raises(TypeError):
            NewPassword("argon2$...", object())

    def test_it_does_not_show_itself(self) -> None:
        assert NEW_PASSWORD not in repr(a_password())


class TestAskingForAReset:
    @pytest.mark.parametrize("name", ["standard", "director", "practitioner"])
    def test_the_stored_address_of_an_active_user_gets_a_link(
        self, world: World, name: str
    ) -> None:
        secret = ask(world, name)

        with world.scope():
            assert open_reset(world.morel.id, secret) is not None
        assert len(events(world, about=world.user(name), name="password.reset_asked")) == 1

    @pytest.mark.parametrize("name", ["waiting", "ready", "deactivated"])
    def test_nobody_else_is_written_to(self, world: World, name: str) -> None:
        ask_password_reset(world.morel.nobody(), email=world.morel.emails[name])
        let_the_worker_answer()

        with world.scope():
            assert not OutboxMessage.objects.filter(state="queued").exists()
        assert not events(world, name="password.reset_asked")

    def test_somebody_still_invited_gets_a_fresh_invitation_for_he_has_no_password_yet(
        self, world: World
    ) -> None:
        ask_password_reset(world.morel.nobody(), email=world.morel.emails["invited"])
        let_the_worker_answer()

        with world.scope():
            (mail,) = OutboxMessage.objects.filter(state="queued")
        assert (mail.kind, mail.user_id) == ("invitation", world.morel.people["invited"])
        assert world.user("invited").state == "invited"
        assert not events(world, name="password.reset_asked")

    @pytest.mark.parametrize(
        "typed",
        ["unknown@client.example", "", "no address", "standard@people.example\x00", "x" * 5000],
    )
    def test_nothing_happens_for_what_is_nobodys_address(self, world: World, typed: str) -> None:
        ask_password_reset(world.morel.nobody(), email=typed)
        let_the_worker_answer()

        with world.scope():
            assert not OutboxMessage.objects.filter(state="queued").exists()

    def test_the_mail_goes_to_the_stored_address_and_not_to_the_typed_one(
        self, world: World
    ) -> None:
        """GitLab CVE-2023-7028."""
        ask_password_reset(world.morel.nobody(), email="STANDARD@people.example")
        let_the_worker_answer()

        with world.scope():
            (mail,) = OutboxMessage.objects.filter(state="queued")
        assert mail.user_id == world.morel.people["standard"]

    def test_a_second_link_leaves_the_first_alive_for_a_stranger_may_have_asked(
        self, world: World
    ) -> None:
        first, second = ask(world, "standard"), ask(world, "standard")

        with world.scope():
            assert open_reset(world.morel.id, first) is not None
            assert open_reset(world.morel.id, second) is not None

    def test_using_one_kills_all_of_them(self, world: World) -> None:
        first, second = ask(world, "standard"), ask(world, "standard")
        token = token_of(world.morel.id, first)
        reset_password(bearer(token), token, password=a_password())

        with world.scope():
            assert open_reset(world.morel.id, second) is None

    def test_within_an_hour_at_most_five_are_mailed_whoever_asks(
        self, world: World, freeze: Any
    ) -> None:
        for _ in range(7):
            ask(world, "standard")
        with world.scope():
            assert OutboxMessage.objects.filter(state="queued").count() == 5

        freeze.forward(minutes=61)
        ask(world, "standard")
        with world.scope():
            assert OutboxMessage.objects.filter(state="queued").count() == 6

    def test_it_does_not_sign_anybody_out(self, world: World) -> None:
        epoch = world.user("standard").epoch
        ask(world, "standard")

        assert world.user("standard").epoch == epoch

    def test_it_costs_the_same_for_a_known_and_an_unknown_address(self, world: World) -> None:
        """security.md, property 10: tests compare the steps taken."""
        with world.scope(), CaptureQueriesContext(connection) as known:
            ask_password_reset(world.morel.nobody(), email=world.morel.emails["standard"])
        with world.scope(), CaptureQueriesContext(connection) as unknown:
            ask_password_reset(world.morel.nobody(), email="unknown@client.example")

        assert len(known) == len(unknown)


class TestResetting:
    def test_the_new_password_holds_every_session_ends_and_the_owner_is_told(
        self, world: World
    ) -> None:
        with world.scope():
            SessionStore(firm=world.morel.id).create()
            Session.objects.update(user_id=world.morel.people["standard"])
        token = token_of(world.morel.id, ask(world, "standard"))
        epoch = world.user("standard").epoch

        user = reset_password(bearer(token), token, password=a_password())

        assert user.check_password(NEW_PASSWORD)
        assert user.epoch > epoch
        with world.scope():
            assert not Session.objects.exists()
            assert OutboxMessage.objects.filter(kind="password_changed", user=user).count() == 1
        (event,) = events(world, about=user, name="password.reset")
        assert event.actor_kind == "link_bearer"

    def test_a_link_works_once(self, world: World) -> None:
        token = token_of(world.morel.id, ask(world, "standard"))
        reset_password(bearer(token), token, password=a_password())

        with pytest.raises(LinkDead):
            reset_password(bearer(token), token, password=a_password())

    def test_it_works_for_two_hours(self, world: World, freeze: Any) -> None:
        token = token_of(world.morel.id, ask(world, "standard"))
        freeze.forward(hours=2)

        with pytest.raises(LinkDead):
            reset_password(bearer(token), token, password=a_password())

    def test_it_lifts_no_state(self, world: World) -> None:
        """security.md, property 7."""
        token = token_of(world.morel.id, ask(world, "standard"))
        deactivate_client_user(world.actor("practitioner"), world.user("standard"))

        with pytest.raises(LinkDead):
            reset_password(bearer(token), token, password=a_password())
        assert world.user("standard").state == "deactivated"

    def test_a_change_of_rights_or_address_kills_the_link(self, world: World) -> None:
        token = token_of(world.morel.id, ask(world, "standard"))
        with world.scope():
            User.objects.filter(pk=token.user_id).update(version=token.user_version + 1)

        with pytest.raises(LinkDead):
            reset_password(bearer(token), token, password=a_password())

    @pytest.mark.parametrize(
        "purpose", [one for one in TokenPurpose if one is not TokenPurpose.PASSWORD_RESET]
    )
    def test_a_token_for_something_else_sets_no_password(
        self, world: World, purpose: TokenPurpose
    ) -> None:
        secret = ask(world, "standard")
        with world.scope():
            Token.objects.filter(pk=token_of(world.morel.id, secret).pk).update(purpose=purpose)
        token = token_of(world.morel.id, secret)

        with pytest.raises(LinkDead):
            reset_password(bearer(token), token, password=a_password())

    def test_the_bearer_of_one_link_uses_no_other(self, world: World) -> None:
        mine = token_of(world.morel.id, ask(world, "standard"))
        other = token_of(world.morel.id, ask(world, "director"))

        with pytest.raises(LinkDead):
            reset_password(bearer(mine), other, password=a_password())

    @pytest.mark.parametrize("name", ["administrator", "practitioner", "standard"])
    def test_no_person_sets_it_by_that_door(self, world: World, name: str) -> None:
        with pytest.raises(Denied):
            reset_password(
                world.actor(name),
                token_of(world.morel.id, ask(world, "standard")),
                password=a_password(),
            )

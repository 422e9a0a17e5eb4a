"""Creating a client user: what is refused, what is written, what is mailed, and only once."""

import threading
from typing import Any

import pytest

from tests.actions.doing import (
    ask,
    create,
    events,
    field_refusals,
    fresh,
    given,
    grants,
    identity,
    personal_values,
)
from tests.reading import changes_nothing
from tests.world import World, secret_mailed_to
from vestibule import actor as actors
from vestibule.directory.actions import client_users
from vestibule.directory.actions.places import close_place
from vestibule.directory.models import FirmPolicy, Invitation, OutboxMessage, User, WorkItem
from vestibule.directory.policies.addresses import is_generic, read_address
from vestibule.refusals import (
    Denied,
    EmailLooksAlike,
    FirstUserIsAdministrator,
    Invalid,
    NotSignedIn,
    PlaceClosed,
)


def set_rule(world: World, name: str, value: Any) -> None:
    """Let the firm have set one of its rules (the page for it comes later)."""
    with world.scope():
        FirmPolicy.objects.filter(firm_id=world.morel.id, name=name, until=None).update(value=value)


class TestWhoMay:
    def test_a_practitioner_creates_a_user_at_any_company(self, world: World) -> None:
        user = create(world, "practitioner", at=("a", "b"))

        assert set(given(user)) == {world.place("a").pk, world.place("b").pk}

    @changes_nothing
    @pytest.mark.parametrize("activate_now", [True, False])
    def test_a_client_administrator_has_a_door_of_his_own_and_this_is_not_it(
        self, world: World, activate_now: bool
    ) -> None:
        """S0-01."""
        with pytest.raises(Denied) as refused:
            create(world, "co_director", at=("b",), activate_now=activate_now)

        assert refused.value.reason == "clients_request"

    @changes_nothing
    @pytest.mark.parametrize("name", ["standard", "trainee"])
    def test_a_standard_client_and_a_trainee_create_nobody(self, world: World, name: str) -> None:
        with pytest.raises(Denied):
            create(world, name, activate_now=False)

    @changes_nothing
    def test_nobody_is_asked_to_sign_in_or_refused(self, world: World) -> None:
        with pytest.raises((Denied, NotSignedIn)):
            create(world, world.morel.nobody())

    @changes_nothing
    def test_a_practitioner_of_another_firm_is_refused(self, world: World) -> None:
        with pytest.raises(Denied):
            create(world, world.rivage.actor("practitioner"))

    def test_somebody_deactivated_a_moment_ago_is_refused_with_the_page_still_open(
        self, world: World
    ) -> None:
        page_open_since_before = world.actor("co_director")
        client_users.deactivate_client_user(world.actor("practitioner"), world.user("co_director"))

        with pytest.raises(Denied):
            ask(world, page_open_since_before, at=("b",))


class TestGivingByEffect:
    """Law 3: what somebody gets is within what the giver may give."""

    def test_a_practitioner_gives_what_he_himself_does_not_have(self, world: World) -> None:
        user = create(world, applications=("payroll", "invoicing"))

        assert given(user)[world.place("a").pk][1] == {"payroll", "invoicing"}

    @changes_nothing
    def test_a_staff_role_cannot_be_given_to_a_client(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            create(world, user_type="firm_administrator")

        assert field_refusals(refused.value) == {"user_type": ["choice.unknown"]}


class TestTheAddress:
    def test_its_case_makes_no_difference(self, world: World) -> None:
        """S0-07."""
        create(world, email="Alice.Martin@Client.example", key="first")

        with pytest.raises(Invalid) as refused:
            create(world, email="ALICE.MARTIN@CLIENT.EXAMPLE", key="second")
        assert field_refusals(refused.value) == {"email": ["email.taken"]}

    def test_it_is_kept_as_it_was_typed(self, world: World) -> None:
        assert create(world, email="Alice.Martin@client.example").email.startswith("Alice.Martin@")

    def test_an_international_domain_is_the_same_in_both_its_forms(self, world: World) -> None:
        create(world, email="alice@société.fr", key="first")

        with pytest.raises(Invalid):
            create(world, email="alice@xn--socit-esab.fr", key="second")

    @changes_nothing
    def test_a_staff_members_address_is_taken_too(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            create(world, email=world.morel.emails["practitioner"])

        assert field_refusals(refused.value) == {"email": ["email.taken"]}

    def test_the_same_person_can_be_a_user_of_two_firms(self, world: World) -> None:
        here = create(world)
        there = create(world.rivage)

        assert here.canonical_email == there.canonical_email
        assert here.pk != there.pk

    @changes_nothing
    @pytest.mark.parametrize(
        "typed", ["", "alice", "alice@", "@client.example", "a b@client.example", "alice@localhost"]
    )
    def test_what_is_no_address_is_refused_at_the_field(self, world: World, typed: str) -> None:
        with pytest.raises(Invalid) as refused:
            create(world, email=typed)

        assert field_refusals(refused.value) == {"email": ["email.invalid"]}

    @changes_nothing
    @pytest.mark.parametrize(
        ("typed", "named"),
        [
            ("alicе@client.example", "cyrillic small letter ie"),
            ("alice\u200b@client.example", "zero width space"),
            ("alice@client\u202e.example", "right-to-left override"),
            ("ａlice@client.example", "fullwidth latin small letter a"),
            ("alice\x00@client.example", "U+0000"),
        ],
    )
    def test_letters_that_imitate_others_or_cannot_be_seen_are_named(
        self, world: World, typed: str, named: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            create(world, email=typed)

        (at_the_field,) = refused.value.fields["email"]
        assert isinstance(at_the_field, EmailLooksAlike)
        assert named.lower() in str(at_the_field).lower()

    def test_an_address_wholly_in_another_script_is_fine(self, world: World) -> None:
        assert create(world, email="алиса@client.example").state == "ready"

    @changes_nothing
    def test_an_endless_address_is_refused(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            create(world, email="a" * 5000 + "@client.example")

        assert field_refusals(refused.value) == {"email": ["text.too_long"]}


class TestSharedMailboxes:
    """S0-08: advised against, not blocked, unless the firm's rule says refuse."""

    @pytest.mark.parametrize("name", ["contact", "info", "compta", "COMPTA", "no-reply", "info+x"])
    def test_they_are_recognised(self, name: str) -> None:
        assert is_generic(read_address(f"{name}@client.example").canonical)

    def test_a_person_is_no_mailbox(self) -> None:
        assert not is_generic("contacte.moi@client.example")

    def test_the_rule_of_practice_takes_them(self, world: World) -> None:
        assert create(world, email="compta@client.example").state == "ready"

    def test_the_rule_refuse_refuses_them_with_the_reason(self, world: World) -> None:
        set_rule(world, "generic_addresses", "refuse")

        with pytest.raises(Invalid) as refused:
            create(world, email="compta@client.example")
        assert field_refusals(refused.value) == {"email": ["email.generic"]}
        assert "compta@client.example" in str(refused.value.fields["email"][0])


class TestWhatIsTyped:
    @changes_nothing
    def test_every_fault_is_told_at_once(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            create(world, last_name="", first_name="\u202e", email="x", phone="12", language="xx")

        assert field_refusals(refused.value) == {
            "last_name": ["field.missing"],
            "first_name": ["text.control_characters"],
            "email": ["email.invalid"],
            "phone": ["phone.invalid"],
            "language": ["choice.unknown"],
        }

    @changes_nothing
    def test_names_of_five_thousand_characters_are_refused(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            create(world, last_name="x" * 5000)

        assert field_refusals(refused.value) == {"last_name": ["text.too_long"]}

    @changes_nothing
    def test_a_nul_in_a_name_is_refused(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            create(world, last_name="Mar\x00tin")

        assert field_refusals(refused.value) == {"last_name": ["text.control_characters"]}

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("06 12 34 56 78", "+33612345678"),
            ("+33 6 12 34 56 78", "+33612345678"),
            ("0049 30 901820", "+4930901820"),
            ("", ""),
        ],
    )
    def test_a_phone_number_is_kept_in_the_international_form(
        self, world: World, typed: str, kept: str
    ) -> None:
        """S0-06."""
        assert create(world, phone=typed).phone == kept

    def test_names_may_be_empty_where_the_firm_lets_the_person_fill_them_in(
        self, world: World
    ) -> None:
        set_rule(world, "names_mandatory", False)

        assert create(world, last_name="", first_name="").full_name == "alice.martin@client.example"

    @changes_nothing
    def test_a_user_type_with_a_nul_is_refused(self, world: World) -> None:
        with pytest.raises(Invalid):
            create(world, user_type="no\x00such")


class TestCompanies:
    @changes_nothing
    def test_at_least_one_must_be_chosen(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            create(world, at=(), billed_to="a")

        assert field_refusals(refused.value) == {"companies": ["company.not_chosen"]}

    @changes_nothing
    @pytest.mark.parametrize("place", ["group", "nantes", "root"])
    def test_a_group_an_establishment_or_the_firm_is_no_company(
        self, world: World, place: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            create(world, at=(place,), billed_to="a")

        assert field_refusals(refused.value) == {"companies": ["company.not_chosen"]}

    def test_a_closed_company_takes_nobody(self, world: World) -> None:
        close_place(world.actor("practitioner"), world.place("a"), billed_to=world.place("b"))

        with pytest.raises(PlaceClosed):
            create(world, at=("a", "b"))

    def test_the_first_user_of_a_company_becomes_its_administrator(self, world: World) -> None:
        """S0-10."""
        with pytest.raises(FirstUserIsAdministrator):
            create(world, at=("port",), user_type="standard", key="first")

        assert create(world, at=("port",), user_type="administrator", key="second").state == "ready"

    @changes_nothing
    def test_also_when_he_only_waits(self, world: World) -> None:
        with pytest.raises(FirstUserIsAdministrator):
            create(world, at=("port",), activate_now=False)

    @changes_nothing
    def test_and_when_another_of_the_chosen_companies_has_one(self, world: World) -> None:
        with pytest.raises(FirstUserIsAdministrator):
            create(world, at=("a", "port"))

    def test_a_company_may_have_several_administrators(self, world: World) -> None:
        """S0-11."""
        assert create(world, at=("b",), user_type="administrator").state == "ready"

    def test_one_ticked_twice_counts_once(self, world: World) -> None:
        user = create(world, at=("a", "a"), applications=("payroll",))

        assert len(grants(user)) == 2

    def test_being_billed_to_a_company_gives_no_right_there(self, world: World) -> None:
        user = create(world, at=("a",), billed_to="b")

        assert set(given(user)) == {world.place("a").pk}


class TestApplications:
    def test_each_company_gives_those_of_the_chosen_that_it_has(self, world: World) -> None:
        """S0-13."""
        user = create(world, at=("a", "b"), applications=("payroll", "bank", "invoicing"))

        assert given(user) == {
            world.place("a").pk: ("standard", {"payroll", "invoicing"}),
            world.place("b").pk: ("standard", {"payroll", "bank"}),
        }

    @changes_nothing
    @pytest.mark.parametrize("name", ["signature", "no-such-thing", "vestibule.firm.administer"])
    def test_one_that_none_of_the_companies_has_is_refused(self, world: World, name: str) -> None:
        with pytest.raises(Invalid) as refused:
            create(world, applications=(name,))

        assert field_refusals(refused.value) == {"applications": ["application.not_enabled"]}

    def test_none_at_all_is_fine(self, world: World) -> None:
        assert given(create(world)) == {world.place("a").pk: ("standard", set())}


class TestThreeDecisions:
    """S0-18: creating, activating and mailing are three."""

    def test_now_without_mail_is_ready_and_nothing_is_sent(self, world: World) -> None:
        user = create(world, activate_now=True, send_email=False)

        assert user.state == "ready"
        with world.scope():
            assert not OutboxMessage.objects.filter(user=user).exists()
            assert not Invitation.objects.filter(user=user).exists()

    def test_now_with_mail_is_invited_and_one_mail_waits_for_the_worker(self, world: World) -> None:
        user = create(world, activate_now=True, send_email=True)

        assert user.state == "invited"
        with world.scope():
            (mail,) = OutboxMessage.objects.filter(user=user)
        assert (mail.kind, mail.state) == ("invitation", "queued")
        assert WorkItem.objects.get(pk=mail.pk).state == "queued"
        assert len(secret_mailed_to(user)) >= 22  # 128 bits

    def test_later_waits_whatever_was_ticked(self, world: World) -> None:
        """S0-17."""
        user = create(world, activate_now=False, send_email=True)

        assert user.state == "awaiting_validation"
        with world.scope():
            assert not OutboxMessage.objects.filter(user=user).exists()

    def test_a_new_user_has_no_password(self, world: World) -> None:
        assert not create(world).has_usable_password()


class TestWhatIsRecorded:
    def test_one_event_says_who_what_and_through_which_door(self, world: World) -> None:
        user = create(
            world, "practitioner", at=("a", "b"), applications=("payroll",), activate_now=False
        )

        (event,) = events(world, about=user)
        assert event.name == "client_user.created"
        assert event.actor_user_id == world.morel.people["practitioner"]
        assert event.door == "page"
        assert event.public["user_type"] == "standard"
        assert event.public["companies"] == [str(world.place(name).pk) for name in ("a", "b")]
        assert event.public["state"] == [None, "awaiting_validation"]

    def test_personal_values_stand_beside_it_and_not_in_it(self, world: World) -> None:
        user = create(world)

        (event,) = events(world, about=user)
        assert "alice" not in str(event.public).lower()
        assert personal_values(world, event)["email"] == [None, "alice.martin@client.example"]

    def test_whoever_is_refused_leaves_nothing_behind(self, world: World) -> None:
        with world.scope():
            before = User.objects.count()
        with pytest.raises(FirstUserIsAdministrator):
            create(world, at=("a", "port"), applications=("payroll",), send_email=True)

        with world.scope():
            assert User.objects.count() == before
            assert not OutboxMessage.objects.filter(state="queued").exists()
        assert not events(world, name="client_user.created")[7:]


class TestOnceOnly:
    def test_the_same_key_gives_the_first_user_again(self, world: World) -> None:
        first = create(world, send_email=True)
        second = create(world, send_email=True)

        assert second.pk == first.pk
        assert len(events(world, about=first)) == 1
        with world.scope():
            assert OutboxMessage.objects.filter(user=first).count() == 1

    def test_another_key_is_another_wish(self, world: World) -> None:
        create(world, key="one")

        with pytest.raises(Invalid):
            create(world, key="two")

    def test_the_same_key_of_another_person_is_another_wish(self, world: World) -> None:
        first = create(world, "practitioner")
        second = create(world, "administrator", email="bob@client.example")

        assert first.pk != second.pk

    def test_a_refused_attempt_does_not_use_the_key_up(self, world: World) -> None:
        with pytest.raises(Invalid):
            create(world, email="not an address")

        assert create(world).state == "ready"

    def test_somebody_without_the_right_learns_nothing_by_a_key(self, world: World) -> None:
        create(world, "practitioner")

        with pytest.raises(Denied):
            create(world, "standard", activate_now=False)

    def test_two_at_the_same_instant_make_one_user(self, world: World) -> None:
        actor, place = world.actor("practitioner"), world.place("a")
        ready = threading.Barrier(2)
        made: list[Any] = []

        def confirm() -> None:
            from django.db import connection

            ready.wait()
            try:
                made.append(
                    client_users.create_client_user(
                        actor,
                        billable_company=place,
                        identity=identity(),
                        user_type="standard",
                        companies=[place],
                        applications=("payroll",),
                        activate_now=True,
                        send_email=True,
                        key="a double click",
                    ).pk
                )
            finally:
                connection.close()

        threads = [threading.Thread(target=confirm) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(made) == 2
        assert made[0] == made[1]
        user = world.morel
        with user.scope():
            (row,) = User.objects.filter(canonical_email="alice.martin@client.example")
            assert OutboxMessage.objects.filter(user=row).count() == 1
        assert len(events(world, about=row)) == 1


@changes_nothing
def test_an_operator_creates_no_client_users(world: World) -> None:
    with pytest.raises(Denied):
        create(world, actors.operator(world.morel.id))


def test_the_row_can_be_found_by_its_names_and_address(world: World) -> None:
    user = create(world, first_name="Zoé", last_name="Lefèvre")

    with world.scope():
        found = User.objects.visible_to(world.actor("practitioner")).matching("lefevre ZOE")
        assert [row.pk for row in found] == [fresh(user).pk]

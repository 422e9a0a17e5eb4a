"""What a client's administrator asks for and what the firm decides (S0-02, S4-08, laws 3 and 4)."""

from __future__ import annotations

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
    personal_values,
    set_rule,
)
from tests.reading import changes_nothing
from tests.world import World
from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.actions import client_users, invitations, requests
from vestibule.directory.actions._action import bump_firm
from vestibule.directory.models import Approval, Grant, OutboxMessage, RolePermission, User
from vestibule.directory.policies import validation
from vestibule.directory.sights import helper_of
from vestibule.refusals import (
    AskerMayNoLonger,
    Denied,
    FieldMissing,
    FirstUserIsAdministrator,
    Invalid,
    NotAskedByYou,
    NotFound,
    OwnRequest,
    RequestChanged,
    RequestDecided,
    RequestFirst,
    WrongState,
)

ADDRESS = "alice.martin@client.example"


@pytest.fixture
def validated(world: World) -> World:
    """The world whose firm validates whom its clients create."""
    set_rule(world, "client_created", "validated")
    return world


def found(world: World, email: str = ADDRESS) -> User | None:
    with world.scope():
        return User.objects.filter(firm_id=world.morel.id, canonical_email=email).first()


def person(world: World, email: str = ADDRESS) -> User:
    user = found(world, email)
    assert user is not None
    return user


def request_about(world: World, user: User) -> Approval:
    with world.scope():
        return (
            Approval.objects.select_related("user", "place")
            .filter(user_id=user.pk)
            .latest("asked_at")
        )


def seen(world: World, approval: Approval) -> str:
    with world.scope():
        return requests.seen_of(approval)


def approve(world: World, approval: Approval, by: str | Actor = "practitioner") -> User:
    actor = world.actor(by) if isinstance(by, str) else by
    return requests.approve_request(actor, approval, seen=seen(world, approval))


def refuse(
    world: World, approval: Approval, by: str = "practitioner", reason: str = "Which company?"
) -> None:
    requests.refuse_request(world.actor(by), approval, seen=seen(world, approval), reason=reason)


def mails(world: World, kind: str) -> list[Any]:
    with world.scope():
        found = OutboxMessage.objects.filter(kind=kind, state="queued").order_by("created_at")
        return list(found.values_list("user_id", flat=True))


class TestAskingDirectly:
    """The firm lets its clients' administrators create users at once."""

    def test_the_person_is_let_in_and_invited(self, world: World) -> None:
        ask(world, "director", applications=("payroll",))

        user = person(world)
        assert user.state == "invited"
        assert given(user)[world.place("a").pk] == ("standard", {"payroll"})
        assert mails(world, "invitation") == [user.pk]

    def test_one_event_says_who_what_and_with_which_values(self, world: World) -> None:
        ask(world, "director", at=("a", "b"), applications=("payroll",))

        (event,) = events(world, about=person(world))
        assert event.name == "client_user.created"
        assert event.actor_user_id == world.morel.people["director"]
        assert event.public["state"] == [None, "invited"]
        assert personal_values(world, event)["email"] == [None, ADDRESS]

    def test_the_same_key_again_does_nothing(self, world: World) -> None:
        ask(world, key="twice")
        ask(world, key="twice")

        assert len(mails(world, "invitation")) == 1

    def test_he_may_make_a_further_administrator(self, world: World) -> None:
        ask(world, "director", user_type="administrator", applications=("payroll", "documents"))

        assert given(person(world))[world.place("a").pk][0] == "administrator"

    @changes_nothing
    def test_nothing_that_only_his_company_has_and_not_he(self, world: World) -> None:
        with pytest.raises(Denied) as refused:
            ask(world, "director", applications=("invoicing",))

        assert refused.value.reason == "more_than_held"

    @changes_nothing
    def test_nothing_that_he_has_at_another_company_only(self, world: World) -> None:
        with pytest.raises(Denied):
            ask(world, "director", at=("b",), applications=("bank",))

    @changes_nothing
    @pytest.mark.parametrize(
        ("at", "billed_to"), [(("a",), None), (("b", "a"), "b"), (("b",), "a")]
    )
    def test_nothing_at_a_company_that_is_not_his(
        self, world: World, at: tuple[str, ...], billed_to: str | None
    ) -> None:
        with pytest.raises(Denied):
            ask(world, "co_director", at=at, billed_to=billed_to)

    @changes_nothing
    @pytest.mark.parametrize("name", ["standard", "trainee", "practitioner", "administrator"])
    def test_this_door_is_for_clients_administrators_alone(self, world: World, name: str) -> None:
        with pytest.raises(Denied):
            ask(world, name)

    @changes_nothing
    def test_a_staff_role_is_no_choice(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            ask(world, user_type="practitioner")

        assert field_refusals(refused.value) == {"user_type": ["choice.unknown"]}

    def test_whoever_looks_after_the_asker_looks_after_his_colleague(self, world: World) -> None:
        """So that a page that ends says whom to ask."""
        ask(world, "director")

        with world.scope():
            helper = helper_of(person(world))
        assert helper is not None
        assert helper.pk == world.morel.people["practitioner"]

    def test_he_finds_it_again_among_his_requests_as_granted(self, world: World) -> None:
        ask(world, "director")

        approval = request_about(world, person(world))
        assert (approval.state, approval.asked_by_id) == (
            "approved",
            world.morel.people["director"],
        )
        assert not mails(world, "request_arrived")


class TestAskingToBeValidated:
    def test_the_person_waits_and_hears_nothing(self, validated: World) -> None:
        ask(validated)

        user = person(validated)
        assert user.state == "awaiting_validation"
        assert not mails(validated, "invitation")

    def test_those_who_decide_are_told_and_not_the_asker(self, validated: World) -> None:
        ask(validated)

        told = set(mails(validated, "request_arrived"))
        assert told == {validated.morel.people[name] for name in ("practitioner", "administrator")}

    def test_whoever_approves_lets_in_and_invites_in_the_askers_name(
        self, validated: World
    ) -> None:
        ask(validated, applications=("payroll",))
        user = approve(validated, request_about(validated, person(validated)))

        assert user.state == "invited"
        with validated.scope():
            offered = user.invitations.get()
            approvers = set(
                grants(user)[0]
                .__class__.objects.filter(user_id=user.pk)
                .values_list("approved_by_id", flat=True)
            )
        assert offered.invited_by_id == validated.morel.people["director"]
        assert approvers == {validated.morel.people["practitioner"]}
        assert mails(validated, "request_decided") == [validated.morel.people["director"]]

    def test_a_decision_is_one_event_with_its_two_people(self, validated: World) -> None:
        ask(validated)
        user = person(validated)
        approve(validated, request_about(validated, user))

        (event,) = events(validated, name="request.approved")
        assert event.object_id == str(user.pk)
        assert event.actor_user_id == validated.morel.people["practitioner"]
        assert event.public["asked_by"] == str(validated.morel.people["director"])

    def test_a_refusal_has_a_reason_that_the_asker_reads(self, validated: World) -> None:
        ask(validated)
        user = person(validated)
        refuse(validated, request_about(validated, user), reason="Which company?")

        again = request_about(validated, user)
        assert (again.state, again.reason) == ("refused", "Which company?")
        assert fresh(user).state == "refused"
        assert mails(validated, "request_decided") == [validated.morel.people["director"]]

    def test_a_refusal_without_a_reason_is_none(self, validated: World) -> None:
        ask(validated)
        with pytest.raises(Invalid) as refused:
            refuse(validated, request_about(validated, person(validated)), reason="  ")

        assert isinstance(refused.value.fields["reason"][0], FieldMissing)
        assert person(validated).state == "awaiting_validation"

    def test_of_two_who_decide_the_second_is_told(self, validated: World) -> None:
        ask(validated)
        approval = request_about(validated, person(validated))
        stamp = seen(validated, approval)
        approve(validated, approval, "administrator")

        with pytest.raises(RequestDecided):
            requests.refuse_request(
                validated.actor("practitioner"), approval, seen=stamp, reason="Too late"
            )
        assert person(validated).state == "invited"


class TestFourEyes:
    """S4-08: nobody validates his own request, through no door."""

    @pytest.fixture
    def clients_validate(self, validated: World) -> World:
        set_rule(validated, "validation", "firm_or_client")
        return validated

    def test_a_colleague_may_where_the_firm_lets_clients_validate(
        self, clients_validate: World
    ) -> None:
        ask(clients_validate, "director", at=("b",))
        user = approve(
            clients_validate,
            request_about(clients_validate, person(clients_validate)),
            "co_director",
        )

        assert user.state == "invited"

    def test_but_not_he_himself(self, clients_validate: World) -> None:
        ask(clients_validate, "director", at=("b",))
        with pytest.raises(OwnRequest):
            approve(
                clients_validate,
                request_about(clients_validate, person(clients_validate)),
                "director",
            )

        assert person(clients_validate).state == "awaiting_validation"

    def test_without_this_rule_he_would(
        self, clients_validate: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(requests, "require_decider", lambda actor, approval: None)
        ask(clients_validate, "director", at=("b",))
        approve(
            clients_validate, request_about(clients_validate, person(clients_validate)), "director"
        )

        assert person(clients_validate).state == "invited"

    def test_nor_refuse_it_himself(self, clients_validate: World) -> None:
        ask(clients_validate, "director", at=("b",))
        with pytest.raises(OwnRequest):
            refuse(
                clients_validate,
                request_about(clients_validate, person(clients_validate)),
                "director",
            )

    def test_nor_after_a_colleague_deactivated_and_reactivated_the_person(
        self, clients_validate: World
    ) -> None:
        ask(clients_validate, "director", at=("b",))
        user = person(clients_validate)
        client_users.deactivate_client_user(clients_validate.actor("co_director"), user)
        client_users.reactivate_client_user(clients_validate.actor("co_director"), fresh(user))

        assert fresh(user).state == "awaiting_validation"
        with pytest.raises(OwnRequest):
            approve(clients_validate, request_about(clients_validate, user), "director")

    def test_nor_by_validating_the_user_instead_of_the_request(
        self, clients_validate: World
    ) -> None:
        ask(clients_validate, "director", at=("b",))
        for name in ("director", "co_director", "practitioner"):
            with pytest.raises(RequestFirst):
                client_users.validate_client_user(
                    clients_validate.actor(name), person(clients_validate)
                )

    def test_where_the_firm_alone_validates_no_client_does(self, validated: World) -> None:
        ask(validated, "director", at=("b",))
        with pytest.raises(Denied) as refused:
            approve(validated, request_about(validated, person(validated)), "co_director")

        assert refused.value.reason == "firm_validates"

    def test_a_practitioner_validates_whom_he_put_off_himself(self, world: World) -> None:
        """One-person firms exist."""
        user = create(world, "practitioner", activate_now=False)
        client_users.validate_client_user(world.actor("practitioner"), user)

        assert fresh(user).state == "ready"
        assert request_about(world, user).state == "approved"

    def test_whom_a_practitioner_put_off_stands_in_the_list_of_who_waits(
        self, world: World
    ) -> None:
        user = create(world, "practitioner", activate_now=False)

        with world.scope():
            waiting = Approval.objects.visible_to(world.actor("administrator")).waiting()
            assert user.pk in set(waiting.values_list("user_id", flat=True))

    @pytest.mark.parametrize("deed", ["invite", "cancel"])
    def test_no_other_act_lifts_the_state(self, validated: World, deed: str) -> None:
        ask(validated)
        act = invitations.send_invitation if deed == "invite" else invitations.cancel_invitation
        with pytest.raises(WrongState):
            act(validated.actor("administrator"), person(validated))


class TestWhatWasSeenIsWhatIsApproved:
    def test_a_change_since_then_asks_to_look_again(self, validated: World) -> None:
        ask(validated, "director", at=("b",))
        user = person(validated)
        approval = request_about(validated, user)
        stamp = seen(validated, approval)
        client_users.change_type(
            validated.actor("administrator"),
            user,
            company=validated.place("b"),
            user_type="administrator",
        )

        with pytest.raises(RequestChanged):
            requests.approve_request(validated.actor("practitioner"), approval, seen=stamp)
        assert fresh(user).state == "awaiting_validation"

    @pytest.mark.parametrize("field", ["first_name", "email", "phone", "language"])
    def test_so_does_any_change_of_the_person(self, validated: World, field: str) -> None:
        ask(validated)
        user = person(validated)
        approval = request_about(validated, user)
        stamp = seen(validated, approval)
        with validated.scope():
            User.objects.filter(pk=user.pk).update(**{field: "other"})

        assert seen(validated, approval) != stamp

    @pytest.mark.parametrize("stamp", ["", "0" * 64, "é", "x" * 5000])
    def test_a_stamp_that_was_never_given_out_is_refused(
        self, validated: World, stamp: str
    ) -> None:
        ask(validated)
        with pytest.raises(RequestChanged):
            requests.approve_request(
                validated.actor("practitioner"),
                request_about(validated, person(validated)),
                seen=stamp,
            )

    def test_it_is_decided_for_both_the_asker_may_still_ask(self, validated: World) -> None:
        ask(validated, "co_director", at=("b",))
        approval = request_about(validated, person(validated))
        client_users.deactivate_client_user(
            validated.actor("administrator"), validated.user("co_director")
        )

        with pytest.raises(AskerMayNoLonger):
            approve(validated, approval)

    def test_an_asker_who_may_no_longer_invite_sends_no_link(self, validated: World) -> None:
        ask(validated, "director", at=("b",))
        approval = request_about(validated, person(validated))
        with validated.scope():
            RolePermission.objects.filter(
                role__code="administrator", permission="vestibule.users.invite"
            ).update(until=clock.now())
            bump_firm(validated.morel.id)

        assert approve(validated, approval).state == "ready"
        assert not mails(validated, "invitation")

    def test_and_the_decider_may_do_it_himself(self, validated: World) -> None:
        ask(validated)
        for name in ("trainee", "standard", "ready"):
            with pytest.raises((Denied, NotFound)):
                approve(validated, request_about(validated, person(validated)), name)

    def test_the_other_firms_administrator_finds_nothing(self, validated: World) -> None:
        ask(validated)
        approval = request_about(validated, person(validated))
        with pytest.raises((Denied, NotFound)):
            requests.approve_request(
                validated.rivage.actor("administrator"), approval, seen=seen(validated, approval)
            )


class TestAskingAgain:
    def test_a_corrected_request_waits_again_about_the_same_person(self, validated: World) -> None:
        ask(validated)
        user = person(validated)
        refused = request_about(validated, user)
        refuse(validated, refused)
        ask(
            validated,
            at=("b",),
            user_type="administrator",
            again=request_about(validated, user),
            first_name="Alicia",
            email="alicia@client.example",
        )

        corrected = fresh(user)
        assert (corrected.state, corrected.first_name) == ("awaiting_validation", "Alicia")
        assert corrected.email == "alicia@client.example"
        assert given(user) == {validated.place("b").pk: ("administrator", set())}
        again = request_about(validated, user)
        assert (again.state, again.replaces_id) == ("waiting", refused.pk)

    def test_and_is_asked_again_once(self, validated: World) -> None:
        ask(validated)
        user = person(validated)
        refuse(validated, request_about(validated, user))
        first = request_about(validated, user)
        ask(validated, again=first)

        with pytest.raises(RequestDecided):
            ask(validated, again=first)

    def test_by_nobody_else(self, validated: World) -> None:
        ask(validated, "director", at=("b",))
        user = person(validated)
        refuse(validated, request_about(validated, user))

        with pytest.raises(NotAskedByYou):
            ask(validated, "co_director", at=("b",), again=request_about(validated, user))

    def test_not_while_it_waits(self, validated: World) -> None:
        ask(validated)
        with pytest.raises(RequestDecided):
            ask(validated, again=request_about(validated, person(validated)), first_name="Alicia")

    def test_a_request_taken_back_lets_nobody_in(self, validated: World) -> None:
        ask(validated)
        approval = request_about(validated, person(validated))
        stamp = seen(validated, approval)
        requests.withdraw_request(validated.actor("director"), approval)

        assert person(validated).state == "refused"
        with pytest.raises(RequestDecided):
            requests.approve_request(validated.actor("practitioner"), approval, seen=stamp)

    def test_and_can_be_asked_as_if_it_never_had(self, validated: World) -> None:
        ask(validated)
        user = person(validated)
        requests.withdraw_request(validated.actor("director"), request_about(validated, user))
        ask(validated, key="another key")

        assert fresh(user).state == "awaiting_validation"

    def test_it_is_taken_back_by_whoever_asked_alone(self, validated: World) -> None:
        ask(validated, "director", at=("b",))
        with pytest.raises(NotAskedByYou):
            requests.withdraw_request(
                validated.actor("co_director"), request_about(validated, person(validated))
            )

    def test_staff_let_a_refused_user_of_their_own_wait_again(self, world: World) -> None:
        user = create(world, "practitioner", activate_now=False)
        client_users.refuse_client_user(world.actor("administrator"), user, reason="Wrong company")
        client_users.ask_validation_again(world.actor("practitioner"), fresh(user))

        assert fresh(user).state == "awaiting_validation"
        assert request_about(world, user).state == "waiting"


KNOWN = "ready"
"""somebody of company A alone, of whom `co_director` of company B may not know"""


class TestAnAddressThatIsKnownElsewhere:
    """Law 4: the answer is the same as always, and the firm decides."""

    @pytest.mark.parametrize("rule", ["direct", "validated"])
    def test_he_is_not_told_and_nothing_changes_for_the_person(
        self, world: World, rule: str
    ) -> None:
        set_rule(world, "client_created", rule)
        before = given(world.user(KNOWN))
        ask(world, "co_director", at=("b",), email=world.morel.emails[KNOWN])

        assert given(world.user(KNOWN)) == before
        with world.scope():
            people = User.objects.visible_to(world.actor("co_director"))
            assert not people.filter(pk=world.morel.people[KNOWN]).exists()
        approval = request_about(world, world.user(KNOWN))
        assert (approval.act, approval.state) == ("open_access", "waiting")

    def test_a_new_person_is_as_invisible_while_he_waits(self, validated: World) -> None:
        ask(validated, "co_director", at=("b",))

        with validated.scope():
            people = User.objects.visible_to(validated.actor("co_director"))
            assert not people.filter(pk=person(validated).pk).exists()

    @pytest.mark.parametrize("email", [ADDRESS, ""])
    def test_asking_twice_is_answered_alike_for_both(self, validated: World, email: str) -> None:
        email = email or validated.morel.emails[KNOWN]
        ask(validated, "co_director", at=("b",), email=email, key="first")

        with pytest.raises(Invalid) as refused:
            ask(validated, "co_director", at=("b",), email=email, key="second")
        assert field_refusals(refused.value) == {"email": ["email.taken"]}

    @pytest.mark.parametrize("email", [ADDRESS, ""])
    def test_and_after_a_refusal_too(self, validated: World, email: str) -> None:
        email = email or validated.morel.emails[KNOWN]
        ask(validated, "co_director", at=("b",), email=email, key="first")
        refuse(validated, request_about(validated, person(validated, email)))
        ask(validated, "co_director", at=("b",), email=email, key="second")

        assert request_about(validated, person(validated, email)).state == "waiting"

    def test_the_firm_opens_the_company_and_nothing_else_changes(self, validated: World) -> None:
        email, at_a = validated.morel.emails[KNOWN], given(validated.user(KNOWN))
        ask(
            validated,
            "co_director",
            at=("b",),
            email=email,
            first_name="Somebody",
            applications=("payroll",),
        )
        approve(validated, request_about(validated, validated.user(KNOWN)))

        user = validated.user(KNOWN)
        assert given(user) == {**at_a, validated.place("b").pk: ("standard", {"payroll"})}
        assert (user.state, user.first_name != "Somebody") == ("ready", True)
        with validated.scope():
            there = Grant.objects.filter(user_id=user.pk, place_id=validated.place("b").pk)
            assert set(there.values_list("granted_by_id", "approved_by_id")) == {
                (validated.morel.people["co_director"], validated.morel.people["practitioner"])
            }

    def test_no_client_decides_it_even_where_clients_validate(self, validated: World) -> None:
        set_rule(validated, "validation", "firm_or_client")
        ask(validated, "co_director", at=("b",), email=validated.morel.emails[KNOWN])
        approval = request_about(validated, validated.user(KNOWN))

        with pytest.raises((Denied, NotFound)):
            approve(validated, approval, "director")
        with validated.scope():
            assert not Approval.objects.visible_to(validated.actor("director")).filter(
                pk=approval.pk
            )

    def test_a_member_of_staff_becomes_no_client_user(self, validated: World) -> None:
        ask(validated, "co_director", at=("b",), email=validated.morel.emails["trainee"])

        with pytest.raises(WrongState):
            approve(validated, request_about(validated, validated.user("trainee")), "administrator")

    def test_what_was_asked_is_no_event_of_the_person(self, validated: World) -> None:
        """Whoever looks after him elsewhere must not read there of a company that is not his."""
        ask(validated, "co_director", at=("b",), email=validated.morel.emails[KNOWN])

        assert not events(validated, about=validated.user(KNOWN), name="access.requested")
        assert len(events(validated, name="access.requested")) == 1

    @changes_nothing
    def test_somebody_whom_he_sees_is_told_as_taken(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            ask(world, "director", email=world.morel.emails[KNOWN])

        assert field_refusals(refused.value) == {"email": ["email.taken"]}

    def test_the_identity_step_answers_alike(self, world: World) -> None:
        from tests.actions.doing import identity

        actor = world.actor("co_director")
        with world.scope():
            known = requests.check_identity(actor, identity(email=world.morel.emails[KNOWN]))
            unknown = requests.check_identity(actor, identity())
        assert known.first_name == unknown.first_name


class TestTheLastAdministrator:
    def test_refusing_a_companys_only_user_leaves_it_as_it_was(self, world: World) -> None:
        user = create(world, at=("port",), user_type="administrator", activate_now=False)
        client_users.refuse_client_user(world.actor("practitioner"), user, reason="Not yet")

        assert fresh(user).state == "refused"
        with pytest.raises(FirstUserIsAdministrator):
            create(world, at=("port",), email="second@client.example", key="second")


def test_who_may_decide_is_shown_as_it_is_decided(validated: World) -> None:
    set_rule(validated, "validation", "firm_or_client")
    ask(validated, "director", at=("b",))
    approval = request_about(validated, person(validated))

    with validated.scope():
        answers = {
            name: validation.may_decide(validated.actor(name), approval)
            for name in ("director", "co_director", "practitioner", "administrator", "trainee")
        }
    assert answers == {
        "director": False,
        "co_director": True,
        "practitioner": True,
        "administrator": True,
        "trainee": False,
    }

"""A demo's invented people: many at once, and yet as if each had come in by himself."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.world import World
from vestibule.actor import Door
from vestibule.blueprints import invented
from vestibule.directory import audit
from vestibule.directory.actions.client_users import deactivate_client_user
from vestibule.directory.actions.populations import Made, NotADemo, create_population
from vestibule.directory.facts import actor_for, administrator_roles
from vestibule.directory.models import (
    Approval,
    Event,
    EventValue,
    Grant,
    Invitation,
    Place,
    PlaceReference,
    User,
    UserStateSpan,
)
from vestibule.directory.policies.addresses import read_address, read_phone
from vestibule.directory.querysets import reach_of
from vestibule.refusals import Denied, LastAdministrator, NotSignedIn

COMPANIES, PEOPLE = range(1, 41), range(1, 301)


@pytest.fixture
def peopled(world: World) -> World:
    create_population(world.morel.operator(), companies=COMPANIES)
    create_population(world.morel.operator(), people=PEOPLE)
    return world


def is_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


class TestWhoIsInvented:
    @given(st.integers(1, invented.SIREN_SPACE - 1))
    def test_each_company_has_numbers_that_no_real_one_has(self, number: int) -> None:
        company = invented.company(number)
        assert len(company.siren) == 9
        assert company.siren.startswith("0")
        assert is_luhn(company.siren)
        assert company.seats
        for seat in company.seats:
            assert seat.siret.startswith(company.siren)
            assert len(seat.siret) == 14
            assert is_luhn(seat.siret)
            assert seat.postcode.startswith("00")

    @given(st.integers(1, 10_000_000))
    def test_each_person_could_be_typed_in_the_wizard(self, number: int) -> None:
        person = invented.person(number)
        assert read_address(person.email).canonical == person.email
        assert read_phone(person.phone) == person.phone
        assert person == invented.person(number)

    def test_no_two_have_the_same_address_or_number(self) -> None:
        assert len({invented.person(number).email for number in range(1, 5000)}) == 4999
        assert len({invented.company(number).siren for number in range(1, 5000)}) == 4999

    @pytest.mark.parametrize("number", [0, -1, invented.SIREN_SPACE])
    def test_there_is_no_company_without_a_number_of_its_own(self, number: int) -> None:
        with pytest.raises(ValueError):
            invented.company(number)


class TestWhoMay:
    @pytest.mark.parametrize("name", ["administrator", "practitioner", "director"])
    def test_nobody_of_the_firm(self, world: World, name: str) -> None:
        with pytest.raises(Denied):
            create_population(world.actor(name), people=[1])

    def test_neither_the_worker_nor_a_stranger(self, world: World) -> None:
        with pytest.raises(Denied):
            create_population(world.morel.system(), people=[1])
        with pytest.raises((Denied, NotSignedIn)):
            create_population(world.morel.nobody(), people=[1])

    def test_not_the_operator_where_real_people_are(self, world: World) -> None:
        with world.scope():
            User.objects.filter(pk=world.morel.people["standard"]).update(
                canonical_email="jonas.weber@firma.de"
            )
        with pytest.raises(NotADemo):
            create_population(world.morel.operator(), people=[1])


class TestWhatIsThereAfterwards:
    def test_so_many_companies_with_their_seats_and_numbers(self, peopled: World) -> None:
        with peopled.scope():
            for number in COMPANIES:
                company = invented.company(number)
                place = PlaceReference.objects.get(scheme="siren", value=company.siren).place
                parent = place.parent
                assert parent is not None
                assert place.name == company.name
                assert place.path == parent.path + place.pk.hex
                assert (parent.acts_as, parent.name) == (
                    ("group", company.group) if company.group else ("firm", "Cabinet Morel")
                )
                seats = Place.objects.filter(firm_id=place.firm_id, parent_id=place.pk)
                assert seats.count() == len(company.seats)
                assert seats.filter(is_head_office=True).count() == 1
                assert set(
                    PlaceReference.objects.filter(place__in=seats).values_list("value", flat=True)
                ) == {seat.siret for seat in company.seats}

    def test_people_in_every_state_that_people_are_in(self, peopled: World) -> None:
        with peopled.scope():
            states = Counter(invented_people(peopled).values_list("state", flat=True))
        assert set(states) == {"active", "invited", "awaiting_validation", "ready", "deactivated"}
        assert states["active"] > 0.7 * len(PEOPLE)

    def test_each_state_has_what_belongs_to_it(self, peopled: World) -> None:
        with peopled.scope():
            for user in invented_people(peopled):
                spans = list(
                    UserStateSpan.objects.filter(user_id=user.pk)
                    .order_by("since", "pk")
                    .values_list("state", "since", "until")
                )
                assert spans[-1] == (user.state, user.state_since, None)
                assert all(before[2] == after[1] for before, after in pairwise(spans))
                invitations = Invitation.objects.filter(user_id=user.pk)
                expected = {"active": 1, "deactivated": 1, "invited": 1}.get(user.state, 0)
                assert invitations.count() == expected
                waits = Approval.objects.filter(user_id=user.pk, state="waiting").count()
                assert waits == (user.state == "awaiting_validation")
                assert not user.has_usable_password()
                if user.last_sign_in_at is not None:
                    assert user.last_sign_in_at >= spans[1][1]

    def test_each_company_with_people_has_an_active_administrator(self, peopled: World) -> None:
        """Law 5."""
        with peopled.scope():
            firm_id = peopled.morel.id
            new = invented_people(peopled)
            grants = Grant.objects.filter(firm_id=firm_id, user__in=new)
            administered = set(
                Grant.objects.filter(
                    firm_id=firm_id,
                    role_id__in=administrator_roles(firm_id),
                    user__state="active",
                ).values_list("place_id", flat=True)
            )
            assert set(grants.values_list("place_id", flat=True)) <= administered
            assert set(new.values_list("billable_company_id", flat=True)) <= administered

    def test_and_the_last_one_cannot_leave_it(self, peopled: World) -> None:
        with peopled.scope():
            alone = only_administrator(peopled)
        with pytest.raises(LastAdministrator):
            deactivate_client_user(peopled.actor("practitioner"), alone)

    def test_some_work_in_several_companies(self, peopled: World) -> None:
        with peopled.scope():
            per_person = Counter(
                Grant.objects.filter(user__in=invented_people(peopled), role__isnull=False)
                .values_list("user_id", flat=True)
            )  # fmt: skip
        assert max(per_person.values()) >= 2
        assert set(per_person.values()) > {1}

    def test_an_invented_administrator_reaches_his_company(self, peopled: World) -> None:
        with peopled.scope():
            user = only_administrator(peopled)
            actor = actor_for(user, door=Door.PAGE)
            assert reach_of(actor, "vestibule.users.read").roots
            assert User.objects.visible_to(actor).filter(pk=user.pk).exists()


def invented_people(world: World) -> Any:
    emails = [invented.person(number).email for number in PEOPLE]
    return User.objects.filter(firm_id=world.morel.id, canonical_email__in=emails)


def only_administrator(world: World) -> User:
    """Return the one administrator of a company that has other people too."""
    firm_id = world.morel.id
    held = Grant.objects.filter(
        firm_id=firm_id, user__state="active", role_id__in=administrator_roles(firm_id)
    )
    per_place: dict[Any, list[Any]] = {}
    for grant in held.select_related("user"):
        per_place.setdefault(grant.place_id, []).append(grant.user)
    for place_id, users in per_place.items():
        people = Grant.objects.filter(place_id=place_id).exclude(user__state="deactivated")
        if len(users) == 1 and people.values("user_id").distinct().count() > 1:
            found: User = users[0]
            return found
    raise LookupError("no company has exactly one administrator")


class TestTheTrail:
    def test_it_is_whole_and_tells_of_each_person(self, peopled: World) -> None:
        firm_id = peopled.morel.id
        with peopled.scope():
            verified = audit.verify(firm_id)
            told = Event.objects.filter(
                firm_id=firm_id,
                name="client_user.created",
                object_id__in=[
                    str(pk) for pk in invented_people(peopled).values_list("pk", flat=True)
                ],
            )
            assert verified.faults == ()
            assert told.count() == len(PEOPLE)
            assert EventValue.objects.filter(event__in=told).count() == len(PEOPLE)
            assert {(event.actor_kind, event.door) for event in told} == {("operator", "cli")}

    def test_whoever_alters_one_of_them_is_found(self, peopled: World) -> None:
        with peopled.scope():
            row = EventValue.objects.filter(firm_id=peopled.morel.id).latest("pk")
            row.values = {**row.values, "email": [None, "other@people.example"]}
            row.save(update_fields=["values"])
            assert len(audit.verify(peopled.morel.id).faults) == 1


class TestOnceMore:
    def test_the_same_numbers_change_nothing(self, peopled: World) -> None:
        with peopled.scope():
            before = Event.objects.count()
        again = create_population(peopled.morel.operator(), companies=COMPANIES, people=PEOPLE)
        with peopled.scope():
            assert Event.objects.count() == before
        assert again == Made(0, 0)

    def test_what_is_missing_is_added(self, peopled: World) -> None:
        more = create_population(
            peopled.morel.operator(), companies=range(35, 46), people=range(290, 311)
        )
        assert more == Made(5, 10)

    def test_a_batch_that_failed_leaves_nothing_behind(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_arguments: Any) -> None:
            raise RuntimeError("killed")

        monkeypatch.setattr(audit, "append_all", broken)
        with pytest.raises(RuntimeError):
            create_population(world.morel.operator(), companies=COMPANIES, people=PEOPLE)
        with world.scope():
            assert not invented_people(world).exists()
            assert not PlaceReference.objects.filter(value=invented.company(1).siren).exists()
        monkeypatch.undo()
        made = create_population(world.morel.operator(), companies=COMPANIES, people=PEOPLE)
        assert made == Made(len(COMPANIES), len(PEOPLE))

    def test_another_firm_is_not_touched(self, peopled: World) -> None:
        with peopled.rivage.scope():
            people = User.objects.filter(firm_id=peopled.rivage.id)
            assert set(people.values_list("pk", flat=True)) == set(peopled.rivage.people.values())


def test_an_operator_of_another_firm_makes_people_there(world: World) -> None:
    create_population(replace(world.morel.operator(), firm_id=world.rivage.id), people=[1])
    with world.scope():
        assert not invented_people(world).exists()

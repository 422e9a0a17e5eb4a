"""Laws 1, 2 and 6: where a right holds, what takes it away, and when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.authz.trees import (
    ALWAYS,
    BANK,
    DAY,
    EDIT,
    INVITE,
    NOW,
    PAYROLL,
    READ,
    Tree,
    office,
    standing,
)
from vestibule.authz.decision import Reason
from vestibule.authz.reach import bits_at, decide, reach, who
from vestibule.authz.standing import Span


def closed_since_yesterday() -> tuple[Span, ...]:
    return (Span(NOW - 1000 * DAY, NOW - DAY),)


def with_closed(number: int) -> Tree:
    """Return the office with one place closed since yesterday."""
    tree = office()
    return Tree({**tree.nodes, number: replace(tree.nodes[number], open=closed_since_yesterday())})


class TestLaw1ARightHoldsAtItsPlaceAndBelow:
    def test_the_default_is_no(self) -> None:
        tree = office()
        assert decide(standing(tree), READ, tree.path(2), NOW).reason is Reason.NO_GRANT
        assert not reach(standing(tree), READ, NOW)

    @pytest.mark.parametrize("below", [1, 2, 3, 4])
    def test_a_grant_on_a_group_holds_at_everything_under_it(self, below: int) -> None:
        tree = office()
        assert decide(standing(tree, (1, READ)), READ, tree.path(below), NOW)

    @pytest.mark.parametrize("elsewhere", [0, 5])
    def test_and_neither_above_it_nor_beside_it(self, elsewhere: int) -> None:
        tree = office()
        assert not decide(standing(tree, (1, READ)), READ, tree.path(elsewhere), NOW)

    def test_a_grant_carries_only_its_own_rights(self) -> None:
        tree = office()
        assert not decide(standing(tree, (1, READ)), EDIT, tree.path(2), NOW)

    def test_different_places_have_different_grants(self) -> None:
        tree = office()
        person = standing(tree, (2, READ | EDIT), (4, READ))
        assert bits_at(person, tree.path(3), NOW) == READ | EDIT
        assert bits_at(person, tree.path(4), NOW) == READ
        assert bits_at(person, tree.path(5), NOW) == 0

    def test_a_decision_names_the_grants_that_carry_it(self) -> None:
        tree = office()
        person = standing(tree, (1, READ), (2, READ), (5, READ))
        assert decide(person, READ, tree.path(3), NOW).grants == (1, 2)

    def test_a_place_whose_id_begins_like_another_is_not_below_it(self) -> None:
        tree = Tree().add(0, None, "firm").add(0x1, 0, "company").add(0x10, 0, "company")
        assert not decide(standing(tree, (0x1, READ)), READ, tree.path(0x10), NOW)

    def test_asking_for_no_right_at_all_is_a_bug(self) -> None:
        with pytest.raises(ValueError, match="no permission"):
            reach(standing(office()), 0, NOW)


class TestLaw2FuturePlaces:
    def test_a_grant_on_the_group_holds_at_an_establishment_made_later(self) -> None:
        person = standing(office(), (1, READ))
        later = office().add(6, 2, "establishment")
        assert decide(person, READ, later.path(6), NOW)

    def test_a_grant_on_an_establishment_says_nothing_of_the_next_one(self) -> None:
        person = standing(office(), (3, READ))
        later = office().add(6, 2, "establishment")
        assert not decide(person, READ, later.path(6), NOW)


class TestCeilings:
    def test_a_closed_company_stops_the_rights_of_its_clients(self) -> None:
        tree = with_closed(2)
        decision = decide(standing(tree, (1, READ)), READ, tree.path(3), NOW)
        assert decision.reason is Reason.COMPANY_CLOSED
        assert decision.company == tree.nodes[2].id

    def test_and_no_other_company_of_the_group(self) -> None:
        tree = with_closed(2)
        assert decide(standing(tree, (1, READ)), READ, tree.path(4), NOW)

    def test_staff_still_look_after_a_closed_company(self) -> None:
        tree = with_closed(2)
        assert decide(standing(tree, (0, READ), is_staff=True), READ, tree.path(2), NOW)

    def test_closing_a_company_gives_staff_no_application_that_it_does_not_have(self) -> None:
        tree = with_closed(4)
        person = standing(tree, (0, PAYROLL), is_staff=True)
        assert not decide(person, PAYROLL, tree.path(4), NOW)

    def test_a_closed_establishment_gates_no_application_of_staff(self) -> None:
        tree = with_closed(3)
        person = standing(tree, (0, PAYROLL), is_staff=True)
        assert decide(person, PAYROLL, tree.path(3), NOW)
        assert bits_at(person, tree.path(3), NOW) == PAYROLL

    def test_an_application_holds_only_where_the_company_has_it(self) -> None:
        tree = office()
        person = standing(tree, (1, PAYROLL | READ))
        assert decide(person, PAYROLL, tree.path(3), NOW)
        refused = decide(person, PAYROLL, tree.path(4), NOW)
        assert refused.reason is Reason.APPLICATION_NOT_ENABLED
        assert decide(person, READ, tree.path(4), NOW)

    def test_a_grant_above_companies_reaches_exactly_those_that_have_the_application(self) -> None:
        tree = office()
        found = reach(standing(tree, (0, BANK), is_staff=True), BANK, NOW)
        assert [number for number in (2, 3, 4, 5) if found.holds_at(tree.path(number))] == [5]

    def test_reopening_restores_exactly_what_was_there(self) -> None:
        before = standing(office(), (1, READ | PAYROLL))
        tree = office()
        reopened = Tree(
            {
                **tree.nodes,
                2: replace(tree.nodes[2], open=(Span(NOW - 9 * DAY, NOW - DAY), Span(NOW))),
            }
        )
        after = standing(reopened, (1, READ | PAYROLL))
        for number in tree.nodes:
            assert bits_at(after, tree.path(number), NOW) == bits_at(before, tree.path(number), NOW)


class TestLaw6Time:
    def test_a_grant_holds_from_its_first_instant_until_just_before_its_end(self) -> None:
        tree = office()
        person = standing(tree, (2, READ, Span(NOW, NOW + DAY)))
        moment = timedelta(microseconds=1)
        assert not decide(person, READ, tree.path(2), NOW - moment)
        assert decide(person, READ, tree.path(2), NOW)
        assert decide(person, READ, tree.path(2), NOW + DAY - moment)
        assert not decide(person, READ, tree.path(2), NOW + DAY)

    def test_whoever_is_not_let_in_may_do_nothing(self) -> None:
        tree = office()
        person = standing(tree, (0, READ), active=(Span(NOW - DAY, NOW),))
        assert decide(person, READ, tree.path(2), NOW - DAY / 2)
        assert decide(person, READ, tree.path(2), NOW).reason is Reason.NOT_ACTIVE
        assert not reach(person, READ, NOW)
        assert bits_at(person, tree.path(2), NOW) == 0

    def test_an_application_that_ended_is_gone_at_that_instant(self) -> None:
        tree = office()
        ended = Tree(
            {**tree.nodes, 2: replace(tree.nodes[2], enabled=((PAYROLL, Span(NOW - DAY, NOW)),))}
        )
        person = standing(ended, (2, PAYROLL))
        assert decide(person, PAYROLL, tree.path(2), NOW - DAY / 2)
        assert not decide(person, PAYROLL, tree.path(2), NOW)

    def test_a_standing_knows_when_time_alone_changes_it_next(self) -> None:
        tree = office()
        person = standing(tree, (2, READ, Span(NOW, NOW + 3 * DAY)), (4, READ, Span(NOW + DAY)))
        assert person.next_change(NOW) == NOW + DAY
        assert person.next_change(NOW + DAY) == NOW + 3 * DAY
        assert person.next_change(NOW + 3 * DAY) is None


def test_who_may_here_lists_exactly_those_for_whom_the_decision_is_yes() -> None:
    tree = office()
    people = [
        standing(tree, (1, INVITE), user=1),
        standing(tree, (5, INVITE), user=2),
        standing(tree, (2, READ), user=3),
        standing(tree, (0, INVITE), user=4, active=()),
        standing(tree, (2, INVITE, ALWAYS), user=5),
    ]
    assert [user.int for user in who(people, INVITE, tree.path(3), NOW)] == [1, 5]

"""Law 7 and the tree of permissions: an unknown name is an error, levels contain each other."""

from itertools import pairwise

import pytest

from vestibule.authz.catalogue import (
    FIRST_OWN_BIT,
    FIXED,
    RESERVED,
    Audience,
    Catalogue,
    Node,
    UnknownPermission,
    reserved_bits,
)
from vestibule.authz.levels import LevelSet, UnknownLevel, bits_of, levels_of, width


def leaf(
    name: str,
    bit: int | None,
    *,
    parent: str | None = None,
    levels: LevelSet = LevelSet.SWITCH,
    audience: Audience = Audience.CLIENT,
    application: str | None = None,
) -> Node:
    return Node(name, parent, levels, audience, bit, application)


def example() -> Catalogue:
    return Catalogue(
        [
            leaf("payroll", None, application="payroll"),
            leaf("payroll.slips", 64, parent="payroll", application="payroll"),
            leaf(
                "payroll.staff",
                65,
                parent="payroll",
                levels=LevelSet.NONE_READ_EDIT,
                application="payroll",
            ),
            leaf("general.info", 67, levels=LevelSet.NONE_VALIDATION_YES),
            leaf("desk.tools", 69, audience=Audience.STAFF),
        ]
    )


class TestLaw7AnUnknownNameIsAnErrorAndNotANo:
    def test_in_the_reserved_part(self) -> None:
        with pytest.raises(UnknownPermission):
            reserved_bits("vestibule.users.crate")

    def test_in_a_firms_catalogue(self) -> None:
        with pytest.raises(UnknownPermission):
            example().bits("payrol")

    def test_a_fixed_right_is_no_permission_that_could_be_granted(self) -> None:
        for name in FIXED:
            with pytest.raises(UnknownPermission):
                example().bits(name)

    def test_a_node_that_is_no_leaf_has_no_bits(self) -> None:
        with pytest.raises(UnknownPermission, match="not a leaf"):
            example().bits("payroll")

    def test_an_unknown_level(self) -> None:
        with pytest.raises(UnknownLevel):
            example().bits("payroll.staff", "on")


class TestLevels:
    @pytest.mark.parametrize("scale", list(LevelSet))
    def test_the_higher_contains_the_lower_and_the_lowest_means_no(self, scale: LevelSet) -> None:
        masks = [bits_of(scale, level, 64) for level in levels_of(scale)]
        assert masks[0] == 0
        for lower, higher in pairwise(masks):
            assert lower & higher == lower
            assert lower != higher
        assert masks[-1] == ((1 << width(scale)) - 1) << 64

    def test_without_a_level_the_lowest_yes_is_meant(self) -> None:
        assert example().bits("payroll.staff") == example().bits("payroll.staff", "read")


class TestTheTree:
    def test_the_reserved_bits_are_apart_from_every_firms_own(self) -> None:
        bits = [item.bit for item in RESERVED]
        assert len(set(bits)) == len(bits)
        assert max(bits) < FIRST_OWN_BIT

    def test_two_leaves_cannot_share_a_bit(self) -> None:
        with pytest.raises(ValueError, match="bit of another"):
            Catalogue([leaf("a", 64, levels=LevelSet.NONE_READ_EDIT), leaf("b", 65)])

    def test_a_name_is_declared_once(self) -> None:
        with pytest.raises(ValueError, match="twice"):
            Catalogue([leaf("a", 64), leaf("a", 65)])

    def test_a_parent_must_be_known(self) -> None:
        with pytest.raises(UnknownPermission):
            Catalogue([leaf("a", 64, parent="nobody")])

    def test_a_parents_switch_governs_its_leaves(self) -> None:
        names = [node.name for node in example().leaves_under("payroll")]
        assert names == ["payroll.slips", "payroll.staff"]

    def test_an_application_gates_all_its_leaves_and_nothing_else(self) -> None:
        assert example().application_mask == {"payroll": 0b111 << 64}

    def test_client_rights_hold_nothing_that_is_for_staff_only(self) -> None:
        mask = example().client_mask
        assert not mask & example().bits("desk.tools")
        assert not mask & reserved_bits("vestibule.firm.administer")
        assert not mask & reserved_bits("vestibule.grants.give_client_rights")
        assert mask & reserved_bits("vestibule.company.administer")

    def test_a_mask_can_be_read_back(self) -> None:
        mask = example().bits("payroll.slips") | reserved_bits("vestibule.users.read")
        assert example().names_in(mask) == ("vestibule.users.read", "payroll.slips")

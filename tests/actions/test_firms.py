"""Firms and their staff: founded by the operator from a blueprint, and by nobody else."""

from dataclasses import replace

import pytest

from tests.actions.doing import field_refusals, identity
from tests.world import World, blueprint, bring_in, secret_mailed_to, token_of
from vestibule import actor as actors
from vestibule import clock
from vestibule.authz.reach import bits_at
from vestibule.directory import audit
from vestibule.directory.actions.firms import SlugInvalid, SlugTaken, create_firm
from vestibule.directory.actions.staff import create_staff_user
from vestibule.directory.facts import actor_for, administrator_roles, catalogue_of, role_bits
from vestibule.directory.models import (
    Event,
    Firm,
    FirmWord,
    Permission,
    Place,
    PlaceKind,
    Role,
    User,
)
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.passwords import choose
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.scope import firm_scope
from vestibule.refusals import ChoiceUnknown, Denied, Invalid, NotSignedIn

pytestmark = pytest.mark.usefixtures("database")


def found(slug: str = "lagarde", name: str = "Cabinet Lagarde", language: str = "fr") -> Firm:
    return create_firm(
        actors.operator(new_id()), blueprint=blueprint(), name=name, slug=slug, language=language
    )


class TestCreateFirm:
    def test_its_rows_say_what_its_blueprint_says(self) -> None:
        plan, firm = blueprint(), found()

        with firm_scope(firm):
            mine = {"firm_id": firm.pk}
            kinds = PlaceKind.objects.filter(**mine).exclude(code="firm").order_by("ordinal")
            assert [kind.code for kind in kinds] == [kind.code for kind in plan.kinds]
            names = Permission.objects.filter(**mine).order_by("ordinal")
            assert [row.name for row in names] == [entry.name for entry in plan.catalogue]
            roles = Role.objects.filter(**mine).order_by("ordinal")
            assert [role.code for role in roles] == [role.code for role in plan.roles]
            assert rules_of(firm.pk).invitation_days == 21
            words = FirmWord.objects.filter(**mine, language="de", key="role.administrator")
            assert [word.text for word in words] == ["Geschäftsführung"]
            root = Place.objects.get(**mine)
        assert (root.acts_as, root.name, root.path) == ("firm", "Cabinet Lagarde", root.pk.hex)

    def test_each_role_carries_exactly_what_the_blueprint_gives_it(self) -> None:
        plan, firm = blueprint(), found()

        with firm_scope(firm):
            catalogue, bits = catalogue_of(firm.pk), role_bits(firm.pk)
            for role in Role.objects.filter(firm_id=firm.pk):
                entry = next(entry for entry in plan.roles if entry.code == role.code)
                expected = 0
                for item in entry.permissions:
                    expected |= catalogue.bits(item.name, item.level)
                assert bits.get(role.pk, 0) == expected
            codes = Role.objects.filter(pk__in=administrator_roles(firm.pk))
            assert [role.code for role in codes] == ["administrator"]

    def test_it_opens_its_own_trail(self) -> None:
        firm = found()

        with firm_scope(firm):
            (event,) = Event.objects.filter(firm_id=firm.pk)
            assert audit.verify(firm.pk).faults == ()
        assert (event.name, event.sequence, event.actor_kind) == ("firm.created", 1, "operator")

    @pytest.mark.parametrize(
        "slug", ["", "A", "a b", "-a", "a-", "é", "a/b", "a" * 61, "../x", "a\n", "a\x00"]
    )
    def test_a_slug_that_is_no_part_of_an_address_is_refused(self, slug: str) -> None:
        with pytest.raises(SlugInvalid):
            found(slug)

    def test_a_slug_is_taken_once(self, world: World) -> None:
        with pytest.raises(SlugTaken):
            found(world.morel.slug)

    @pytest.mark.parametrize("name", ["", "x" * 201, "a\x00b"])
    def test_a_name_that_cannot_be_used_is_refused(self, name: str) -> None:
        with pytest.raises(Invalid):
            found(name=name)

    def test_a_language_without_words_is_refused(self) -> None:
        with pytest.raises(ChoiceUnknown):
            found(language="es")

    def test_what_is_refused_leaves_no_firm_behind(self) -> None:
        before = Firm.objects.count()
        with pytest.raises(Invalid):
            found(name="")

        assert Firm.objects.count() == before

    def test_nobody_but_the_operator_founds_firms(self, world: World) -> None:
        for actor in (
            world.actor("administrator"),
            world.morel.nobody(),
            world.morel.system(),
            actors.nobody(None),
        ):
            with pytest.raises((Denied, NotSignedIn)):
                create_firm(actor, blueprint=blueprint(), name="X", slug="x", language="en")

    def test_two_firms_of_one_blueprint_share_no_row(self) -> None:
        first, second = found("first"), found("second")

        with firm_scope(first):
            mine = set(Role.objects.filter(firm_id=first.pk).values_list("pk", flat=True))
        with firm_scope(second):
            theirs = set(Role.objects.filter(firm_id=second.pk).values_list("pk", flat=True))
        assert mine
        assert not mine & theirs


class TestCreateStaff:
    def test_the_operator_invites_a_member_of_staff(self, world: World) -> None:
        user = create_staff_user(
            world.morel.operator(), identity=identity(), role="firm_administrator"
        )

        assert (user.kind, user.state) == ("staff", "invited")
        assert token_of(user.firm_id, secret_mailed_to(user)).invitation is not None
        with world.scope():
            (event,) = Event.objects.filter(object_id=str(user.pk))
        assert (event.name, event.actor_kind, event.door) == ("staff.created", "operator", "cli")
        assert event.public == {"role": "firm_administrator", "state": [None, "invited"]}

    def test_he_has_his_role_in_the_whole_firm_once_he_is_in(self, world: World) -> None:
        user = create_staff_user(world.morel.operator(), identity=identity(), role="practitioner")

        with world.scope():
            assert not bits_at(
                actor_for(user, door=actors.Door.PAGE).standing,  # type: ignore[arg-type]
                world.place("a").path,
                clock.now(),
            )
            user = bring_in(user, choose("Quiet-Meadow-77-Anchor", preset="either"))
            standing = actor_for(user, door=actors.Door.PAGE).standing
            assert standing is not None
            assert bits_at(standing, world.place("a").path, clock.now())

    @pytest.mark.parametrize("role", ["administrator", "standard", "nobody", ""])
    def test_only_a_role_for_staff_is_taken(self, world: World, role: str) -> None:
        with pytest.raises(ChoiceUnknown):
            create_staff_user(world.morel.operator(), identity=identity(), role=role)

    def test_an_address_that_is_taken_is_refused_at_the_field(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            create_staff_user(
                world.morel.operator(),
                identity=identity(email=world.morel.emails["standard"].upper()),
                role="practitioner",
            )

        assert field_refusals(refused.value) == {"email": ["email.taken"]}

    def test_no_person_but_the_firms_administrator_creates_staff(self, world: World) -> None:
        for name in ("practitioner", "trainee", "director"):
            with pytest.raises(Denied):
                create_staff_user(world.actor(name), identity=identity(), role="trainee")
        with world.scope():
            assert User.objects.filter(firm_id=world.morel.id, kind="staff").count() == 3


def test_a_phone_number_without_its_country_is_of_the_country_of_the_firms_language() -> None:
    firm = found(language="de")
    user = create_staff_user(
        actors.operator(firm.pk), identity=identity(phone="030 901820"), role="practitioner"
    )

    assert user.phone == "+4930901820"


def test_a_blueprint_with_more_applications_gives_each_its_own_bit() -> None:
    plan = blueprint()
    more = replace(
        plan,
        catalogue=(*plan.catalogue, replace(plan.catalogue[0], name="archive")),
        words={
            language: {**words, "app.archive": "Archive"} for language, words in plan.words.items()
        },
    )
    firm = create_firm(
        actors.operator(new_id()), blueprint=more, name="X", slug="more", language="en"
    )

    with firm_scope(firm):
        masks = [node.mask for node in catalogue_of(firm.pk).nodes()]
    assert len(set(masks)) == len(masks)
    assert all(masks)

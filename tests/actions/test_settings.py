"""The firm's words, rules and positions: who changes them, what is refused, what is recorded."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.world import World
from vestibule import clock
from vestibule.directory import firm_views
from vestibule.directory.actions.firm_rules import change_rules
from vestibule.directory.actions.positions import (
    add_position,
    order_positions,
    rename_position,
    restore_position,
    retire_position,
)
from vestibule.directory.actions.words import NoShippedWord, change_word, reset_word
from vestibule.directory.models import Event, EventValue, Firm, FirmPolicy, FirmWord, User
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.wordbook import Words
from vestibule.refusals import Denied, Invalid, NotFound, SettingsChanged

pytestmark = pytest.mark.usefixtures("database")

THREE = ("en", "fr", "de")
CLIENTS = {"en": "Client", "fr": "Dossier", "de": "Mandant"}


def word(world: World, key: str = "place.company.one") -> firm_views.OwnWord:
    with world.scope():
        found = firm_views.own_word(Firm.objects.get(pk=world.morel.id), key)
        assert found is not None
        return found


def newest(world: World) -> Event:
    with world.scope():
        found = Event.objects.filter(firm_id=world.morel.id).order_by("-sequence").first()
        assert found is not None
        return found


def trail(world: World) -> int:
    return newest(world).sequence


def administrator(world: World) -> Any:
    return world.actor("administrator")


def change(world: World, texts: dict[str, str], key: str = "place.company.one", **how: Any) -> Any:
    return change_word(
        how.pop("actor", administrator(world)),
        key=key,
        texts=texts,
        seen=how.pop("seen", word(world, key).seen),
    )


# --- who ----------------------------------------------------------------------------------

ACTS: dict[str, Callable[[Any, World], Any]] = {
    "word": lambda actor, world: change(world, CLIENTS, actor=actor),
    "rules": lambda actor, world: set_rules(world, actor=actor, invitation_days=9),
    "position": lambda actor, world: add(world, "Owner", actor=actor),
}


@pytest.mark.parametrize("act", list(ACTS))
@pytest.mark.parametrize("who", ["practitioner", "trainee", "director", "standard"])
def test_only_an_administrator_of_the_firm_changes_its_settings(
    world: World, who: str, act: str
) -> None:
    before = trail(world)

    with pytest.raises(Denied):
        ACTS[act](world.actor(who), world)

    assert trail(world) == before
    ACTS[act](administrator(world), world)
    assert trail(world) == before + 1


# --- words --------------------------------------------------------------------------------


class TestWords:
    def test_a_changed_word_is_said_from_the_next_page_on_in_each_language(
        self, world: World
    ) -> None:
        change(world, CLIENTS)

        with world.scope():
            for language, text in CLIENTS.items():
                assert Words(world.morel.id, language).kind("company") == text
        event = newest(world)
        assert event.name == "firm.word_changed"
        assert event.public == {
            "key": "place.company.one",
            "en": ["Company", "Client"],
            "fr": ["Société", "Dossier"],
            "de": ["Unternehmen", "Mandant"],
        }

    def test_the_other_firm_keeps_its_word(self, world: World) -> None:
        change(world, CLIENTS)

        with world.rivage.scope():
            assert Words(world.rivage.id, "en").kind("company") == "Company"

    @pytest.mark.parametrize("text", ["", "   ", "x" * 61, "a\u200bb", "a\x00b", "a\u202eb"])
    def test_each_language_needs_a_word_that_can_be_read(self, world: World, text: str) -> None:
        with pytest.raises(Invalid) as refused:
            change(world, {**CLIENTS, "fr": text})

        assert set(refused.value.fields) == {"fr"}
        assert word(world).texts["en"] == "Company"

    def test_all_that_is_wrong_is_said_at_once(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            change(world, {})

        assert set(refused.value.fields) == set(THREE)

    def test_the_same_word_again_writes_nothing(self, world: World) -> None:
        before = trail(world)

        change(world, dict(word(world).texts))

        assert trail(world) == before

    def test_of_two_administrators_the_second_is_told_that_it_changed(self, world: World) -> None:
        seen = word(world).seen
        change(world, CLIENTS)

        with pytest.raises(SettingsChanged):
            change(world, {**CLIENTS, "en": "Customer"}, seen=seen)

        assert word(world).texts == CLIENTS

    def test_a_word_that_the_firm_does_not_have_is_not_found(self, world: World) -> None:
        with pytest.raises(NotFound):
            change_word(administrator(world), key="app.nothing", texts=CLIENTS, seen="")

    def test_put_back_it_is_the_blueprints_again(self, world: World) -> None:
        change(world, CLIENTS)
        assert word(world).is_own

        reset_word(administrator(world), key="place.company.one", seen=word(world).seen)

        assert not word(world).is_own
        assert newest(world).public["en"] == ["Client", "Company"]

    def test_what_the_blueprint_does_not_say_cannot_be_put_back(self, world: World) -> None:
        add(world, "Owner")

        with pytest.raises(NoShippedWord):
            reset_word(
                administrator(world),
                key="position.owner",
                seen=word(world, "position.owner").seen,
            )

    def test_a_search_finds_it_in_any_language_whatever_its_accents(self, world: World) -> None:
        with world.scope():
            firm = Firm.objects.get(pk=world.morel.id)
            for query in ("betriebsst", "etablissement", "PLACE.ESTABLISHMENT"):
                found = {one.key for one in firm_views.own_words(firm, query)}
                assert "place.establishment.one" in found
                assert "app.payroll" not in found


# --- rules --------------------------------------------------------------------------------


def set_rules(world: World, *, actor: Any = None, seen: str | None = None, **wanted: Any) -> Any:
    if seen is None:
        with world.scope():
            seen = firm_views.seen_of(firm_views.rules_now(world.morel.id, wanted))
    return change_rules(actor or administrator(world), wanted=wanted, seen=seen)


class TestRules:
    def test_a_rule_ends_and_begins_anew_and_the_others_stay(self, world: World) -> None:
        at = clock.now()

        changed = set_rules(world, invitation_days=7, password_preset="either")

        assert changed == ["invitation_days"]
        with world.scope():
            rows = FirmPolicy.objects.filter(firm_id=world.morel.id)
            spans = [
                (row.value, row.until is None)
                for row in rows.filter(name="invitation_days").order_by("since", "pk")
            ]
            assert spans == [(21, False), (7, True)]
            assert rows.get(name="password_preset").until is None
            [open_one] = rows.filter(name="invitation_days", until=None)
            assert open_one.since >= at
            assert rules_of(world.morel.id).invitation_days == 7
        assert newest(world).public == {"invitation_days": [21, 7]}

    def test_an_unchanged_rule_writes_nothing(self, world: World) -> None:
        before = trail(world)

        assert set_rules(world, invitation_days=21, validation="firm") == []

        assert trail(world) == before

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("invitation_days", 0),
            ("invitation_days", 91),
            ("invitation_days", True),
            ("second_factor_grace_days", -1),
            ("password_preset", "none"),
            ("generic_addresses", ""),
            ("validation", "nobody"),
            ("client_created", "x"),
            ("second_factor", "everybody"),
            ("activation", "never"),
            ("applications_preselected", "some"),
            ("send_email", "yes"),
            ("sender_name", "x" * 81),
            ("sender_name", "a\x00b"),
            ("reply_to", "nobody"),
            ("reply_to", "a@b.example\r\nBcc: c@d.example"),
            ("reply_to", "söl@firm.example"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_field_and_nothing_changes(
        self, world: World, name: str, value: object
    ) -> None:
        before = trail(world)

        with pytest.raises(Invalid) as refused:
            set_rules(world, **{name: value, "billable_company_preselected": False})

        assert set(refused.value.fields) == {name}
        assert trail(world) == before
        with world.scope():
            assert rules_of(world.morel.id).billable_company_preselected is True

    def test_of_two_administrators_the_second_is_told_that_it_changed(self, world: World) -> None:
        with world.scope():
            names = ["invitation_days", "validation"]
            seen = firm_views.seen_of(firm_views.rules_now(world.morel.id, names))
        set_rules(world, validation="firm_or_client")

        with pytest.raises(SettingsChanged):
            set_rules(world, invitation_days=3, validation="firm", seen=seen)

        with world.scope():
            assert rules_of(world.morel.id).validation == "firm_or_client"
            assert rules_of(world.morel.id).invitation_days == 21

    def test_an_address_for_answers_lies_beside_the_chain(self, world: World) -> None:
        set_rules(world, reply_to="Marie.Durand@Firm.example", sender_name="Paie Morel")

        event = newest(world)
        assert event.public == {"sender_name": ["", "Paie Morel"]}
        with world.scope():
            assert EventValue.objects.get(event_id=event.pk).values == {
                "reply_to": ["", "Marie.Durand@firm.example"]
            }

    @pytest.mark.parametrize(
        ("policy", "people"), [("off", 0), ("staff", 3), ("staff_and_administrators", 5)]
    )
    def test_it_says_how_many_people_a_second_factor_would_concern(
        self, world: World, policy: str, people: int
    ) -> None:
        with world.scope():
            obliged = firm_views.obliged_by(world.morel.id, policy)

        assert (obliged.people, obliged.without) == (people, people)


# --- positions ----------------------------------------------------------------------------


def add(world: World, text: str, *, actor: Any = None) -> str:
    texts = dict.fromkeys(THREE, text)
    return add_position(actor or administrator(world), texts=texts)


def offered(world: World) -> list[str]:
    with world.scope():
        found = firm_views.own_positions(world.morel.id)
        return [one.code for one in found if not one.is_retired]


def positions_seen(world: World) -> str:
    with world.scope():
        return firm_views.positions_seen(world.morel.id)


class TestPositions:
    def test_a_position_is_offered_last_under_a_code_made_from_its_word(self, world: World) -> None:
        codes = [add(world, text) for text in ("Head of payroll", "Propriétaire", "社長", "!!")]

        assert codes == ["head-of-payroll", "proprietaire", "position", "position-2"]
        assert offered(world) == codes
        assert newest(world).public["fr"] == [None, "!!"]

    @pytest.mark.parametrize("text", ["Owner", "OWNER", " owner "])
    def test_two_positions_of_one_word_would_be_one_too_many(self, world: World, text: str) -> None:
        add(world, "Owner")

        with pytest.raises(Invalid) as refused:
            add(world, text)

        assert set(refused.value.fields) == set(THREE)
        assert offered(world) == ["owner"]

    def test_renamed_its_code_and_its_people_stay(self, world: World) -> None:
        add(world, "Owner")
        with world.scope():
            person = world.user("director")
            position = next(iter(person._meta.get_field("position").related_model.objects.all()))
            User.objects.filter(firm_id=world.morel.id, pk=person.pk).update(position=position)
        texts = {"en": "Partner", "fr": "Associé", "de": "Teilhaber"}

        rename_position(administrator(world), code="owner", texts=texts, seen=positions_seen(world))

        assert offered(world) == ["owner"]
        assert newest(world).public["fr"] == ["Owner", "Associé"]
        with world.scope():
            assert Words(world.morel.id, "de").get("position.owner") == "Teilhaber"
            assert world.user("director").position_id == position.pk

    def test_what_was_reordered_meanwhile_is_not_overwritten(self, world: World) -> None:
        for text in ("Owner", "Clerk", "Boss"):
            add(world, text)
        seen = positions_seen(world)
        order_positions(administrator(world), codes=["boss", "owner", "clerk"], seen=seen)

        with pytest.raises(SettingsChanged):
            order_positions(administrator(world), codes=["clerk", "owner", "boss"], seen=seen)

        assert offered(world) == ["boss", "owner", "clerk"]

    def test_an_order_names_each_position_once(self, world: World) -> None:
        for text in ("Owner", "Clerk"):
            add(world, text)

        for codes in (["owner"], ["owner", "owner"], ["owner", "clerk", "x"]):
            with pytest.raises(NotFound):
                order_positions(administrator(world), codes=codes, seen=positions_seen(world))

    def test_retired_it_is_no_longer_offered_and_restored_it_is_the_last(
        self, world: World
    ) -> None:
        for text in ("Owner", "Clerk"):
            add(world, text)

        retire_position(administrator(world), code="owner")
        assert offered(world) == ["clerk"]
        assert newest(world).public == {"code": "owner", "offered": [True, False]}
        restore_position(administrator(world), code="owner")

        assert offered(world) == ["clerk", "owner"]

    def test_retiring_twice_is_recorded_once(self, world: World) -> None:
        add(world, "Owner")
        retire_position(administrator(world), code="owner")
        before = trail(world)

        retire_position(administrator(world), code="owner")

        assert trail(world) == before

    def test_the_other_firms_positions_are_not_there(self, world: World) -> None:
        add(world, "Owner")

        for act in (retire_position, restore_position):
            with pytest.raises(NotFound):
                act(world.rivage.actor("administrator"), code="owner")
        with world.rivage.scope():
            assert firm_views.own_positions(world.rivage.id) == []
            assert not FirmWord.objects.filter(
                firm_id=world.rivage.id, key="position.owner"
            ).exists()

"""Runs the situations of this folder: what happened, then may, may not and who (README.md)."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.moments import Moment
from tests.world import World, bring_in
from vestibule import clock
from vestibule.actor import Actor, Door
from vestibule.authz.reach import bits_at, decide, reach, who
from vestibule.directory.actions import client_users, invitations, places
from vestibule.directory.actions._action import bump_firm
from vestibule.directory.facts import actor_for, catalogue_of
from vestibule.directory.models import EnabledApplication, Grant, Permission, Place, Role, User
from vestibule.directory.policies.passwords import choose

HERE = Path(__file__).parent
SITUATIONS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(HERE.glob("*.yaml"))}

RIGHTS = {
    "see users": "vestibule.users.read",
    "create users": "vestibule.users.create",
    "edit access": "vestibule.grants.change",
    "invite": "vestibule.users.invite",
    "validate": "vestibule.users.validate",
    "deactivate": "vestibule.users.deactivate",
    "see the company": "vestibule.places.read",
    "administer the company": "vestibule.company.administer",
    "read the trail": "vestibule.audit.read",
    "administer the firm": "vestibule.firm.administer",
    "rename": "vestibule.places.rename",
    "move": "vestibule.places.move",
    "close": "vestibule.places.close",
    "import": "vestibule.places.import",
}
MAY = re.compile(r"(?P<who>\w+) may (?P<right>[\w ]+?) at (?P<place>.+)")
MAY_NOT = re.compile(
    r"(?P<who>\w+) may not (?P<right>[\w ]+?) at (?P<place>.+) because (?P<why>[\w ]+)"
)
WHO = re.compile(r"who may (?P<right>[\w ]+?) at (?P<place>.+) is (?P<people>[\w, ]+)")


class Situation:
    """The world, and whoever a situation adds to it."""

    def __init__(self, world: World, moment: Moment) -> None:
        self.world = world
        self.moment = moment
        self.people = dict(world.morel.people)

    # --- given --------------------------------------------------------------------------

    def happen(self, act: dict[str, Any]) -> None:
        ((verb, how),) = act.items()
        self.moment.forward(minutes=1)
        deed: Callable[[Any], None] = getattr(self, "do_" + verb.replace(" ", "_"))
        deed(how)

    @property
    def practitioner(self) -> Actor:
        return self.world.actor("practitioner")

    def place(self, name: str) -> Place:
        with self.world.scope():
            found = Place.objects.select_related("kind", "parent").filter(
                firm_id=self.world.morel.id
            )
            row: Place = found.get(name__iexact=name)
            return row

    def user(self, name: str) -> User:
        with self.world.scope():
            return User.objects.get(firm_id=self.world.morel.id, pk=self.people[name])

    def do_create(self, how: dict[str, Any]) -> None:
        name = how["name"]
        user = client_users.create_client_user(
            self.practitioner,
            billable_company=self.place(how["at"][0]),
            identity=client_users.Identity(
                last_name="Invented", first_name=name, email=f"{name}@decisions.example"
            ),
            user_type=how["type"],
            companies=[self.place(place) for place in how["at"]],
            applications=how.get("applications", ()),
            activate_now=not how.get("waits"),
            send_email=False,
            key=name,
        )
        self.people[name] = user.pk

    def do_let_in(self, name: str) -> None:
        invitations.send_invitation(self.practitioner, self.user(name))
        with self.world.scope():
            bring_in(self.user(name), choose("Quiet-Meadow-77-Anchor", preset="either"))

    def do_change_type(self, how: dict[str, str]) -> None:
        client_users.change_type(
            self.practitioner,
            self.user(how["person"]),
            company=self.place(how["at"]),
            user_type=how["to"],
        )

    def do_deactivate(self, name: str) -> None:
        client_users.deactivate_client_user(self.practitioner, self.user(name))

    def do_reactivate(self, name: str) -> None:
        client_users.reactivate_client_user(self.practitioner, self.user(name))

    def do_validate(self, name: str) -> None:
        client_users.validate_client_user(self.practitioner, self.user(name))

    def do_close(self, how: dict[str, str]) -> None:
        places.close_place(
            self.practitioner, self.place(how["place"]), billed_to=self.place(how["billed to"])
        )

    def do_reopen(self, name: str) -> None:
        places.reopen_place(self.practitioner, self.place(name))

    def do_move(self, how: dict[str, str]) -> None:
        places.move_place(
            self.practitioner, self.place(how["place"]), parent=self.place(how["under"])
        )

    def do_days_pass(self, days: int) -> None:
        self.moment.forward(days=days)

    # What has rows and no action yet: the pages for it come with their own issue.

    def do_grant(self, how: dict[str, Any]) -> None:
        now = clock.now()
        with self.world.scope():
            Grant.objects.create(
                firm_id=self.world.morel.id,
                user=self.user(how["person"]),
                place=self.place(how["at"]),
                role=Role.objects.get(firm_id=self.world.morel.id, code=how["role"]),
                since=now,
                until=now + timedelta(days=how["until"]) if "until" in how else None,
            )
            bump_firm(self.world.morel.id)

    def do_enable(self, how: dict[str, str]) -> None:
        with self.world.scope():
            EnabledApplication.objects.create(
                firm_id=self.world.morel.id,
                company=self.place(how["at"]),
                application=Permission.objects.get(
                    firm_id=self.world.morel.id, name=how["application"]
                ),
                since=clock.now(),
            )
            bump_firm(self.world.morel.id)

    def do_disable(self, how: dict[str, str]) -> None:
        with self.world.scope():
            EnabledApplication.objects.filter(
                company=self.place(how["at"]), application__name=how["application"], until=None
            ).update(until=clock.now())
            bump_firm(self.world.morel.id)

    # --- then ---------------------------------------------------------------------------

    def bits(self, right: str) -> int:
        with self.world.scope():
            return catalogue_of(self.world.morel.id).bits(RIGHTS.get(right, right))

    def actor(self, name: str) -> Actor:
        with self.world.scope():
            return actor_for(self.user(name), door=Door.PAGE)

    def answer(self, name: str, right: str, place: str) -> tuple[bool, str]:
        """Ask "may he here?", "where may he?" and "what may he here?"; they must agree."""
        standing = self.actor(name).standing
        assert standing is not None
        bits, path, at = self.bits(right), self.place(place).path, clock.now()
        decision = decide(standing, bits, path, at)
        assert reach(standing, bits, at).holds_at(path) is decision.allowed
        assert (bits_at(standing, path, at) & bits == bits) is decision.allowed
        return decision.allowed, decision.reason.value.replace("_", " ")

    def holds(self, sentence: str) -> None:
        if found := WHO.fullmatch(sentence):
            standings = {name: self.actor(name).standing for name in self.people}
            allowed = who(
                [standing for standing in standings.values() if standing is not None],
                self.bits(found["right"]),
                self.place(found["place"]).path,
                clock.now(),
            )
            named = {name for name in found["people"].split(", ") if name != "nobody"}
            assert {name for name, pk in self.people.items() if pk in allowed} == named
        elif found := MAY_NOT.fullmatch(sentence):
            assert self.answer(found["who"], found["right"], found["place"]) == (
                False,
                found["why"],
            )
        elif found := MAY.fullmatch(sentence):
            assert self.answer(found["who"], found["right"], found["place"])[0]
        else:
            pytest.fail(f"this sentence is not understood: {sentence}")


@pytest.mark.parametrize("name", SITUATIONS)
def test_in_this_situation(name: str, world: World, freeze: Moment) -> None:
    said = SITUATIONS[name]
    situation = Situation(world, freeze)
    for act in said["given"]:
        situation.happen(act)

    situation.moment.forward(minutes=1)
    for sentence in said["then"]:
        situation.holds(sentence)


@pytest.mark.parametrize("name", SITUATIONS)
def test_it_says_what_it_shows(name: str) -> None:
    said = SITUATIONS[name]
    assert set(said) == {"title", "source", "given", "then"}
    assert said["then"]


def test_a_wrong_answer_would_be_noticed(world: World, freeze: Moment) -> None:
    situation = Situation(world, freeze)
    for wrong in (
        "trainee may create users at Estran Conseil",
        "director may not create users at Estran Conseil because no grant",
        "standard may not bank at Estran Services because company closed",
        "who may bank at Estran Services is co_director, standard",
        "who may bank at Estran Services is nobody",
    ):
        with pytest.raises(AssertionError):
            situation.holds(wrong)


def test_a_right_that_nobody_declared_is_an_error_and_not_a_no(
    world: World, freeze: Moment
) -> None:
    """Law 7."""
    with pytest.raises(LookupError):
        Situation(world, freeze).holds("director may not fly at Estran Conseil because no grant")

"""Drafts: a wizard's scrap of paper, its owner's alone, and empty once the deed is done."""

from typing import Any

import pytest

from tests.actions.doing import create
from tests.world import World
from vestibule.directory.actions.client_users import deactivate_client_user
from vestibule.directory.actions.drafts import begin_draft, finish_draft, keep_draft
from vestibule.directory.models import Draft, Event
from vestibule.refusals import Denied, NotSignedIn, TextTooLong


@pytest.fixture
def draft(world: World) -> Draft:
    with world.scope():
        return begin_draft(world.actor("practitioner"), wizard="client_user", data={})


def test_what_is_typed_is_kept_part_by_part(world: World, draft: Draft) -> None:
    with world.scope():
        practitioner = world.actor("practitioner")
        keep_draft(practitioner, draft, company="a")
        keep_draft(practitioner, draft, email="x@client.example")

        assert Draft.objects.get(pk=draft.pk).data == {"company": "a", "email": "x@client.example"}


def test_two_pages_at_once_do_not_lose_each_others_part(world: World, draft: Draft) -> None:
    with world.scope():
        practitioner = world.actor("practitioner")
        stale = Draft.objects.get(pk=draft.pk)
        keep_draft(practitioner, draft, company="a")
        keep_draft(practitioner, stale, email="x@client.example")

        assert set(Draft.objects.get(pk=draft.pk).data) == {"company", "email"}


@pytest.mark.parametrize("name", ["administrator", "director"])
def test_nobody_writes_into_anothers_draft(world: World, draft: Draft, name: str) -> None:
    with world.scope():
        with pytest.raises(Denied):
            keep_draft(world.actor(name), draft, company="b")
        with pytest.raises(Denied):
            finish_draft(world.actor(name), draft, result_id=draft.pk, receipt={})


@pytest.mark.parametrize("name", ["trainee", "standard"])
def test_whoever_may_create_nobody_has_nothing_to_draft(world: World, name: str) -> None:
    with world.scope(), pytest.raises(Denied):
        begin_draft(world.actor(name), wizard="client_user", data={})


def test_whoever_has_not_signed_in_has_none(world: World) -> None:
    with world.scope(), pytest.raises(NotSignedIn):
        begin_draft(world.morel.nobody(), wizard="client_user", data={})


def test_somebody_deactivated_meanwhile_writes_no_more(world: World) -> None:
    deactivate_client_user(world.actor("practitioner"), world.user("co_director"))

    with world.scope(), pytest.raises(Denied):
        begin_draft(world.actor("co_director"), wizard="client_user", data={})


def test_it_cannot_be_filled_without_end(world: World, draft: Draft) -> None:
    with world.scope(), pytest.raises(TextTooLong):
        keep_draft(world.actor("practitioner"), draft, last_name="x" * 30_000)


def test_once_the_deed_is_done_only_the_receipt_is_left(world: World, draft: Draft) -> None:
    user = create(world)
    with world.scope():
        practitioner = world.actor("practitioner")
        keep_draft(practitioner, draft, email="alice.martin@client.example")
        finish_draft(practitioner, draft, result_id=user.pk, receipt={"state": "ready"})

        kept = Draft.objects.get(pk=draft.pk)
        assert kept.data == {"receipt": {"state": "ready"}}
        assert kept.result_id == user.pk
        with pytest.raises(Denied):
            keep_draft(practitioner, kept, email="other@client.example")


def test_a_draft_is_no_event(world: World, draft: Draft) -> None:
    def recorded() -> Any:
        return Event.objects.filter(firm_id=world.morel.id).count()

    with world.scope():
        before = recorded()
        keep_draft(world.actor("practitioner"), draft, company="a")
        assert recorded() == before

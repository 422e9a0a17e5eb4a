"""What has passed its end is tidied away firm by firm: trouble at one firm is no trouble of the others."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.utils import OperationalError

from tests.cli.firms import a_firm
from tests.support.databases import Database
from tests.support.moments import Moment
from vestibule import clock
from vestibule.directory.models import Draft, Event, Firm, OutboxMessage, Token, User, WorkItem
from vestibule.directory.scope import firm_scope
from vestibule.work.worker import Worker

pytestmark = pytest.mark.usefixtures("database")
PAST_ITS_END = timedelta(days=60)


@pytest.fixture
def worker() -> Worker:
    return Worker("worker", threading.Event())


@pytest.fixture
def firm(database: Database) -> Firm:
    """Give a firm whose events cannot be recorded: the head of their chain is missing."""
    firm = a_firm("alpha")
    key = firm.pk if database.vendor == "postgresql" else firm.pk.hex
    database.rows("DELETE FROM directory_eventhead WHERE firm_id = ?", key)
    return firm


def expired_at(firm: Firm) -> int:
    with firm_scope(firm):
        return Event.objects.filter(firm_id=firm.pk, name="invitation.expired").count()


def test_a_fault_at_one_firm_is_written_down_and_the_next_firm_is_tidied(
    firm: Firm, worker: Worker, freeze: Moment, caplog: pytest.LogCaptureFixture
) -> None:
    well = a_firm("beta")
    freeze.forward(days=PAST_ITS_END.days)

    worker.round()

    assert (expired_at(firm), expired_at(well)) == (0, 1)
    (said,) = [one for one in caplog.records if one.levelname == "ERROR"]
    assert "alpha" in said.getMessage()
    assert said.exc_info


def test_a_firm_that_could_not_be_tidied_is_tried_again_ten_minutes_later(
    firm: Firm, worker: Worker, freeze: Moment, caplog: pytest.LogCaptureFixture
) -> None:
    freeze.forward(days=PAST_ITS_END.days)

    for minutes, faults in ((0, 1), (9, 1), (1, 2)):
        freeze.forward(minutes=minutes)
        worker.round()
        assert len([one for one in caplog.records if one.levelname == "ERROR"]) == faults


def test_a_database_that_is_away_is_no_fault_of_a_firm(
    worker: Worker, database: Database, freeze: Moment, caplog: pytest.LogCaptureFixture
) -> None:
    a_firm("alpha")
    freeze.forward(days=PAST_ITS_END.days)
    with connection.cursor() as cursor:
        cursor.execute(
            "SET lock_timeout = 100" if database.cluster else "PRAGMA busy_timeout = 100"
        )
    other = database.connect()
    other.execute("BEGIN" if database.cluster else "BEGIN IMMEDIATE")
    if database.cluster:
        other.execute("LOCK TABLE directory_session")

    try:
        with pytest.raises(OperationalError):
            worker.round()
    finally:
        other.execute("ROLLBACK")
        other.close()

    assert [one for one in caplog.records if one.levelname == "ERROR"] == []
    worker.round()  # well again, and nothing was put off


class TestWhatHasHadItsTime:
    @pytest.fixture
    def left_behind(self, database: Database) -> Firm:
        """Give a firm with a draft, a used link and mails that were sent."""
        firm = a_firm("alpha")
        with firm_scope(firm):
            person = User.objects.filter(firm_id=firm.pk).first()
            assert person is not None
            now = clock.now()
            Draft.objects.create(
                firm=firm, owner=person, wizard="client_user", created_at=now, updated_at=now
            )
            Token.objects.filter(firm_id=firm.pk).update(used_at=now)
            WorkItem.objects.filter(firm_id=firm.pk).update(state="done", finished_at=now)
        return firm

    def rows(self, firm: Firm) -> dict[str, int]:
        with firm_scope(firm):
            return {
                model.__name__: model._default_manager.filter(firm_id=firm.pk).count()
                for model in (Draft, Token, WorkItem, OutboxMessage)
            }

    def test_stays_for_weeks(self, left_behind: Firm, worker: Worker, freeze: Moment) -> None:
        before = self.rows(left_behind)
        freeze.forward(days=29)

        worker.round()

        assert before == self.rows(left_behind)
        assert before["Draft"] == 1

    def test_and_then_goes_save_what_a_page_still_tells(
        self, left_behind: Firm, worker: Worker, freeze: Moment
    ) -> None:
        mails = self.rows(left_behind)["OutboxMessage"]
        freeze.forward(days=91)

        worker.round()

        assert self.rows(left_behind) == {
            "Draft": 0,
            "Token": 0,
            "WorkItem": 0,
            "OutboxMessage": mails,
        }

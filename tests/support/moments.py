"""Time stands where a test puts it, and moves only when the test says so."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from vestibule import clock


class Moment:
    """The present, as `clock.now()` tells it in this process. Other processes keep their own."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def at(self, moment: datetime) -> datetime:
        """Put the present at `moment`, which must be aware."""
        if moment.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        self.now = moment
        return moment

    def forward(self, **steps: float) -> datetime:
        """Let time pass: `freeze.forward(days=21, seconds=1)`."""
        return self.at(self.now + timedelta(**steps))


@pytest.fixture
def freeze() -> Iterator[Moment]:
    """Stop the clock at this very moment; move it with `at()` and `forward()`."""
    moment = Moment(clock.now())
    with clock.reading_from(lambda: moment.now):
        yield moment

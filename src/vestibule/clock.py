"""The only place where the product asks what time it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return _source()


@contextmanager
def reading_from(source: Callable[[], datetime]) -> Iterator[None]:
    """Let `now()` read from `source` inside the block: how a test moves time."""
    global _source
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before

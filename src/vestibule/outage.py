"""Tells a database that is away or overrun from a bug: the first passes, the second must be seen."""

from collections.abc import Iterator

from django.db.utils import InterfaceError, OperationalError

# PostgreSQL, Appendix A: connection exceptions, too many connections, shutting down or starting up,
# a lock not obtained, a statement that took too long, a deadlock.
_PASSING_CLASSES = ("08",)
_PASSING_STATES = frozenset(
    {"53300", "57P01", "57P02", "57P03", "57P05", "25P03", "55P03", "57014", "40P01"}
)
_PASSING_IN_SQLITE = ("database is locked", "unable to open database file", "disk i/o error")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def is_database_away(error: BaseException | None) -> bool:
    """Return whether `error` says that the database cannot answer now, and may later."""
    return any(_is_passing(link) for link in _chain(error))


def _is_passing(error: BaseException) -> bool:
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    if cause is None or not type(cause).__module__.startswith("psycopg"):
        return any(sentence in str(error).lower() for sentence in _PASSING_IN_SQLITE)
    state = getattr(cause, "sqlstate", None)
    if state is None:  # libpq or the pool could not get through at all
        return True
    return state in _PASSING_STATES or state.startswith(_PASSING_CLASSES)

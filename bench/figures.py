"""What is measured, by name."""

from collections.abc import Iterator, Sequence

NAMES = (
    "list.first",
    "list.deep",
    "list.last",
    "list.rare_search",
    "list.common_search",
    "list.counts",
    "page.users",
    "login",
)


def measured(names: Sequence[str], *, size: str, users: int) -> Iterator[str]:
    """Measure these on the database at hand and give a line of each."""
    from bench import lists, pages

    if any(name.startswith("list.") for name in names):
        yield from lists.measured(names, size=size, users=users)
    if "page.users" in names:
        yield pages.users_page(size=size, users=users)
    if "login" in names:
        yield pages.login(size=size, users=users)

"""The documentation names only what is there, and says of the product what the product does."""

import re
from pathlib import Path

import pytest
from django.urls import reverse

from tests.architecture.rules import ROOT, SOURCES, shown
from vestibule.directory import links

DOCS = ROOT / "docs"
DECISIONS = DOCS / "decisions"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
MOST_LINES_OF_A_DECISION = 25
PICTURE_LIMIT_BYTES = 250_000

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^(?:    |```).*$", re.MULTILINE)
NUMBERED = re.compile(r"(\d{4})-[a-z0-9-]+\.md")


def anchors(page: Path) -> set[str]:
    """Return the fragments of a page's headings, as GitHub forms them."""
    headings = re.findall(r"^#+ +(.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text).strip().lower().replace(" ", "-") for text in headings}


def dead_links(page: Path, text: str) -> list[str]:
    """Return the links of a page that lead to nothing in this repository."""
    dead = []
    for target in LINK.findall(FENCED.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (
            fragment and path.suffix == ".md" and fragment not in anchors(path)
        ):
            dead.append(target)
    return dead


def paths_named(text: str) -> set[str]:
    """Return what stands in backticks and looks like a file or a folder of ours."""
    return {
        part
        for part in CODE.findall(text)
        if re.fullmatch(r"[\w.-]+(?:/[\w.-]+)*/?", part)
        and (part.endswith("/") or re.search(r"\.(?:py|md|toml|csv|html|css|js|yaml)$", part))
    }


def is_there(path: str) -> bool:
    """Say whether a path exists, seen from the root or from a folder of the sources."""
    if (ROOT / path).exists():
        return True
    return any(True for _ in SOURCES.rglob(path.rstrip("/")))


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert dead_links(page, page.read_text(encoding="utf-8")) == []


def test_a_dead_link_is_caught() -> None:
    page = DOCS / "README.md"

    assert dead_links(page, "[a](nowhere.md) [b](map.md#nowhere) [c](map.md)") == [
        "nowhere.md",
        "map.md#nowhere",
    ]


def test_every_page_is_found_from_the_index() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    linked = {(DOCS / target).resolve() for target in LINK.findall(index)}
    written_by_hand = {page for page in DOCS.rglob("*.md") if page.parent.name != "reference"}

    assert {shown(page) for page in written_by_hand - linked} == {"docs/README.md"}


def test_decisions_are_numbered_without_a_gap() -> None:
    names = sorted(path.name for path in DECISIONS.iterdir())
    numbers = [found[1] for name in names if (found := NUMBERED.fullmatch(name))]

    assert numbers == [f"{number:04d}" for number in range(1, len(names) + 1)]


@pytest.mark.parametrize("page", sorted(DECISIONS.glob("*.md")), ids=shown)
def test_a_decision_is_short_and_says_context_decision_and_consequences(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert text.startswith(f"# {page.name[:4]} ")
    assert len(text.splitlines()) <= MOST_LINES_OF_A_DECISION
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
    ]


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/map.md", "docs/specs.md"]
)
def test_every_file_that_is_named_exists(name: str) -> None:
    named = paths_named((ROOT / name).read_text(encoding="utf-8"))

    assert sorted(path for path in named if not is_there(path)) == []


def test_a_file_that_is_gone_is_caught() -> None:
    assert paths_named("see `authz/nowhere.py` and `make run`") == {"authz/nowhere.py"}
    assert not is_there("authz/nowhere.py")
    assert is_there("actions/invitations.py")


def test_the_map_of_the_readme_shows_folders_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = readme.partition("## The map")[2].splitlines()
    first_words = [line.split()[0] for line in lines if line.startswith("    ")]

    assert len(first_words) >= 8
    assert [path for path in first_words if not is_there(path)] == []


def test_pictures_are_used_and_small() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)

    for picture in (DOCS / "images").iterdir():
        assert f"images/{picture.name}" in pages
        assert picture.stat().st_size < PICTURE_LIMIT_BYTES


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(
            r"(?:`|^    (?:\S+=\S+ )*)make ([a-z][a-z-]*)",
            page.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    }

    assert named
    assert sorted(named - targets) == []


def test_the_addresses_in_mails_are_those_of_the_pages() -> None:
    """Decision 0009: the table of paths and the URL conf say the same."""
    for page, path in links.PAGES.items():
        arguments = ["01a1ff75-1cd3-7814-bce5-7cd170960241"] * path.count("{}")

        assert reverse(page, args=arguments) == path.format(*arguments)

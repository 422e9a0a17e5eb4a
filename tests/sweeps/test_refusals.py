"""Every refusal: a code of its own, a whole sentence, and its placeholders filled where raised."""

import ast
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import vestibule
from tests.support import loops
from vestibule.refusals import Denied, Invalid, LimitReached, Refusal

SOURCES = Path(vestibule.__path__[0])
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
GIVEN_BY_ITSELF = {"limit_reached": {"retry_after_seconds"}, "denied": {"permission"}}

for module in pkgutil.walk_packages(vestibule.__path__, "vestibule."):
    if not module.name.rpartition(".")[2].startswith("__") and module.name != "vestibule.asgi":
        importlib.import_module(module.name)


def all_below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("vestibule."):
            yield one
            yield from all_below(one)


ALL = sorted(set(all_below(Refusal)), key=lambda one: one.code)
BY_NAME = {one.__name__: one for one in ALL}
every_refusal = pytest.mark.parametrize("refusal", ALL, ids=lambda one: one.code)


def placeholders(refusal: type[Refusal]) -> set[str]:
    return set(PLACEHOLDER.findall(refusal.sentence))


def test_no_two_share_a_code() -> None:
    codes = Counter(one.code for one in [Refusal, *ALL])
    assert [code for code, times in codes.items() if times > 1] == []


def test_no_two_share_a_name() -> None:
    assert len(BY_NAME) == len(ALL)


@every_refusal
def test_it_says_a_whole_sentence_of_its_own(refusal: type[Refusal]) -> None:
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", refusal.code)
    assert refusal.sentence.endswith((".", "?", "…"))
    assert "sentence" in vars(refusal)
    assert "%" not in PLACEHOLDER.sub("", refusal.sentence)


@every_refusal
def test_its_sentence_is_marked_for_translation(refusal: type[Refusal]) -> None:
    """A door translates it when it tells it; what is not marked is in no catalogue."""
    source = Path(importlib.import_module(refusal.__module__).__file__ or "")
    for node in ast.walk(loops.parse(source.read_text())):
        if isinstance(node, ast.ClassDef) and node.name == refusal.__name__:
            values = [
                one.value
                for one in node.body
                if isinstance(one, ast.Assign)
                and any(isinstance(to, ast.Name) and to.id == "sentence" for to in one.targets)
            ]
            assert all(isinstance(value, ast.Call) for value in values), "write _(“…”)"


@every_refusal
def test_it_can_be_told_with_its_placeholders_filled(refusal: type[Refusal]) -> None:
    filled = dict.fromkeys(placeholders(refusal), "X")
    made = refusal({}, **filled) if issubclass(refusal, Invalid) and filled else refusal(**filled)

    assert "%(" not in str(made)


def raised_in(path: Path) -> Iterator[tuple[int, str, set[str] | None]]:
    """Return line, class and named arguments of every refusal made in a file (None: `**…`)."""
    for node in ast.walk(loops.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr == "at":
            function = function.value
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name not in BY_NAME:
            continue
        names = {word.arg for word in node.keywords}
        yield node.lineno, name, None if None in names else {str(one) for one in names}


def test_its_placeholders_are_filled_wherever_it_is_raised() -> None:
    gaps = [
        f"{path.relative_to(SOURCES)}:{line} {name} lacks {sorted(missing)}"
        for path in SOURCES.rglob("*.py")
        for line, name, given in raised_in(path)
        if given is not None
        and (
            missing := placeholders(BY_NAME[name])
            - given
            - GIVEN_BY_ITSELF.get(BY_NAME[name].code, set())
        )
    ]
    assert gaps == []


@every_refusal
def test_somebody_raises_it(refusal: type[Refusal]) -> None:
    used = any(
        name == refusal.__name__
        for path in SOURCES.rglob("*.py")
        for _line, name, _given in raised_in(path)
    )
    if refusal.__subclasses__() or refusal in (LimitReached, Denied):
        return
    assert used, f"{refusal.__name__} is never raised"

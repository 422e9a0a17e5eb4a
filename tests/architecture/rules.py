"""The house's rules that a linter cannot know, each a function from a syntax tree to faults.

A rule returns sentences that say what to do instead. `test_rules.py` runs them over the sources,
and over bad specimens which they have to catch.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "vestibule"
DOORS = ("web", "api", "authzen", "scim", "oidc", "cli", "work")
DOMAIN = ("directory", "blueprints", "tabular", "authz")

Rule = Callable[[ast.Module], Iterator[str]]

MANAGERS = {"objects", "_default_manager", "_base_manager"}
WRITES = {
    "save",
    "asave",
    "delete",
    "adelete",
    "get_or_create",
    "aget_or_create",
    "update_or_create",
    "aupdate_or_create",
}
HTTP = (
    "django.http",
    "django.shortcuts",
    "django.views",
    "django.middleware",
    "allauth",
    "uvicorn",
)
# What else has a state besides a user; any other name in front of `.state` counts as a user.
OTHERS_WITH_A_STATE = {"item", "work_item", "message", "outbox_message", "invitation", "job"}


def parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """Return for each node the one it stands in."""
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def chain(node: ast.expr) -> list[str]:
    """Return the names of `a.b(…).c` as `["a", "b", "c"]`."""
    names: list[str] = []
    current: ast.expr = node
    while True:
        if isinstance(current, ast.Call):
            current = current.func
        elif isinstance(current, ast.Attribute):
            names.append(current.attr)
            current = current.value
        elif isinstance(current, ast.Subscript):
            current = current.value
        else:
            if isinstance(current, ast.Name):
                names.append(current.id)
            return names[::-1]


def a_door_sees_only_what_its_actor_may_see(tree: ast.Module) -> Iterator[str]:
    """In a door `.objects` is at once followed by `.visible_to(`."""
    above = parents(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and node.attr in MANAGERS):
            continue
        after = above.get(node)
        call = above.get(after) if after else None
        follows = isinstance(after, ast.Attribute) and after.attr == "visible_to"
        if not (follows and isinstance(call, ast.Call) and call.func is after):
            yield f"line {node.lineno}: write `.objects.visible_to(actor)`, and filter after it"


def a_door_writes_nothing(tree: ast.Module) -> Iterator[str]:
    """In a door there is no `.save( .delete( bulk_* *_or_create transaction`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, before = node.func.attr, chain(node.func.value)
            from_rows = bool({"visible_to", *MANAGERS} & set(before))
            if before[-1:] == ["session"]:
                continue  # what the browser's cookie stands for; no row of the directory
            if (
                name in WRITES
                or name.startswith(("bulk_", "abulk_"))
                or (name in ("create", "update") and from_rows)
            ):
                yield f"line {node.lineno}: `.{name}(` writes; call an action instead"
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("django.db"):
            for imported in node.names:
                if imported.name in ("transaction", "atomic"):
                    yield f"line {node.lineno}: an action opens the transaction, a door does not"
        if isinstance(node, ast.Import):
            for imported in node.names:
                if imported.name == "django.db.transaction":
                    yield f"line {node.lineno}: an action opens the transaction, a door does not"


def time_comes_from_the_clock(tree: ast.Module) -> Iterator[str]:
    """No `datetime.now(` or `timezone.now(` outside clock.py, and no other way around it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            base = chain(node.value)[-1:]
            if (node.attr in ("now", "utcnow", "today") and base == ["datetime"]) or (
                (node.attr, base) in (("now", ["timezone"]), ("today", ["date"]))
            ):
                yield f"line {node.lineno}: write `clock.now()`"
        if isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
            yield f"line {node.lineno}: `{node.arg}` asks the system; pass `clock.now()`"
        if isinstance(node, ast.ImportFrom):
            if node.module == "django.utils.timezone" and any(n.name == "now" for n in node.names):
                yield f"line {node.lineno}: import `clock` instead"
            if node.module == "django.db.models.functions" and any(
                n.name == "Now" for n in node.names
            ):
                yield f"line {node.lineno}: pass `clock.now()` to the query instead"


def the_domain_knows_no_http(tree: ast.Module) -> Iterator[str]:
    """The domain imports nothing that belongs to requests and pages."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [imported.name for imported in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if any(name == one or name.startswith(one + ".") for one in HTTP):
                yield f"line {getattr(node, 'lineno', 0)}: `{name}` belongs in a door"


def an_action_asks_first(tree: ast.Module) -> Iterator[str]:
    """An `@action` takes the actor first, and the first line of its body is `authorize(…)`.

    Or one of its kin, such as `authorize_on_person(…)`.
    """
    for node in ast.walk(tree):
        if not (isinstance(node, ast.FunctionDef) and is_action(node)):
            continue
        positional = [*node.args.posonlyargs, *node.args.args]
        if not positional or positional[0].arg != "actor":
            yield f"line {node.lineno}: `{node.name}` takes `actor` first"
        elif len(node.args.defaults) == len(positional):
            yield f"line {node.lineno}: the actor of `{node.name}` is never optional"
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        if not body or not is_authorize(body[0]):
            yield f"line {node.lineno}: the first line of `{node.name}` is `authorize(…)`"


def is_action(node: ast.FunctionDef) -> bool:
    """Say whether a function is decorated with `@action(…)`."""
    return any(
        isinstance(one, ast.Call) and chain(one.func)[-1:] == ["action"]
        for one in node.decorator_list
    )


def is_authorize(statement: ast.stmt) -> bool:
    """Say whether a statement is `authorize(…)`, or keeps its answer."""
    value = getattr(statement, "value", None)
    return isinstance(value, ast.Call) and chain(value.func)[-1].startswith("authorize")


def functions_that_set_a_users_state(tree: ast.Module) -> list[str]:
    """Return the names of the functions that assign a user's `state`."""
    found: list[str] = []
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            targets: list[ast.expr] = []
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AnnAssign | ast.AugAssign):
                targets = [node.target]
            flat = [
                part
                for target in targets
                for part in (target.elts if isinstance(target, ast.Tuple) else [target])
            ]
            assigned = any(
                isinstance(one, ast.Attribute)
                and one.attr == "state"
                and chain(one.value)[-1:] != ["self"]
                and not set(chain(one.value)[-1:]) & OTHERS_WITH_A_STATE
                for one in flat
            )
            updated = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("update", "aupdate")
                and "User" in chain(node.func.value)
                and any(word.arg == "state" for word in node.keywords)
            )
            set_by_name = (
                isinstance(node, ast.Call)
                and chain(node.func)[-1:] == ["setattr"]
                and len(node.args) > 1
                and isinstance(node.args[1], ast.Constant)
                and node.args[1].value == "state"
            )
            if assigned or updated or set_by_name:
                found.append(function.name)
                break
    return found


def source_files(*folders: str) -> list[Path]:
    """Return the Python files of these folders of `src/vestibule`, or of all of it."""
    roots = [SOURCES / folder for folder in folders] if folders else [SOURCES]
    return sorted(path for root in roots for path in root.rglob("*.py"))


def parse(path: Path) -> ast.Module:
    """Return the syntax tree of one file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def shown(path: Path) -> str:
    """Return the path as a person would write it."""
    return str(path.relative_to(ROOT))

"""The house's own rules hold in every source file, and each rule catches what it is there for."""

import ast
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.architecture import rules
from vestibule import conf

MIGRATIONS = rules.SOURCES / "directory" / "migrations"


def faults(rule: rules.Rule, *folders: str, but: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{rules.shown(path)} {fault}"
        for path in rules.source_files(*folders)
        if path.relative_to(rules.SOURCES).as_posix() not in but and MIGRATIONS not in path.parents
        for fault in rule(rules.parse(path))
    ]


def caught(rule: rules.Rule, specimen: str) -> bool:
    return bool(list(rule(ast.parse(textwrap.dedent(specimen)))))


OURS, ROOT = "work", "root"


class TestADoorSeesOnlyWhatItsActorMaySee:
    def test_in_every_door(self) -> None:
        assert faults(rules.a_door_sees_only_what_its_actor_may_see, *rules.DOORS) == []

    @pytest.mark.parametrize(
        "specimen",
        [
            "User.objects.filter(pk=1)",
            "User.objects.all().visible_to(actor)",
            "users = User.objects",
            "User._default_manager.get(pk=1)",
            "look = User.objects.visible_to",
        ],
    )
    def test_a_bad_one_is_caught(self, specimen: str) -> None:
        assert caught(rules.a_door_sees_only_what_its_actor_may_see, specimen)

    def test_a_good_one_is_not(self) -> None:
        good = "User.objects.visible_to(actor).filter(pk=1)"
        assert not caught(rules.a_door_sees_only_what_its_actor_may_see, good)


class TestADoorWritesNothing:
    def test_in_every_door(self) -> None:
        assert faults(rules.a_door_writes_nothing, *rules.DOORS) == []

    @pytest.mark.parametrize(
        "specimen",
        [
            "user.save(update_fields=['name'])",
            "User.objects.visible_to(actor).delete()",
            "User.objects.visible_to(actor).update(name='x')",
            "rows.bulk_create(found)",
            "Place.objects.visible_to(actor).update_or_create(name='x')",
            "Place.objects.create(name='x')",
            "from django.db import transaction",
            "from django.db.transaction import atomic",
        ],
    )
    def test_a_bad_one_is_caught(self, specimen: str) -> None:
        assert caught(rules.a_door_writes_nothing, specimen)

    def test_the_session_of_a_browser_may_be_saved(self) -> None:
        assert not caught(rules.a_door_writes_nothing, "request.session.save()")

    def test_a_dictionary_may_be_updated(self) -> None:
        assert not caught(rules.a_door_writes_nothing, "context.update(title='x')")


class TestTimeComesFromTheClock:
    def test_everywhere_but_in_the_clock(self) -> None:
        assert faults(rules.time_comes_from_the_clock, but=("clock.py",)) == []

    @pytest.mark.parametrize(
        "specimen",
        [
            "datetime.now(UTC)",
            "datetime.datetime.now()",
            "datetime.utcnow()",
            "timezone.now()",
            "models.DateTimeField(default=timezone.now)",
            "models.DateTimeField(auto_now_add=True)",
            "date.today()",
            "from django.utils.timezone import now",
            "from django.db.models.functions import Now",
        ],
    )
    def test_a_bad_one_is_caught(self, specimen: str) -> None:
        assert caught(rules.time_comes_from_the_clock, specimen)

    def test_the_clock_itself_is_not(self) -> None:
        assert not caught(rules.time_comes_from_the_clock, "clock.now()")


class TestTheDomainKnowsNoHttp:
    def test_in_the_whole_domain(self) -> None:
        assert faults(rules.the_domain_knows_no_http, *rules.DOMAIN) == []

    @pytest.mark.parametrize(
        "specimen",
        ["from django.http import Http404", "import django.views.generic", "import allauth"],
    )
    def test_a_bad_one_is_caught(self, specimen: str) -> None:
        assert caught(rules.the_domain_knows_no_http, specimen)


class TestAnActionAsksFirst:
    def test_every_action(self) -> None:
        assert faults(rules.an_action_asks_first, "directory") == []

    @pytest.mark.parametrize(
        "specimen",
        [
            """
            @action("user.deactivate")
            def deactivate_user(actor, user):
                user.name = "x"
                authorize(actor, "user.deactivate", user)
            """,
            """
            @action("user.deactivate")
            def deactivate_user(user, actor):
                authorize(actor, "user.deactivate", user)
            """,
            """
            @action("user.deactivate")
            def deactivate_user(actor=None):
                authorize(actor, "user.deactivate")
            """,
        ],
    )
    def test_a_bad_one_is_caught(self, specimen: str) -> None:
        assert caught(rules.an_action_asks_first, specimen)

    def test_a_good_one_is_not(self) -> None:
        good = '''
            @action("user.deactivate")
            def deactivate_user(actor, user, *, reason):
                """Shut the door on a user."""
                authorize(actor, "user.deactivate", user)
            '''
        assert not caught(rules.an_action_asks_first, good)


class TestAUsersStateIsAssignedInOneFunction:
    def test_in_the_whole_product(self) -> None:
        states = "src/vestibule/directory/actions/_states.py"
        found = [
            f"{rules.shown(path)} {name}"
            for path in rules.source_files()
            if MIGRATIONS not in path.parents
            for name in rules.functions_that_set_a_users_state(rules.parse(path))
        ]
        # One function moves a user; beside it stands the one that stores him for the first time.
        assert sorted(found) == [f"{states} move"]

    @pytest.mark.parametrize(
        "line",
        [
            "user.state = State.ACTIVE",
            "grant.user.state = 'active'",
            "user.name, user.state = 'x', 'active'",
            "User.objects.filter(pk=1).update(state='active')",
            "setattr(user, 'state', 'active')",
        ],
    )
    def test_a_second_one_is_caught(self, line: str) -> None:
        tree = ast.parse(f"def somewhere(user):\n    {line}\n")
        assert rules.functions_that_set_a_users_state(tree) == ["somewhere"]


def packages_without_a_sentence(root: Path) -> list[str]:
    missing = []
    for folder in sorted({path.parent for path in root.rglob("*.py")}):
        entrance = folder / "__init__.py"
        text = ast.get_docstring(ast.parse(entrance.read_text())) if entrance.exists() else None
        if not text or not re.match(r"\S.*\.(\s|$)", text, re.DOTALL):
            missing.append(str(folder.relative_to(root)))
    return missing


class TestEveryPackageSaysWhatLivesThere:
    def test_in_the_whole_product(self) -> None:
        assert packages_without_a_sentence(rules.SOURCES) == []

    def test_a_silent_one_is_caught(self, tmp_path: Path) -> None:
        (tmp_path / "silent").mkdir()
        (tmp_path / "silent" / "__init__.py").touch()
        (tmp_path / "open").mkdir()
        (tmp_path / "open" / "module.py").touch()
        (tmp_path / "__init__.py").write_text('"""What lives here."""')

        assert packages_without_a_sentence(tmp_path) == ["open", "silent"]


# Written in pieces, so that this file does not hold what it looks for.
HOSTS = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "yarn" + "pkg.com",
    "crates" + ".io",
    "jsdelivr" + ".net",
    "un" + "pkg.com",
    "cdn" + "js.com",
)
OF_A_MACHINE = re.compile(
    r"(?<![\w.~}-])/(?:work|root|opt)/|(?<![\w.])/(?:home|Users)/\w|"
    r"--(?:extra-)?index-url|--find-links|" + "|".join(map(re.escape, HOSTS))
)
# Here these options and paths are the subject.
MAY_NAME_THEM = {
    "tests/architecture/test_rules.py",
    "scripts/lock",
}


def machine_words(text: str) -> list[str]:
    return [found.group() for found in OF_A_MACHINE.finditer(text)]


class TestNoFileSpeaksOfOneMachine:
    def test_in_all_that_can_be_committed(self) -> None:
        listed = subprocess.run(
            [
                "git",
                "-c",
                f"safe.directory={rules.ROOT}",
                "ls-files",
                "-z",
                "-c",
                "-o",
                "--exclude-standard",
            ],
            cwd=rules.ROOT,
            capture_output=True,
            check=True,
        )
        found = []
        for name in filter(None, listed.stdout.decode().split("\0")):
            path = rules.ROOT / name
            if name in MAY_NAME_THEM or not path.is_file():
                continue
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            found += [f"{name}: {word}" for word in machine_words(text)]
        assert found == []

    @pytest.mark.parametrize(
        "specimen",
        [
            f"see /{OURS}/main for it",
            f"PATH=/{ROOT}/bin",
            "/home/somebody/x",
            f"https://files.{HOSTS[1]}/packages",
            "--index-url somewhere",
        ],
    )
    def test_a_bad_one_is_caught(self, specimen: str) -> None:
        assert machine_words(specimen)

    def test_our_own_folders_are_not(self) -> None:
        assert machine_words("src/vestibule/web/door.py and tests/web/") == []


class TestEverySettingIsDeclaredAndDocumented:
    def test_the_reference_page_names_each_with_its_sentence(self) -> None:
        page = (rules.ROOT / "docs" / "reference" / "settings.md").read_text()
        silent = [
            one.name
            for one in conf.SETTINGS
            if f"`{one.name}`" not in page or one.sentence not in page
        ]
        assert silent == []

    def test_each_has_a_whole_sentence_a_type_and_a_default(self) -> None:
        bare = [
            one.name
            for one in conf.SETTINGS
            if not (one.kind and one.default and one.sentence.endswith("."))
        ]
        assert bare == []

    def test_no_source_reads_one_that_is_not_declared(self) -> None:
        declared = {one.name for one in conf.SETTINGS} | conf.INTERNAL
        used = {
            (rules.shown(path), name)
            for path in rules.source_files()
            for name in re.findall(r"""["'](VESTIBULE_[A-Z_]+)["']""", path.read_text())
        }
        assert {(path, name) for path, name in used if name not in declared} == set()


def test_nobody_imports_whom_he_may_not() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=rules.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr

"""The command line does what pages do, tells it to people and programs, and answers with exit codes."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.cli.firms import an_open_firm
from tests.support.databases import Database
from vestibule.authz.catalogue import RESERVED_NAMES
from vestibule.blueprints.parse import demo_portfolio, load

Vestibule = Callable[..., "CompletedProcess[str]"]
CREATE = ("firm", "create", "--blueprint", "practice", "--name", "Cabinet Alpha")


@pytest.fixture
def portfolio(tmp_path: Path) -> Path:
    file = tmp_path / "portfolio.csv"
    file.write_bytes(demo_portfolio(load("practice", reserved=RESERVED_NAMES)))
    return file


def test_a_firm_is_created_with_its_invited_administrator(
    vestibule: Vestibule, database: Database
) -> None:
    done = vestibule(*CREATE, "--slug", "alpha", "--admin-email", "ada@alpha.example", "--json")

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["firm"]["address"] == "http://testserver/f/alpha/"
    assert said["administrator"]["email"] == "ada@alpha.example"
    assert database.rows("SELECT state FROM directory_user WHERE email = 'ada@alpha.example'") == [
        ("invited",)
    ]


@pytest.mark.parametrize(
    ("change", "code", "refusal"),
    [
        ({"--slug": "Not a slug"}, 2, "firm.slug_invalid"),
        ({"--admin-email": "nobody"}, 2, "email.invalid"),
        ({"--admin-email": "a\u0430@alpha.example"}, 2, "email.looks_alike"),
        ({"--name": "x" * 5000}, 2, "text.too_long"),
        ({"--blueprint": "unheard-of"}, 2, "file.unreadable"),
    ],
)
def test_what_cannot_be_is_refused_with_its_code_and_nothing_is_written(
    vestibule: Vestibule, database: Database, change: dict[str, str], code: int, refusal: str
) -> None:
    before = database.rows("SELECT count(*) FROM directory_firm")
    words = {
        "--blueprint": "practice", "--name": "Cabinet Alpha", "--slug": "alpha",
        "--admin-email": "ada@alpha.example", **change,
    }  # fmt: skip

    done = vestibule("firm", "create", *[word for pair in words.items() for word in pair], "--json")

    assert done.returncode == code, done.stderr
    assert refusal in done.stdout
    assert "Traceback" not in done.stderr
    assert database.rows("SELECT count(*) FROM directory_firm") == before


def test_an_address_that_is_taken_is_a_conflict(vestibule: Vestibule, database: Database) -> None:
    create = (*CREATE, "--slug", "alpha", "--admin-email", "ada@alpha.example")
    assert vestibule(*create).returncode == 0

    again = vestibule(*create)

    assert again.returncode == 6
    assert "alpha" in again.stderr


def test_a_client_list_is_shown_imported_and_left_alone_the_second_time(
    vestibule: Vestibule, database: Database, portfolio: Path
) -> None:
    firm = an_open_firm("alpha")
    words = ("places", "import", str(portfolio), "--firm", "alpha", "--as", "admin@alpha.example")

    dry = vestibule(*words, "--dry-run", "--json")
    assert dry.returncode == 0, dry.stderr
    assert json.loads(dry.stdout)["applied"] is False
    assert len(json.loads(dry.stdout)["created"]) == 30 + 69 + 311
    count = "SELECT count(*) FROM directory_place WHERE firm_id = ?"
    key = firm.pk if database.vendor == "postgresql" else firm.pk.hex
    assert database.rows(count, key) == [(1,)]  # the root alone

    done = vestibule(*words)
    assert "30 × group, 69 × company, 311 × establishment" in done.stdout
    assert database.rows(count, key) == [(411,)]

    again = vestibule(*words)
    assert "created: nothing · changed: 0 · left alone: 410" in again.stdout
    assert "Nothing to do." in again.stdout


def test_a_bad_line_is_told_and_nothing_is_imported(
    vestibule: Vestibule, database: Database, tmp_path: Path
) -> None:
    an_open_firm("alpha")
    bad = tmp_path / "bad.csv"
    bad.write_text("Entreprise;Groupe\nA;B\n")
    words = ("places", "import", str(bad), "--firm", "alpha", "--as", "admin@alpha.example")

    done = vestibule(*words, "--json")

    assert done.returncode == 2
    assert json.loads(done.stdout)["refused"]["problems"]


@pytest.mark.parametrize(
    ("firm", "email", "code"),
    [
        ("nobody", "admin@alpha.example", 5),
        ("alpha", "stranger@alpha.example", 5),
        ("alpha", "not an address", 2),
        ("alpha", "admin@beta.example", 5),
    ],
)
def test_only_a_user_of_the_firm_who_is_let_in_can_be_acted_for(
    vestibule: Vestibule, database: Database, portfolio: Path, firm: str, email: str, code: int
) -> None:
    an_open_firm("alpha")
    an_open_firm("beta")

    done = vestibule("places", "import", str(portfolio), "--firm", firm, "--as", email)

    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_an_absent_file_is_said(vestibule: Vestibule, tmp_path: Path) -> None:
    for words in (("places", "import", "--firm", "a", "--as", "b"), ("blueprint", "check")):
        done = vestibule(*words[:2], str(tmp_path / "absent"), *words[2:])

        assert done.returncode == 2
        assert "No such file" in done.stderr


def test_a_blueprint_is_checked_with_line_and_key(vestibule: Vestibule, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('name = "bad"\nsurprise = 1\n')

    done = vestibule("blueprint", "check", str(bad))

    assert done.returncode == 2
    assert "surprise" in done.stderr
    assert "2" in done.stderr


def test_a_whole_trail_is_verified_and_an_altered_one_is_found(
    vestibule: Vestibule, database: Database
) -> None:
    an_open_firm("alpha")
    whole = vestibule("audit", "verify", "--firm", "alpha", "--json")
    assert (whole.returncode, json.loads(whole.stdout)["ok"]) == (0, True)

    database.rows("DELETE FROM directory_eventvalue")  # erased: the chain still holds
    assert vestibule("audit", "verify", "--firm", "alpha").returncode == 0

    trigger = "directory_event_no_update"
    table = " ON directory_event" if database.vendor == "postgresql" else ""
    database.rows(f"DROP TRIGGER {trigger}{table}")
    database.rows("UPDATE directory_event SET name = 'something.else' WHERE sequence = 2")
    altered = vestibule("audit", "verify", "--firm", "alpha")
    assert altered.returncode == 1
    assert "event 2 was altered" in altered.stderr


def test_the_demo_is_loaded_once_and_completed_when_it_is_run_again(
    vestibule: Vestibule, database: Database, tmp_path: Path
) -> None:
    env = {"VESTIBULE_DATA_DIR": str(tmp_path / "data")}

    first = vestibule("demo", env=env)
    people = database.rows(
        "SELECT email, state FROM directory_user WHERE email LIKE '%@demo.example'"
    )
    second = vestibule("demo", "--users", "3", "--companies", "2", env=env)

    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert {email.partition("@")[0]: state for email, state in people} == dict.fromkeys(
        ("admin", "staff", "director", "user"), "active"
    )
    assert stat.S_IMODE((tmp_path / "data" / "demo-password").stat().st_mode) == 0o600
    made = database.rows(
        "SELECT count(*) FROM directory_user WHERE email LIKE '%.00000_@people.example'"
    )
    assert made == [(3,)]


def test_migrating_again_changes_nothing(vestibule: Vestibule) -> None:
    done = vestibule("migrate")

    assert (done.returncode, done.stdout) == (0, "The database is up to date.\n")


def test_an_unknown_command_is_refused_with_the_usage(vestibule: Vestibule) -> None:
    done = vestibule("frobnicate")

    assert done.returncode == 2
    assert "usage: vestibule" in done.stderr

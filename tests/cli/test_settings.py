"""Settings come from the environment, and what is wrong with one is said in a sentence."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from vestibule import conf

SEALING_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def load(tmp_path: Path, **names: str) -> conf.Conf:
    return conf.load({"VESTIBULE_DATA_DIR": str(tmp_path), **names})


def test_without_any_setting_the_product_runs_on_sqlite_and_loopback(tmp_path: Path) -> None:
    settings = load(tmp_path)

    assert settings.database == conf.DatabaseAddress("sqlite", str(tmp_path / "vestibule.sqlite3"))
    assert settings.base_url == "http://localhost:8000"
    assert settings.holds_mails
    assert not settings.demo


def test_the_base_address_follows_the_port_unless_it_is_set(tmp_path: Path) -> None:
    assert load(tmp_path, VESTIBULE_PORT="9000").base_url == "http://localhost:9000"
    own = load(tmp_path, VESTIBULE_PORT="9000", VESTIBULE_BASE_URL="https://portal.example/")
    assert own.base_url == "https://portal.example"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("VESTIBULE_PORT", "http"),
        ("VESTIBULE_PORT", "0"),
        ("VESTIBULE_PORT", "70000"),
        ("VESTIBULE_PORT", "٣"),
        ("VESTIBULE_WORKERS", "-1"),
        ("VESTIBULE_DEMO", "perhaps"),
        ("VESTIBULE_BASE_URL", "portal.example"),
        ("VESTIBULE_BASE_URL", "ftp://portal.example"),
        ("VESTIBULE_BASE_URL", "https://portal.example/path"),
        ("VESTIBULE_BASE_URL", "https://portal.example:port"),
        ("VESTIBULE_DEFAULT_FIRM", "two words"),
        ("VESTIBULE_MAIL_FROM", "Portal <a@b.example>"),
        ("VESTIBULE_TRUSTED_PROXIES", "all"),
    ],
)
def test_a_bad_value_is_named_with_what_would_be_right(
    tmp_path: Path, name: str, text: str
) -> None:
    with pytest.raises(conf.BadSettings) as refused:
        load(tmp_path, **{name: text})

    (problem,) = refused.value.problems
    assert problem.startswith(f"{name} (it says “{text}”): ")
    assert problem.endswith(".")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("VESTIBULE_DATABASE_URL", "mysql://owner:pa55word@host/name"),
        ("VESTIBULE_DATABASE_URL", "postgresql://owner:pa55word@host"),
        ("VESTIBULE_DATABASE_URL", "postgresql://owner:pa55word@host:many/name"),
        ("VESTIBULE_SMTP_URL", "http://owner:pa55word@host"),
        ("VESTIBULE_SMTP_URL", "smtp://owner:pa55word@host?tls=1"),
        ("VESTIBULE_SMTP_URL", "smtps://owner:pa55word@host?starttls=1"),
        ("VESTIBULE_SECRET_KEY", "pa55word"),
        ("VESTIBULE_SEALING_KEY", "pa55word"),
        ("VESTIBULE_SEALING_KEY", "pa55word" * 10),
    ],
)
def test_a_bad_secret_is_named_and_never_repeated(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(conf.BadSettings) as refused:
        load(tmp_path, **{name: text})

    assert refused.value.problems[0].startswith(f"{name}: ")
    assert "pa55word" not in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(conf.BadSettings) as refused:
        load(tmp_path, VESTIBULE_PORT="x", VESTIBULE_DEMO="x", VESTIBULE_BASE_URL="x")

    assert len(refused.value.problems) == 3


def test_the_demo_is_for_loopback_only(tmp_path: Path) -> None:
    with pytest.raises(conf.BadSettings, match="loopback"):
        load(tmp_path, VESTIBULE_DEMO="1", VESTIBULE_BASE_URL="https://portal.example")

    assert load(tmp_path, VESTIBULE_DEMO="1").demo


def test_addresses_are_read_with_their_escapes(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        VESTIBULE_DATABASE_URL="postgresql://own%40er:p%2Fw@db.example:5433/name?sslmode=require",
        VESTIBULE_SMTP_URL="smtp://me%40firm.example:p%3Aw@mail.example?starttls=1",
    )

    assert settings.database == conf.DatabaseAddress(
        "postgresql", "name", "own@er", "p/w", "db.example", "5433", (("sslmode", "require"),)
    )
    assert settings.smtp == conf.SmtpAddress(
        "mail.example", 587, "me@firm.example", "p:w", starttls=True
    )


def test_no_secret_shows_when_the_settings_are_printed(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        VESTIBULE_DATABASE_URL="postgresql://owner:pa55word@host/name",
        VESTIBULE_SMTP_URL="smtp://owner:pa55word@host",
        VESTIBULE_SECRET_KEY="pa55word" * 8,
        VESTIBULE_SEALING_KEY=SEALING_KEY,
        VESTIBULE_DEMO_PASSWORD="pa55word",
    )

    assert "pa55word" not in repr(settings)
    assert SEALING_KEY not in repr(settings)


def test_missing_keys_are_made_once_and_kept_for_their_owner_alone(tmp_path: Path) -> None:
    first = load(tmp_path / "data")
    second = load(tmp_path / "data")

    assert (first.secret_key, first.sealing_key) == (second.secret_key, second.sealing_key)
    for name in ("secret.key", "sealing.key"):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "sealing.key",
        "secret.key",
    ]


def test_processes_that_start_together_make_one_key(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from vestibule import conf; sys.stdin.read();"
        f"print(conf.load({{'VESTIBULE_DATA_DIR': {str(tmp_path / 'data')!r}}}).secret_key)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(6)
    ]  # fmt: skip
    for process in started:
        assert process.stdin
        process.stdin.close()  # now, all of them
        process.stdin = None

    assert len({process.communicate()[0] for process in started}) == 1


def test_an_unwritable_data_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(conf.BadSettings, match="VESTIBULE_DATA_DIR"):
        load(tmp_path / "file" / "data")


def test_a_slip_of_the_pen_in_a_name_is_found() -> None:
    assert conf.unknown_names({"VESTIBULE_STMP_URL": "x", "VESTIBULE_PORT": "1", "PATH": ""}) == [
        "VESTIBULE_STMP_URL"
    ]


def test_every_setting_has_a_name_a_type_a_default_and_a_sentence() -> None:
    for setting in conf.SETTINGS:
        assert setting.name.startswith("VESTIBULE_")
        assert setting.kind
        assert setting.default
        assert setting.sentence.endswith(".")

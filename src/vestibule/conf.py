"""Our settings: each has a name, a type, a unit, a default and one sentence.

They come from the environment only. This module reads and checks them and knows no Django;
`settings.py` builds Django's settings from the result.
"""

import base64
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from vestibule import sealing

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PREFIX = "VESTIBULE_"
T = TypeVar("T")


class BadSettings(Exception):
    """One or more settings cannot be used; `problems` says each in a sentence."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Wrong(ValueError):
    """What a reader says about a text: the end of the sentence “NAME: …”."""


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where the rows are; `engine` is `sqlite` or `postgresql`."""

    engine: str
    name: str
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    port: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """The mail server. `implicit_tls` is smtps://, `starttls` is ?starttls=1."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    implicit_tls: bool = False
    starttls: bool = False


@dataclass(frozen=True, slots=True)
class BaseAddress:
    """The one address from which links are built."""

    scheme: str
    host: str
    port: int | None

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port else "")

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        return self.host in LOOPBACK


@dataclass(frozen=True, slots=True)
class Conf:
    """All settings of ours, read and checked."""

    data_dir: Path
    database: DatabaseAddress
    base: BaseAddress
    port: int
    smtp: SmtpAddress | None
    mail_from: str
    demo: bool
    secret_key: str = field(repr=False)
    sealing_key: str = field(repr=False)
    blueprint: str
    demo_password: str = field(repr=False)
    workers: int
    default_firm: str
    trusted_proxies: int
    as_owner: bool

    @property
    def base_url(self) -> str:
        """The base address as text, without a slash at its end."""
        return self.base.origin

    @property
    def holds_mails(self) -> bool:
        """Whether mails stay in the outbox because no mail server is set."""
        return self.smtp is None


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the reference page: what a name means and how its text is read."""

    name: str
    kind: str
    unit: str
    default: str
    sentence: str
    read: Callable[[str], object]
    is_secret: bool = False


def _text(value: str) -> str:
    return value


def _flag(value: str) -> bool:
    answers = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if value.lower() not in answers:
        raise _Wrong("write 1 or 0")
    return answers[value.lower()]


def _whole(smallest: int, largest: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not smallest <= int(value) <= largest:
            raise _Wrong(f"write a whole number from {smallest} to {largest}")
        return int(value)

    return read


def _slug(value: str) -> str:
    if value and not all(part.isalnum() and part.isascii() for part in value.split("-")):
        raise _Wrong("write lower-case letters, digits and single hyphens")
    return value.lower()


def _port_of(value: str) -> int | None:
    try:
        return urlsplit(value).port
    except ValueError as error:
        raise _Wrong("the port is not a number from 1 to 65535") from error


def _database(value: str) -> DatabaseAddress:
    parts = urlsplit(value)
    if parts.scheme == "sqlite":
        if not value.startswith("sqlite:///") or not parts.path.strip("/"):
            raise _Wrong("write sqlite:///relative/file or sqlite:////absolute/file")
        return DatabaseAddress(engine="sqlite", name=unquote(parts.path[1:]))
    if parts.scheme in ("postgres", "postgresql"):
        if not parts.path.strip("/"):
            raise _Wrong(
                "the name of the database is missing: postgresql://user:password@host:5432/name"
            )
        options = tuple(parse_qsl(parts.query, keep_blank_values=True))
        host = dict(options).get("host", parts.hostname or "")
        return DatabaseAddress(
            engine="postgresql",
            name=unquote(parts.path[1:]),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            host=unquote(host),
            port=str(_port_of(value) or ""),
            options=tuple(pair for pair in options if pair[0] != "host"),
        )
    raise _Wrong("write sqlite:///file or postgresql://user:password@host:5432/name")


def _base_url(value: str) -> BaseAddress:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _Wrong("write http://host or https://host, with a port if it is not the usual one")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise _Wrong(
            "write only scheme, host and port; a path, a name or a query cannot be part of it"
        )
    return BaseAddress(scheme=parts.scheme, host=parts.hostname, port=_port_of(value))


def _smtp(value: str) -> SmtpAddress | None:
    if not value:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise _Wrong(
            "write smtp://user:password@host:587?starttls=1 or smtps://user:password@host:465"
        )
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(set(query) - {"starttls"})
    if unknown:
        raise _Wrong(f"“{unknown[0]}” is not known after the question mark; only starttls=1 is")
    implicit_tls = parts.scheme == "smtps"
    starttls = _flag(query.get("starttls", "0"))
    if implicit_tls and starttls:
        raise _Wrong("smtps:// is encrypted from the first byte; leave starttls=1 away")
    return SmtpAddress(
        host=parts.hostname,
        port=_port_of(value) or (465 if implicit_tls else 587 if starttls else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        implicit_tls=implicit_tls,
        starttls=starttls,
    )


def _secret_key(value: str) -> str:
    if value and len(value) < 32:
        raise _Wrong("write at least 32 characters, taken from a random source")
    return value


def _sealing_key(value: str) -> str:
    if not value:
        return value
    try:
        keys = sealing.read_keys(value)
    except sealing.BadKey as error:
        raise _Wrong(f"{error}; write 32 random bytes in URL-safe base64") from error
    if not keys:
        raise _Wrong("write 32 random bytes in URL-safe base64")
    return value


def _mail_from(value: str) -> str:
    name, at, domain = value.rpartition("@")
    if value and (
        not (at and name and domain)
        or any(c.isspace() or ord(c) < 32 or c in "<>,;" for c in value)
    ):
        raise _Wrong("write one bare address, such as access@firm.example")
    return value


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "VESTIBULE_DATA_DIR",
        "folder",
        "",
        "./var",
        "Where the SQLite database and the generated keys are kept.",
        Path,
    ),
    Setting(
        "VESTIBULE_DATABASE_URL",
        "address",
        "",
        "SQLite in the data folder",
        "The database: sqlite:///file or postgresql://user:password@host:5432/name.",
        _database,
        True,
    ),
    Setting(
        "VESTIBULE_BASE_URL",
        "address",
        "",
        "http://localhost:8000",
        "The address people use; every link in a mail begins with it.",
        _base_url,
    ),
    Setting(
        "VESTIBULE_PORT",
        "number",
        "port",
        "8000",
        "The port on which the server listens.",
        _whole(1, 65535),
    ),
    Setting(
        "VESTIBULE_SMTP_URL",
        "address",
        "",
        "none: mails are held",
        "The mail server: smtp://user:password@host:587?starttls=1 or smtps://…:465.",
        _smtp,
        True,
    ),
    Setting(
        "VESTIBULE_MAIL_FROM",
        "e-mail address",
        "",
        "vestibule@ the host of the base address",
        "The address that mails come from.",
        _mail_from,
    ),
    Setting(
        "VESTIBULE_DEMO",
        "yes or no",
        "",
        "0",
        "Shows the demo people and makes held mails readable at /inbox/, on loopback only.",
        _flag,
    ),
    Setting(
        "VESTIBULE_SECRET_KEY",
        "text",
        "",
        "generated into the data folder",
        "Signs sessions and cookies; changing it signs everybody out.",
        _secret_key,
        True,
    ),
    Setting(
        "VESTIBULE_SEALING_KEY",
        "32 bytes, base64",
        "",
        "generated into the data folder",
        "Seals mails and second factors at rest; after a comma stand earlier keys, which only unseal.",
        _sealing_key,
        True,
    ),
    Setting(
        "VESTIBULE_BLUEPRINT", "text", "", "practice", "The blueprint of the demo firm.", _text
    ),
    Setting(
        "VESTIBULE_DEMO_PASSWORD",
        "text",
        "",
        "random, printed",
        "The password of the demo people.",
        _text,
        True,
    ),
    Setting(
        "VESTIBULE_WORKERS",
        "number",
        "processes",
        "1",
        "How many server processes share the port.",
        _whole(1, 64),
    ),
    Setting(
        "VESTIBULE_DEFAULT_FIRM",
        "text",
        "",
        "the only firm, if there is one",
        "The firm to which the bare address leads.",
        _slug,
    ),
    Setting(
        "VESTIBULE_TRUSTED_PROXIES",
        "number",
        "proxies",
        "0",
        "How many proxies of yours stand in front; so many entries of X-Forwarded-For are believed.",
        _whole(0, 9),
    ),
)

INTERNAL = frozenset({"VESTIBULE_AS_OWNER"})
"""Set by `vestibule migrate` for its own process; not a setting for people."""


def unknown_names(environ: Mapping[str, str]) -> list[str]:
    """Return the names that look like settings of ours and are none."""
    known = {setting.name for setting in SETTINGS} | INTERNAL
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def read(environ: Mapping[str, str]) -> dict[str, object]:
    """Read every setting that is present and not empty; raise `BadSettings` with all that is wrong."""
    values: dict[str, object] = {}
    problems: list[str] = []
    for setting in SETTINGS:
        text = environ.get(setting.name, "").strip()
        if not text:
            continue
        try:
            values[setting.name] = setting.read(text)
        except _Wrong as wrong:
            shown = "" if setting.is_secret else f" (it says “{text}”)"
            problems.append(f"{setting.name}{shown}: {wrong}.")
    if problems:
        raise BadSettings(problems)
    return values


def kept_secret(data_dir: Path, name: str, make: Callable[[], str]) -> str:
    """Return the secret in the file `name` of the data folder; make it there, mode 0600, when absent.

    Two processes that start together end up with the same secret: the file appears whole, under
    its name, by a link that only the first of them can make.
    """
    path = data_dir / name
    try:
        if not path.exists():
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=data_dir, prefix=f".{name}.")
            try:
                with os.fdopen(handle, "w") as stream:
                    stream.write(make() + "\n")
                    stream.flush()
                    os.fsync(stream.fileno())
                os.link(temporary, path)
            except FileExistsError:
                pass
            finally:
                os.unlink(temporary)
        return path.read_text().strip()
    except OSError as error:
        raise BadSettings(
            [f"VESTIBULE_DATA_DIR: {path} cannot be read or written ({error.strerror})."]
        ) from error


def _new_secret() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(48)).decode()


def load(environ: Mapping[str, str]) -> Conf:
    """Return the settings of this environment; generate missing keys into the data folder.

    Raises `BadSettings`, whose problems are whole sentences and repeat no secret.
    """
    values = read(environ)

    def value(name: str, default: T) -> T:
        return cast(T, values.get(name, default))

    data_dir = value("VESTIBULE_DATA_DIR", Path("var")).absolute()
    port = value("VESTIBULE_PORT", 8000)
    base = value("VESTIBULE_BASE_URL", BaseAddress("http", "localhost", port))
    demo = value("VESTIBULE_DEMO", False)
    if demo and not base.is_loopback:
        raise BadSettings(
            [
                "VESTIBULE_DEMO: the demo shows mails to anybody, so VESTIBULE_BASE_URL must be a "
                f"loopback address such as http://localhost:8000 (it says “{base.origin}”)."
            ]
        )
    sealing_key = value("VESTIBULE_SEALING_KEY", "") or kept_secret(
        data_dir, "sealing.key", sealing.new_key
    )
    try:
        sealing.read_keys(sealing_key)
    except sealing.BadKey as error:
        raise BadSettings([f"{data_dir / 'sealing.key'}: {error}."]) from error
    return Conf(
        data_dir=data_dir,
        database=value(
            "VESTIBULE_DATABASE_URL", DatabaseAddress("sqlite", str(data_dir / "vestibule.sqlite3"))
        ),
        base=base,
        port=port,
        smtp=value("VESTIBULE_SMTP_URL", None),
        mail_from=value("VESTIBULE_MAIL_FROM", "") or f"vestibule@{base.host}",
        demo=demo,
        secret_key=value("VESTIBULE_SECRET_KEY", "")
        or kept_secret(data_dir, "secret.key", _new_secret),
        sealing_key=sealing_key,
        blueprint=value("VESTIBULE_BLUEPRINT", "practice"),
        demo_password=value("VESTIBULE_DEMO_PASSWORD", ""),
        workers=value("VESTIBULE_WORKERS", 1),
        default_firm=value("VESTIBULE_DEFAULT_FIRM", "demo" if demo else ""),
        trusted_proxies=value("VESTIBULE_TRUSTED_PROXIES", 0),
        as_owner=environ.get("VESTIBULE_AS_OWNER") == "1",
    )

"""Sets the environment of a test session before Django reads it: one folder, one database.

Nothing of the machine's own environment reaches the product: every `VESTIBULE_` name is removed
first, so that a test run says the same on every machine.
"""

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.utils import timezone, translation

from tests.support import postgres

FOLDER = pytest.StashKey[Path]()
CLUSTER = pytest.StashKey["postgres.Cluster"]()

ROOM_NEEDED_BYTES = 4 * 1024**3
PREFIX = f"vestibule-tests-{os.getpid()}-"
SEALING_KEY = base64.urlsafe_b64encode(b"only for tests, not for product.").decode()
SECRET_KEY = "only for tests: signs nothing that lives longer than one of them"

# Examples are found again from the source alone, and a slow machine is no failure.
hypothesis.settings.register_profile("vestibule", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("vestibule")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("vestibule")
    group.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="which database the tests run on (default: sqlite)",
    )
    group.addoption(
        "--fsync",
        action="store_true",
        help="let the private PostgreSQL write to disk for real, as in production",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("help") or config.getoption("version"):
        return
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        # pytest-django would read the settings, and with them somebody's real database, before us.
        pytest.exit("Unset DJANGO_SETTINGS_MODULE: the tests bring their own settings.", 4)
    folder = new_folder()
    config.stash[FOLDER] = folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))

    for name in [name for name in os.environ if name.startswith("VESTIBULE_")]:
        del os.environ[name]
    if config.getoption("database") == "postgresql":
        cluster = postgres.Cluster(folder / "postgresql", fsync=config.getoption("fsync"))
        config.stash[CLUSTER] = cluster
        config.add_cleanup(cluster.stop)
        address = cluster.owner_url("template_of_the_tests")
    else:
        address = f"sqlite:///{folder / 'template.sqlite3'}"
    (folder / "data" / "static").mkdir(parents=True)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "vestibule.settings",
        "VESTIBULE_DATABASE_URL": address,
        "VESTIBULE_DATA_DIR": str(folder / "data"),
        "VESTIBULE_BASE_URL": "http://testserver",
        "VESTIBULE_SECRET_KEY": SECRET_KEY,
        "VESTIBULE_SEALING_KEY": SEALING_KEY,
    }

    from django.conf import settings

    # One process, one connection: opening and closing a pool for every copy costs 80 ms each time.
    settings.DATABASES["default"]["OPTIONS"].pop("pool", None)

    # File names with a content hash need `collectstatic`; only the served product runs it.
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {config.getoption('database')}"


def home_of_databases() -> Path:
    """Return where the session's databases lie: in memory where there is room, else on disk.

    Every test has a database of its own; in memory they cost half as much to copy and drop. The
    faults that are tested are killed processes, and those lose nothing of either.
    """
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK):
        room = os.statvfs(memory)
        if room.f_bavail * room.f_frsize >= ROOM_NEEDED_BYTES:
            return memory
    return Path(tempfile.gettempdir())


def new_folder() -> Path:
    """Make the session's folder, and remove those whose test run was killed."""
    home = home_of_databases()
    for left in home.glob("vestibule-tests-*-*"):
        owner = left.name.split("-")[2]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=home))
    folder.chmod(0o711)  # PostgreSQL runs as another user and must pass through
    return folder


@pytest.fixture(scope="session")
def session_folder(pytestconfig: pytest.Config) -> Path:
    """Give the folder of this test session; it is removed at the end."""
    return pytestconfig.stash[FOLDER]


@pytest.fixture(autouse=True)
def nobodys_language() -> Iterator[None]:
    """Forget after a test in which language and time zone its last request was answered.

    In the product the next request sets its own; a test that makes none would inherit them.
    """
    yield
    translation.deactivate()
    timezone.deactivate()

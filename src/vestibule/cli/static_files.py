"""Gathers the static files into the data folder, with content hashes in their names, when they changed."""

import hashlib
from pathlib import Path

STAMP = "gathered.sha256"


def gather() -> bool:
    """Gather the files when they are not those gathered last; return whether it was needed."""
    from django.conf import settings
    from django.core.management import call_command

    if settings.STORAGES["staticfiles"]["BACKEND"].endswith(".StaticFilesStorage"):
        return False
    root = Path(settings.STATIC_ROOT)
    stamp = root / STAMP
    present = _fingerprint()
    if stamp.exists() and stamp.read_text() == present:
        return False
    root.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(present)
    return True


def _fingerprint() -> str:
    """Return a hash over name, size and time of change of every static file of ours and of the packages."""
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            about = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\0".encode())
    return digest.hexdigest()

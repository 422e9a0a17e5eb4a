"""Which content a test report speaks of: shared by `scripts/test` and `scripts/requirements`."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "var" / "test-report.json"


def commit() -> str:
    """Return the id of the commit that is checked out, or an empty text outside git."""
    asked = _git("rev-parse", "--verify", "--quiet", "HEAD")
    return asked.decode().strip()


def content() -> str:
    """Return a fingerprint of every file that is or could be committed, as it lies here now.

    Tests that ran before a commit speak of that commit too, if nothing changed in between.
    """
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    digest = hashlib.sha256()
    for name in sorted(set(listed.split(b"\0")) - {b""}):
        path = ROOT / name.decode(errors="surrogateescape")
        if path.is_file():
            digest.update(name + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest() if listed else ""


def _git(*args: str) -> bytes:
    # A folder that another user unpacked is still this project's own.
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *args]
    try:
        return subprocess.run(command, capture_output=True, check=False).stdout
    except FileNotFoundError:
        return b""

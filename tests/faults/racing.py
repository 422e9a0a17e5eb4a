"""The same form posted from several processes at one moment."""

import time
from typing import Any

from tests.faults.nurseries import Nursery
from tests.support.databases import Database
from tests.support.served import Served


def race(
    nursery: Nursery,
    database: Database,
    served: Served,
    path: str,
    posted: dict[str, str],
    *,
    processes: int,
    each: int = 1,
    cookies: dict[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Post the same form from several processes at one moment; return all answers."""
    pids = [
        nursery.start(
            "racers",
            database,
            port=served.port,
            path=path,
            posted=posted,
            cookies=cookies or {},
            requests=each,
            starts_at=time.monotonic() + 0.6 + processes * each / 400,
        )
        for _ in range(processes)
    ]
    answers = []
    for pid in pids:
        ended = nursery.wait(pid)
        assert ended.code == 0, nursery.log.read_text(errors="replace")[-6000:]
        answers += ended.said
    return answers

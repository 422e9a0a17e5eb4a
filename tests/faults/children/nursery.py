"""Forks one child per job from a process that has imported everything: `python -m tests.faults.children.nursery`.

A fresh interpreter takes a second to know the product, a fork a few milliseconds. A job is a line of
JSON on standard input: `{"job": "confirm", "database": "…", "arguments": {…}}` starts
`tests.faults.children.confirm.run(**arguments)` and is answered `{"pid": …}`; `{"wait": pid}` is
answered `{"code": …, "said": …}`: how the child ended, and what `run` returned if it came that far.
`{"rehearse": true, …}` does a job here, in the nursery, so that all later children are born knowing
what is read at the first use (templates, catalogues, phone numbers); it is answered as a wait is.
No connection is open when a child is forked: each opens its own.
"""

import gc
import importlib
import json
import os
import signal
import sys
import traceback
from typing import Any, NoReturn

import django

from tests.support import processes

JOBS = ("confirm", "mailing", "racers")


def prepare() -> None:
    """Import what the children need, once."""
    django.setup()
    from django.conf import settings
    from django.urls import get_resolver

    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    _ = get_resolver().url_patterns
    for job in JOBS:
        importlib.import_module(f"tests.faults.children.{job}")


def do(job: dict[str, Any]) -> Any:
    """Do one job on its database and return what it says."""
    from django.db import connection

    from tests.support.databases import Database

    Database(connection.vendor, job["database"], None).point_django_here()
    connection.settings_dict["OPTIONS"].pop("pool", None)  # one child, one connection
    module = importlib.import_module(f"tests.faults.children.{job['job']}")
    return module.run(**job["arguments"])


def rehearse(job: dict[str, Any]) -> Any:
    """Do one job in this process and leave no connection open."""
    from tests.support.databases import disconnect_django

    try:
        return do(job)
    finally:
        disconnect_django()
        gc.freeze()  # children share what is here instead of copying it page by page


def be(job: dict[str, Any], said: int) -> NoReturn:
    """Do one job in the forked child, write what it returns, and end."""
    code = 1
    try:
        os.dup2(2, 1)  # standard output belongs to the conversation with the tests
        os.write(said, json.dumps(do(job), default=str).encode())
        code = 0
    except BaseException:  # noqa: BLE001 — the rim of this process: the tests read the code
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    prepare()
    said_by: dict[int, int] = {}
    for line in sys.stdin:
        job = json.loads(line)
        if "wait" in job:
            pid = job["wait"]
            with os.fdopen(said_by.pop(pid), "rb") as pipe:
                words = pipe.read()
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            answer = {"code": code, "said": json.loads(words) if words else None}
        elif job.get("rehearse"):
            answer = {"code": 0, "said": rehearse(job)}
        else:
            end_with_me = processes.die_with_parent(signal.SIGKILL)
            reading, writing = os.pipe()
            pid = os.fork()
            if pid == 0:
                end_with_me()
                os.close(reading)
                be(job, writing)
            os.close(writing)
            said_by[pid] = reading
            answer = {"pid": pid}
        print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main()

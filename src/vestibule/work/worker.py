"""The worker's rounds: mails that are due, and every ten minutes what has passed its end."""

import logging
import os
import signal
import socket
import threading
from datetime import datetime, timedelta

from django.conf import settings
from django.db import close_old_connections, connection

from vestibule import actor, clock
from vestibule.directory import database, doorway
from vestibule.directory.actions import email_changes, invitations, jobs, outbox, tidying
from vestibule.directory.models import Firm
from vestibule.directory.scope import firm_scope
from vestibule.directory.sessions import SessionStore
from vestibule.outage import is_database_away
from vestibule.work import sender

log = logging.getLogger("vestibule.work")

LOOK_EVERY_SECONDS = 0.5
AWAY_PAUSES_SECONDS = (1, 2, 5, 10, 20)
TIDY_EVERY = timedelta(minutes=10)


def name_of_this_worker() -> str:
    """Return under which name this process claims: its machine and its process."""
    return f"{socket.gethostname()[:50]}:{os.getpid()}"


def run_until_told_to_stop() -> None:
    """Do rounds until SIGTERM or SIGINT; finish the mail under way, give back the rest."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log.info("the worker has started")
    Worker(name_of_this_worker(), stop).run()


class Worker:
    """One process that does what is due; any number of them share the work."""

    def __init__(self, name: str, stop: threading.Event) -> None:
        self.name = name
        self.stop = stop
        self._times_away = 0
        self._tidied_at: datetime | None = None

    def run(self) -> None:
        """Do rounds until told to stop, through outages of the mail server and the database."""
        while not self.stop.is_set():
            pause = self._one_round_and_its_pause()
            if pause:
                self.stop.wait(pause)
        connection.close()

    def _one_round_and_its_pause(self) -> float:
        try:
            tried = self.round()
        except sender.MailServerAway as error:
            return self._after_outage("the mail server", error)
        except Exception as error:
            if not is_database_away(error):
                raise
            connection.close()
            return self._after_outage("the database", error)
        finally:
            close_old_connections()
        if self._times_away:
            log.info("reached again; going on")
            self._times_away = 0
        return 0 if tried else LOOK_EVERY_SECONDS

    def _after_outage(self, what: str, error: Exception) -> float:
        pause = AWAY_PAUSES_SECONDS[min(self._times_away, len(AWAY_PAUSES_SECONDS) - 1)]
        self._times_away += 1
        log.warning(
            "%s cannot be reached, trying again in %s s: %s", what, pause, _first_line(error)
        )
        return pause

    def round(self) -> int:
        """Do what is due now; return how many jobs and mails were tried. Without a mail server, mails are held."""
        self._tidy()
        done = jobs.do_due(self.name) if outbox.is_due("job") else 0
        address = settings.VESTIBULE.smtp
        if address is None:
            return done
        return done + sender.send_batch(self.name, address, is_told_to_stop=self.stop.is_set)

    def _tidy(self) -> None:
        """Tidy each firm; one that fails as a bug does holds up neither the others nor the mails."""
        now = clock.now()
        if self._tidied_at and now - self._tidied_at < TIDY_EVERY:
            return
        for firm in doorway.all_firms():
            if self.stop.is_set():
                return
            try:
                _tidy_firm(firm)
            except Exception as error:
                if is_database_away(error):
                    raise
                log.exception("tidying the firm %s failed and is tried again later", firm.slug)
        database.tell_planner(connection)
        self._tidied_at = now


def _tidy_firm(firm: Firm) -> None:
    with firm_scope(firm):
        SessionStore.clear_expired()
    invitations.expire_invitations(actor.system(firm.pk, "expiry"))
    tidying.tidy_firm(firm.pk)
    email_changes.expire_email_changes(actor.system(firm.pk, "expiry"))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

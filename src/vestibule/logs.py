"""What the product writes to its log: never a one-time link's secret, never an address's password."""

import logging
import re

from vestibule.outage import is_database_away

_AFTER_LINK_WORDS = re.compile(r"/(welcome|reset|confirm-address)/(?!fresh(?:/|\b))[^/?\s\"']+")
_PASSWORD_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s\"']+@")


def without_secrets(text: str) -> str:
    """Return `text` with one-time secrets in paths, and names and passwords in addresses, blanked."""
    return _PASSWORD_IN_ADDRESS.sub("…@", _AFTER_LINK_WORDS.sub(r"/\1/…", text))


class WithoutSecrets(logging.Filter):
    """Blank secrets in every line before it is written; keep the line.

    A database that is away is one line and no traceback: it is no bug, and every request meets it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and is_database_away(record.exc_info[1]):
            record.msg, record.args = f"{record.getMessage()} (the database is away)", None
            record.exc_info = record.exc_text = None
        record.msg = without_secrets(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = without_secrets(logging.Formatter().formatException(record.exc_info))
        return True

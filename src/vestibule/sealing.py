"""Seals what must rest unreadable in the database: AES-256-GCM under VESTIBULE_SEALING_KEY.

A sealed value is: one byte naming the format, one byte naming the key, 12 bytes of nonce, the
cipher text with its tag. Knows nothing of Django, rows or mails.
"""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = 1
NONCE_BYTES = 12
KEY_BYTES = 32


class BadKey(ValueError):
    """The text of a sealing key is not 32 bytes in URL-safe base64."""


class CannotUnseal(Exception):
    """A sealed value was made with a key that is not here, or was altered."""


@dataclass(frozen=True)
class Key:
    """One sealing key; its number is read off the key itself, so that both ends agree."""

    number: int
    cipher: AESGCM


def read_key(text: str) -> Key:
    """Read one key written as URL-safe base64; raise `BadKey` without repeating the text."""
    try:
        raw = base64.b64decode(
            text.strip() + "=" * (-len(text.strip()) % 4), altchars=b"-_", validate=True
        )
    except (binascii.Error, ValueError) as error:
        raise BadKey("it is not URL-safe base64") from error
    if len(raw) != KEY_BYTES:
        raise BadKey(f"it holds {len(raw)} bytes where {KEY_BYTES} are needed")
    return Key(
        number=hashlib.sha256(b"vestibule sealing key" + raw).digest()[0], cipher=AESGCM(raw)
    )


def new_key() -> str:
    """Return a fresh key, written as `read_key` reads it."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode().rstrip("=")


@lru_cache(maxsize=8)
def read_keys(text: str) -> tuple[Key, ...]:
    """Read keys separated by commas: the first seals, every one of them unseals."""
    return tuple(read_key(part) for part in text.split(",") if part.strip())


def _configured_keys() -> tuple[Key, ...]:
    from django.conf import settings  # late: this module is used before settings are ready

    return read_keys(settings.VESTIBULE.sealing_key)


def seal(plain: bytes) -> bytes:
    """Return `plain` encrypted under the first configured key."""
    key = _configured_keys()[0]
    nonce = os.urandom(NONCE_BYTES)
    head = bytes((FORMAT, key.number))
    return head + nonce + key.cipher.encrypt(nonce, plain, head)


def unseal(sealed: bytes) -> bytes:
    """Return what `seal` was given; raise `CannotUnseal` for a foreign key or an altered value."""
    sealed = bytes(sealed)
    head, nonce, body = sealed[:2], sealed[2 : 2 + NONCE_BYTES], sealed[2 + NONCE_BYTES :]
    if len(head) != 2 or head[0] != FORMAT or not body:
        raise CannotUnseal("This is not a sealed value.")

    candidates = [key for key in _configured_keys() if key.number == head[1]]
    if not candidates:
        raise CannotUnseal(
            f"This was sealed with key number {head[1]}, which VESTIBULE_SEALING_KEY does not hold. "
            "Add the earlier key after a comma."
        )
    for key in candidates:
        try:
            return key.cipher.decrypt(nonce, body, head)
        except InvalidTag:
            continue
    raise CannotUnseal(
        "This sealed value was altered, or its key was replaced by another of the same number."
    )

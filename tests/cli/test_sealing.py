"""What is sealed can be read with the key only, and an altered value is not read at all."""

import dataclasses
from typing import Any

import pytest

from vestibule import sealing


def with_keys(settings: Any, *keys: str) -> None:
    settings.VESTIBULE = dataclasses.replace(settings.VESTIBULE, sealing_key=",".join(keys))


def test_what_was_sealed_is_read_again() -> None:
    assert sealing.unseal(sealing.seal("Élodie".encode())) == "Élodie".encode()


def test_the_same_text_is_sealed_differently_each_time_and_does_not_show() -> None:
    first, second = sealing.seal(b"secret secret"), sealing.seal(b"secret secret")

    assert first != second
    assert b"secret" not in first


def test_an_altered_value_is_refused_whichever_byte_it_is() -> None:
    sealed = sealing.seal(b"text")

    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(sealing.CannotUnseal):
            sealing.unseal(bytes(altered))


@pytest.mark.parametrize("value", [b"", b"\x01", b"\x01\x02", b"\x01" * 14])
def test_what_was_never_sealed_is_refused(value: bytes) -> None:
    with pytest.raises(sealing.CannotUnseal):
        sealing.unseal(value)


def test_an_earlier_key_after_a_comma_still_reads_and_no_longer_seals(settings: Any) -> None:
    old, new = sealing.new_key(), sealing.new_key()
    with_keys(settings, old)
    sealed = sealing.seal(b"text")

    with_keys(settings, new, old)

    assert sealing.unseal(sealed) == b"text"
    fresh = sealing.seal(b"text")
    with_keys(settings, new)
    assert sealing.unseal(fresh) == b"text"


def test_a_missing_key_is_said_with_what_to_do(settings: Any) -> None:
    with_keys(settings, sealing.new_key())
    sealed = sealing.seal(b"text")
    with_keys(settings, sealing.new_key())

    with pytest.raises(sealing.CannotUnseal, match="key"):
        sealing.unseal(sealed)

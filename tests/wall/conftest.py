"""Tests that change nothing share one database (tests/reading.py)."""

from tests.reading import pytest_configure, reading_room, world

__all__ = ["pytest_configure", "reading_room", "world"]

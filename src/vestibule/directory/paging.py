"""Pages of a list: in which order it is read, and where one page ends and the next begins."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list and the cursors to its neighbours (empty: there is none)."""

    rows: list[Row]
    next: str
    previous: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Behind which row a page begins."""

    key: Any
    row_id: str

    @property
    def key_is_null(self) -> bool:
        return self.key is None


@dataclass(frozen=True, slots=True)
class Order:
    """In which order a list is read: by one column, ties by id, pages by where the last one ended."""

    field: str = "sort_key"
    descending: bool = False
    is_time: bool = False
    nullable: bool = False

    def reversed(self) -> Order:
        return replace(self, descending=not self.descending)

    def parts(self) -> tuple[bool, ...]:
        """Return whether to read rows without a value: before the others, or behind them."""
        if not self.nullable:
            return (False,)
        return (False, True) if self.descending else (True, False)

    def of_part(self, *, is_null: bool) -> Q:
        return Q(**{f"{self.field}__isnull": is_null}) if self.nullable else Q()

    def columns(self, *, is_null: bool) -> tuple[str, ...]:
        sign = "-" if self.descending else ""
        return (f"{sign}pk",) if is_null else (f"{sign}{self.field}", f"{sign}pk")

    def behind(self, start: Cursor | None) -> Q:
        """Return the condition "after this row". Its first half lets an index begin there."""
        if start is None:
            return Q()
        beyond = "lt" if self.descending else "gt"
        ties = Q(**{f"pk__{beyond}": start.row_id})
        if start.key_is_null:
            return ties
        return Q(**{f"{self.field}__{beyond}e": start.key}) & (
            Q(**{f"{self.field}__{beyond}": start.key}) | ties
        )

    def cursor(self, row: Any) -> str:
        """Return the cursor of a row, to be sent with the address of a page."""
        key = getattr(row, self.field)
        if isinstance(key, datetime):
            key = key.isoformat()
        packed = json.dumps([key, str(row.pk)], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def read_cursor(self, cursor: str) -> Cursor | None:
        """Return what a cursor says, or None when it is none of this order."""
        if len(cursor) > 2000:
            return None
        try:
            packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            key, row_id = json.loads(packed)
            return Cursor(self._read_key(key), str(UUID(str(row_id))))
        except (binascii.Error, ValueError, TypeError, RecursionError, OverflowError):
            return None

    def _read_key(self, key: Any) -> Any:
        if key is None and self.nullable:
            return None
        if not self.is_time:
            key = str(key).replace("\x00", "")
            key.encode()
            return key
        moment = datetime.fromisoformat(str(key))
        if moment.tzinfo is None:
            raise ValueError("a moment without its zone")
        return moment.astimezone(UTC)


BY_NAME = Order()

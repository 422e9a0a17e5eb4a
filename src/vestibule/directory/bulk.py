"""Many new rows in one table at once, for acts that write thousands; the ORM is fine for the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, models

ROWS_A_STATEMENT = 500


def insert_all(rows: Sequence[models.Model]) -> None:
    """Insert rows of one table as they stand: no defaults are made, no keys come back.

    A column is prepared once per type of value instead of once per value, which is what the
    ORM's `bulk_create` spends most of its time on.
    """
    if not rows:
        return
    meta = rows[0]._meta
    fields = [
        field
        for field in meta.local_concrete_fields
        if not isinstance(field, models.AutoField) and field.column is not None
    ]
    names = [field.attname for field in fields]
    prepare = [_preparation(field) for field in fields]
    table = connection.ops.quote_name(meta.db_table)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    into = f"INSERT INTO {table} ({columns}) VALUES "  # noqa: S608 - names are the model’s
    one = f"({', '.join(['%s'] * len(fields))})"
    values = [
        [
            make(getattr(row, name)) if make else getattr(row, name)
            for name, make in zip(names, prepare, strict=True)
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(into + one, values)
            return
        for first in range(0, len(values), ROWS_A_STATEMENT):
            some = values[first : first + ROWS_A_STATEMENT]
            cursor.execute(
                into + ", ".join([one] * len(some)), [value for row in some for value in row]
            )


def _preparation(field: Any) -> Callable[[Any], Any] | None:
    """Return what a column's values go through on their way to this database; None: nothing."""
    if isinstance(field, models.ForeignKey):
        return _preparation(field.target_field)
    if isinstance(field, models.JSONField):
        return lambda value: field.get_db_prep_save(value, connection)
    if connection.vendor == "sqlite":
        if isinstance(field, models.UUIDField):
            return lambda value: value.hex if value is not None else None
        if isinstance(field, models.DateTimeField):
            adapt = connection.ops.adapt_datetimefield_value
            return lambda value: adapt(value) if value is not None else None
    return None

"""What every table behind the wall shares: the firm's column and the composite foreign key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BaseConstraint
from uuid6 import uuid7


def new_id() -> UUID:
    """Return a fresh UUIDv7: rows that appear in an address, roughly in order of making."""
    return UUID(str(uuid7()))


class TenantFK(BaseConstraint):
    """A composite foreign key (firm_id, column) → target (firm_id, id).

    With it a row of another firm cannot even be stored as a target. The Django key it
    backs has `db_constraint=False`. Written inline on SQLite and as deferred SQL on
    PostgreSQL; checked at commit on both. The target needs unique (firm_id, id).
    """

    def __init__(self, *, column: str, to: str, name: str, on_delete: str = "NO ACTION") -> None:
        super().__init__(name=name)
        self.column = column
        self.to = to
        self.on_delete = on_delete

    def _reference(self, editor: BaseDatabaseSchemaEditor) -> str:
        quote = editor.quote_name
        cascade = f" ON DELETE {self.on_delete}" if self.on_delete != "NO ACTION" else ""
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({quote('firm_id')}, {quote(self.column)}) "
            f"REFERENCES {quote(self.to)} ({quote('firm_id')}, {quote('id')}){cascade} "
            "DEFERRABLE INITIALLY DEFERRED"
        )

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        if schema_editor.connection.vendor == "sqlite":
            return self._reference(schema_editor)
        return self.create_sql(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        """Put the statement off to the migration's end, when every target is unique."""
        table = schema_editor.quote_name(model._meta.db_table)
        schema_editor.deferred_sql.append(
            f"ALTER TABLE {table} ADD {self._reference(schema_editor)}"
        )
        return None

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = "") -> None:
        """Leave the check to the database: it holds for every writer."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TenantFK):
            return NotImplemented
        return bool(self.deconstruct() == other.deconstruct())

    def __hash__(self) -> int:
        return hash(self.name)

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        kwargs.update(column=self.column, to=self.to)
        if self.on_delete != "NO ACTION":
            kwargs["on_delete"] = self.on_delete
        return path, args, kwargs


def tenant_fk(table: str, column: str, to: str, on_delete: str = "NO ACTION") -> TenantFK:
    """Return the composite key of `directory_<table>.<column>` → `directory_<to>`."""
    return TenantFK(
        column=column,
        to=f"directory_{to}",
        name=f"{table}_{column}_of_firm",
        on_delete=on_delete,
    )


def unique_in_firm(table: str) -> models.UniqueConstraint:
    """Return unique (firm, id), the target of composite keys."""
    return models.UniqueConstraint(fields=["firm", "id"], name=f"{table}_firm_id")


def firm_key() -> Any:
    """Return the column that puts a row behind its firm's wall."""
    return models.ForeignKey(
        "directory.Firm", on_delete=models.PROTECT, related_name="+", db_index=False
    )


def inner_key(to: str, **options: Any) -> Any:
    """Return a key to a row of the same firm; `tenant_fk` gives it its constraint."""
    options.setdefault("on_delete", models.PROTECT)
    options.setdefault("related_name", "+")
    options.setdefault("db_index", False)
    return models.ForeignKey(f"directory.{to}", db_constraint=False, **options)


def span_order(name: str) -> models.CheckConstraint:
    """Return the check that an interval does not end before it begins."""
    return models.CheckConstraint(
        condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("since")),
        name=f"{name}_span",
    )

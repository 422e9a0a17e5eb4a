"""Every table of the directory stands behind the wall, or is listed as one that need not."""

import pytest
from django.apps import apps
from django.db import connection, models

from tests.support.databases import Database
from vestibule.directory import database as declared_database
from vestibule.directory.models.tenancy import TenantFK
from vestibule.directory.scope import OUTSIDE_TABLES, THIRD_PARTY_TABLES, _wall, tenant_tables

OURS = sorted(apps.get_app_config("directory").get_models(), key=lambda model: model.__name__)
every_model = pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)

WITHOUT_ANYBODY = {
    "auth_group": "Django's groups: not used, no person in it",
    "auth_group_permissions": "as above",
    "auth_permission": "Django's own names of permissions",
    "django_content_type": "names of models",
    "django_migrations": "which migrations ran",
    "vestibule_cache": "counters of rate limits under hashed keys",
    "sqlite_stat1": "how large SQLite found its tables and indexes to be",
    "account_emailconfirmation": "keys of a page of allauth that is not mounted",
}
"""Tables outside the wall that are not the directory's, and why nobody is in them."""


@every_model
def test_a_table_with_a_firm_is_behind_the_wall_and_one_without_is_listed(
    model: type[models.Model],
) -> None:
    has_firm = any(field.name == "firm" for field in model._meta.get_fields())
    table = model._meta.db_table

    assert table in tenant_tables() or table in OUTSIDE_TABLES
    if table in tenant_tables():
        assert has_firm


@every_model
def test_every_key_to_a_row_of_the_same_firm_is_a_composite_one(
    model: type[models.Model],
) -> None:
    if model._meta.db_table in OUTSIDE_TABLES:
        return
    backed = {
        constraint.column
        for constraint in model._meta.constraints
        if isinstance(constraint, TenantFK)
    }
    keys = {
        field.column
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey)
        and field.related_model._meta.db_table in tenant_tables()
        and field.name != "firm"
    }
    assert keys == backed


@every_model
def test_every_target_of_a_composite_key_has_the_unique_pair_it_needs(
    model: type[models.Model],
) -> None:
    for constraint in model._meta.constraints:
        if not isinstance(constraint, TenantFK):
            continue
        target = next(one for one in OURS if one._meta.db_table == constraint.to)
        assert any(
            isinstance(one, models.UniqueConstraint) and tuple(one.fields) == ("firm", "id")
            for one in target._meta.constraints
        )


def test_every_table_of_the_database_is_behind_the_wall_or_explained(database: Database) -> None:
    """Also those of packages: a new one that holds people must not come in unnoticed."""
    behind = {*tenant_tables(), *THIRD_PARTY_TABLES}
    tables = set(connection.introspection.table_names())
    if database.vendor == "sqlite":  # the tables that indexes over searched texts consist of
        behind |= {table for table in tables if _wall.names_tenant_table(f"SELECT 1 FROM {table}")}

    assert tables - behind - OUTSIDE_TABLES <= set(WITHOUT_ANYBODY)


def test_every_tenant_table_has_a_policy(database: Database) -> None:
    if database.vendor == "sqlite":
        for table in (*tenant_tables(), *THIRD_PARTY_TABLES):
            assert _wall.names_tenant_table(f'SELECT 1 FROM "{table}"')
        return
    found = declared_database.present(connection)
    present = {one.table for one in found if (one.kind, one.name) == ("policy", "of_firm")}
    tables = set(connection.introspection.table_names())
    assert present == {*tenant_tables(), *THIRD_PARTY_TABLES} & tables

"""Checks permission names in a blueprint: the catalogue's tree, and every place that names one."""

from __future__ import annotations

from vestibule.authz.levels import LevelSet, levels_of
from vestibule.blueprints.schema import (
    RESERVED_PREFIX,
    Audience,
    CataloguePermission,
    PermissionKind,
    RolePermission,
)
from vestibule.blueprints.tables import Faults, Table, check_code, nearest

COMPANY_ADMINISTER = "vestibule.company.administer"
FIRM_ADMINISTER = "vestibule.firm.administer"
GIVE_CLIENT_RIGHTS = "vestibule.grants.give_client_rights"

AUDIENCE_OF_RESERVED = {
    COMPANY_ADMINISTER: Audience.CLIENT,
    FIRM_ADMINISTER: Audience.STAFF,
    GIVE_CLIENT_RIGHTS: Audience.STAFF,
}
"""Staff who held the first would count as a company's administrator (law 5); clients never hold the others."""

_DEPTH = {
    PermissionKind.APPLICATION: 0,
    PermissionKind.THEME: 0,
    PermissionKind.MODULE: 0,
    PermissionKind.GENERAL: 0,
    PermissionKind.FEATURE: 1,
    PermissionKind.INTEGRATION: 2,
    PermissionKind.METRIC: 3,
}


class Permissions:
    """The names that a blueprint may use: its own catalogue and the reserved ones."""

    def __init__(
        self, catalogue: tuple[CataloguePermission, ...], reserved: frozenset[str]
    ) -> None:
        self.own = {entry.name: entry for entry in catalogue}
        self.reserved = reserved

    @staticmethod
    def check(table: Table, catalogue: tuple[CataloguePermission, ...]) -> None:
        """Report entries whose name or place in the tree cannot be."""
        above: dict[str, CataloguePermission] = {}
        for entry in catalogue:
            _check_name(table.faults, (*table.path, entry.name), entry.name)
            _check_parent(table.table(entry.name), entry, above)
            above[entry.name] = entry

    def of_role(self, table: Table, audience: Audience) -> tuple[RolePermission, ...]:
        """Read `"name" = "level"` lines; each level must give something."""
        permissions: list[RolePermission] = []
        for name in table.values:
            levels = levels_of(self._levels(name))[1:]
            level = table.text(name)
            if not self._is_leaf(table, name):
                continue
            if self._audience(name, audience) is not audience:
                other = self._audience(name, audience)
                table.fault(name, "permission.other_audience", value=name, audience=other)
            if level and level not in levels:
                table.fault(name, "value.not_allowed", value=level, known=", ".join(levels))
            permissions.append(RolePermission(name, level))
        return tuple(permissions)

    def closed_by(self, plan: Table) -> tuple[str, ...]:
        """Read the names that a plan closes."""
        names = plan.texts("closes")
        for name in names:
            if self._is_leaf(plan, name, key="closes") and name in {
                COMPANY_ADMINISTER,
                FIRM_ADMINISTER,
            }:
                plan.element_fault("closes", name, "permission.never_closed", value=name)
        return names

    def applications(self, table: Table, key: str) -> tuple[str, ...]:
        """Read a list of application codes."""
        known = [e.name for e in self.own.values() if e.kind is PermissionKind.APPLICATION]
        names = table.texts(key)
        for name in names:
            if name not in known:
                table.element_fault(
                    key, name, "value.not_allowed", value=name, known=", ".join(known)
                )
        return names

    def _levels(self, name: str) -> LevelSet:
        return self.own[name].levels if name in self.own else LevelSet.SWITCH

    def _audience(self, name: str, default: Audience) -> Audience:
        if name in self.own:
            return self.own[name].audience
        return AUDIENCE_OF_RESERVED.get(name, default)

    def _is_leaf(self, table: Table, name: str, *, key: str | None = None) -> bool:
        """Return whether `name` may be named here; report it at its line otherwise."""
        below = [entry.name for entry in self.own.values() if entry.parent == name]
        if name in self.reserved or (name in self.own and not below):
            return True
        if below:
            code, params = "permission.not_a_leaf", {"value": name, "leaves": ", ".join(below)}
        else:
            close = nearest(name, {*self.own, *self.reserved})
            code, params = "permission.unknown", {"value": name, "nearest": close}
        if key is None:
            table.fault(name, code, **params)
        else:
            table.element_fault(key, name, code, **params)
        return False


def _check_name(faults: Faults, path: tuple[str, ...], name: str) -> None:
    if name.startswith(RESERVED_PREFIX) or name == RESERVED_PREFIX.rstrip("."):
        example = name.removeprefix(RESERVED_PREFIX) or "report.read"
        faults.add(path, "permission.reserved", prefix=RESERVED_PREFIX, example=example)
        return
    parts = name.split(".")
    for part in parts[:2]:
        if not check_code(faults, path, part):
            return
    if len(parts) > 2:
        example = f"{parts[0]}.{'_'.join(parts[1:])}"
        faults.add(path, "code.malformed", value=name[:80], example=example)


def _check_parent(
    table: Table, entry: CataloguePermission, above: dict[str, CataloguePermission]
) -> None:
    if entry.parent is None:
        if _DEPTH[entry.kind]:
            table.faults.add(table.path, "permission.parent_needed", kind=entry.kind)
        return
    parent = above.get(entry.parent)
    if parent is None:
        table.fault("parent", "permission.parent_unknown", value=entry.parent)
    elif _DEPTH[parent.kind] >= _DEPTH[entry.kind]:
        table.fault(
            "parent", "permission.parent_not_allowed", kind=entry.kind, parent_kind=parent.kind
        )
    elif parent.audience is not entry.audience:
        table.fault(
            "audience", "permission.other_audience", value=parent.name, audience=parent.audience
        )

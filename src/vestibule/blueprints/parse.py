"""Reads a blueprint and checks all of it: a `Blueprint` comes back, or every fault with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib import resources
from types import MappingProxyType
from typing import Any

from vestibule.authz.levels import LevelSet
from vestibule.blueprints.checks import (
    check_administrators,
    check_demo,
    check_kinds,
    check_portfolio,
    check_wizard,
)
from vestibule.blueprints.findings import BlueprintFinding, BlueprintRefused
from vestibule.blueprints.lines import lines_of_keys
from vestibule.blueprints.permissions import Permissions
from vestibule.blueprints.schema import (
    Activation,
    ActsAs,
    Audience,
    Blueprint,
    CataloguePermission,
    ClientCreated,
    Delivery,
    Demo,
    DemoApplications,
    DemoPerson,
    GenericAddresses,
    PasswordPreset,
    PermissionKind,
    PlaceKind,
    Plan,
    Policies,
    Preselection,
    Role,
    SecondFactor,
    StaffCreators,
    Validators,
    Wizard,
    WizardStep,
)
from vestibule.blueprints.tables import Faults, Table, check_code
from vestibule.blueprints.words import parse_words
from vestibule.tabular.mapping import PortfolioLevel, PortfolioMapping, ReferenceScheme

SIZE_LIMIT_KB = 256

_DATA = resources.files("vestibule.blueprints") / "data"
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")


def shipped() -> tuple[str, ...]:
    """Return the names of the blueprints that come with the product."""
    files = resources.files("vestibule.blueprints").iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml")))


def load(name: str, *, reserved: frozenset[str]) -> Blueprint:
    """Read a blueprint that comes with the product. Refuses: as `parse`, and an unknown name."""
    if name not in shipped():
        known = ", ".join(shipped())
        raise BlueprintRefused(
            (BlueprintFinding(name, 1, "", "blueprint.not_found", {"name": name, "known": known}),)
        )
    file = f"{name}.toml"
    source = (resources.files("vestibule.blueprints") / file).read_bytes()
    return parse(source, file=file, reserved=reserved)


def demo_portfolio(blueprint: Blueprint) -> bytes:
    """Return the demo's client list as its file holds it."""
    return (_DATA / blueprint.demo.portfolio_file).read_bytes()


def parse(source: bytes, *, file: str, reserved: frozenset[str]) -> Blueprint:
    """Read a blueprint. `file` is the name for messages, `reserved` the code's own permissions.

    Refuses: `BlueprintRefused` with every fault found, each with line, key and what would be right.
    """
    text = _decoded(source, file)
    values = _toml(text, file)
    faults = Faults(file, lines_of_keys(text))
    blueprint = _blueprint(Table(faults, (), values), reserved)
    if faults.found:
        raise BlueprintRefused(faults.in_order())
    return blueprint


def _decoded(source: bytes, file: str) -> str:
    if len(source) > SIZE_LIMIT_KB * 1024:
        params = {"limit": SIZE_LIMIT_KB}
        raise BlueprintRefused((BlueprintFinding(file, 1, "", "blueprint.too_large", params),))
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        finding = BlueprintFinding(file, line, "", "blueprint.not_utf8")
        raise BlueprintRefused((finding,)) from None


def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line = int(place.group(1)) if place and place.group(1) else text.count("\n") + 1
        detail = _TOML_PLACE.sub("", str(error))
    except RecursionError:
        line, detail = 1, "brackets within brackets, too deep"
    finding = BlueprintFinding(file, line, "", "blueprint.not_toml", {"detail": detail})
    raise BlueprintRefused((finding,))


def _blueprint(top: Table, reserved: frozenset[str]) -> Blueprint:
    kinds = _kinds(top.table("kinds"))
    catalogue = _catalogue(top.table("catalogue"))
    permissions = Permissions(catalogue, reserved)
    roles = _roles(top.table("roles"), permissions)
    positions = tuple(top.texts("positions"))
    plans = _plans(top.table("plans"), permissions)
    portfolio = _portfolio(top.table("portfolio"), kinds)
    demo = _demo(top.table("demo"), permissions)
    wizard = _wizard(top.table("wizard"))
    check_demo(top.table("demo"), demo, roles, positions)
    blueprint = Blueprint(
        name=_name(top),
        words=parse_words(top.table("words"), kinds, catalogue, roles, positions, plans),
        kinds=kinds,
        catalogue=catalogue,
        roles=roles,
        positions=positions,
        wizard=wizard,
        delivery=top.choice("delivery", Delivery),
        policies=_policies(top.table("policies")),
        plans=plans,
        portfolio=portfolio,
        demo=demo,
    )
    top.end()
    return blueprint


def _name(top: Table) -> str:
    name = top.text("name")
    if name:
        check_code(top.faults, ("name",), name)
    return name


def _kinds(table: Table) -> tuple[PlaceKind, ...]:
    kinds: list[PlaceKind] = []
    for code, kind in table.tables_by_code():
        kinds.append(
            PlaceKind(
                code=code,
                acts_as=kind.choice("acts_as", ActsAs),
                at_top=kind.flag("at_top"),
                parents=kind.texts("parents"),
            )
        )
        kind.end()
    check_kinds(table, tuple(kinds))
    return tuple(kinds)


def _catalogue(table: Table) -> tuple[CataloguePermission, ...]:
    catalogue: list[CataloguePermission] = []
    for name, entry in table.tables():
        catalogue.append(
            CataloguePermission(
                name=name,
                kind=entry.choice("kind", PermissionKind),
                parent=entry.text("parent") if entry.has("parent") else None,
                levels=entry.choice("levels", LevelSet),
                audience=entry.choice("audience", Audience),
            )
        )
        entry.end()
    Permissions.check(table, tuple(catalogue))
    return tuple(catalogue)


def _roles(table: Table, permissions: Permissions) -> tuple[Role, ...]:
    roles: list[Role] = []
    for code, role in table.tables_by_code():
        audience = role.choice("audience", Audience)
        roles.append(
            Role(
                code=code,
                audience=audience,
                built_in=role.flag("built_in"),
                permissions=permissions.of_role(role.table("permissions"), audience),
            )
        )
        role.end()
    check_administrators(table, tuple(roles))
    return tuple(roles)


def _wizard(table: Table) -> Wizard:
    wizard = Wizard(
        steps=table.choices("steps", WizardStep),
        names_mandatory=table.flag("names_mandatory"),
        billable_company_preselected=table.flag("billable_company_preselected"),
        applications_preselected=table.choice("applications_preselected", Preselection),
        activation=table.choice("activation", Activation),
        send_email=table.flag("send_email"),
    )
    check_wizard(table, wizard)
    table.end()
    return wizard


def _policies(table: Table) -> Policies:
    days = table.whole_number("invitation_days", 1, 90)
    reminders = table.whole_numbers("reminders_days", 1, 90)
    if list(reminders) != sorted(set(reminders)):
        table.fault("reminders_days", "policy.reminders_order")
    elif reminders and reminders[-1] >= days:
        table.fault("reminders_days", "policy.reminder_too_late", value=reminders[-1], limit=days)
    policies = Policies(
        invitation_days=days,
        password_preset=table.choice("password_preset", PasswordPreset),
        generic_addresses=table.choice("generic_addresses", GenericAddresses),
        who_creates_staff=table.choice("who_creates_staff", StaffCreators),
        validation=table.choice("validation", Validators),
        client_created=table.choice("client_created", ClientCreated),
        second_factor=table.choice("second_factor", SecondFactor),
        second_factor_grace_days=table.whole_number("second_factor_grace_days", 0, 90),
        reminders_days=reminders,
        inactivity_days=(
            table.whole_number("inactivity_days", 30, 1095)
            if table.has("inactivity_days")
            else None
        ),
    )
    table.end()
    return policies


def _plans(table: Table, permissions: Permissions) -> tuple[Plan, ...]:
    plans: list[Plan] = []
    for code, plan in table.tables_by_code():
        plans.append(Plan(code=code, closes=permissions.closed_by(plan)))
        plan.end()
    if not plans and not table.values:
        table.faults.add(table.path, "key.missing", missing="…", wanted="[plans.complete]")
    return tuple(plans)


def _portfolio(table: Table, kinds: tuple[PlaceKind, ...]) -> PortfolioMapping:
    levels: list[PortfolioLevel] = []
    for kind, level in table.tables():
        has_reference = level.has("reference") or level.has("reference_columns")
        levels.append(
            PortfolioLevel(
                kind=kind,
                mandatory=level.flag("mandatory"),
                name_columns=level.texts("columns"),
                reference=level.choice("reference", ReferenceScheme) if has_reference else None,
                reference_columns=level.texts("reference_columns") if has_reference else (),
            )
        )
        level.end()
    check_portfolio(table, tuple(levels), kinds)
    return PortfolioMapping(tuple(levels))


def _demo(table: Table, permissions: Permissions) -> Demo:
    rule = table.table("applications")
    exceptions = rule.table("exceptions")
    demo = Demo(
        firm_name=table.text("firm_name"),
        portfolio_file=_demo_file(table),
        applications=DemoApplications(
            usual=permissions.applications(rule, "usual"),
            exceptions=MappingProxyType(
                {siren: permissions.applications(exceptions, siren) for siren in exceptions.values}
            ),
        ),
        people=tuple(_people(table.table("people"), permissions)),
    )
    rule.end()
    table.end()
    return demo


def _demo_file(table: Table) -> str:
    file = table.text("portfolio_file")
    known = sorted(entry.name for entry in _DATA.iterdir() if entry.name.endswith(".csv"))
    if file and file not in known:
        table.fault("portfolio_file", "demo.file_unknown", value=file, known=", ".join(known))
    return file


def _people(table: Table, permissions: Permissions) -> Iterable[DemoPerson]:
    for email, person in table.tables():
        yield DemoPerson(
            email=email,
            first_name=person.text("first_name"),
            last_name=person.text("last_name"),
            language=person.text("language"),
            audience=person.choice("audience", Audience),
            role=person.text("role"),
            position=person.text("position") if person.has("position") else None,
            billable_company=(
                person.text("billable_company") if person.has("billable_company") else None
            ),
            companies=person.texts("companies") if person.has("companies") else (),
            applications=(
                permissions.applications(person, "applications")
                if person.has("applications")
                else ()
            ),
        )
        person.end()

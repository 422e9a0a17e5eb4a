"""Checks what one key alone cannot tell: kinds fit together, somebody administers, the demo exists."""

from __future__ import annotations

import re

from vestibule.blueprints.permissions import COMPANY_ADMINISTER, FIRM_ADMINISTER
from vestibule.blueprints.schema import (
    LANGUAGES,
    ActsAs,
    Audience,
    Demo,
    DemoPerson,
    PlaceKind,
    Role,
    Wizard,
    WizardStep,
)
from vestibule.blueprints.tables import Table
from vestibule.tabular.headings import fold_heading
from vestibule.tabular.mapping import PortfolioLevel

MAY_STAND_UNDER = {
    ActsAs.GROUP: (ActsAs.GROUP,),
    ActsAs.COMPANY: (ActsAs.GROUP,),
    ActsAs.ESTABLISHMENT: (ActsAs.COMPANY, ActsAs.ESTABLISHMENT),
}
"""Every place below a company has exactly one company above it."""

_DEMO_EMAIL = re.compile(r"[a-z0-9._-]{1,60}@(?:[a-z0-9-]{1,60}\.){1,3}example")
_SIREN = re.compile(r"[0-9]{9}")


def check_kinds(table: Table, kinds: tuple[PlaceKind, ...]) -> None:
    above: dict[str, PlaceKind] = {}
    for kind in kinds:
        here = table.table(kind.code)
        above[kind.code] = kind
        if kind.at_top and kind.acts_as is ActsAs.ESTABLISHMENT:
            here.fault("at_top", "kind.establishment_at_top")
        elif not kind.at_top and not kind.parents:
            table.fault(kind.code, "kind.nowhere")
        for code in kind.parents:
            parent = above.get(code)
            if parent is None:
                here.element_fault("parents", code, "kind.parent_unknown", value=code)
            elif parent.acts_as not in MAY_STAND_UNDER[kind.acts_as]:
                here.element_fault(
                    "parents",
                    code,
                    "kind.parent_not_allowed",
                    acts_as=kind.acts_as,
                    parent_acts_as=parent.acts_as,
                    known=", ".join(MAY_STAND_UNDER[kind.acts_as]),
                )
    if not any(kind.acts_as is ActsAs.COMPANY for kind in kinds):
        table.faults.add(table.path, "kind.no_company")


def check_administrators(table: Table, roles: tuple[Role, ...]) -> None:
    """Law 5 needs a role that administers a company, and one that administers the firm."""
    for audience, name in (
        (Audience.STAFF, FIRM_ADMINISTER),
        (Audience.CLIENT, COMPANY_ADMINISTER),
    ):
        holders = [role for role in roles if role.built_in and role.audience is audience]
        if not any(permission.name == name for role in holders for permission in role.permissions):
            table.faults.add(
                table.path, "role.no_administrator", audience=audience, permission=name
            )


def check_wizard(table: Table, wizard: Wizard) -> None:
    if not wizard.steps:
        return
    for step in (WizardStep.COMPANY, WizardStep.IDENTITY):
        if step not in wizard.steps:
            table.fault("steps", "wizard.step_missing", value=step)
    if wizard.steps[-2:] != (WizardStep.SUMMARY, WizardStep.RECEIPT):
        table.fault("steps", "wizard.end")


def check_portfolio(
    table: Table, levels: tuple[PortfolioLevel, ...], kinds: tuple[PlaceKind, ...]
) -> None:
    by_code = {kind.code: kind for kind in kinds}
    _check_headings(table, levels)
    known = [level for level in levels if level.kind in by_code]
    for level in levels:
        if level.kind not in by_code:
            table.fault(
                level.kind, "portfolio.kind_unknown", value=level.kind, known=", ".join(by_code)
            )
    for above, level in zip([None, *known], known, strict=False):
        kind = by_code[level.kind]
        if above is None and not kind.at_top:
            table.fault(level.kind, "portfolio.order", value=level.kind, parent="")
        elif above is not None and above.kind not in kind.parents:
            table.fault(level.kind, "portfolio.order", value=level.kind, parent=above.kind)
        elif above is not None and not above.mandatory and not kind.at_top:
            table.table(above.kind).fault("mandatory", "portfolio.level_needed", value=above.kind)
    companies = [kind.code for kind in kinds if kind.acts_as is ActsAs.COMPANY]
    if companies and not any(level.kind in companies for level in levels):
        table.faults.add(table.path, "portfolio.company_needed", value=companies[0])


def _check_headings(table: Table, levels: tuple[PortfolioLevel, ...]) -> None:
    taken: dict[str, str] = {}
    for level in levels:
        here = table.table(level.kind)
        for key, headings in (
            ("columns", level.name_columns),
            ("reference_columns", level.reference_columns),
        ):
            own = f"{level.kind}.{key}"
            for heading in headings:
                other = taken.setdefault(fold_heading(heading), own)
                if other != own:
                    here.element_fault(
                        key, heading, "portfolio.heading_twice", value=heading, other=other
                    )


def check_demo(
    table: Table, demo: Demo, roles: tuple[Role, ...], positions: tuple[str, ...]
) -> None:
    exceptions = table.table("applications").table("exceptions")
    for siren in demo.applications.exceptions:
        if not _SIREN.fullmatch(siren):
            exceptions.fault(siren, "demo.siren", value=siren)
    people = table.table("people")
    administrators = {
        role.code
        for role in roles
        if any(permission.name == COMPANY_ADMINISTER for permission in role.permissions)
    }
    administered: set[str] = set()
    for person in demo.people:
        here = people.table(person.email)
        _check_person(here, person, roles, positions)
        if person.audience is Audience.STAFF:
            for key in ("billable_company", "companies", "applications"):
                if here.has(key):
                    here.fault(key, "demo.staff_everywhere", value=key)
        else:
            _check_client(here, person, demo)
            if person.role in administrators:
                administered.update(person.companies)
            for siren in sorted(set(person.companies) - administered):
                here.element_fault(
                    "companies",
                    siren,
                    "demo.first_user",
                    siren=siren,
                    permission=COMPANY_ADMINISTER,
                )


def _check_person(
    here: Table, person: DemoPerson, roles: tuple[Role, ...], positions: tuple[str, ...]
) -> None:
    if not _DEMO_EMAIL.fullmatch(person.email):
        here.faults.add(here.path, "demo.email", value=person.email)
    if person.language and person.language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        here.fault("language", "value.not_allowed", value=person.language, known=known)
    if person.position and person.position not in positions:
        known = ", ".join(positions) or "—"
        here.fault("position", "value.not_allowed", value=person.position, known=known)
    known_roles = [role.code for role in roles if role.audience is person.audience]
    if person.role and person.role not in known_roles:
        here.fault(
            "role",
            "role.unknown",
            value=person.role,
            audience=person.audience,
            known=", ".join(known_roles) or "—",
        )


def _check_client(here: Table, person: DemoPerson, demo: Demo) -> None:
    for key in ("billable_company", "companies"):
        if not here.has(key):
            here.faults.add(here.path, "demo.company_needed", missing=key)
    if person.billable_company and not _SIREN.fullmatch(person.billable_company):
        here.fault("billable_company", "demo.siren", value=person.billable_company)
    for siren in person.companies:
        if not _SIREN.fullmatch(siren):
            here.element_fault("companies", siren, "demo.siren", value=siren)
            continue
        for application in person.applications:
            if application not in demo.applications.of(siren):
                here.element_fault(
                    "applications",
                    application,
                    "demo.application_not_enabled",
                    value=application,
                    siren=siren,
                )

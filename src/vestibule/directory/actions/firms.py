"""Firms: created from a blueprint. The blueprint is copied into the firm's rows; after that
the firm is its own."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.catalogue import FIRST_OWN_BIT
from vestibule.authz.levels import LevelSet, width
from vestibule.blueprints.schema import Blueprint
from vestibule.directory.actions._action import action, authorize, bump_firm, record
from vestibule.directory.actions._texts import place_sort_key
from vestibule.directory.actions.client_users import Identity
from vestibule.directory.actions.staff import create_staff_user
from vestibule.directory.models import (
    EventHead,
    Firm,
    FirmPlan,
    FirmPolicy,
    FirmWord,
    Permission,
    Place,
    PlaceKind,
    PlaceOpenSpan,
    PlaceParentSpan,
    Position,
    Role,
    RolePermission,
)
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.names import read_name
from vestibule.refusals import ChoiceUnknown, Conflict, Invalid, _

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")


class SlugTaken(Conflict):
    code = "firm.slug_taken"
    sentence = _("There is already a firm at this address (%(slug)s).")


class SlugInvalid(Invalid):
    code = "firm.slug_invalid"
    sentence = _("An address consists of small letters, digits and hyphens, such as lemoine-paris.")


@action("vestibule.firm.create")
def create_firm(
    actor: Actor,
    *,
    blueprint: Blueprint,
    name: str,
    slug: str,
    language: str = "en",
    administrator: tuple[Identity, str] | None = None,
) -> Firm:
    """Create a firm as its blueprint says: words, kinds, catalogue, roles, rules, plan, root.

    The actor's `firm_id` is the id that the firm will have. `administrator` is the person
    invited as its first member of staff, and the role: firm and person come to be together
    or not at all.

    Refuses: Invalid, SlugTaken.
    """
    authorize(actor, at=None)
    if not SLUG.fullmatch(slug):
        raise SlugInvalid.at("slug")
    if Firm.objects.filter(slug=slug).exists():
        raise SlugTaken(slug=slug)
    if language not in blueprint.words:
        raise ChoiceUnknown.at("language")
    name = read_name(name, limit=200)

    now = clock.now()
    firm = Firm.objects.create(
        id=actor.firm_id,
        slug=slug,
        name=name,
        blueprint=blueprint.name,
        default_language=language,
        created_at=now,
    )
    EventHead.objects.create(firm=firm)
    FirmWord.objects.bulk_create(
        FirmWord(firm=firm, key=key, language=code, text=text)
        for code, words in blueprint.words.items()
        for key, text in words.items()
    )
    _write_root(firm)
    _write_kinds(firm, blueprint)
    _write_catalogue(firm, blueprint)
    _write_roles(firm, blueprint)
    Position.objects.bulk_create(
        Position(firm=firm, code=code, ordinal=ordinal)
        for ordinal, code in enumerate(blueprint.positions)
    )
    _write_rules(firm, blueprint)
    FirmPlan.objects.create(firm=firm, plan=blueprint.default_plan.code, since=now)
    bump_firm(firm.pk)
    record(
        actor,
        "firm.created",
        firm,
        public={"name": [None, name], "slug": [None, slug], "blueprint": blueprint.name},
    )
    if administrator is not None:
        identity, role = administrator
        create_staff_user(actor, identity=identity, role=role)
    return firm


def _write_root(firm: Firm) -> None:
    now = clock.now()
    kind = PlaceKind.objects.create(firm=firm, code="firm", acts_as="firm", ordinal=0)
    root_id = new_id()
    root = Place(
        id=root_id,
        firm=firm,
        kind=kind,
        acts_as="firm",
        path=root_id.hex,
        name=firm.name,
        created_at=now,
    )
    root.sort_key = place_sort_key(root)
    root.save(force_insert=True)
    PlaceOpenSpan.objects.create(firm=firm, place=root, since=now)
    PlaceParentSpan.objects.create(firm=firm, place=root, parent=None, since=now)


def _write_kinds(firm: Firm, blueprint: Blueprint) -> None:
    PlaceKind.objects.bulk_create(
        PlaceKind(
            firm=firm,
            code=kind.code,
            acts_as=kind.acts_as.value,
            ordinal=ordinal,
            parents=[*(["firm"] if kind.at_top else []), *kind.parents],
        )
        for ordinal, kind in enumerate(blueprint.kinds, start=1)
    )


def _write_catalogue(firm: Firm, blueprint: Blueprint) -> None:
    parents = {entry.parent for entry in blueprint.catalogue}
    rows: dict[str, Permission] = {}
    bit = FIRST_OWN_BIT
    for ordinal, entry in enumerate(blueprint.catalogue):
        is_leaf = entry.name not in parents
        rows[entry.name] = Permission.objects.create(
            firm=firm,
            name=entry.name,
            kind=entry.kind.value,
            parent=rows[entry.parent] if entry.parent else None,
            level_set=entry.levels.value,
            audience=entry.audience.value,
            first_bit=bit if is_leaf else None,
            ordinal=ordinal,
        )
        if is_leaf:
            bit += width(LevelSet(entry.levels.value))


def _write_roles(firm: Firm, blueprint: Blueprint) -> None:
    now = clock.now()
    for ordinal, entry in enumerate(blueprint.roles):
        role = Role.objects.create(
            firm=firm,
            code=entry.code,
            audience=entry.audience.value,
            is_built_in=entry.built_in,
            ordinal=ordinal,
        )
        RolePermission.objects.bulk_create(
            RolePermission(firm=firm, role=role, permission=item.name, level=item.level, since=now)
            for item in entry.permissions
        )


def _write_rules(firm: Firm, blueprint: Blueprint) -> None:
    now = clock.now()
    wizard, policies = blueprint.wizard, blueprint.policies
    rules: dict[str, Any] = {
        "invitation_days": policies.invitation_days,
        "password_preset": policies.password_preset.value,
        "generic_addresses": policies.generic_addresses.value,
        "who_creates_staff": policies.who_creates_staff.value,
        "validation": policies.validation.value,
        "client_created": policies.client_created.value,
        "second_factor": policies.second_factor.value,
        "second_factor_grace_days": policies.second_factor_grace_days,
        "reminders_days": list(policies.reminders_days),
        "inactivity_days": policies.inactivity_days,
        "delivery": blueprint.delivery.value,
        "names_mandatory": wizard.names_mandatory,
        "billable_company_preselected": wizard.billable_company_preselected,
        "applications_preselected": wizard.applications_preselected.value,
        "activation": wizard.activation.value,
        "send_email": wizard.send_email,
        "portfolio": asdict(blueprint.portfolio),
        "usual_applications": {
            "usual": list(blueprint.demo.applications.usual),
            "exceptions": {
                siren: list(names)
                for siren, names in blueprint.demo.applications.exceptions.items()
            },
        },
    }
    FirmPolicy.objects.bulk_create(
        FirmPolicy(firm=firm, name=name, value=value, since=now) for name, value in rules.items()
    )

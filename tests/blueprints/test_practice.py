"""The blueprint `practice` as it ships."""

from __future__ import annotations

import pytest

from vestibule.authz.catalogue import RESERVED_NAMES
from vestibule.blueprints.findings import BlueprintRefused
from vestibule.blueprints.parse import demo_portfolio, load, shipped
from vestibule.blueprints.schema import (
    LANGUAGES,
    ActsAs,
    Audience,
    Blueprint,
    Delivery,
    GenericAddresses,
    PasswordPreset,
    WizardStep,
)
from vestibule.tabular.portfolio import read_portfolio


@pytest.fixture(scope="module")
def practice() -> Blueprint:
    return load("practice", reserved=RESERVED_NAMES)


def test_every_shipped_blueprint_passes_its_own_check() -> None:
    assert "practice" in shipped()
    for name in shipped():
        assert load(name, reserved=RESERVED_NAMES).name == name


def test_a_blueprint_that_does_not_ship_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(BlueprintRefused, match="practice"):
        load("../practice", reserved=RESERVED_NAMES)


def test_the_wizard_has_the_six_steps_in_their_order(practice: Blueprint) -> None:
    assert practice.wizard.steps == tuple(WizardStep)
    assert practice.wizard.names_mandatory
    assert practice.wizard.billable_company_preselected


def test_companies_stand_under_groups_and_establishments_under_companies(
    practice: Blueprint,
) -> None:
    kinds = {kind.code: kind for kind in practice.kinds}

    assert [kind.acts_as for kind in practice.kinds] == list(ActsAs)
    assert kinds["company"].parents == ("group",)
    assert kinds["company"].at_top
    assert kinds["establishment"].parents == ("company",)
    assert not kinds["establishment"].at_top


def test_the_director_may_create_users_and_the_standard_client_may_not(
    practice: Blueprint,
) -> None:
    roles = {role.code: {line.name for line in role.permissions} for role in practice.roles}

    assert "vestibule.users.create" in roles["administrator"]
    assert "vestibule.company.administer" in roles["administrator"]
    assert "vestibule.users.create" not in roles["standard"]
    assert "vestibule.company.administer" not in roles["standard"]
    assert practice.word("role.administrator", "en") == "Director"


def test_a_practitioner_gives_client_rights_without_having_them_or_the_firm(
    practice: Blueprint,
) -> None:
    roles = {role.code: {line.name for line in role.permissions} for role in practice.roles}

    assert "vestibule.grants.give_client_rights" in roles["practitioner"]
    assert "vestibule.firm.administer" not in roles["practitioner"]
    assert "vestibule.firm.administer" in roles["firm_administrator"]
    assert not roles["practitioner"] & {entry.name for entry in practice.catalogue}


def test_every_language_has_every_word(practice: Blueprint) -> None:
    assert set(practice.words) == set(LANGUAGES)
    assert len({frozenset(words) for words in practice.words.values()}) == 1
    assert practice.word("app.payroll", "fr") == "Paie"
    assert practice.word("place.establishment.many", "de") == "Betriebsstätten"


def test_the_applications_are_those_of_an_accounting_portal(practice: Blueprint) -> None:
    assert [entry.name for entry in practice.applications] == [
        "payroll",
        "invoicing",
        "expenses",
        "documents",
        "bank",
        "signature",
        "messaging",
    ]


def test_the_rules_are_those_of_the_article(practice: Blueprint) -> None:
    assert practice.policies.invitation_days == 21
    assert practice.policies.password_preset is PasswordPreset.EITHER
    assert practice.policies.generic_addresses is GenericAddresses.WARN
    assert practice.delivery is Delivery.LINK
    assert practice.default_plan.closes == ()


def test_the_demo_has_its_four_people_at_companies_of_the_real_portfolio(
    practice: Blueprint,
) -> None:
    portfolio = read_portfolio(demo_portfolio(practice), practice.portfolio)
    sirens = {place.reference for place in portfolio.places if place.kind == "company"}

    assert [person.email for person in practice.demo.people] == [
        "admin@demo.example",
        "staff@demo.example",
        "director@demo.example",
        "user@demo.example",
    ]
    for person in practice.demo.people:
        assert set(person.companies) <= sirens
        assert bool(person.companies) is (person.audience is Audience.CLIENT)
    assert set(practice.demo.applications.exceptions) <= sirens


def test_a_company_of_the_demo_has_the_usual_applications_unless_it_is_named(
    practice: Blueprint,
) -> None:
    rule = practice.demo.applications

    assert rule.of("778127613") == rule.usual
    assert rule.of("394020903") == ("invoicing", "bank")
    assert rule.of("519384671") == ()

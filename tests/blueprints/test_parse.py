"""A blueprint that is wrong: every fault is found, with file, line, key and what would be right."""

from __future__ import annotations

import contextlib
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.authz.catalogue import RESERVED_NAMES
from vestibule.blueprints.findings import BlueprintFinding, BlueprintRefused
from vestibule.blueprints.parse import parse

PRACTICE = (resources.files("vestibule.blueprints") / "practice.toml").read_text("utf-8")


def findings_of(source: str | bytes) -> tuple[BlueprintFinding, ...]:
    data = source.encode() if isinstance(source, str) else source
    with pytest.raises(BlueprintRefused) as refused:
        parse(data, file="mine.toml", reserved=RESERVED_NAMES)
    return refused.value.findings


def changed(old: str, new: str) -> str:
    assert old in PRACTICE
    return PRACTICE.replace(old, new, 1)


def line_of(source: str, part: str) -> int:
    return source[: source.index(part)].count("\n") + 1


def test_the_unchanged_file_is_accepted() -> None:
    assert parse(PRACTICE.encode(), file="mine.toml", reserved=RESERVED_NAMES).name == "practice"


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    windows = b"\xef\xbb\xbf" + PRACTICE.replace("\n", "\r\n").encode()

    assert parse(windows, file="mine.toml", reserved=RESERVED_NAMES) == parse(
        PRACTICE.encode(), file="mine.toml", reserved=RESERVED_NAMES
    )


def test_a_finding_says_file_line_key_and_what_would_be_right() -> None:
    source = changed('generic_addresses = "warn"', 'generic_addresses = "never"')

    (finding,) = findings_of(source)

    line = line_of(source, 'generic_addresses = "never"')
    assert str(finding).startswith(f"mine.toml:{line}: policies.generic_addresses: ")
    assert "off, warn, refuse" in finding.message


@pytest.mark.parametrize(
    ("old", "new", "key", "code"),
    [
        ("send_email = true", "send_email = true\ncolour = 1", "wizard.colour", "key.unknown"),
        ('name = "practice"', 'name = "practice"\nextra = 1', "extra", "key.unknown"),
        ("at_top = true ", "top = true ", "kinds.group.top", "key.unknown"),
        ("at_top = true ", "# ", "kinds.group", "key.missing"),
        ("invitation_days = 21", "invitation_days = 91", "policies.invitation_days", "value.out_of_range"),
        ("invitation_days = 21", "invitation_days = true", "policies.invitation_days", "value.wrong_type"),
        ("[7, 14]", "[7, 14, 30]", "policies.reminders_days", "policy.reminder_too_late"),
        ("[7, 14]", "[14, 7]", "policies.reminders_days", "policy.reminders_order"),
        ('delivery = "link"', 'delivery = "pigeon"', "delivery", "value.not_allowed"),
        ('"summary", "receipt"', '"receipt", "summary"', "wizard.steps", "wizard.end"),
        ('"company", "identity", ', '"company", ', "wizard.steps", "wizard.step_missing"),
        ('"company", "identity"', '"company", "company", "identity"', "wizard.steps.1", "value.twice"),
        ("[kinds.group]", '[kinds."Big Group"]', 'kinds."Big Group"', "code.malformed"),
        ('parents = ["group"]', 'parents = ["establishment"]', "kinds.company.parents.0", "kind.parent_unknown"),
        ("at_top = false", "at_top = true", "kinds.establishment.at_top", "kind.establishment_at_top"),
        ("[catalogue.bank]", '[catalogue."vestibule.bank"]', 'catalogue."vestibule.bank"', "permission.reserved"),
        (
            '"vestibule.users.read" = "on"',
            '"vestibule.users.raed" = "on"',
            'roles.firm_administrator.permissions."vestibule.users.raed"',
            "permission.unknown",
        ),
        (
            '"vestibule.users.read" = "on"',
            '"vestibule.users.read" = "off"',
            'roles.firm_administrator.permissions."vestibule.users.read"',
            "value.not_allowed",
        ),
        (
            '"vestibule.users.read" = "on"',
            '"vestibule.company.administer" = "on"',
            'roles.firm_administrator.permissions."vestibule.company.administer"',
            "permission.other_audience",
        ),
        ('"vestibule.company.administer" = "on"\n', "", "roles", "role.no_administrator"),
        ("closes = []", 'closes = ["fax"]', "plans.complete.closes.0", "permission.unknown"),
        (
            "closes = []",
            'closes = ["vestibule.company.administer"]',
            "plans.complete.closes.0",
            "permission.never_closed",
        ),
        ('reference = "siren"', 'reference = "duns"', "portfolio.company.reference", "value.not_allowed"),
        ('"Site"', '"GROUPE"', "portfolio.establishment.columns.1", "portfolio.heading_twice"),
        ("[portfolio.group]", "[portfolio.tribe]", "portfolio.tribe", "portfolio.kind_unknown"),
        ("[portfolio.company]\nmandatory = true", "[portfolio.company]\nmandatory = false", "portfolio.company.mandatory", "portfolio.level_needed"),
        ("portefeuille.csv", "../../etc/passwd", "demo.portfolio_file", "demo.file_unknown"),
        ('"admin@demo.example"', '"admin@firm.com"', 'demo.people."admin@firm.com"', "demo.email"),
        ('role = "practitioner"', 'role = "standard"', 'demo.people."staff@demo.example".role', "role.unknown"),
        ('role = "practitioner"', 'role = "practitioner"\ncompanies = []', 'demo.people."staff@demo.example".companies', "demo.staff_everywhere"),
        ('role = "administrator"\n', 'role = "standard"\n', 'demo.people."director@demo.example".companies.0', "demo.first_user"),
        ('"documents", "signature", "messaging"]\n\n', '"documents", "bank"]\n\n', 'demo.people."director@demo.example".applications.3', "demo.application_not_enabled"),
        ("394020903 =", "39402090 =", "demo.applications.exceptions.39402090", "demo.siren"),
        ('app.bank = "Banque"\n', "", "words.fr", "word.missing"),
        ('app.bank = "Banque"', 'app.bank = "Banque"\napp.fax = "Fax"', "words.fr.app.fax", "word.unknown"),
        ('app.bank = "Banque"', 'app.bank = " "', "words.fr.app.bank", "text.empty"),
        ('app.bank = "Banque"', 'app.bank = "Ban\\u0000que"', "words.fr.app.bank", "text.control_characters"),
        ('app.bank = "Banque"', 'app.bank = "Ban\\u202eque"', "words.fr.app.bank", "text.control_characters"),
        ('app.bank = "Banque"', f'app.bank = "{"B" * 5000}"', "words.fr.app.bank", "text.too_long"),
    ],
)  # fmt: skip
def test_a_fault_is_reported_at_its_key(old: str, new: str, key: str, code: str) -> None:
    found = findings_of(changed(old, new))

    assert (key, code) in {(finding.key, finding.code) for finding in found}
    assert all(finding.message for finding in found)


def test_all_faults_of_a_file_are_told_at_once_in_the_order_of_lines() -> None:
    source = changed("invitation_days = 21", "invitation_days = 0")
    source = source.replace('delivery = "link"', "delivery = 3", 1)
    source = source.replace('app.bank = "Bank"', 'app.bnk = "Bank"', 1)

    found = findings_of(source)

    assert {finding.code for finding in found} >= {
        "value.out_of_range",
        "value.wrong_type",
        "word.unknown",
        "word.missing",
    }
    assert [finding.line for finding in found] == sorted(finding.line for finding in found)


def test_a_permission_with_others_below_it_is_not_given_itself() -> None:
    tree = (
        '[catalogue.bank]\nkind = "application"\nlevels = "switch"\naudience = "client"\n'
        '[catalogue."bank.transfer"]\nkind = "feature"\nparent = "bank"\nlevels = "none_read_edit"\n'
        'audience = "client"\n'
    )
    plain = changed(
        '[catalogue.bank]\nkind = "application"\nlevels = "switch"\naudience = "client"\n', tree
    )
    for app, word in (("Bank", "en"), ("Banque", "fr")):
        plain = plain.replace(
            f'app.bank = "{app}"', f'app.bank = "{app}"\npermission."bank.transfer" = "{word}"'
        )
    granted = '[roles.standard.permissions]\n"bank.transfer" = "read"\n'

    leaf = plain.replace("[roles.standard.permissions]\n", granted)
    parent = plain.replace(
        "[roles.standard.permissions]\n", '[roles.standard.permissions]\nbank = "on"\n'
    )

    assert parse(leaf.encode(), file="mine.toml", reserved=RESERVED_NAMES)
    assert "permission.not_a_leaf" in {finding.code for finding in findings_of(parent)}


@pytest.mark.parametrize(
    ("source", "line", "code"),
    [
        (b"name = 1\nname = 2\n", 2, "blueprint.not_toml"),
        (b'a = 1\nb = "unfinished\nc = 2\n', 2, "blueprint.not_toml"),
        (b'name = "caf\xe9"\n', 1, "blueprint.not_utf8"),
        (b"x = " + b"[" * 100_000, 1, "blueprint.not_toml"),
        (b"#" * 300_000, 1, "blueprint.too_large"),
        (b"PK\x03\x04", 1, "blueprint.not_toml"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_at_its_line(source: bytes, line: int, code: str) -> None:
    (finding,) = findings_of(source)

    assert (finding.line, finding.code) == (line, code)


def test_an_empty_file_names_every_table_that_is_missing() -> None:
    missing = {finding.params.get("missing") for finding in findings_of(b"")}

    assert missing >= {"name", "kinds", "catalogue", "roles", "wizard", "policies", "words"}


@settings(deadline=None)  # other tests share the processor
@given(st.binary(max_size=300))
def test_no_bytes_make_the_parser_crash(source: bytes) -> None:
    with pytest.raises(BlueprintRefused):
        parse(source, file="mine.toml", reserved=RESERVED_NAMES)


_KEYS = PRACTICE.splitlines()


@settings(deadline=None)  # other tests share the processor
@given(
    st.integers(0, len(_KEYS) - 1),
    st.sampled_from(["x = 1", "[x]", "[[roles]]", "roles = 3", "words = []", "a = {b = [1, 'x']}"]),
)
def test_a_file_with_one_line_replaced_is_read_or_refused(index: int, line: str) -> None:
    source = "\n".join([*_KEYS[:index], line, *_KEYS[index + 1 :]]).encode()

    with contextlib.suppress(BlueprintRefused):
        parse(source, file="mine.toml", reserved=RESERVED_NAMES)

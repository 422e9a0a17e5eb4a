"""E-mail addresses and phone numbers: what is one, what is the same, what is warned of."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from vestibule.directory.models import Firm
from vestibule.refusals import (
    EmailGeneric,
    EmailInvalid,
    EmailLooksAlike,
    PhoneInvalid,
    TextTooLong,
)
from vestibule.text import lookalikes

EMAIL_LIMIT = 254

GENERIC_NAMES = frozenset(
    """
    abuse accounting accounts accueil achat achats admin administratif administration
    adv assistance bestellung billing booking buchhaltung buero bureau commande commandes
    commercial compta comptabilite contact contacts direction einkauf empfang factures
    facturation finance finances gestion hello help helpdesk hostmaster hr info infos
    informatique invoice invoices it juridique kontakt kundenservice mail mailbox marketing
    noreply no-reply office order orders paie personal personnel post postmaster poststelle
    rechnung rechnungen rechnungswesen reception recrutement rh sales secretariat sekretariat
    service services societe standard support team vente ventes verkauf vertrieb verwaltung
    webmaster
    """.split()
)


@dataclass(frozen=True, slots=True)
class Address:
    """An address that can be used: as typed (tidied) and in the form that decides sameness."""

    email: str
    canonical: str


def read_address(typed: str) -> Address:
    """Return the address in `typed`.

    Sameness ignores case in both parts (S0-07). An international domain is compared in
    its ASCII form. No question is asked of the network.

    Refuses: TextTooLong, EmailInvalid, EmailLooksAlike.
    """
    typed = typed.strip()
    if len(typed) > EMAIL_LIMIT:
        raise TextTooLong(limit=EMAIL_LIMIT)
    odd = lookalikes(typed)
    if odd:
        raise EmailLooksAlike(characters=", ".join(odd[:3]))
    try:
        checked = validate_email(
            typed,
            check_deliverability=False,
            allow_smtputf8=True,
            test_environment=True,
        )
    except EmailNotValidError:
        raise EmailInvalid() from None
    domain = checked.ascii_domain.lower()
    return Address(checked.normalized, f"{checked.local_part.casefold()}@{domain}")


def login_key(firm_id: object, canonical: str) -> str:
    """Return the key that is unique on the server: the firm and the canonical address."""
    return f"{firm_id}:{canonical}"


def is_generic(canonical: str) -> bool:
    """Return whether an address looks like a mailbox that several people read (S0-08)."""
    name = canonical.partition("@")[0].split("+")[0]
    return name in GENERIC_NAMES or name.replace(".", "").replace("-", "") in GENERIC_NAMES


def require_personal(address: Address, *, policy: str) -> None:
    """Refuse a shared mailbox where the firm's policy says `refuse`."""
    if policy == "refuse" and is_generic(address.canonical):
        raise EmailGeneric(email=address.email)


def read_phone(typed: str, *, region: str = "FR") -> str:
    """Return the number in E.164; an empty string stays empty.

    Refuses: PhoneInvalid.
    """
    typed = typed.strip()
    if not typed:
        return ""
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        raise PhoneInvalid() from None
    if not phonenumbers.is_valid_number(number):
        raise PhoneInvalid()
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def shown_phone(stored: str) -> str:
    """Return a stored number as people read it: +33 6 12 34 56 78."""
    try:
        number = phonenumbers.parse(stored, None)
    except phonenumbers.NumberParseException:
        return stored
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


REGIONS = {"fr": "FR", "de": "DE", "en": "FR"}
"""Where a number without a country code is taken to be, by the firm's language."""


def region_of(firm_id: UUID) -> str:
    """Return the country of numbers that are typed without one in this firm."""
    language = Firm.objects.values_list("default_language", flat=True).get(pk=firm_id)
    return REGIONS.get(language, "FR")

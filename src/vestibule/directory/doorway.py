"""Finds whom a request is for, before anybody is known: the firm, and the person at its door.

Firms lie outside the tenant wall; a person is looked for inside his firm’s scope.
"""

from uuid import UUID

from vestibule.directory.models import Firm, FirmHost, User
from vestibule.directory.policies.addresses import read_address


def firm_of_slug(slug: str) -> Firm | None:
    """Return the firm whose pages stand under /f/<slug>/, or None."""
    return Firm.objects.filter(slug=slug).first()


def firm_of_host(host: str) -> Firm | None:
    """Return the firm to which a host name is mapped, or None."""
    found = FirmHost.objects.select_related("firm").filter(host=host).first()
    return found.firm if found else None


def firm_of_id(firm_id: UUID) -> Firm | None:
    """Return the firm of a claimed piece of work, or None when it is gone."""
    return Firm.objects.filter(id=firm_id).first()


def only_firm() -> Firm | None:
    """Return the firm of a server that has exactly one, else None."""
    first_two = list(Firm.objects.order_by("created_at")[:2])
    return first_two[0] if len(first_two) == 1 else None


def all_firms() -> list[Firm]:
    """Return every firm of the server, for work that goes through them one by one."""
    return list(Firm.objects.order_by("slug"))


def user_of_email(firm_id: UUID, email: str) -> User | None:
    """Return the firm's user with exactly this address, whatever its case; inside the firm's scope."""
    canonical = read_address(email).canonical
    found: User | None = User.objects.filter(firm_id=firm_id, canonical_email=canonical).first()
    return found

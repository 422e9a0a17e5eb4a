"""Addresses that go into mails: built from the configured base address alone."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from vestibule.directory.models import Firm, FirmHost


def firm_base(firm: Firm) -> str:
    """Return the address of a firm's pages, without a slash at its end.

    A firm with a host name of its own is reached there, with the base address's scheme
    and port; any other under /f/<slug>. A request's Host plays no part.
    """
    base = settings.VESTIBULE.base_url.rstrip("/")
    host = FirmHost.objects.filter(firm=firm).values_list("host", flat=True).first()
    if host is None:
        return f"{base}/f/{firm.slug}"
    parts = urlsplit(base)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}"


PAGES = {
    "home": "/",
    "welcome": "/welcome/{}/",
    "reset": "/reset/{}/",
    "confirm_email": "/confirm-address/{}/",
    "forgotten": "/forgotten/",
    "user": "/users/{}/",
    "request": "/requests/{}/",
    "my_requests": "/my-requests/",
}
"""The pages that mails lead to, below the firm's base. A test compares them with the pages' own."""


def link_to(firm: Firm, page: str, *arguments: object) -> str:
    """Return the full address of a page of the firm."""
    return firm_base(firm) + PAGES[page].format(*arguments)

"""The home page of somebody who does not exist yet, from what a draft says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vestibule.directory.actions.client_users import enabled_applications
from vestibule.directory.models import Place
from vestibule.directory.sights import ICONS, sirens_of, spaced
from vestibule.directory.wordbook import Words


def preview_cards(
    companies: Sequence[Place], applications: Sequence[str], user_type: str, words: Words
) -> list[dict[str, Any]]:
    """Return the cards of home.html as they will be once the person is in."""
    enabled = enabled_applications(companies)
    sirens = sirens_of([company.pk for company in companies])
    return [
        {
            "name": company.name,
            "siren": spaced(sirens.get(company.pk, "")),
            "detail": "",
            "role": words.get(f"role.{user_type}"),
            "until": None,
            "applications": [
                {"name": words.application(name), "icon": ICONS.get(name, "apps"), "url": ""}
                for name in applications
                if name in enabled[company.pk]
            ],
        }
        for company in companies
    ]

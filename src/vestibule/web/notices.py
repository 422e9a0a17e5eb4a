"""What a page says once after an act: in a cookie of its own firm, never shown at another."""

from __future__ import annotations

from typing import Any

from django.contrib.messages.storage.cookie import CookieStorage


class FirmCookieStorage(CookieStorage):
    """Django's cookie storage with the firm in the cookie's name and path."""

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        firm = getattr(request, "firm", None)
        self.cookie_name = f"vestibule_notices_{firm.slug}" if firm is not None else "notices"
        self.path = request.META.get("SCRIPT_NAME", "") + "/"

    def _update_cookie(self, encoded_data: Any, response: Any) -> None:
        super()._update_cookie(encoded_data, response)  # type: ignore[misc]
        if self.cookie_name in response.cookies:
            response.cookies[self.cookie_name]["path"] = self.path

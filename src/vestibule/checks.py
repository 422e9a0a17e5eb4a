"""System checks: settings that contradict each other or leave something undone. Shown by `vestibule serve`."""

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from vestibule import conf


@register()
def mails_are_held(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn that no mail leaves while no mail server is set."""
    if not settings.VESTIBULE.holds_mails:
        return []
    return [
        Warning(
            "No mail server is set: mails are held in the outbox.",
            hint="Set VESTIBULE_SMTP_URL, for example smtp://user:password@host:587?starttls=1.",
            id="vestibule.W001",
        )
    ]


@register()
def names_are_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about a name that looks like a setting of ours and is none: a slip of the pen does nothing."""
    return [
        Warning(
            f"{name} is not a setting of Vestibule and has no effect.",
            hint="docs/reference lists every setting.",
            id="vestibule.W002",
        )
        for name in conf.unknown_names(os.environ)
    ]


@register()
def passwords_travel_encrypted(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn when people would type passwords over an open line, or a mail password would cross one."""
    found: list[CheckMessage] = []
    base, smtp = settings.VESTIBULE.base, settings.VESTIBULE.smtp
    if not base.is_secure and not base.is_loopback:
        found.append(
            Warning(
                "VESTIBULE_BASE_URL begins with http://: passwords and links travel unencrypted.",
                hint="Put a proxy with a certificate in front and write https://.",
                id="vestibule.W003",
            )
        )
    if (
        smtp
        and smtp.password
        and not (smtp.starttls or smtp.implicit_tls or smtp.host in conf.LOOPBACK)
    ):
        found.append(
            Warning(
                "VESTIBULE_SMTP_URL sends its password unencrypted.",
                hint="Write smtps:// or add ?starttls=1.",
                id="vestibule.W004",
            )
        )
    return found

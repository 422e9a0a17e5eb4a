"""Who may open a page that reads users. What can then be seen is the querysets' to say."""

from __future__ import annotations

from vestibule.actor import Actor
from vestibule.directory.querysets import reach_of
from vestibule.refusals import Denied


def require_reader(actor: Actor) -> None:
    """Refuse who may see client users nowhere: neither the firm's staff nor an administrator.

    Refuses: Denied.
    """
    if not reach_of(actor, "vestibule.users.read"):
        raise Denied(permission="vestibule.users.read")


def require_staff_reader(actor: Actor) -> None:
    """Refuse who may not look after client users as staff of the firm.

    Refuses: Denied.
    """
    if actor.standing is None or not actor.standing.is_staff:
        raise Denied(permission="vestibule.users.read")
    require_reader(actor)

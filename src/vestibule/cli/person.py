"""Acting as a user of a firm from the server's command line: with his rights, never with more."""

from collections.abc import Iterator
from contextlib import contextmanager

from vestibule import refusals
from vestibule.actor import Actor, Door
from vestibule.directory import doorway, facts
from vestibule.directory.policies.sign_in import require_let_in
from vestibule.directory.scope import firm_scope


@contextmanager
def acting_as(email: str, *, firm_slug: str) -> Iterator[Actor]:
    """Give the user of this address as an actor, inside his firm's scope.

    Refuses: NotFound for an unknown firm or address, SignInRefused for one who is not let in.
    """
    firm = doorway.firm_of_slug(firm_slug)
    if firm is None:
        raise refusals.NotFound()
    with firm_scope(firm):
        user = doorway.user_of_email(firm.pk, email)
        if user is None:
            raise refusals.NotFound()
        require_let_in(user, firm.pk)
        yield facts.actor_for(user, door=Door.CLI)

"""`vestibule serve` with guards that a test can take away: `python -m tests.faults.children.serve_without …`.

The file named by TESTS_WITHOUT holds, one per line, the guards that are off at this moment. As long
as it is not empty, requests also wait for each other where the race is, so that it is one on any machine.
"""

import dataclasses
import os
import sys
import time
import uuid
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import django

django.setup()

from vestibule.cli.__main__ import main  # noqa: E402
from vestibule.directory.actions import _creating, _states, client_users, invitations  # noqa: E402
from vestibule.directory.models import Invitation, User  # noqa: E402
from vestibule.web.views import welcome  # noqa: E402
from vestibule.web.views.wizard import PractitionersSteps  # noqa: E402

LONG_ENOUGH_SECONDS = 0.4


def off() -> list[str]:
    return Path(os.environ["TESTS_WITHOUT"]).read_text().splitlines()


def unless(guard: str, real: Callable[..., Any], instead: Callable[..., Any]) -> Any:
    """Return `real`, which becomes `instead` while the guard is off."""

    @wraps(real)
    def either(*args: Any, **kwargs: Any) -> Any:
        return (instead if guard in off() else real)(*args, **kwargs)

    return either


def waiting(real: Callable[..., Any]) -> Any:
    """Return `real`, with a pause after it while any guard is off."""

    @wraps(real)
    def slow(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        if off():
            time.sleep(LONG_ENOUGH_SECONDS)
        return result

    return slow


def move_without_looking(user: User, state: str, *, reason: str = "") -> None:
    User.objects.filter(firm_id=user.firm_id, pk=user.pk).update(state=state)
    user.state = state


class AnyInvitation:
    """The invitations, whose state is not asked for while the guard is off."""

    objects = SimpleNamespace(
        create=Invitation.objects.create,
        filter=unless(
            "the offer is open",
            Invitation.objects.filter,
            lambda **wanted: Invitation.objects.filter(
                **{name: value for name, value in wanted.items() if name != "state"}
            ),
        ),
    )


def any_address_is_new(typed: str) -> Any:
    address = read_address(typed)
    return dataclasses.replace(address, canonical=f"{uuid.uuid4().hex}.{address.canonical}")


read_address = _creating.read_address

# One link.
welcome.open_invitation = waiting(welcome.open_invitation)
invitations.consume = unless("the token is used up", invitations.consume, lambda token: None)
invitations.locked = unless(
    "the row is locked and read again", invitations.locked, lambda user: user
)
invitations.Invitation = AnyInvitation  # type: ignore[assignment, misc]
_states.move = unless("one step in a life", _states.move, move_without_looking)

# One draft.
PractitionersSteps.identity_typed = waiting(PractitionersSteps.identity_typed)  # type: ignore[method-assign]
client_users.claim = unless("the key of the draft", client_users.claim, lambda *args: None)
client_users.remember = unless("the key of the draft", client_users.remember, lambda *args: None)
_creating.read_address = unless("one user per address", read_address, any_address_is_new)

if __name__ == "__main__":
    sys.exit(main())

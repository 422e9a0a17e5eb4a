"""The one function that moves a user from state to state (product.md, the life of a user)."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F

from vestibule import clock
from vestibule.directory.models import Session, User, UserState, UserStateSpan
from vestibule.refusals import Conflict, EmailTaken, Invalid, WrongState

S = UserState

GOES_TO: dict[str, frozenset[str]] = {
    "": frozenset({S.AWAITING_VALIDATION, S.READY}),
    S.AWAITING_VALIDATION: frozenset({S.READY, S.REFUSED, S.DEACTIVATED}),
    S.REFUSED: frozenset({S.AWAITING_VALIDATION, S.ERASED}),
    S.READY: frozenset({S.INVITED, S.DEACTIVATED}),
    S.INVITED: frozenset({S.ACTIVE, S.READY, S.DEACTIVATED}),
    S.ACTIVE: frozenset({S.DEACTIVATED}),
    S.DEACTIVATED: frozenset({S.AWAITING_VALIDATION, S.READY, S.ACTIVE, S.ERASED}),
    S.ERASED: frozenset(),
}


def may_go(user: User, state: str) -> bool:
    """Return whether the life of a user has this step."""
    return state in GOES_TO[user.state]


def move(user: User, state: str, *, reason: str = "") -> User:
    """Bring a user into a state, with its history; end his sessions unless he is let in.

    A user who is not stored yet is stored here, in the state his life begins with.

    Refuses: WrongState, EmailTaken when somebody else took a new user's address meanwhile,
    Conflict when somebody else moved the user meanwhile.
    """
    if not may_go(user, state):
        raise WrongState(user=user.full_name)

    now = clock.now()
    if user._state.adding:
        user.state, user.state_since = state, now
        user.set_unusable_password()
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:
            raise Invalid({"email": [EmailTaken()]}) from None
    else:
        changed = User.objects.filter(firm_id=user.firm_id, pk=user.pk, state=user.state).update(
            state=state,
            state_reason=reason,
            state_since=now,
            state_before_deactivation=user.state if state == S.DEACTIVATED else "",
            epoch=F("epoch") + 1,
        )
        if changed != 1:
            raise Conflict()
        user.refresh_from_db()
    _begin(user, state)
    if state != S.ACTIVE:
        Session.objects.filter(firm_id=user.firm_id, user_id=user.pk).delete()
    return user


def _begin(user: User, state: str) -> None:
    """Write the history of a state that begins now, ending the one before."""
    now = clock.now()
    spans = UserStateSpan.objects.filter(firm_id=user.firm_id, user_id=user.pk)
    spans.filter(until__isnull=True).update(until=now)
    UserStateSpan.objects.create(firm_id=user.firm_id, user_id=user.pk, state=state, since=now)

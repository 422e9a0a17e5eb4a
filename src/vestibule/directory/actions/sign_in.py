"""The gate's deed: somebody comes in. Called after the last stage of every way to sign in."""

from __future__ import annotations

from django.utils.crypto import constant_time_compare

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.actions._action import action, authorize, record
from vestibule.directory.actions._persons import locked
from vestibule.directory.models import User
from vestibule.directory.policies.sign_in import require_let_in
from vestibule.refusals import SignInRefused


def proof_of(user: User) -> str:
    """Return what stands for the user's present password while he passes further stages."""
    return str(user.get_session_auth_hash())


@action("vestibule.session.open")
def open_session(actor: Actor, user: User, *, method: str, proof: str) -> User:
    """Let a proven person in, if he is let into this firm at this very moment.

    `proof` is what `proof_of` said when the password was checked: a password changed since
    then ends a sign-in under way.

    Refuses: SignInRefused.
    """
    authorize(actor, at=None)
    if user.firm_id != actor.firm_id:
        raise SignInRefused()
    user = locked(user)
    require_let_in(user, user.firm_id)
    if not constant_time_compare(proof, proof_of(user)):
        raise SignInRefused()

    user.last_sign_in_at = clock.now()
    user.save(update_fields=["last_sign_in_at"])
    record(
        actor,
        "user.signed_in",
        user,
        place=user.billable_company,
        public={"method": method},
    )
    return user

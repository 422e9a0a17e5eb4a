"""Staff of the firm: created by the operator together with the firm; pages come later."""

from __future__ import annotations

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory.actions import _states
from vestibule.directory.actions._action import action, authorize, record
from vestibule.directory.actions._texts import search_text_of, sort_key_of
from vestibule.directory.actions.client_users import Identity, read_identity
from vestibule.directory.actions.invitations import offer
from vestibule.directory.models import Grant, Place, Role, User, UserKind, UserState
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.addresses import login_key
from vestibule.refusals import ChoiceUnknown


@action("vestibule.staff.create")
def create_staff_user(actor: Actor, *, identity: Identity, role: str) -> User:
    """Create a member of staff with a role in the whole firm and mail the invitation.

    Refuses: Invalid at the field.
    """
    actor = authorize(actor, at=None)
    checked = read_identity(actor.firm_id, identity)
    row = Role.objects.filter(firm_id=actor.firm_id, code=role, audience="staff").first()
    if row is None:
        raise ChoiceUnknown.at("role")

    now = clock.now()
    user = User(
        id=new_id(),
        firm_id=actor.firm_id,
        email=checked.address.email,
        canonical_email=checked.address.canonical,
        login_key=login_key(actor.firm_id, checked.address.canonical),
        kind=UserKind.STAFF,
        first_name=checked.first_name,
        last_name=checked.last_name,
        language=checked.language,
        phone=checked.phone,
        created_at=now,
        created_by_id=actor.user_id,
    )
    user.search_text = search_text_of(user)
    user.sort_key = sort_key_of(user)
    user = _states.move(user, UserState.READY)
    root = Place.objects.get(firm_id=actor.firm_id, acts_as="firm")
    Grant.objects.create(
        firm_id=actor.firm_id,
        user=user,
        place=root,
        role=row,
        since=now,
        granted_by_id=actor.user_id,
    )
    offer(actor, user, inviter_id=actor.user_id)
    record(
        actor,
        "staff.created",
        user,
        place=root,
        public={"role": role, "state": [None, user.state]},
        personal={
            "email": [None, checked.address.email],
            "first_name": [None, checked.first_name],
            "last_name": [None, checked.last_name],
        },
    )
    return user

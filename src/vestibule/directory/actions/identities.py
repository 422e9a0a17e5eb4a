"""Correcting what is known of a client user. His address has rules of its own: `email_changes`."""

from __future__ import annotations

from uuid import UUID

from vestibule.actor import Actor
from vestibule.directory.actions._action import action, nothing_changed, record
from vestibule.directory.actions._identity import PersonalData, read_personal, write_personal
from vestibule.directory.actions._persons import authorize_on_person, locked
from vestibule.directory.models import Position, User, UserState
from vestibule.directory.policies.names import Gathered
from vestibule.refusals import ChoiceUnknown, WrongState


@action("vestibule.users.edit")
def correct_client_user(
    actor: Actor, user: User, *, data: PersonalData, position: str = ""
) -> User:
    """Correct name, phone, language and position of a client user (law 4: all his places).

    `position` is its code, "" for none. An open invitation stays as it is: its link shows the
    data of this moment. Whoever is about to decide on a request for this user has to look again
    (`seen_of` compares what was shown).

    Refuses: Denied, Invalid with the fields last_name, first_name, phone, language, position.
    """
    actor = authorize_on_person(actor, user)
    user = locked(user)
    if user.state == UserState.ERASED:
        raise WrongState(user=user.full_name)
    gathered = Gathered()
    data = read_personal(user.firm_id, data, gathered)
    chosen = _position(user, position)
    if position and chosen is None:
        gathered.refuse("position", ChoiceUnknown())
    gathered.stop_if_refused()

    changed = write_personal(user, data)
    if chosen != user.position:
        changed["position"] = [user.position.code if user.position else "", position]
        user.position = chosen
        user.save(update_fields=["position"])
    if not changed:
        nothing_changed()
        return user
    record(
        actor,
        "client_user.corrected",
        user,
        place=user.billable_company,
        personal=changed,
    )
    return user


def _position(user: User, code: str) -> Position | None:
    """Return the firm's position of this code; one that is retired only for whoever has it."""
    found: Position | None = Position.objects.filter(
        firm_id=user.firm_id, code=code.replace("\x00", "")
    ).first()
    if found is None or (found.retired_at is not None and found.pk != user.position_id):
        return None
    return found


def positions_for(firm_id: UUID, held: str = "") -> list[str]:
    """Return the codes of positions that can be chosen, in the firm's order; one still held stays."""
    rows = Position.objects.filter(firm_id=firm_id).order_by("ordinal", "code")
    return [row.code for row in rows if row.retired_at is None or row.code == held]

"""What everybody may do to his own data, whatever his roles (law 4)."""

from __future__ import annotations

from vestibule.actor import Actor
from vestibule.directory.actions._action import action, authorize, nothing_changed, record
from vestibule.directory.actions._persons import locked
from vestibule.directory.actions.invitations import LANGUAGES
from vestibule.directory.models import User
from vestibule.refusals import ChoiceUnknown, Denied


@action("vestibule.own.edit")
def choose_language(actor: Actor, user: User, *, language: str) -> User:
    """Speak and write to this person in another language from now on. Only he himself says so.

    Refuses: Denied for anybody else, Invalid at `language`.
    """
    actor = authorize(actor, at=None)
    if actor.user_id != user.pk or actor.firm_id != user.firm_id:
        raise Denied(permission="vestibule.own.edit")
    if language not in LANGUAGES:
        raise ChoiceUnknown.at("language")
    user = locked(user)
    if user.language == language:
        nothing_changed()
        return user

    old, user.language = user.language, language
    user.save(update_fields=["language"])
    record(
        actor,
        "user.language_chosen",
        user,
        place=user.billable_company,
        personal={"language": [old, language]},
    )
    return user

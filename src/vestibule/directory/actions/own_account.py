"""What everybody may do to his own data, whatever his roles (law 4)."""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.utils.crypto import constant_time_compare

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory import mailings
from vestibule.directory.actions._action import action, authorize, nothing_changed, record
from vestibule.directory.actions._email_change import end_change
from vestibule.directory.actions._identity import PersonalData, read_personal, write_personal
from vestibule.directory.actions._persons import locked
from vestibule.directory.actions._post import post, withdraw_kind
from vestibule.directory.actions._tokens import revoke
from vestibule.directory.actions.invitations import LANGUAGES
from vestibule.directory.actions.second_factors import authorize_on_oneself
from vestibule.directory.actions.sign_in import proof_of
from vestibule.directory.models import EmailChangeState, Session, TokenPurpose, User
from vestibule.directory.own_sessions import handle_of
from vestibule.directory.policies.names import Gathered
from vestibule.directory.policies.passwords import NewPassword
from vestibule.refusals import ChoiceUnknown, Conflict, Denied, NotFound


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


@action("vestibule.own.edit")
def correct_own_data(
    actor: Actor, user: User, *, first_name: str, last_name: str, phone: str
) -> User:
    """Correct one's own name and phone. The address has a confirmation of its own.

    Refuses: Denied for anybody else, Invalid at `first_name`, `last_name`, `phone`.
    """
    actor = authorize_on_oneself(actor, user)
    user = locked(user)
    gathered = Gathered()
    typed = PersonalData(
        last_name=last_name, first_name=first_name, phone=phone, language=user.language
    )
    data = read_personal(user.firm_id, typed, gathered)
    gathered.stop_if_refused()

    changed = write_personal(user, data)
    if not changed:
        nothing_changed()
        return user
    record(actor, "user.corrected_own_data", user, place=user.billable_company, personal=changed)
    return user


@action("vestibule.own.edit")
def change_password(
    actor: Actor, user: User, *, password: NewPassword, proof: str, present: str
) -> User:
    """Choose another password: every other session ends, open reset links die, a mail tells it.
    A change of address that waits is stopped: the mail about it says to choose a new password.

    `proof` is what `proof_of` said when the present password was checked; `present` is the hash
    of the key of the session that stays.

    Refuses: Denied for anybody else, Conflict when the password changed in the meantime.
    """
    actor = authorize_on_oneself(actor, user)
    user = locked(user)
    if not constant_time_compare(proof, proof_of(user)):
        raise Conflict()

    User.objects.filter(firm_id=user.firm_id, pk=user.pk).update(
        password=password.encoded, epoch=F("epoch") + 1
    )
    revoke(user, TokenPurpose.PASSWORD_RESET)
    withdraw_kind(user, "password_reset")
    end_change(user, EmailChangeState.CANCELLED)
    ended = _others(user, present).delete()[0]
    user.refresh_from_db()
    post("password_changed", mailings.password_changed_mail(user), to=user)
    record(
        actor,
        "password.changed",
        user,
        place=user.billable_company,
        public={"sessions_ended": ended},
    )
    return user


@action("vestibule.own.edit")
def end_session(actor: Actor, user: User, *, handle: str) -> None:
    """Sign out one of one's own sessions, named by its handle, from the very next request on.

    Refuses: Denied for anybody else, NotFound.
    """
    actor = authorize_on_oneself(actor, user)
    user = locked(user)
    hashes = Session.objects.filter(firm_id=user.firm_id, user_id=user.pk).values_list(
        "session_key_hash", flat=True
    )
    wanted = next((each for each in hashes if handle_of(each) == handle), None)
    if wanted is None:
        raise NotFound()

    Session.objects.filter(firm_id=user.firm_id, session_key_hash=wanted).delete()
    record(
        actor,
        "session.ended",
        user,
        place=user.billable_company,
        public={"sessions_ended": 1},
    )


@action("vestibule.own.edit")
def end_other_sessions(actor: Actor, user: User, *, present: str) -> int:
    """Sign out all of one's own sessions but the one whose key's hash is `present`.

    Return how many ended.

    Refuses: Denied for anybody else.
    """
    actor = authorize_on_oneself(actor, user)
    user = locked(user)
    others = _others(user, present).filter(expires_at__gt=clock.now())
    if not others.exists():
        nothing_changed()
        return 0

    ended: int = others.delete()[0]
    record(
        actor,
        "session.others_ended",
        user,
        place=user.billable_company,
        public={"sessions_ended": ended},
    )
    return ended


def _others(user: User, present: str) -> QuerySet[Session]:
    mine = Session.objects.filter(firm_id=user.firm_id, user_id=user.pk)
    return mine.exclude(session_key_hash=present)

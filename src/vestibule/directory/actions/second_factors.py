"""Second factors: add, name and remove them, use one at sign-in, help somebody who lost his.

A passkey's answer is checked at the door, where the browser's address is known; what it proved
comes in here.
"""

from __future__ import annotations

from secrets import compare_digest
from typing import Any

from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory import mailings
from vestibule.directory.actions._action import action, authorize, nothing_changed, record
from vestibule.directory.actions._persons import authorize_on_person, authorize_on_staff, locked
from vestibule.directory.actions._post import post
from vestibule.directory.factors import (
    APP,
    CODES,
    FIRST,
    PASSKEY,
    authenticators,
    factors_of,
    has_factor,
    rows_of,
    sealed_text,
    unsealed_text,
)
from vestibule.directory.models import Session, User
from vestibule.directory.policies.names import read_name
from vestibule.directory.policies.second_factor import (
    counter_of,
    duty_of,
    new_recovery_codes,
    tidy_code,
)
from vestibule.directory.policies.sign_in import require_let_in
from vestibule.refusals import (
    AppAlreadyThere,
    CodeWrong,
    Denied,
    FactorNeeded,
    FactorNeededFirst,
    Invalid,
    NotFound,
    NothingToRemove,
    PasskeyAlreadyThere,
    Refusal,
    SignInRefused,
)

NAME_LIMIT = 60
MAIL = "second_factor_changed"


def authorize_on_oneself(actor: Actor, user: User) -> Actor:
    """Refuse whoever is not this very person, let in.

    Refuses: Denied.
    """
    actor = authorize(actor, at=None, permission="vestibule.own.edit")
    if actor.user_id != user.pk or actor.firm_id != user.firm_id:
        raise Denied(permission="vestibule.own.edit")
    return actor


@action("vestibule.own.edit")
def add_app(actor: Actor, user: User, *, secret: str, code: str) -> None:
    """Take an authenticator application as a second factor, once it shows the right code.

    The secret is stored sealed; the owner is told by mail.

    Refuses: Denied, CodeWrong at `code`, AppAlreadyThere.
    """
    actor = authorize_on_oneself(actor, user)
    user = locked(user)
    counter = counter_of(secret, code)
    if counter is None:
        raise CodeWrong.at("code")
    if rows_of(user).filter(type=APP).exists():
        raise AppAlreadyThere()

    authenticators().create(
        user_id=user.pk,
        type=APP,
        data={"secret": sealed_text(secret), "used_counter": counter},
        created_at=clock.now(),
    )
    _tell(actor, user, "second_factor.added", "app_added", kind=APP)


@action("vestibule.own.edit")
def add_passkey(actor: Actor, user: User, *, name: str, credential: dict[str, Any]) -> None:
    """Take a passkey, whose registration the door has checked, under a name of its owner's.

    Refuses: Denied, Invalid at `name`, PasskeyAlreadyThere.
    """
    actor = authorize_on_oneself(actor, user)
    user = locked(user)
    name = _name(name)
    there = rows_of(user).filter(type=PASSKEY)
    if any(row.data["credential"].get("rawId") == credential.get("rawId") for row in there):
        raise PasskeyAlreadyThere()

    authenticators().create(
        user_id=user.pk,
        type=PASSKEY,
        data={"name": name, "credential": credential},
        created_at=clock.now(),
    )
    _tell(actor, user, "second_factor.added", "passkey_added", kind=PASSKEY, name=[None, name])


@action("vestibule.own.edit")
def rename_passkey(actor: Actor, user: User, *, factor: int, name: str) -> None:
    """Call a passkey of one's own something else.

    Refuses: Denied, NotFound, Invalid at `name`.
    """
    actor = authorize_on_oneself(actor, user)
    user = locked(user)
    row = rows_of(user).filter(pk=factor, type=PASSKEY).first()
    if row is None:
        raise NotFound()
    name = _name(name)
    old = row.data["name"]
    if old == name:
        nothing_changed()
        return

    row.data["name"] = name
    row.save(update_fields=["data"])
    record(
        actor,
        "second_factor.renamed",
        user,
        place=user.billable_company,
        public={"kind": PASSKEY},
        personal={"name": [old, name]},
    )


@action("vestibule.own.edit")
def remove_second_factor(actor: Actor, user: User, *, factor: int) -> None:
    """Remove one's own application or passkey; with the last one go the recovery codes.

    Refuses: Denied, NotFound, FactorNeeded for the last one while the firm asks for one.
    """
    actor = authorize_on_oneself(actor, user)
    user = locked(user)
    row = rows_of(user).filter(pk=factor, type__in=FIRST).first()
    if row is None:
        raise NotFound()
    is_last = factors_of(user).number == 1
    if is_last and duty_of(actor) is not None:
        raise FactorNeeded()

    kind, name = row.type, str(row.data.get("name", ""))
    row.delete()
    if is_last:
        rows_of(user).delete()
    what = "app_removed" if kind == APP else "passkey_removed"
    _tell(actor, user, "second_factor.removed", what, kind=kind, name=[name, None])


@action("vestibule.own.edit")
def make_recovery_codes(actor: Actor, user: User) -> tuple[str, ...]:
    """Make fresh recovery codes, each good for one sign-in; earlier ones are void at once.

    They are returned this once, as they are read, and rest sealed.

    Refuses: Denied, FactorNeededFirst.
    """
    actor = authorize_on_oneself(actor, user)
    user = locked(user)
    if not has_factor(user):
        raise FactorNeededFirst()

    codes = new_recovery_codes()
    rows_of(user).filter(type=CODES).delete()
    authenticators().create(
        user_id=user.pk,
        type=CODES,
        data={"migrated_codes": [sealed_text(tidy_code(code)) for code in codes]},
        created_at=clock.now(),
    )
    _tell(actor, user, "recovery_codes.made", "codes_made", kind=CODES)
    return codes


@action("vestibule.session.open")
def use_code(actor: Actor, user: User, *, code: str) -> str:
    """Use a code of the application, or use up a recovery code. Return which kind it was.

    For whoever signs in (the gate comes after), and for whoever is in and confirms that it is
    he. No code opens twice. The owner is told by mail of a recovery code.

    Refuses: Denied, SignInRefused, CodeWrong at `code`.
    """
    actor = authorize_prover(actor, user)
    user = locked(user)
    _require_prover(actor, user)
    for row in rows_of(user).filter(type__in=(APP, CODES)):
        if row.type == APP and _spend_app(row, code):
            _note_use(actor, user, row)
            return APP
        if row.type == CODES and _spend_recovery(row, code):
            _note_use(actor, user, row)
            left = len(row.data["migrated_codes"])
            post(MAIL, mailings.second_factor_mail(user, "code_used", number=left), to=user)
            return CODES
    raise CodeWrong.at("code")


@action("vestibule.session.open")
def use_passkey(actor: Actor, user: User, *, factor: int) -> None:
    """Note that a passkey, whose answer the door has checked, was used.

    Refuses: Denied, SignInRefused.
    """
    actor = authorize_prover(actor, user)
    user = locked(user)
    _require_prover(actor, user)
    row = rows_of(user).filter(pk=factor, type=PASSKEY).first()
    if row is None:
        raise SignInRefused()

    _note_use(actor, user, row)


@action("vestibule.users.edit")
def reset_second_factors(actor: Actor, user: User) -> None:
    """Remove all second factors of somebody who lost them, so that a password is enough again.

    All his sessions end: what was lost may still be signed in.

    Law 4 for client users; staff are helped by whoever may change the team and could give what
    they have. Nobody helps himself. The owner is told by mail.

    Refuses: Denied, NotFound, NothingToRemove.
    """
    actor = authorize_helper(actor, user)
    if actor.user_id == user.pk:
        raise Denied(permission="vestibule.users.edit", reason="oneself")
    user = locked(user)
    if not rows_of(user).exists():
        raise NothingToRemove(user=user.full_name)

    kinds = sorted({row.type for row in rows_of(user)})
    rows_of(user).delete()
    Session.objects.filter(firm_id=user.firm_id, user_id=user.pk).delete()
    _tell(actor, user, "second_factor.reset", "reset", kind=", ".join(kinds))


def authorize_helper(actor: Actor, user: User) -> Actor:
    """Refuse who may not remove this person's second factors.

    Refuses: Denied, NotFound.
    """
    if user.firm_id != actor.firm_id:
        raise NotFound()
    if user.is_staff_member:
        actor = authorize(actor, at=None, permission="vestibule.staff.change")
        return authorize_on_staff(actor, user)
    return authorize_on_person(actor, user)


def authorize_prover(actor: Actor, user: User) -> Actor:
    """Refuse everybody but who signs in as this person, and the person himself.

    Refuses: Denied.
    """
    if actor.is_person:
        return authorize_on_oneself(actor, user)
    return authorize(actor, at=None)


def _require_prover(actor: Actor, user: User) -> None:
    if user.firm_id != actor.firm_id:
        raise SignInRefused()
    require_let_in(user, actor.firm_id)


def _spend_app(row: Any, code: str) -> bool:
    """Mark the code's period as used, if it is the application's code now."""
    used = int(row.data.get("used_counter", -1))
    counter = counter_of(unsealed_text(row.data["secret"]), code, after=used)
    if counter is None:
        return False
    row.data["used_counter"] = counter
    return True


def _spend_recovery(row: Any, code: str) -> bool:
    """Take a recovery code off the list, if it is on it."""
    typed = tidy_code(code).encode()
    for sealed in row.data["migrated_codes"]:
        if compare_digest(unsealed_text(sealed).encode(), typed):
            row.data["migrated_codes"].remove(sealed)
            return True
    return False


def _note_use(actor: Actor, user: User, row: Any) -> None:
    row.last_used_at = clock.now()
    row.save(update_fields=["data", "last_used_at"])
    record(
        actor,
        "second_factor.used",
        user,
        place=user.billable_company,
        public={"kind": row.type},
    )


def _tell(
    actor: Actor,
    user: User,
    event: str,
    what: str,
    *,
    kind: str,
    name: list[str | None] | None = None,
) -> None:
    """Record a change of somebody's second factors, and tell the owner by mail."""
    shown = next((each for each in name or () if each), "")
    post(MAIL, mailings.second_factor_mail(user, what, name=shown), to=user)
    record(
        actor,
        event,
        user,
        place=user.billable_company,
        public={"kind": kind},
        personal={"name": name} if shown and name else {},
    )


def _name(typed: str) -> str:
    try:
        return read_name(typed, limit=NAME_LIMIT)
    except Refusal as refusal:
        raise Invalid({"name": [refusal]}) from None

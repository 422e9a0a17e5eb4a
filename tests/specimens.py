"""One specimen of every action: how it is called, by whom it may be, and what it records.

`tests/sweeps/test_actions.py` walks `ACTIONS` and fails until each has its specimen here. What a
call needs is fetched from Cabinet Morel, whoever then acts: so the sweep can let a stranger, the
other firm's administrator and nobody try the very same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.actions.doing import NEW_PASSWORD, ask, bearer, identity, let_the_worker_answer, set_rule
from tests.world import PORTFOLIO, World, blueprint, secret_mailed_to, token_of
from vestibule import actor as actors
from vestibule import clock
from vestibule.actor import Actor
from vestibule.directory import audit, firm_views, trail
from vestibule.directory.actions import (
    appearance,
    chain_checks,
    client_users,
    email_changes,
    exports,
    firm_rules,
    firms,
    hand_overs,
    identities,
    imports,
    invitations,
    outbox,
    own_account,
    passwords,
    places,
    populations,
    positions,
    requests,
    second_factors,
    sign_in,
    staff,
    trails,
    words,
)
from vestibule.directory.actions._identity import PersonalData
from vestibule.directory.factors import factors_of
from vestibule.directory.listing import UserListing
from vestibule.directory.models import Approval, EmailChange, Firm, OutboxMessage, Token, WorkItem
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.own_sessions import handle_of
from vestibule.directory.policies.passwords import NewPassword, choose
from vestibule.directory.policies.pictures import Picture
from vestibule.directory.policies.second_factor import code_of, new_app_secret
from vestibule.directory.sessions import SessionStore, hash_of

Call = Callable[[Actor], Any]


@dataclass(frozen=True)
class Specimen:
    """One action with everything that a call of it needs.

    `prepare` brings the world to where the act is possible and returns the call. `records` is
    the name of the one event of that call; `says` are the keys of which the event tells old and
    new value, public and personal together. An event of "" means that the act records nothing
    itself, and `why` says for what reason.
    """

    by: Callable[[World], Actor]
    prepare: Callable[[World], Call]
    records: str
    door: str = "page"
    says: frozenset[str] = frozenset()
    why: str = ""
    own_firm_only: str = ""
    """why the other firm's administrator has nothing of this firm's to try it on"""
    others: tuple[str, ...] = field(default_factory=tuple)
    """kinds of actors besides `by` that may do it; all others are refused"""


def by(name: str) -> Callable[[World], Actor]:
    return lambda world: world.actor(name)


def nobody(world: World) -> Actor:
    return world.morel.nobody()


def operator(world: World) -> Actor:
    return world.morel.operator()


def worker(world: World) -> Actor:
    return world.morel.system("specimen")


def a_password() -> NewPassword:
    return choose(NEW_PASSWORD, preset="either")


def _create_client_user(world: World) -> Call:
    place = world.place("a")
    return lambda actor: client_users.create_client_user(
        actor,
        billable_company=place,
        identity=identity(),
        user_type="standard",
        companies=[place],
        applications=("payroll",),
        activate_now=True,
        send_email=True,
        key="specimen",
    )


def _validate(world: World) -> Call:
    user = world.user("waiting")
    return lambda actor: client_users.validate_client_user(actor, user)


def _export_users(world: World) -> Call:
    return lambda actor: exports.export_users(actor, UserListing(text="weber", state="active"))


def _hand_over_company(world: World) -> Call:
    user, company, successor = world.user("director"), world.place("a"), world.user("ready")
    return lambda actor: hand_overs.hand_over(actor, user, company=company, successor=successor)


def _refuse_user(world: World) -> Call:
    user = world.user("waiting")
    return lambda actor: client_users.refuse_client_user(actor, user, reason="Which company?")


def _ask_validation_again(world: World) -> Call:
    client_users.refuse_client_user(
        world.actor("practitioner"), world.user("waiting"), reason="Which company?"
    )
    user = world.user("waiting")
    return lambda actor: client_users.ask_validation_again(actor, user)


def _request(world: World) -> Call:
    set_rule(world, "client_created", "validated")
    place = world.place("b")
    return lambda actor: requests.request_client_user(
        actor,
        billable_company=place,
        identity=identity(),
        user_type="standard",
        companies=[place],
        applications=("payroll",),
        key="specimen",
    )


def _asked(world: World) -> Approval:
    """Return a request of the director's that waits for the firm."""
    set_rule(world, "client_created", "validated")
    ask(world, "director", at=("b",))
    with world.scope():
        found = Approval.objects.select_related("user", "place").get(
            needs_second_person=True, state="waiting"
        )
        assert isinstance(found, Approval)
        return found


def _seen(world: World, approval: Approval) -> str:
    with world.scope():
        return requests.seen_of(approval)


def _approve(world: World) -> Call:
    approval = _asked(world)
    seen = _seen(world, approval)
    return lambda actor: requests.approve_request(actor, approval, seen=seen)


def _refuse_request(world: World) -> Call:
    approval = _asked(world)
    seen = _seen(world, approval)
    return lambda actor: requests.refuse_request(actor, approval, seen=seen, reason="Not ours")


def _withdraw(world: World) -> Call:
    approval = _asked(world)
    return lambda actor: requests.withdraw_request(actor, approval)


def _ask_again(world: World) -> Call:
    approval = _asked(world)
    requests.withdraw_request(world.actor("director"), approval)
    place = world.place("b")
    return lambda actor: requests.ask_again(
        actor,
        approval,
        billable_company=place,
        identity=identity(first_name="Alicia"),
        user_type="standard",
        companies=[place],
        applications=(),
    )


def _deactivate(world: World) -> Call:
    user = world.user("standard")
    return lambda actor: client_users.deactivate_client_user(actor, user, reason="Left")


def _reactivate(world: World) -> Call:
    user = world.user("deactivated")
    return lambda actor: client_users.reactivate_client_user(actor, user)


def _change_type(world: World) -> Call:
    user, place = world.user("standard"), world.place("a")
    return lambda actor: client_users.change_type(
        actor, user, company=place, user_type="administrator"
    )


def _create_firm(world: World) -> Call:
    plan = blueprint()
    return lambda actor: firms.create_firm(
        actor, blueprint=plan, name="Cabinet Neuf", slug="neuf", language="fr"
    )


def _create_population(world: World) -> Call:
    """Companies alone: each person has an event of his own besides (tests/actions/test_populations.py)."""
    return lambda actor: populations.create_population(actor, companies=[1, 2])


def _create_staff(world: World) -> Call:
    return lambda actor: staff.create_staff_user(actor, identity=identity(), role="practitioner")


def _import(world: World) -> Call:
    more = PORTFOLIO + ";ESTRAN NORD;356000000;Lille;35600000000048;;59000;Lille\n"
    return lambda actor: imports.import_places(actor, more.encode())


def _send(world: World) -> Call:
    user = world.user("ready")
    return lambda actor: invitations.send_invitation(actor, user)


def _cancel(world: World) -> Call:
    user = world.user("invited")
    return lambda actor: invitations.cancel_invitation(actor, user)


def _invited_token(world: World) -> Token:
    return token_of(world.morel.id, world.invited_secret)


def _accept(world: World) -> Call:
    token, password = _invited_token(world), a_password()
    return lambda actor: invitations.accept_invitation(
        actor,
        token,
        password=password,
        corrections=invitations.Corrections(
            first_name="Paule", last_name="Girard", phone="", language="en"
        ),
    )


def _ask_fresh_link(world: World) -> Call:
    email = world.morel.emails["invited"]
    return lambda actor: invitations.ask_fresh_link(actor, email=email)


def _answer_fresh_link(world: World) -> Call:
    email = world.morel.emails["invited"]
    return lambda actor: invitations.answer_fresh_link(actor, email=email)


def _expire(world: World) -> Call:
    with world.scope():
        invitation = invitations.Invitation.objects.get(
            user_id=world.morel.people["invited"], state="pending"
        )
        type(invitation).objects.filter(pk=invitation.pk).update(expires_at=invitation.created_at)
    return lambda actor: invitations.expire_invitations(actor)


def _ask_reset(world: World) -> Call:
    email = world.morel.emails["standard"]
    return lambda actor: passwords.ask_password_reset(actor, email=email)


def _answer_reset(world: World) -> Call:
    email = world.morel.emails["standard"]
    return lambda actor: passwords.answer_password_reset(actor, email=email)


def _reset_token(world: World) -> Token:
    passwords.ask_password_reset(world.morel.nobody(), email=world.morel.emails["standard"])
    let_the_worker_answer()
    secret = secret_mailed_to(world.user("standard"), "password_reset")
    return token_of(world.morel.id, secret)


def _reset(world: World) -> Call:
    token, password = _reset_token(world), a_password()
    return lambda actor: passwords.reset_password(actor, token, password=password)


def _bearer_of_reset(world: World) -> Actor:
    with world.scope():
        token = Token.objects.get(
            user_id=world.morel.people["standard"],
            purpose="password_reset",
            used_at=None,
            revoked_at=None,
        )
    return bearer(token)


def _create_place(world: World) -> Call:
    parent = world.place("a")
    return lambda actor: places.create_place(
        actor, parent=parent, kind="establishment", name="Lyon"
    )


def _rename(world: World) -> Call:
    place = world.place("a")
    return lambda actor: places.rename_place(actor, place, name="Estran Conseil & Cie")


def _move(world: World) -> Call:
    place, parent = world.place("nantes"), world.place("b")
    return lambda actor: places.move_place(actor, place, parent=parent)


def _close(world: World) -> Call:
    place, billed_to = world.place("a"), world.place("b")
    return lambda actor: places.close_place(actor, place, billed_to=billed_to)


def _reopen(world: World) -> Call:
    places.close_place(world.actor("practitioner"), world.place("port"))
    place = world.place("port")
    return lambda actor: places.reopen_place(actor, place)


def _choose_language(world: World) -> Call:
    user = world.user("director")
    other = "de" if user.language != "de" else "en"
    return lambda actor: own_account.choose_language(actor, user, language=other)


def _correct_own(world: World) -> Call:
    user = world.user("director")
    return lambda actor: own_account.correct_own_data(
        actor, user, first_name="Solange", last_name=user.last_name, phone="+33612345678"
    )


def _change_password(world: World) -> Call:
    user, password = world.user("director"), a_password()
    proof = sign_in.proof_of(user)
    return lambda actor: own_account.change_password(
        actor, user, password=password, proof=proof, present=""
    )


def _session_of(world: World, name: str) -> str:
    """Open a session for somebody and return the hash of its key."""
    with world.scope():
        store = SessionStore(firm=world.morel.id)
        store["_auth_user_id"] = str(world.morel.people[name])
        store.create()
        store.save()
        return hash_of(store.session_key or "")


def _end_session(world: World) -> Call:
    user, handle = world.user("director"), handle_of(_session_of(world, "director"))
    return lambda actor: own_account.end_session(actor, user, handle=handle)


def _end_others(world: World) -> Call:
    user, present = world.user("director"), _session_of(world, "director")
    _session_of(world, "director")
    return lambda actor: own_account.end_other_sessions(actor, user, present=present)


def _add_app(world: World) -> Call:
    user, secret = world.user("director"), new_app_secret()
    return lambda actor: second_factors.add_app(
        actor, user, secret=secret, code=code_of(secret, clock.now())
    )


def _with_passkey(world: World, name: str = "director") -> int:
    """Give somebody a passkey and return its id; its registration was looked at by the door."""
    user = world.user(name)
    second_factors.add_passkey(
        world.actor(name), user, name="Blue key", credential={"rawId": "Zm9v"}
    )
    with world.scope():
        return factors_of(user).passkeys[0].id


def _add_passkey(world: World) -> Call:
    user = world.user("director")
    return lambda actor: second_factors.add_passkey(
        actor, user, name="Blue key", credential={"rawId": "Zm9v"}
    )


def _rename_passkey(world: World) -> Call:
    user, factor = world.user("director"), _with_passkey(world)
    return lambda actor: second_factors.rename_passkey(actor, user, factor=factor, name="Green key")


def _remove_factor(world: World) -> Call:
    user, factor = world.user("director"), _with_passkey(world)
    return lambda actor: second_factors.remove_second_factor(actor, user, factor=factor)


def _make_codes(world: World) -> Call:
    user, _factor = world.user("director"), _with_passkey(world)
    return lambda actor: second_factors.make_recovery_codes(actor, user)


def _use_code(world: World) -> Call:
    user, _factor = world.user("director"), _with_passkey(world)
    code, *_ = second_factors.make_recovery_codes(world.actor("director"), user)
    return lambda actor: second_factors.use_code(actor, user, code=code)


def _use_passkey(world: World) -> Call:
    user, factor = world.user("director"), _with_passkey(world)
    return lambda actor: second_factors.use_passkey(actor, user, factor=factor)


def _reset_factors(world: World) -> Call:
    _with_passkey(world, "standard")
    user = world.user("standard")
    return lambda actor: second_factors.reset_second_factors(actor, user)


def _open_session(world: World) -> Call:
    user = world.user("standard")
    proof = sign_in.proof_of(user)
    return lambda actor: sign_in.open_session(actor, user, method="password", proof=proof)


def _claimed(world: World, attempts: int = 1) -> outbox.Claim:
    """Let a mail of this firm wait, and claim it."""
    invitations.send_invitation(world.actor("practitioner"), world.user("ready"))
    with world.scope():
        row = OutboxMessage.objects.get(user_id=world.morel.people["ready"], state="queued")
    WorkItem.objects.filter(pk=row.pk).update(leased_by="specimen", attempts=attempts)
    return outbox.Claim(row.pk, world.morel.id, "specimen", attempts)


def _hand_over(world: World) -> Call:
    claimed = _claimed(world)
    return lambda actor: outbox.hand_over(actor, claimed)


def _refuse(world: World) -> Call:
    claimed = _claimed(world)
    return lambda actor: outbox.refuse(actor, claimed, reason="550 No such user")


def _put_off_for_the_last_time(world: World) -> Call:
    claimed = _claimed(world, outbox.MOST_ATTEMPTS)
    return lambda actor: outbox.put_off(actor, claimed, reason="451 Later")


def _correct(world: World) -> Call:
    user = world.user("standard")
    data = PersonalData(last_name="Webern", first_name="Jonas", phone="", language="de")
    return lambda actor: identities.correct_client_user(actor, user, data=data)


def _ask_email_change(world: World) -> Call:
    user = world.user("director")
    return lambda actor: email_changes.ask_email_change(actor, user, email="new@people.example")


def _email_change(world: World) -> EmailChange:
    """Let a change of address wait, with its link mailed."""
    with world.scope():
        change = EmailChange.objects.filter(user_id=world.morel.people["director"]).first()
    if change is None:
        _ask_email_change(world)(world.actor("practitioner"))
        let_the_worker_answer()
        return _email_change(world)
    return change


def _answer_email_change(world: World) -> Call:
    change = _ask_email_change(world)(world.actor("practitioner"))
    return lambda actor: email_changes.answer_email_change(actor, change=str(change.pk))


def _confirm_email_change(world: World) -> Call:
    token = _token_of_email_change(world)
    return lambda actor: email_changes.confirm_email_change(actor, token)


def _token_of_email_change(world: World) -> Token:
    change = _email_change(world)
    with world.scope():
        return Token.objects.select_related("user").get(pk=change.token_id)


def _cancel_email_change(world: World) -> Call:
    _email_change(world)
    user = world.user("director")
    return lambda actor: email_changes.cancel_email_change(actor, user)


def _expire_email_changes(world: World) -> Call:
    change = _email_change(world)
    with world.scope():
        EmailChange.objects.filter(pk=change.pk).update(expires_at=change.created_at)
    return lambda actor: email_changes.expire_email_changes(actor)


def _change_staff_role(world: World) -> Call:
    person = world.user("practitioner")
    return lambda actor: staff.change_staff_role(actor, person, role="trainee")


def _deactivate_staff(world: World) -> Call:
    person = world.user("practitioner")
    return lambda actor: staff.deactivate_staff_user(actor, person, reason="On leave")


def _reactivate_staff(world: World) -> Call:
    person = world.user("practitioner")
    staff.deactivate_staff_user(world.actor("administrator"), person)
    return lambda actor: staff.reactivate_staff_user(actor, person)


def _invited_staff(world: World) -> Any:
    return staff.create_staff_user(
        world.actor("administrator"),
        identity=identity(email="invited.staff@people.example"),
        role="practitioner",
    )


def _send_staff(world: World) -> Call:
    person = _invited_staff(world)
    return lambda actor: staff.send_staff_invitation(actor, person)


def _cancel_staff(world: World) -> Call:
    person = _invited_staff(world)
    return lambda actor: staff.cancel_staff_invitation(actor, person)


def _check_further(world: World) -> Call:
    check = str(chain_checks.ask_chain_check(world.actor("administrator")).pk)
    return lambda actor: chain_checks.check_further(actor, check=check)


def _note_check(world: World) -> Call:
    with world.scope():
        found = audit.verify(world.morel.id)
    return lambda actor: chain_checks.note_check(actor, found)


def _word(world: World, key: str) -> firm_views.OwnWord:
    with world.scope():
        found = firm_views.own_word(Firm.objects.get(pk=world.morel.id), key)
    assert found is not None
    return found


def _change_word(world: World) -> Call:
    seen = _word(world, "app.payroll").seen
    texts = {"en": "Salaries", "fr": "Salaires", "de": "Gehälter"}
    return lambda actor: words.change_word(actor, key="app.payroll", texts=texts, seen=seen)


def _reset_word(world: World) -> Call:
    _change_word(world)(world.actor("administrator"))
    seen = _word(world, "app.payroll").seen
    return lambda actor: words.reset_word(actor, key="app.payroll", seen=seen)


def _change_rules(world: World) -> Call:
    with world.scope():
        seen = firm_views.seen_of(firm_views.rules_now(world.morel.id, ["invitation_days"]))
    return lambda actor: firm_rules.change_rules(actor, wanted={"invitation_days": 7}, seen=seen)


def _add_position(world: World, word: str = "Head of payroll") -> Call:
    texts = dict.fromkeys(("en", "fr", "de"), word)
    return lambda actor: positions.add_position(actor, texts=texts)


def _two_positions(world: World) -> str:
    """Offer two positions and return the token of what is there."""
    for word in ("Head of payroll", "Owner"):
        _add_position(world, word)(world.actor("administrator"))
    with world.scope():
        return firm_views.positions_seen(world.morel.id)


def _rename_position(world: World) -> Call:
    seen = _two_positions(world)
    texts = dict.fromkeys(("en", "fr", "de"), "Partner")
    return lambda actor: positions.rename_position(actor, code="owner", texts=texts, seen=seen)


def _order_positions(world: World) -> Call:
    seen = _two_positions(world)
    codes = ["owner", "head-of-payroll"]
    return lambda actor: positions.order_positions(actor, codes=codes, seen=seen)


def _retire_position(world: World) -> Call:
    _two_positions(world)
    return lambda actor: positions.retire_position(actor, code="owner")


def _restore_position(world: World) -> Call:
    _retire_position(world)(world.actor("administrator"))
    return lambda actor: positions.restore_position(actor, code="owner")


def _change_firm(world: World) -> Call:
    firm = Firm.objects.get(pk=world.morel.id)
    seen = firm_views.firm_seen(firm)
    return lambda actor: appearance.change_firm(
        actor, name="Morel & Associés", language="de", time_zone="Europe/Berlin", seen=seen
    )


def _change_accent(world: World) -> Call:
    seen = firm_views.seen_of(Firm.objects.get(pk=world.morel.id).accent)
    return lambda actor: appearance.change_accent(actor, accent="#6336C4", seen=seen)


def _set_logo(world: World) -> Call:
    with world.scope():
        seen = firm_views.logo_seen(world.morel.id)
    picture = Picture(b"a picture", 40, 20)
    return lambda actor: appearance.set_logo(actor, picture=picture, seen=seen)


def _remove_logo(world: World) -> Call:
    _set_logo(world)(world.actor("administrator"))
    with world.scope():
        seen = firm_views.logo_seen(world.morel.id)
    return lambda actor: appearance.remove_logo(actor, seen=seen)


MINE = "it works on the actor's own firm and takes no row of another"

SPECIMENS: dict[str, Specimen] = {
    "client_users.create_client_user": Specimen(
        by("practitioner"),
        _create_client_user,
        "client_user.created",
        says=frozenset({"state", "email", "first_name", "last_name"}),
    ),
    "client_users.validate_client_user": Specimen(
        by("practitioner"), _validate, "client_user.validated", says=frozenset({"state"})
    ),
    "hand_overs.hand_over": Specimen(
        by("administrator"),
        _hand_over_company,
        "administration.handed_over",
        says=frozenset({"user_type", "administrator"}),
    ),
    "client_users.refuse_client_user": Specimen(
        by("practitioner"),
        _refuse_user,
        "client_user.refused",
        says=frozenset({"state", "reason"}),
    ),
    "client_users.ask_validation_again": Specimen(
        by("practitioner"),
        _ask_validation_again,
        "client_user.asked_again",
        says=frozenset({"state"}),
    ),
    "requests.request_client_user": Specimen(
        by("director"),
        _request,
        "client_user.requested",
        says=frozenset({"state", "email", "first_name", "last_name"}),
    ),
    "requests.approve_request": Specimen(
        by("practitioner"), _approve, "request.approved", says=frozenset({"state"})
    ),
    "requests.refuse_request": Specimen(
        by("practitioner"), _refuse_request, "request.refused", says=frozenset({"state", "reason"})
    ),
    "requests.withdraw_request": Specimen(
        by("director"), _withdraw, "request.withdrawn", says=frozenset({"state"})
    ),
    "requests.ask_again": Specimen(
        by("director"), _ask_again, "client_user.requested", says=frozenset({"state"})
    ),
    "client_users.deactivate_client_user": Specimen(
        by("practitioner"),
        _deactivate,
        "client_user.deactivated",
        says=frozenset({"state", "reason"}),
    ),
    "client_users.reactivate_client_user": Specimen(
        by("practitioner"), _reactivate, "client_user.reactivated", says=frozenset({"state"})
    ),
    "client_users.change_type": Specimen(
        by("practitioner"), _change_type, "grant.type_changed", says=frozenset({"user_type"})
    ),
    "identities.correct_client_user": Specimen(
        by("practitioner"), _correct, "client_user.corrected", says=frozenset({"last_name"})
    ),
    "email_changes.ask_email_change": Specimen(
        by("practitioner"),
        _ask_email_change,
        "user.email_change_asked",
        says=frozenset({"email"}),
    ),
    "email_changes.answer_email_change": Specimen(
        worker,
        _answer_email_change,
        "",
        why="that it was asked for is recorded; more would tell whether the address is taken",
    ),
    "email_changes.confirm_email_change": Specimen(
        lambda world: bearer(_token_of_email_change(world)),
        _confirm_email_change,
        "user.email_changed",
        door="link",
        says=frozenset({"email"}),
    ),
    "email_changes.cancel_email_change": Specimen(
        by("practitioner"),
        _cancel_email_change,
        "user.email_change_cancelled",
        says=frozenset({"email"}),
    ),
    "email_changes.expire_email_changes": Specimen(
        worker,
        _expire_email_changes,
        "user.email_change_expired",
        door="worker",
        own_firm_only=MINE,
        says=frozenset({"email"}),
    ),
    "exports.export_users": Specimen(
        by("practitioner"),
        _export_users,
        "users.exported",
        own_firm_only="a list of his own firm’s: it takes no row of another",
    ),
    "firms.create_firm": Specimen(
        lambda world: actors.operator(new_id()),
        _create_firm,
        "firm.created",
        door="cli",
        says=frozenset({"name", "slug"}),
        own_firm_only=MINE,
    ),
    "populations.create_population": Specimen(
        operator,
        _create_population,
        "population.created",
        door="cli",
        own_firm_only=MINE,
    ),
    "staff.create_staff_user": Specimen(
        operator,
        _create_staff,
        "staff.created",
        door="cli",
        says=frozenset({"state", "email", "first_name", "last_name"}),
        own_firm_only=MINE,
    ),
    "staff.change_staff_role": Specimen(
        by("administrator"), _change_staff_role, "staff.role_changed", says=frozenset({"role"})
    ),
    "staff.deactivate_staff_user": Specimen(
        by("administrator"),
        _deactivate_staff,
        "staff.deactivated",
        says=frozenset({"state", "reason"}),
    ),
    "staff.reactivate_staff_user": Specimen(
        by("administrator"), _reactivate_staff, "staff.reactivated", says=frozenset({"state"})
    ),
    "staff.send_staff_invitation": Specimen(
        by("administrator"), _send_staff, "staff.invitation_sent"
    ),
    "staff.cancel_staff_invitation": Specimen(
        by("administrator"),
        _cancel_staff,
        "staff.invitation_cancelled",
        says=frozenset({"state"}),
    ),
    "imports.import_places": Specimen(
        by("practitioner"), _import, "places.imported", own_firm_only=MINE
    ),
    "invitations.send_invitation": Specimen(
        by("practitioner"), _send, "invitation.sent", says=frozenset({"state"})
    ),
    "invitations.cancel_invitation": Specimen(
        by("practitioner"), _cancel, "invitation.cancelled", says=frozenset({"state"})
    ),
    "invitations.accept_invitation": Specimen(
        lambda world: bearer(_invited_token(world)),
        _accept,
        "invitation.accepted",
        door="link",
        says=frozenset({"state", "first_name"}),
    ),
    "invitations.ask_fresh_link": Specimen(
        nobody,
        _ask_fresh_link,
        "",
        why="equal work for every address; the worker's answer is recorded",
        own_firm_only=MINE,
        others=("nobody",),
    ),
    "invitations.answer_fresh_link": Specimen(
        worker, _answer_fresh_link, "invitation.renewed", door="worker", own_firm_only=MINE
    ),
    "invitations.expire_invitations": Specimen(
        worker, _expire, "invitation.expired", door="worker", own_firm_only=MINE
    ),
    "passwords.ask_password_reset": Specimen(
        nobody,
        _ask_reset,
        "",
        why="equal work for every address; the worker's answer is recorded",
        own_firm_only=MINE,
        others=("nobody",),
    ),
    "passwords.answer_password_reset": Specimen(
        worker, _answer_reset, "password.reset_asked", door="worker", own_firm_only=MINE
    ),
    "passwords.reset_password": Specimen(_bearer_of_reset, _reset, "password.reset", door="link"),
    "places.create_place": Specimen(
        by("practitioner"), _create_place, "place.created", says=frozenset({"name"})
    ),
    "places.rename_place": Specimen(
        by("practitioner"), _rename, "place.renamed", says=frozenset({"name"})
    ),
    "places.move_place": Specimen(
        by("practitioner"), _move, "place.moved", says=frozenset({"parent"})
    ),
    "places.close_place": Specimen(
        by("practitioner"), _close, "place.closed", says=frozenset({"open"})
    ),
    "places.reopen_place": Specimen(
        by("practitioner"), _reopen, "place.reopened", says=frozenset({"open"})
    ),
    "own_account.choose_language": Specimen(
        by("director"), _choose_language, "user.language_chosen", says=frozenset({"language"})
    ),
    "own_account.correct_own_data": Specimen(
        by("director"),
        _correct_own,
        "user.corrected_own_data",
        says=frozenset({"first_name", "phone"}),
    ),
    "own_account.change_password": Specimen(by("director"), _change_password, "password.changed"),
    "own_account.end_session": Specimen(by("director"), _end_session, "session.ended"),
    "own_account.end_other_sessions": Specimen(by("director"), _end_others, "session.others_ended"),
    "second_factors.add_app": Specimen(by("director"), _add_app, "second_factor.added"),
    "second_factors.add_passkey": Specimen(
        by("director"), _add_passkey, "second_factor.added", says=frozenset({"name"})
    ),
    "second_factors.rename_passkey": Specimen(
        by("director"), _rename_passkey, "second_factor.renamed", says=frozenset({"name"})
    ),
    "second_factors.remove_second_factor": Specimen(
        by("director"), _remove_factor, "second_factor.removed", says=frozenset({"name"})
    ),
    "second_factors.make_recovery_codes": Specimen(
        by("director"), _make_codes, "recovery_codes.made"
    ),
    "second_factors.use_code": Specimen(
        nobody, _use_code, "second_factor.used", others=("nobody",)
    ),
    "second_factors.use_passkey": Specimen(
        nobody, _use_passkey, "second_factor.used", others=("nobody",)
    ),
    "second_factors.reset_second_factors": Specimen(
        by("practitioner"), _reset_factors, "second_factor.reset"
    ),
    "sign_in.open_session": Specimen(nobody, _open_session, "user.signed_in", others=("nobody",)),
    "chain_checks.ask_chain_check": Specimen(
        by("administrator"),
        lambda world: lambda actor: chain_checks.ask_chain_check(actor),
        "audit.check_asked",
        own_firm_only=MINE,
    ),
    "chain_checks.check_further": Specimen(worker, _check_further, "audit.checked", door="worker"),
    "chain_checks.note_check": Specimen(
        operator, _note_check, "audit.checked", door="cli", own_firm_only=MINE
    ),
    "trails.export_trail": Specimen(
        by("administrator"),
        lambda world: lambda actor: trails.export_trail(actor, wanted=trail.Wanted()),
        "audit.exported",
        own_firm_only=MINE,
    ),
    "words.change_word": Specimen(
        by("administrator"),
        _change_word,
        "firm.word_changed",
        says=frozenset({"en", "fr", "de"}),
        own_firm_only=MINE,
    ),
    "words.reset_word": Specimen(
        by("administrator"),
        _reset_word,
        "firm.word_changed",
        says=frozenset({"en", "fr", "de"}),
        own_firm_only=MINE,
    ),
    "firm_rules.change_rules": Specimen(
        by("administrator"),
        _change_rules,
        "firm.rules_changed",
        says=frozenset({"invitation_days"}),
        own_firm_only=MINE,
    ),
    "positions.add_position": Specimen(
        by("administrator"),
        _add_position,
        "position.added",
        says=frozenset({"en", "fr", "de"}),
        own_firm_only=MINE,
    ),
    "positions.rename_position": Specimen(
        by("administrator"),
        _rename_position,
        "position.renamed",
        says=frozenset({"en", "fr", "de"}),
    ),
    "positions.order_positions": Specimen(
        by("administrator"), _order_positions, "positions.ordered", says=frozenset({"order"})
    ),
    "positions.retire_position": Specimen(
        by("administrator"), _retire_position, "position.retired", says=frozenset({"offered"})
    ),
    "positions.restore_position": Specimen(
        by("administrator"), _restore_position, "position.restored", says=frozenset({"offered"})
    ),
    "appearance.change_firm": Specimen(
        by("administrator"),
        _change_firm,
        "firm.changed",
        says=frozenset({"name", "default_language", "time_zone"}),
    ),
    "appearance.change_accent": Specimen(
        by("administrator"),
        _change_accent,
        "firm.accent_changed",
        says=frozenset({"accent"}),
        own_firm_only=MINE,
    ),
    "appearance.set_logo": Specimen(
        by("administrator"),
        _set_logo,
        "firm.logo_changed",
        says=frozenset({"logo"}),
        own_firm_only=MINE,
    ),
    "appearance.remove_logo": Specimen(
        by("administrator"), _remove_logo, "firm.logo_removed", says=frozenset({"logo"})
    ),
    "outbox.hand_over": Specimen(worker, _hand_over, "mail.handed_over", door="worker"),
    "outbox.refuse": Specimen(worker, _refuse, "mail.refused", door="worker"),
    "outbox.put_off": Specimen(worker, _put_off_for_the_last_time, "mail.given_up", door="worker"),
}

"""What is done to client users: create, validate, deactivate, reactivate, change of type.

Creating, activating and mailing are three separate decisions (S0-18).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.levels import levels_of
from vestibule.directory.actions import _states
from vestibule.directory.actions._action import (
    action,
    authorize,
    bump_user,
    nothing_changed,
    record,
    require_held,
)
from vestibule.directory.actions._persons import (
    authorize_on_person,
    end_grants,
    locked,
    places_of,
)
from vestibule.directory.actions._texts import search_text_of, sort_key_of
from vestibule.directory.actions.invitations import (
    close_links,
    close_pending,
    offer,
    renew_pending,
)
from vestibule.directory.facts import catalogue_of, role_bits
from vestibule.directory.models import (
    EnabledApplication,
    Grant,
    IdempotencyKey,
    InvitationState,
    PermissionSet,
    PermissionSetItem,
    Place,
    Role,
    User,
    UserKind,
    UserState,
)
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.addresses import (
    Address,
    login_key,
    read_address,
    read_phone,
    region_of,
    require_personal,
)
from vestibule.directory.policies.administrators import administrators_kept, companies_of
from vestibule.directory.policies.names import Gathered, read_name
from vestibule.directory.policies.rules import rules_of
from vestibule.refusals import (
    ApplicationNotEnabled,
    ChoiceUnknown,
    CompanyNotChosen,
    Denied,
    EmailTaken,
    Invalid,
    NotFound,
    PlaceClosed,
    Refusal,
    WrongState,
)

LANGUAGES = ("en", "fr", "de")
REASON_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is, as typed; checked by `read_identity`."""

    last_name: str
    first_name: str
    email: str
    phone: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class CheckedIdentity:
    last_name: str
    first_name: str
    address: Address
    phone: str
    language: str


def read_identity(firm_id: UUID, typed: Identity) -> CheckedIdentity:
    """Return the identity in what was typed, or every fault of it at once.

    Refuses: Invalid with the fields last_name, first_name, email, phone, language.
    """
    rules = rules_of(firm_id)
    gathered = Gathered()
    names: dict[str, str] = {"last_name": "", "first_name": ""}
    for field in names:
        try:
            names[field] = read_name(getattr(typed, field), mandatory=rules.names_mandatory)
        except Refusal as refusal:
            gathered.refuse(field, refusal)
    address = Address("", "")
    try:
        address = read_address(typed.email)
        require_personal(address, policy=rules.generic_addresses)
        if User.objects.filter(firm_id=firm_id, canonical_email=address.canonical).exists():
            raise EmailTaken()
    except Refusal as refusal:
        gathered.refuse("email", refusal)
    phone = ""
    try:
        phone = read_phone(typed.phone, region=region_of(firm_id))
    except Refusal as refusal:
        gathered.refuse("phone", refusal)
    if typed.language not in LANGUAGES:
        gathered.refuse("language", ChoiceUnknown())
    gathered.stop_if_refused()
    return CheckedIdentity(names["last_name"], names["first_name"], address, phone, typed.language)


def client_role(firm_id: UUID, code: str) -> Role:
    """Return a role of the firm that client users can have.

    Refuses: Invalid at `user_type`.
    """
    role = Role.objects.filter(
        firm_id=firm_id,
        code=code.replace("\x00", ""),
        audience="client",
        owner__isnull=True,
        retired_at__isnull=True,
    ).first()
    if role is None:
        raise ChoiceUnknown.at("user_type")
    return role


def enabled_applications(companies: Sequence[Place]) -> dict[UUID, set[str]]:
    """Return the names of the applications that each company has now."""
    found: dict[UUID, set[str]] = {company.pk: set() for company in companies}
    rows = EnabledApplication.objects.filter(company_id__in=list(found), until__isnull=True)
    for company_id, name in rows.values_list("company_id", "application__name"):
        found[company_id].add(name)
    return found


@action("vestibule.users.create")
def create_client_user(
    actor: Actor,
    *,
    billable_company: Place,
    identity: Identity,
    user_type: str,
    companies: Sequence[Place],
    applications: Sequence[str],
    activate_now: bool,
    send_email: bool,
    key: str,
) -> User:
    """Create a client user with his access to each of `companies`.

    Type and applications apply to each company as grants of its own; an application that
    only some of the companies have is given where it is. `key` makes a repeat return the
    first result. With `activate_now` the user is ready, and with `send_email` invited;
    otherwise he waits for validation.

    Refuses: Invalid at the field, Denied, FirstUserIsAdministrator, PlaceClosed.
    """
    actor = authorize(actor, at=billable_company)
    companies = list({company.pk: company for company in companies}.values())
    for company in companies:
        actor = authorize(actor, at=company)
    for place in {billable_company, *companies} if activate_now else ():
        authorize(actor, at=place, permission="vestibule.users.validate")
        if send_email:
            authorize(actor, at=place, permission="vestibule.users.invite")
    firm_id = billable_company.firm_id
    repeated = _claim(actor, "client_user.create", key)
    if repeated is not None:
        nothing_changed()
        first: User = User.objects.get(firm_id=firm_id, pk=repeated)
        return first
    if not companies:
        raise CompanyNotChosen.at("companies")
    for company in {*companies, billable_company}:
        if company.acts_as != "company":
            raise CompanyNotChosen.at("companies")
        if not company.is_open:
            raise PlaceClosed(place=company.name)
    checked = read_identity(firm_id, identity)
    role = client_role(firm_id, user_type)
    enabled = enabled_applications(companies)
    catalogue = catalogue_of(firm_id)
    for name in applications:
        if not any(name in names for names in enabled.values()):
            known = {node.name for node in catalogue.nodes()}
            raise ApplicationNotEnabled.at(
                "applications", application=name if name in known else "—"
            )
    for company in companies:
        given = role_bits(firm_id).get(role.pk, 0)
        for name in sorted(set(applications) & enabled[company.pk]):
            given |= catalogue.application_mask[name]
        require_held(actor, place=company, gained=given)

    with administrators_kept([billable_company, *companies], person=None):
        _require_open([billable_company, *companies])
        user = _insert(actor, checked, billable_company, activate_now=activate_now)
        _give(actor, user, role, companies, applications, enabled)
    if activate_now and send_email:
        offer(actor, user, inviter_id=actor.user_id)
    _remember(actor, "client_user.create", key, user)
    record(
        actor,
        "client_user.created",
        user,
        place=billable_company,
        public={
            "user_type": user_type,
            "companies": [str(company.pk) for company in companies],
            "applications": sorted(applications),
            "state": [None, user.state],
            "invited": bool(activate_now and send_email),
        },
        personal={
            "email": [None, checked.address.email],
            "first_name": [None, checked.first_name],
            "last_name": [None, checked.last_name],
            "phone": [None, checked.phone],
            "language": [None, checked.language],
        },
    )
    return user


def _require_open(companies: Sequence[Place]) -> None:
    """Refuse a company that was closed meanwhile; its row is locked now."""
    ids = [company.pk for company in companies]
    closed = Place.objects.filter(pk__in=ids, is_open=False).first()
    if closed is not None:
        raise PlaceClosed(place=closed.name)


def _insert(actor: Actor, checked: CheckedIdentity, billable: Place, *, activate_now: bool) -> User:
    state = UserState.READY if activate_now else UserState.AWAITING_VALIDATION
    now = clock.now()
    user = User(
        id=new_id(),
        firm_id=billable.firm_id,
        email=checked.address.email,
        canonical_email=checked.address.canonical,
        login_key=login_key(billable.firm_id, checked.address.canonical),
        kind=UserKind.CLIENT,
        first_name=checked.first_name,
        last_name=checked.last_name,
        language=checked.language,
        phone=checked.phone,
        billable_company=billable,
        created_at=now,
        created_by_id=actor.user_id,
    )
    user.search_text = search_text_of(user)
    user.sort_key = sort_key_of(user)
    return _states.move(user, state)


def _give(
    actor: Actor,
    user: User,
    role: Role,
    companies: Sequence[Place],
    applications: Sequence[str],
    enabled: dict[UUID, set[str]],
) -> None:
    now = clock.now()
    sets: dict[tuple[str, ...], PermissionSet] = {}
    for company in companies:
        common = {"firm_id": user.firm_id, "user": user, "place": company, "since": now}
        Grant.objects.create(**common, role=role, granted_by_id=actor.user_id)
        names = tuple(sorted(set(applications) & enabled[company.pk]))
        if not names:
            continue
        if names not in sets:
            sets[names] = _own_set(user.firm_id, names)
        Grant.objects.create(**common, permission_set=sets[names], granted_by_id=actor.user_id)


def _own_set(firm_id: UUID, names: Sequence[str]) -> PermissionSet:
    """Write an own set with everything of these applications, each leaf at its highest level."""
    own = PermissionSet.objects.create(firm_id=firm_id, created_at=clock.now())
    catalogue = catalogue_of(firm_id)
    PermissionSetItem.objects.bulk_create(
        PermissionSetItem(
            firm_id=firm_id,
            permission_set=own,
            permission=leaf.name,
            level=levels_of(leaf.level_set)[-1],
        )
        for name in names
        for leaf in catalogue.leaves_under(name)
    )
    return own


def _claim(actor: Actor, name: str, key: str) -> str | None:
    """Claim a key for this call, or return the id of what it made before.

    A second call with the same key waits here until the first has committed; one that was
    refused leaves no claim behind.
    """
    if actor.user_id is None:
        return None
    try:
        with transaction.atomic():
            IdempotencyKey.objects.create(
                firm_id=actor.firm_id,
                actor_user_id=actor.user_id,
                action=name,
                key=key,
                created_at=clock.now(),
            )
    except IntegrityError:
        return IdempotencyKey.objects.get(
            firm_id=actor.firm_id, actor_user_id=actor.user_id, action=name, key=key
        ).result_id
    return None


def _remember(actor: Actor, name: str, key: str, user: User) -> None:
    if actor.user_id is None:
        return
    IdempotencyKey.objects.filter(
        firm_id=actor.firm_id, actor_user_id=actor.user_id, action=name, key=key
    ).update(result_type="user", result_id=str(user.pk))


@action("vestibule.users.validate")
def validate_client_user(actor: Actor, user: User) -> User:
    """Let in a user who waits. Nothing is mailed.

    Refuses: Denied, WrongState.
    """
    actor = authorize_on_person(actor, user)
    user = locked(user)
    if user.state != UserState.AWAITING_VALIDATION:
        raise WrongState(user=user.full_name)

    _states.move(user, UserState.READY)
    record(
        actor,
        "client_user.validated",
        user,
        place=user.billable_company,
        public={"state": [UserState.AWAITING_VALIDATION, user.state]},
    )
    return user


@action("vestibule.users.deactivate")
def deactivate_client_user(actor: Actor, user: User, *, reason: str = "") -> User:
    """Refuse the user everywhere at once: sessions end, every open link dies (S2-13).

    Refuses: Denied, LastAdministrator, WrongState.
    """
    actor = authorize_on_person(actor, user)
    if actor.user_id == user.pk:
        raise Denied(reason="oneself")
    try:
        reason = read_name(reason, limit=REASON_LIMIT, mandatory=False)
    except Invalid as refusal:
        raise Invalid({"reason": [refusal]}) from None

    with administrators_kept(companies_of(places_of(user)), person=user):
        user = locked(user)
        before = user.state
        close_pending(user, InvitationState.CANCELLED)
        close_links(user)
        _states.move(user, UserState.DEACTIVATED, reason=reason)
    record(
        actor,
        "client_user.deactivated",
        user,
        place=user.billable_company,
        public={"state": [before, user.state]},
        personal={"reason": [None, reason]} if reason else None,
    )
    return user


@action("vestibule.users.deactivate")
def reactivate_client_user(actor: Actor, user: User) -> User:
    """Let a deactivated user be again what he was; one who was invited is ready.

    Refuses: Denied, WrongState, FirstUserIsAdministrator where nobody administers any more,
    PlaceClosed when the company he is billed to was closed meanwhile.
    """
    actor = authorize_on_person(actor, user)

    with administrators_kept(companies_of(places_of(user)), person=user):
        user = locked(user)
        if user.state != UserState.DEACTIVATED:
            raise WrongState(user=user.full_name)
        if user.billable_company is not None:
            _require_open([user.billable_company])
        was = user.state_before_deactivation
        stays = was in (UserState.ACTIVE, UserState.AWAITING_VALIDATION)
        _states.move(user, was if stays else UserState.READY)
    record(
        actor,
        "client_user.reactivated",
        user,
        place=user.billable_company,
        public={"state": [UserState.DEACTIVATED, user.state]},
    )
    return user


@action("vestibule.grants.change")
def change_type(actor: Actor, user: User, *, company: Place, user_type: str) -> User:
    """Make a user administrator or standard client of one company (S0-09, S0-11).

    The applications stay. An open invitation is replaced by a fresh one of the same
    inviter: what it offered has changed.

    Refuses: Denied, NotFound, LastAdministrator, FirstUserIsAdministrator, WrongState.
    """
    actor = authorize(actor, at=company)
    if user.firm_id != company.firm_id:
        raise NotFound()
    if user.state == UserState.ERASED or user.is_staff_member:
        raise WrongState(user=user.full_name)
    role = client_role(user.firm_id, user_type)

    with administrators_kept(companies_of([company]), person=user):
        user = locked(user)
        held = list(
            Grant.objects.filter(
                firm_id=user.firm_id, user_id=user.pk, place_id=company.pk, role__isnull=False
            )
            .not_over()
            .select_related("role")
        )
        if not held:
            raise NotFound()
        if [grant.role_id for grant in held] == [role.pk]:
            nothing_changed()
            return user
        bits = role_bits(user.firm_id)
        before = 0
        for grant in held:
            before |= bits.get(grant.role_id, 0)
        require_held(actor, place=company, gained=before ^ bits.get(role.pk, 0))
        end_grants(held, actor)
        Grant.objects.create(
            firm_id=user.firm_id,
            user=user,
            place=company,
            role=role,
            since=clock.now(),
            granted_by_id=actor.user_id,
        )
        User.objects.filter(pk=user.pk).update(version=F("version") + 1)
        bump_user(user)
        user.refresh_from_db()
    renew_pending(actor, user)
    record(
        actor,
        "grant.type_changed",
        user,
        place=company,
        public={"user_type": [held[0].role.code, role.code]},
    )
    return user


def type_at(user: User, company: Place) -> str:
    """Return the code of the user's role at exactly this company, or ""."""
    grant = (
        Grant.objects.filter(
            firm_id=user.firm_id, user_id=user.pk, place_id=company.pk, role__isnull=False
        )
        .not_over()
        .select_related("role")
        .first()
    )
    return grant.role.code if grant is not None else ""

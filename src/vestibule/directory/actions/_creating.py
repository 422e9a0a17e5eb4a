"""Creating a client user, as every way to it does: reading, checking, writing. Parts of acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.levels import levels_of
from vestibule.directory.actions import _states
from vestibule.directory.actions._action import require_held
from vestibule.directory.actions._texts import search_text_of, sort_key_of
from vestibule.directory.facts import catalogue_of, role_bits
from vestibule.directory.models import (
    EnabledApplication,
    Grant,
    IdempotencyKey,
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
from vestibule.directory.policies.names import Gathered, read_name
from vestibule.directory.policies.rules import rules_of
from vestibule.refusals import (
    ApplicationNotEnabled,
    ChoiceUnknown,
    CompanyNotChosen,
    EmailTaken,
    Invalid,
    PlaceClosed,
    Refusal,
)

LANGUAGES = ("en", "fr", "de")


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


def is_taken(firm_id: UUID, canonical: str) -> bool:
    """Return whether a user of the firm has this address."""
    return bool(User.objects.filter(firm_id=firm_id, canonical_email=canonical).exists())


def read_identity(
    firm_id: UUID, typed: Identity, *, taken: Callable[[UUID, str], bool] = is_taken
) -> CheckedIdentity:
    """Return the identity in what was typed, or every fault of it at once.

    `taken` answers, for a firm and a canonical address, whether to refuse it as in use.

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
        if taken(firm_id, address.canonical):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted: who he is, what he becomes, where, with which applications."""

    billable_company: Place
    identity: Identity
    user_type: str
    companies: tuple[Place, ...]
    applications: tuple[str, ...]

    @property
    def places(self) -> list[Place]:
        """The billable company and those with an access, each once."""
        return list({each.pk: each for each in (self.billable_company, *self.companies)}.values())


@dataclass(frozen=True, slots=True)
class Access:
    """What is given: a role at each company, and of the applications those that it has."""

    role: Role
    companies: tuple[Place, ...]
    applications: tuple[str, ...]
    enabled: dict[UUID, set[str]]

    def at(self, company: Place) -> tuple[str, ...]:
        """Return the applications that are given at one of the companies."""
        return tuple(name for name in self.applications if name in self.enabled[company.pk])

    def bits_at(self, company: Place) -> int:
        """Return the rights that are given at one of the companies."""
        given = role_bits(company.firm_id).get(self.role.pk, 0)
        masks = catalogue_of(company.firm_id).application_mask
        for name in self.at(company):
            given |= masks[name]
        return given


@dataclass(frozen=True, slots=True)
class CheckedOrder:
    """An order that can be carried out."""

    order: Order
    identity: CheckedIdentity
    access: Access


def order_of(
    *,
    billable_company: Place,
    identity: Identity,
    user_type: str,
    companies: Sequence[Place],
    applications: Sequence[str],
) -> Order:
    """Return an order with each company and application once."""
    return Order(
        billable_company=billable_company,
        identity=identity,
        user_type=user_type,
        companies=tuple({each.pk: each for each in companies}.values()),
        applications=tuple(sorted(set(applications))),
    )


def read_order(
    actor: Actor, order: Order, *, taken: Callable[[UUID, str], bool] = is_taken
) -> CheckedOrder:
    """Return the order checked: the companies open, the identity right, nothing in it more than
    the actor may give (law 3).

    Refuses: Invalid at the field, Denied, PlaceClosed.
    """
    if not order.companies:
        raise CompanyNotChosen.at("companies")
    for company in order.places:
        if company.acts_as != "company":
            raise CompanyNotChosen.at("companies")
        if not company.is_open:
            raise PlaceClosed(place=company.name)
    identity = read_identity(actor.firm_id, order.identity, taken=taken)
    return CheckedOrder(order, identity, read_access(actor, order, order.companies))


def read_access(actor: Actor, order: Order, companies: tuple[Place, ...]) -> Access:
    """Return what an order gives at these of its companies, when the actor may give it (law 3).

    Refuses: Invalid at the field, Denied.
    """
    role = client_role(actor.firm_id, order.user_type)
    enabled = enabled_applications(companies)
    catalogue = catalogue_of(actor.firm_id)
    for name in order.applications:
        if companies and not any(name in names for names in enabled.values()):
            known = {node.name for node in catalogue.nodes()}
            raise ApplicationNotEnabled.at(
                "applications", application=name if name in known else "—"
            )
    access = Access(role, companies, order.applications, enabled)
    for company in companies:
        require_held(actor, place=company, gained=access.bits_at(company))
    return access


def require_open(companies: Sequence[Place]) -> None:
    """Refuse a company that was closed meanwhile; its row is locked now."""
    ids = [company.pk for company in companies]
    closed = Place.objects.filter(pk__in=ids, is_open=False).first()
    if closed is not None:
        raise PlaceClosed(place=closed.name)


def insert(actor: Actor, checked: CheckedOrder, *, activate_now: bool) -> User:
    """Write the user of an order in the state his life begins with."""
    state = UserState.READY if activate_now else UserState.AWAITING_VALIDATION
    identity, billable = checked.identity, checked.order.billable_company
    user = User(
        id=new_id(),
        firm_id=billable.firm_id,
        email=identity.address.email,
        canonical_email=identity.address.canonical,
        login_key=login_key(billable.firm_id, identity.address.canonical),
        kind=UserKind.CLIENT,
        first_name=identity.first_name,
        last_name=identity.last_name,
        language=identity.language,
        phone=identity.phone,
        billable_company=billable,
        created_at=clock.now(),
        created_by_id=actor.user_id,
    )
    user.search_text = search_text_of(user)
    user.sort_key = sort_key_of(user)
    return _states.move(user, state)


def put_identity(user: User, identity: CheckedIdentity, billable: Place) -> None:
    """Write a corrected identity into the row of somebody who was not let in yet.

    Refuses: Invalid at `email` when somebody else took the address meanwhile.
    """
    user.email = identity.address.email
    user.canonical_email = identity.address.canonical
    user.login_key = login_key(user.firm_id, identity.address.canonical)
    user.first_name, user.last_name = identity.first_name, identity.last_name
    user.language, user.phone = identity.language, identity.phone
    user.billable_company = billable
    user.search_text, user.sort_key = search_text_of(user), sort_key_of(user)
    user.version += 1
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise Invalid({"email": [EmailTaken()]}) from None


def give(actor: Actor, user: User, access: Access, *, approved_by: UUID | None = None) -> None:
    """Write the grants: role and applications at each company, as grants of its own."""
    now = clock.now()
    sets: dict[tuple[str, ...], PermissionSet] = {}
    for company in access.companies:
        common = {
            "firm_id": user.firm_id,
            "user": user,
            "place": company,
            "since": now,
            "granted_by_id": actor.user_id,
            "approved_by_id": approved_by,
        }
        Grant.objects.create(**common, role=access.role)
        names = access.at(company)
        if not names:
            continue
        if names not in sets:
            sets[names] = _own_set(user.firm_id, names)
        Grant.objects.create(**common, permission_set=sets[names])


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


def claim(actor: Actor, name: str, key: str) -> str | None:
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


def remember(actor: Actor, name: str, key: str, user: User) -> None:
    """Note what a claimed call made, so that a repeat returns it."""
    if actor.user_id is None:
        return
    IdempotencyKey.objects.filter(
        firm_id=actor.firm_id, actor_user_id=actor.user_id, action=name, key=key
    ).update(result_type="user", result_id=str(user.pk))

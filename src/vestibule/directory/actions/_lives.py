"""The rows of invented people: who works where, since when, and how far each has got."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password

from vestibule import clock
from vestibule.actor import Actor
from vestibule.authz.catalogue import Catalogue
from vestibule.authz.levels import levels_of
from vestibule.blueprints.invented import InventedPerson
from vestibule.directory import audit
from vestibule.directory.actions import _approvals
from vestibule.directory.actions._creating import Identity, Order
from vestibule.directory.actions._texts import search_text_of, sort_key_of
from vestibule.directory.bulk import insert_all
from vestibule.directory.facts import administrator_roles, catalogue_of
from vestibule.directory.models import (
    Approval,
    ApprovalAct,
    EnabledApplication,
    Event,
    Grant,
    Invitation,
    InvitationState,
    MailState,
    OutboxMessage,
    PermissionSet,
    PermissionSetItem,
    Place,
    Role,
    User,
    UserKind,
    UserState,
    UserStateSpan,
)
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.addresses import login_key
from vestibule.directory.policies.administrators import RANK_OF_STATE
from vestibule.directory.policies.rules import rules_of
from vestibule.refusals import FirstUserIsAdministrator

DAY = timedelta(days=1)
HOW_FAR = {
    "active": 82.0,
    "invited": 6.0,
    "link_expired": 3.0,
    "mail_refused": 0.5,
    "awaiting_validation": 2.5,
    "ready": 2.0,
    "deactivated": 4.0,
}
"""Of a hundred people so many have got as far as that."""


@dataclass(frozen=True, slots=True)
class _Life:
    """How far somebody has got, and when he took which step. Pure; drawn from his number."""

    how_far: str
    created: datetime
    let_in: datetime | None = None
    ended: datetime | None = None
    last_sign_in: datetime | None = None

    @property
    def state(self) -> UserState:
        if self.how_far in ("link_expired", "mail_refused"):
            return UserState.INVITED
        return UserState(self.how_far)

    @property
    def since(self) -> datetime:
        return self.ended or self.let_in or self.created

    def spans(self) -> list[tuple[UserState, datetime, datetime | None]]:
        """Return his states with their beginnings and ends, in order."""
        if self.let_in is None:
            return [(self.state, self.created, None)]
        found: list[tuple[UserState, datetime, datetime | None]] = [
            (UserState.INVITED, self.created, self.let_in),
            (UserState.ACTIVE, self.let_in, self.ended),
        ]
        if self.ended is not None:
            found.append((UserState.DEACTIVATED, self.ended, None))
        return found


def _live(draw: Random, now: datetime, *, is_first: bool, link_days: int) -> _Life:
    (how_far,) = draw.choices(tuple(HOW_FAR), tuple(HOW_FAR.values()))
    if is_first:
        how_far = "active"
    if how_far in ("active", "deactivated"):
        age = min(5.0 + draw.expovariate(1 / 300), 1400.0)
        created = now - age * DAY
        let_in = created + min(draw.expovariate(1 / 2), age * 0.4) * DAY
        ended = now - draw.random() * 0.9 * (now - let_in) if how_far == "deactivated" else None
        until = ended or now
        last = None
        if draw.random() < 0.88:
            last = max(let_in, until - draw.expovariate(1 / 25) * DAY)
        return _Life(how_far, created, let_in, ended, last)
    if how_far == "link_expired":
        return _Life(how_far, now - (link_days + 1 + draw.random() * 200) * DAY)
    return _Life(how_far, now - draw.random() * 0.9 * link_days * DAY)


@dataclass(slots=True)
class _Firm:
    """What is asked of the firm once for a whole batch."""

    id: UUID
    companies: list[UUID]
    administered: set[UUID]
    administrator: Role
    usual: Role
    catalogue: Catalogue
    link_days: int
    no_password: str


@dataclass(slots=True)
class _Rows:
    """Everything that a batch writes, table by table."""

    users: list[User] = field(default_factory=list)
    spans: list[UserStateSpan] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    sets: list[PermissionSet] = field(default_factory=list)
    items: list[PermissionSetItem] = field(default_factory=list)
    invitations: list[Invitation] = field(default_factory=list)
    mails: list[OutboxMessage] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
    told: list[audit.Told] = field(default_factory=list)

    def write(self, firm_id: UUID) -> None:
        for rows in (
            self.users,
            self.spans,
            self.sets,
            self.items,
            self.grants,
            self.invitations,
            self.mails,
            self.approvals,
        ):
            insert_all(rows)
        audit.append_all(firm_id, self.told)


def add(actor: Actor, wanted: Sequence[InventedPerson]) -> int:
    """Write those of these people whom the firm lacks; return how many. Part of an act.

    Refuses: FirstUserIsAdministrator should a company be left without one (law 5).
    """
    firm_id = actor.firm_id
    known = set(
        User.objects.filter(
            firm_id=firm_id, canonical_email__in=[person.email for person in wanted]
        ).values_list("canonical_email", flat=True)
    )
    new = [person for person in wanted if person.email not in known]
    if not new:
        return 0
    firm = _read_firm(firm_id)
    if not firm.companies:
        return 0
    placed = {person.number: _place(person.number, firm) for person in new}
    enabled = _enabled({company for places in placed.values() for company in places})
    rows = _Rows()
    for person in new:
        _write_life(actor, rows, firm, person, placed[person.number], enabled)
    rows.write(firm_id)
    _require_administrators(firm, set(enabled))
    return len(new)


def _read_firm(firm_id: UUID) -> _Firm:
    roles = Role.objects.filter(
        firm_id=firm_id, audience="client", owner__isnull=True, retired_at__isnull=True
    )
    administering = administrator_roles(firm_id)
    by_kind = {role.pk in administering: role for role in roles.order_by("-ordinal")}
    companies = Place.objects.filter(firm_id=firm_id, acts_as="company", is_open=True)
    return _Firm(
        id=firm_id,
        companies=list(companies.order_by("pk").values_list("pk", flat=True)),
        administered=_administered(firm_id),
        administrator=by_kind[True],
        usual=by_kind.get(False, by_kind[True]),
        catalogue=catalogue_of(firm_id),
        link_days=rules_of(firm_id).invitation_days,
        no_password=make_password(None),
    )


def _administered(firm_id: UUID) -> set[UUID]:
    """Return the places that have an administrator of their own, for good."""
    grants = Grant.objects.filter(
        firm_id=firm_id,
        role_id__in=administrator_roles(firm_id),
        until__isnull=True,
        user__state__in=RANK_OF_STATE,
    )
    return set(grants.values_list("place_id", flat=True))


def _place(number: int, firm: _Firm) -> list[UUID]:
    """Return where somebody works, his own company first: each company gets one person, then
    the first ones get most; one of ten looks after several."""
    draw, total = Random(f"place {number}"), len(firm.companies)
    home = number - 1 if number <= total else int(total * draw.random() ** 1.6)
    found = {home: None}
    if draw.random() < 0.1:
        for _more in range(min(1 + int(draw.expovariate(0.6)), 11)):
            found[int(min(number, total) * draw.random())] = None
    return [firm.companies[index] for index in found]


def _enabled(companies: Iterable[UUID]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {company: [] for company in companies}
    rows = EnabledApplication.objects.filter(company_id__in=found, until__isnull=True)
    for company, name in rows.values_list("company_id", "application__name"):
        found[company].append(name)
    return found


def _write_life(
    actor: Actor,
    rows: _Rows,
    firm: _Firm,
    person: InventedPerson,
    places: list[UUID],
    enabled: dict[UUID, list[str]],
) -> None:
    draw = Random(f"life {person.number}")
    first_at = [place for place in places if place not in firm.administered]
    life = _live(draw, clock.now(), is_first=bool(first_at), link_days=firm.link_days)
    firm.administered.update(first_at)
    is_administrator = bool(first_at) or draw.random() < 0.06
    role = firm.administrator if is_administrator else firm.usual
    share = 1.0 if is_administrator else draw.choice((0.2, 0.4, 0.6, 1.0))
    user = _user(firm, person, places[0], life)
    rows.users.append(user)
    rows.spans += [
        UserStateSpan(firm_id=firm.id, user_id=user.pk, state=state, since=since, until=until)
        for state, since, until in life.spans()
    ]
    given: set[str] = set()
    for place in places:
        common: dict[str, Any] = {
            "firm_id": firm.id, "user_id": user.pk, "place_id": place, "since": life.created,
        }  # fmt: skip
        rows.grants.append(Grant(**common, role_id=role.pk))
        names = sorted(name for name in enabled[place] if draw.random() < share)
        if names:
            given.update(names)
            rows.grants.append(Grant(**common, permission_set_id=_own_set(rows, firm, names, life)))
    _offer(rows, user, life, firm.link_days)
    if life.how_far == "awaiting_validation":
        rows.approvals.append(_approval(actor, user, life, role.code, places, sorted(given)))
    rows.told.append(_told(actor, user, role.code, places, sorted(given)))


def _user(firm: _Firm, person: InventedPerson, home: UUID, life: _Life) -> User:
    user = User(
        id=new_id(),
        firm_id=firm.id,
        email=person.email,
        canonical_email=person.email,
        login_key=login_key(firm.id, person.email),
        password=firm.no_password,
        kind=UserKind.CLIENT,
        first_name=person.first_name,
        last_name=person.last_name,
        language=person.language,
        phone=person.phone,
        billable_company_id=home,
        state=life.state,
        state_since=life.since,
        state_reason="Left the company" if life.ended else "",
        state_before_deactivation=UserState.ACTIVE if life.ended else "",
        version=1 if life.how_far in ("awaiting_validation", "ready") else 2,
        last_sign_in_at=life.last_sign_in,
        created_at=life.created,
    )
    user.search_text = search_text_of(user)
    user.sort_key = sort_key_of(user)
    return user


def _own_set(rows: _Rows, firm: _Firm, names: list[str], life: _Life) -> UUID:
    own = PermissionSet(id=new_id(), firm_id=firm.id, created_at=life.created)
    rows.sets.append(own)
    rows.items += [
        PermissionSetItem(
            firm_id=firm.id,
            permission_set_id=own.pk,
            permission=leaf.name,
            level=levels_of(leaf.level_set)[-1],
        )
        for name in names
        for leaf in firm.catalogue.leaves_under(name)
    ]
    own_id: UUID = own.pk
    return own_id


def _offer(rows: _Rows, user: User, life: _Life, link_days: int) -> None:
    """Write the invitation by which he came in, or on which he sits, and what became of its mail."""
    if life.how_far in ("awaiting_validation", "ready"):
        return
    expires = life.created + link_days * DAY
    state, closed = InvitationState.PENDING, None
    if life.let_in is not None:
        state, closed = InvitationState.ACCEPTED, life.let_in
    elif life.how_far == "link_expired":
        state, closed = InvitationState.EXPIRED, expires
    invitation = Invitation(
        id=new_id(),
        firm_id=user.firm_id,
        user_id=user.pk,
        email=user.canonical_email,
        user_version=user.version,
        state=state,
        created_at=life.created,
        expires_at=max(expires, closed or expires),
        closed_at=closed,
    )
    rows.invitations.append(invitation)
    if life.let_in is not None:
        return
    is_refused = life.how_far == "mail_refused"
    mail_id = new_id()
    rows.mails.append(
        OutboxMessage(
            id=mail_id,
            firm_id=user.firm_id,
            user_id=user.pk,
            invitation_id=invitation.pk,
            kind="invitation",
            message_id=f"<{mail_id}@people.example>",
            state=MailState.REFUSED if is_refused else MailState.HANDED_OVER,
            created_at=life.created,
            handed_over_at=None if is_refused else life.created + timedelta(seconds=40),
            last_error="550 5.1.1 no such mailbox" if is_refused else "",
            attempts=1,
        )
    )


def _approval(
    actor: Actor, user: User, life: _Life, user_type: str, places: list[UUID], names: list[str]
) -> Approval:
    order = Order(
        billable_company=Place(id=places[0]),
        identity=Identity(
            last_name=user.last_name,
            first_name=user.first_name,
            email=user.email,
            phone=user.phone,
            language=user.language,
        ),
        user_type=user_type,
        companies=tuple(Place(id=place) for place in places),
        applications=tuple(names),
    )
    arguments = _approvals.arguments_of(order, send_email=True)
    return Approval(
        id=new_id(),
        firm_id=user.firm_id,
        act=ApprovalAct.LET_IN,
        user_id=user.pk,
        place_id=places[0],
        arguments=arguments,
        arguments_hash=_approvals.hash_of(arguments),
        user_version=user.version,
        asked_by_id=actor.user_id,
        asked_at=life.created,
        needs_second_person=False,
    )


def _told(
    actor: Actor, user: User, user_type: str, places: list[UUID], names: list[str]
) -> audit.Told:
    """Return the event of his creation: by whoever made the population, and when he did."""
    event = Event(
        firm_id=user.firm_id,
        at=clock.now(),
        name="client_user.created",
        actor_kind=actor.kind.value,
        actor_name=actor.name,
        door=actor.door.value,
        object_type="user",
        object_id=str(user.pk),
        place_id=places[0],
        public={
            "user_type": user_type,
            "companies": [str(place) for place in places],
            "applications": names,
            "state": [None, user.state],
            "invited": user.state == UserState.INVITED,
        },
    )
    personal = {
        "email": [None, user.email],
        "first_name": [None, user.first_name],
        "last_name": [None, user.last_name],
        "phone": [None, user.phone],
        "language": [None, user.language],
    }
    return audit.Told(event, personal, user.pk)


def _require_administrators(firm: _Firm, companies: set[UUID]) -> None:
    """Refuse when one of these companies has people and none who looks after it."""
    bare = companies - _administered(firm.id)
    if bare:
        name = Place.objects.values_list("name", flat=True).get(firm_id=firm.id, pk=min(bare))
        raise FirstUserIsAdministrator(company=name)

"""What a blueprint says, as values that are complete and checked: whoever holds one need not ask again.

`parse.py` is the only maker. Codes are lower-case ASCII (`establishment`, `firm_administrator`);
what people read stands in `words`, per language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from vestibule.authz.levels import LevelSet
from vestibule.tabular.mapping import PortfolioMapping

LANGUAGES = ("en", "fr", "de")
RESERVED_PREFIX = "vestibule."


class ActsAs(StrEnum):
    """What a kind of place is to the laws, whatever the firm calls it."""

    GROUP = "group"
    COMPANY = "company"
    ESTABLISHMENT = "establishment"


class Audience(StrEnum):
    """Whom a role or a permission is for."""

    STAFF = "staff"
    CLIENT = "client"


class PermissionKind(StrEnum):
    """Where a permission stands in the catalogue's tree."""

    APPLICATION = "application"
    THEME = "theme"
    MODULE = "module"
    FEATURE = "feature"
    INTEGRATION = "integration"
    METRIC = "metric"
    GENERAL = "general"


class WizardStep(StrEnum):
    """A page of the wizard that creates a client user."""

    COMPANY = "company"
    IDENTITY = "identity"
    COMPANIES = "companies"
    APPLICATIONS = "applications"
    SUMMARY = "summary"
    RECEIPT = "receipt"


class Preselection(StrEnum):
    """Which applications are ticked when the wizard opens their page."""

    NONE = "none"
    ALL = "all"


class Activation(StrEnum):
    """Whether a new client user is let in at once or waits to be validated."""

    NOW = "now"
    LATER = "later"


class Delivery(StrEnum):
    """How a new client user gets the means to sign in."""

    LINK = "link"
    ONE_TIME_PASSWORD = "one_time_password"
    NONE = "none"


class PasswordPreset(StrEnum):
    EITHER = "either"
    CLASSIC = "classic"
    NIST = "nist"


class GenericAddresses(StrEnum):
    """What happens to shared mailboxes such as contact@ or info@."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"


class StaffCreators(StrEnum):
    """Who may create staff."""

    FIRM_ADMINISTRATOR = "firm_administrator"
    STAFF = "staff"


class Validators(StrEnum):
    """Who may validate a client user who waits."""

    FIRM = "firm"
    FIRM_OR_CLIENT = "firm_or_client"


class ClientCreated(StrEnum):
    """What happens to a client user whom a client's administrator creates."""

    DIRECT = "direct"
    VALIDATED = "validated"


class SecondFactor(StrEnum):
    """Who must have a second factor."""

    OFF = "off"
    STAFF = "staff"
    STAFF_AND_ADMINISTRATORS = "staff_and_administrators"


@dataclass(frozen=True, slots=True)
class PlaceKind:
    """A kind of place. `parents` are the codes it may stand under; `at_top` says that it may stand under none."""

    code: str
    acts_as: ActsAs
    at_top: bool
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CataloguePermission:
    """A named right of the firm's own catalogue (never a reserved one). Parents come before their children."""

    name: str
    kind: PermissionKind
    parent: str | None
    levels: LevelSet
    audience: Audience

    @property
    def word_key(self) -> str:
        """The key of what people read for it."""
        prefix = "app" if self.kind is PermissionKind.APPLICATION else "permission"
        return f"{prefix}.{self.name}"


@dataclass(frozen=True, slots=True)
class RolePermission:
    """One line of a role: a name of the catalogue or a reserved one, and a level that gives something."""

    name: str
    level: str


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of permissions. A built-in role cannot be deleted by the firm."""

    code: str
    audience: Audience
    built_in: bool
    permissions: tuple[RolePermission, ...]


@dataclass(frozen=True, slots=True)
class Wizard:
    """The pages of the wizard in order, and what is filled in or ticked when it opens."""

    steps: tuple[WizardStep, ...]
    names_mandatory: bool
    billable_company_preselected: bool
    applications_preselected: Preselection
    activation: Activation
    send_email: bool


@dataclass(frozen=True, slots=True)
class Policies:
    """The firm's own rules at the start; its administrator may change them afterwards.

    `reminders_days` counts from the day of the invitation; `inactivity_days` is None if nobody
    is reported for not signing in.
    """

    invitation_days: int
    password_preset: PasswordPreset
    generic_addresses: GenericAddresses
    who_creates_staff: StaffCreators
    validation: Validators
    client_created: ClientCreated
    second_factor: SecondFactor
    second_factor_grace_days: int
    reminders_days: tuple[int, ...]
    inactivity_days: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What the firm has paid for, as a ceiling: `closes` names the permissions that nobody has under it."""

    code: str
    closes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoApplications:
    """Which applications a company of the demo has: the usual ones, unless its SIREN is named."""

    usual: tuple[str, ...]
    exceptions: Mapping[str, tuple[str, ...]]

    def of(self, siren: str) -> tuple[str, ...]:
        return self.exceptions.get(siren, self.usual)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A person of the demo. Companies are SIRENs; staff have none: their role holds in the whole firm.

    A client has his role and his applications at each of `companies`; `billable_company` gives no right.
    """

    email: str
    first_name: str
    last_name: str
    language: str
    audience: Audience
    role: str
    position: str | None
    billable_company: str | None
    companies: tuple[str, ...]
    applications: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo firm: its portfolio is a file of `blueprints/data`, read by the blueprint's own mapping."""

    firm_name: str
    portfolio_file: str
    applications: DemoApplications
    people: tuple[DemoPerson, ...]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Everything a firm is made from. Tuples keep the order of the file; the first plan is the default one."""

    name: str
    words: Mapping[str, Mapping[str, str]]
    kinds: tuple[PlaceKind, ...]
    catalogue: tuple[CataloguePermission, ...]
    roles: tuple[Role, ...]
    positions: tuple[str, ...]
    wizard: Wizard
    delivery: Delivery
    policies: Policies
    plans: tuple[Plan, ...]
    portfolio: PortfolioMapping
    demo: Demo

    def word(self, key: str, language: str) -> str:
        """What people of this language read for a key, such as `place.company.one`. A missing key is a bug."""
        return self.words[language][key]

    @property
    def applications(self) -> tuple[CataloguePermission, ...]:
        return tuple(entry for entry in self.catalogue if entry.kind is PermissionKind.APPLICATION)

    @property
    def default_plan(self) -> Plan:
        return self.plans[0]

"""A firm and its first administrator: what `firm create` and `demo` have in common."""

from dataclasses import dataclass
from pathlib import Path

from vestibule import actor, refusals
from vestibule.authz.catalogue import RESERVED_NAMES
from vestibule.blueprints import parse as blueprints
from vestibule.blueprints.findings import BlueprintRefused
from vestibule.blueprints.schema import Audience, Blueprint
from vestibule.directory import doorway
from vestibule.directory.actions import firms
from vestibule.directory.actions.client_users import Identity
from vestibule.directory.models import Firm, User
from vestibule.directory.models.tenancy import new_id
from vestibule.directory.policies.addresses import read_address
from vestibule.directory.scope import firm_scope
from vestibule.refusals import _


@dataclass(frozen=True)
class Person:
    """Who is to be invited."""

    email: str
    first_name: str
    last_name: str
    language: str

    @property
    def identity(self) -> Identity:
        return Identity(
            last_name=self.last_name,
            first_name=self.first_name,
            email=self.email,
            language=self.language,
        )


class NoSuchAdministratorRole(refusals.Invalid):
    """The blueprint has no role for staff that administers the firm."""

    code = "blueprint.no_administrator"
    sentence = _("This blueprint has no staff role that carries vestibule.firm.administer.")


def blueprint_of(name_or_file: str) -> Blueprint:
    """Return a blueprint by its name, or from a file. Refuses: FileUnreadable with every fault."""
    try:
        if name_or_file.endswith(".toml"):
            path = Path(name_or_file)
            return blueprints.parse(path.read_bytes(), file=path.name, reserved=RESERVED_NAMES)
        return blueprints.load(name_or_file, reserved=RESERVED_NAMES)
    except BlueprintRefused as refused:
        raise refusals.FileUnreadable(problems=refused.findings) from None
    except OSError as error:
        raise refusals.FileUnreadable(problems=(f"{name_or_file}: {error.strerror}.",)) from None


def administrator_role(blueprint: Blueprint) -> str:
    """Return the code of the staff role that administers the firm."""
    for role in blueprint.roles:
        if role.audience is Audience.STAFF and any(
            permission.name == "vestibule.firm.administer" for permission in role.permissions
        ):
            return role.code
    raise NoSuchAdministratorRole()


def found(
    blueprint: Blueprint, *, name: str, slug: str, language: str, administrator: Person
) -> tuple[Firm, User]:
    """Create the firm and invite its administrator. What could be refused is asked before anything is written."""
    role = administrator_role(blueprint)

    operator = actor.operator(new_id())
    firm = firms.create_firm(
        operator,
        blueprint=blueprint,
        name=name,
        slug=slug,
        language=language,
        administrator=(administrator.identity, role),
    )
    with firm_scope(firm):
        user = doorway.user_of_email(firm.pk, read_address(administrator.email).canonical)
    assert user is not None
    return firm, user

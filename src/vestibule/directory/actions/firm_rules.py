"""The firm's rules: each is an interval, ended and begun anew when it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vestibule.actor import Actor
from vestibule.blueprints.schema import (
    Activation,
    ClientCreated,
    GenericAddresses,
    PasswordPreset,
    Preselection,
    SecondFactor,
    Validators,
)
from vestibule.directory.actions._action import action, authorize, nothing_changed, record
from vestibule.directory.actions._firm import changes, locked_firm, refuse_if_changed, write_rule
from vestibule.directory.firm_views import rules_now, seen_of
from vestibule.directory.policies.addresses import read_address
from vestibule.directory.policies.names import Gathered, read_name
from vestibule.refusals import ChoiceUnknown, Invalid, Refusal, _

SENDER_LIMIT = 80
INVITATION_DAYS = range(1, 91)
GRACE_DAYS = range(91)
PERSONAL = frozenset({"reply_to"})
"""Rules whose value may be somebody's own address: kept beside the audit trail's chain."""


class OutOfRange(Invalid):
    code = "number.out_of_range"
    sentence = _("Please choose a whole number from %(least)s to %(most)s.")


class ReplyAddressNotPlain(Invalid):
    code = "reply_to.not_plain"
    sentence = _(
        "Before the @, an address for answers has plain letters (a to z), digits and dots."
    )


def _whole(allowed: range) -> Callable[[object], object]:
    def read(value: object) -> object:
        if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
            raise OutOfRange(least=allowed[0], most=allowed[-1])
        return value

    return read


def _one_of(*kinds: str) -> Callable[[object], object]:
    def read(value: object) -> object:
        if value not in kinds:
            raise ChoiceUnknown()
        return str(value)

    return read


def _yes_or_no(value: object) -> object:
    if not isinstance(value, bool):
        raise ChoiceUnknown()
    return value


def _sender_name(value: object) -> object:
    return read_name(str(value), limit=SENDER_LIMIT, mandatory=False)


def _reply_to(value: object) -> object:
    """Return the address in the form that every mail server takes, or "" for none."""
    if not str(value).strip():
        return ""
    address = read_address(str(value))
    name, _at, typed_domain = address.email.rpartition("@")
    domain = address.canonical.rpartition("@")[2]
    if not name.isascii():
        raise ReplyAddressNotPlain()
    return f"{name}@{typed_domain if typed_domain.isascii() else domain}"


READERS: dict[str, Callable[[object], object]] = {
    "invitation_days": _whole(INVITATION_DAYS),
    "password_preset": _one_of(*PasswordPreset),
    "generic_addresses": _one_of(*GenericAddresses),
    "validation": _one_of(*Validators),
    "client_created": _one_of(*ClientCreated),
    "second_factor": _one_of(*SecondFactor),
    "second_factor_grace_days": _whole(GRACE_DAYS),
    "billable_company_preselected": _yes_or_no,
    "applications_preselected": _one_of(*Preselection),
    "activation": _one_of(*Activation),
    "send_email": _yes_or_no,
    "sender_name": _sender_name,
    "reply_to": _reply_to,
}
"""The rules that can be changed, and how each value is read. Each of them is obeyed somewhere."""


@action("vestibule.settings.change")
def change_rules(actor: Actor, *, wanted: Mapping[str, object], seen: str) -> list[str]:
    """Set some of the firm's rules from now on; return the names of those that changed.

    `seen` is the token of the same rules as the person saw them (`seen_of(rules_now(…))`). A rule
    that stays as it is keeps its interval.

    Refuses: Invalid at the rule's name, SettingsChanged.
    """
    actor = authorize(actor, at=None)
    firm = locked_firm(actor)
    new = _read(wanted)
    old = rules_now(firm.pk, wanted)
    refuse_if_changed(seen, seen_of(old))
    changed = changes(old, new)
    if not changed:
        nothing_changed()
        return []

    for name in changed:
        write_rule(firm, name, new[name])
    record(
        actor,
        "firm.rules_changed",
        firm,
        public={name: pair for name, pair in changed.items() if name not in PERSONAL},
        personal={name: pair for name, pair in changed.items() if name in PERSONAL},
    )
    return list(changed)


def _read(wanted: Mapping[str, object]) -> dict[str, object]:
    read: dict[str, object] = {}
    gathered = Gathered()
    for name, value in wanted.items():
        try:
            read[name] = READERS[name](value)
        except Refusal as refusal:
            gathered.refuse(name, refusal)
    gathered.stop_if_refused()
    return read

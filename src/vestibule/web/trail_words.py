"""The audit trail's words: what each act, door, field and fault is called."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Word = str | Promise


@dataclass(frozen=True, slots=True)
class Group:
    """Acts that belong together, by the names of their events."""

    label: Word
    acts: dict[str, Word]


GROUPS: dict[str, Group] = {
    "users": Group(
        _("Users"),
        {
            "client_user.created": _("User created"),
            "client_user.requested": _("User asked for"),
            "client_user.validated": _("User validated"),
            "client_user.refused": _("User refused"),
            "client_user.asked_again": _("Validation asked for again"),
            "client_user.corrected": _("User’s data corrected"),
            "administration.handed_over": _("Administration of a company handed over"),
            "client_user.deactivated": _("User deactivated"),
            "client_user.reactivated": _("User reactivated"),
            "user.email_change_asked": _("Another e-mail address asked for"),
            "user.email_changed": _("E-mail address changed"),
            "user.email_change_cancelled": _("Change of the e-mail address cancelled"),
            "user.email_change_expired": _("New e-mail address not confirmed in time"),
            "grant.type_changed": _("Type changed"),
            "users.exported": _("List of users exported"),
        },
    ),
    "requests": Group(
        _("Requests"),
        {
            "access.requested": _("Access asked for"),
            "request.approved": _("Request approved"),
            "request.refused": _("Request refused"),
            "request.withdrawn": _("Request withdrawn"),
        },
    ),
    "invitations": Group(
        _("Invitations"),
        {
            "invitation.sent": _("Invitation sent"),
            "invitation.resent": _("Invitation sent again"),
            "invitation.renewed": _("Fresh link asked for and sent"),
            "invitation.asked_again": _("Asked for a link again"),
            "invitation.cancelled": _("Invitation cancelled"),
            "invitation.expired": _("Invitation expired"),
            "invitation.accepted": _("Invitation accepted"),
        },
    ),
    "accounts": Group(
        _("Signing in and one’s own account"),
        {
            "user.signed_in": _("Signed in"),
            "password.reset_asked": _("New password asked for"),
            "password.reset": _("New password chosen"),
            "user.language_chosen": _("Language chosen"),
            "user.corrected_own_data": _("Own data corrected"),
            "password.changed": _("Password changed"),
            "session.ended": _("Session ended"),
            "session.others_ended": _("All other sessions ended"),
            "second_factor.added": _("Second factor added"),
            "second_factor.renamed": _("Second factor renamed"),
            "second_factor.removed": _("Second factor removed"),
            "second_factor.used": _("Second factor used"),
            "second_factor.reset": _("Second factors reset"),
            "recovery_codes.made": _("Recovery codes made"),
        },
    ),
    "team": Group(
        _("Team"),
        {
            "staff.created": _("Member of the team invited"),
            "staff.role_changed": _("Role in the team changed"),
            "staff.deactivated": _("Member of the team deactivated"),
            "staff.reactivated": _("Member of the team reactivated"),
            "staff.invitation_sent": _("Invitation to the team sent again"),
            "staff.invitation_cancelled": _("Invitation to the team cancelled"),
        },
    ),
    "places": Group(
        _("Companies"),
        {
            "place.created": _("Place created"),
            "place.renamed": _("Place renamed"),
            "place.moved": _("Place moved"),
            "place.closed": _("Place closed"),
            "place.reopened": _("Place opened again"),
            "places.imported": _("Client list imported"),
        },
    ),
    "mails": Group(
        _("Mails"),
        {
            "mail.handed_over": _("Mail handed over to the mail server"),
            "mail.refused": _("Mail refused by the mail server"),
            "mail.given_up": _("Mail given up"),
        },
    ),
    "firm": Group(
        _("The firm"),
        {
            "firm.created": _("Firm created"),
            "population.created": _("Invented companies and people of a demo added"),
            "firm.changed": _("Firm’s name, language or time zone changed"),
            "firm.word_changed": _("Word changed"),
            "firm.rules_changed": _("Rules changed"),
            "firm.accent_changed": _("Accent colour changed"),
            "firm.logo_changed": _("Logo changed"),
            "firm.logo_removed": _("Logo removed"),
            "position.added": _("Position added"),
            "position.renamed": _("Position renamed"),
            "positions.ordered": _("Positions put in order"),
            "position.retired": _("Position retired"),
            "position.restored": _("Position offered again"),
            "audit.check_asked": _("Verification of the trail asked for"),
            "audit.checked": _("Trail verified"),
            "audit.exported": _("Trail exported"),
        },
    ),
}

ACTS: dict[str, Word] = {
    name: word for group in GROUPS.values() for name, word in group.acts.items()
}

ICONS = {
    "users": "users",
    "requests": "hourglass",
    "invitations": "send",
    "accounts": "login",
    "team": "user-cog",
    "places": "building",
    "mails": "mail",
    "firm": "settings",
}

DOORS: dict[str, Word] = {
    "page": _("Pages"),
    "link": _("Link in a mail"),
    "cli": _("Command line"),
    "worker": _("The server by itself"),
}

KINDS: dict[str, Word] = {
    "user": _("A person"),
    "nobody": _("Not signed in yet"),
    "link_bearer": _("Whoever had the link"),
    "operator": _("The operator of the server"),
    "system": _("The server"),
}

FIELDS: dict[str, Word] = {
    "accent": _("Accent colour"),
    "act": _("Act"),
    "administrator": _("Administrator"),
    "asked_by": _("Asked by"),
    "attempts": _("Attempts"),
    "change": _("Change"),
    "code": _("Code"),
    "columns": _("Columns"),
    "email_change_stopped": _("Change of the e-mail address stopped"),
    "filter": _("Filter"),
    "mail": _("Mail"),
    "message_id": _("Number of the mail"),
    "names_mandatory": _("Names are mandatory"),
    "number": _("Number"),
    "arguments_hash": _("Fingerprint of what was asked for"),
    "searched": _("Searched for"),
    "sessions_ended": _("Sessions ended"),
    "user": _("User"),
    "address": _("Address"),
    "applications": _("Applications"),
    "acts": _("Acts"),
    "before": _("Until"),
    "billed_to": _("Billed to"),
    "blueprint": _("Blueprint"),
    "broken_at": _("First event that does not fit"),
    "changed": _("Changed"),
    "companies": _("Companies"),
    "created": _("Created"),
    "depth": _("Depth in the tree"),
    "door": _("Door"),
    "email": _("E-mail"),
    "events": _("Events"),
    "expires_at": _("Valid until"),
    "fault": _("What does not fit"),
    "file": _("Fingerprint of the file"),
    "first_name": _("First name"),
    "invitation": _("Invitation"),
    "invited": _("Invited at once"),
    "kind": _("Kind"),
    "language": _("Language"),
    "last_name": _("Last name"),
    "method": _("Way of signing in"),
    "name": _("Name"),
    "open": _("Open"),
    "parent": _("Stands under"),
    "people": _("People"),
    "phone": _("Phone"),
    "position": _("Position"),
    "reason": _("Reason"),
    "references": _("Register numbers"),
    "role": _("Role"),
    "since": _("From"),
    "slug": _("Short name"),
    "state": _("State"),
    "unchanged": _("Unchanged"),
    "user_type": _("Type"),
    "users_billed": _("Users billed"),
    "activation": _("The wizard proposes to open an access"),
    "applications_preselected": _("Applications ticked from the start"),
    "billable_company_preselected": _("The billable company is ticked among the companies"),
    "client_created": _("Whom a client’s administrator creates"),
    "default_language": _("Language"),
    "generic_addresses": _("Shared mailboxes"),
    "invitation_days": _("Days that an invitation is valid"),
    "key": _("Word"),
    "logo": _("Logo"),
    "offered": _("Offered"),
    "order": _("Order"),
    "password_preset": _("Passwords"),
    "reply_to": _("Address for answers"),
    "second_factor": _("Who must have a second factor"),
    "second_factor_grace_days": _("Days that they may put it off"),
    "send_email": _("The wizard proposes to send the e-mail"),
    "sender_name": _("Sender’s name"),
    "time_zone": _("Time zone"),
    "validation": _("Who validates"),
    "en": _("In English"),
    "fr": _("In French"),
    "de": _("In German"),
}

STATES: dict[str, Word] = {
    "awaiting_validation": _("To validate"),
    "refused": _("Refused"),
    "ready": _("Ready"),
    "invited": _("Invited"),
    "active": _("Active"),
    "deactivated": _("Deactivated"),
    "erased": _("Erased"),
    "waiting": _("Waiting"),
    "approved": _("Approved"),
    "withdrawn": _("Withdrawn"),
}

FAULTS: dict[str, Word] = {
    "missing": _("Event number %(number)s is missing: somebody removed it from the database."),
    "order": _(
        "Event number %(number)s does not follow the one before it: somebody changed the order"
        " or replaced an event."
    ),
    "altered": _(
        "Event number %(number)s is not as it was written: somebody altered it in the database."
    ),
    "values": _(
        "The personal values of event number %(number)s are not those that were written:"
        " somebody altered them in the database."
    ),
    "end": _(
        "The trail ends before event number %(number)s where it should not: somebody removed or"
        " added events at the end."
    ),
    "stopped": _("The verification could not be finished. Nothing is known from it."),
}

FAULTS_SHORT: dict[str, Word] = {
    "missing": _("removed"),
    "order": _("out of order"),
    "altered": _("altered"),
    "values": _("personal values altered"),
    "end": _("the end of the trail"),
    "stopped": _("not finished"),
}

METHODS: dict[str, Word] = {
    "password": _("Password"),
    "totp": _("Authenticator app"),
    "webauthn": _("Passkey"),
    "passkey": _("Passkey"),
    "recovery_codes": _("Recovery codes"),
}
"""How somebody signs in, and what a second factor is."""

REQUESTS: dict[str, Word] = {
    "let_in": _("Let somebody new in"),
    "open_access": _("Open companies to somebody who is a user already"),
}


def act_word(name: str) -> str:
    """Return what an event is called; one without a word of its own keeps its technical name."""
    return str(ACTS.get(name, name))


def acts_of(choice: str) -> tuple[str, ...]:
    """Return the names of events that a choice of the filter means: one act, or a whole group."""
    if choice in GROUPS:
        return tuple(GROUPS[choice].acts)
    return (choice,) if choice else ()


def icon_of(name: str) -> str:
    """Return the icon of the group that an event belongs to."""
    return next((ICONS[key] for key, group in GROUPS.items() if name in group.acts), "history")


def act_choices() -> list[tuple[Word, list[tuple[str, Word]]]]:
    """Return the acts by group, each group beginning with itself, for a select."""
    return [
        (group.label, [(key, _("%s: all of it") % group.label), *sorted_acts(group)])
        for key, group in GROUPS.items()
    ]


def sorted_acts(group: Group) -> list[tuple[str, Word]]:
    """Return a group's acts, each word once."""
    words: dict[str, str] = {}
    for name, word in group.acts.items():
        words.setdefault(str(word), name)
    return [(name, word) for word, name in words.items()]

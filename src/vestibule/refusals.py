"""Expected answers that are a no. Anything else that goes wrong is a bug.

A refusal carries a stable code, one English sentence with named placeholders (translated
by the door that tells it) and, where a form field caused it, the field. Nothing here
knows HTTP; each door maps the seven kinds to its own language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


def _(sentence: str) -> str:
    """Mark a sentence for translation; doors translate it when they tell it."""
    return sentence


class Refusal(Exception):
    """An expected no."""

    code: ClassVar[str] = "refused"
    sentence: ClassVar[str] = _("This cannot be done.")

    def __init__(self, **params: object) -> None:
        self.params: dict[str, object] = dict(params)
        super().__init__(self.code)

    def __str__(self) -> str:
        return self.tell(lambda sentence: sentence)

    def tell(self, translate: object) -> str:
        """Return the sentence in the door's language, placeholders filled."""
        if not callable(translate):
            raise TypeError("translate must be callable")
        return str(translate(self.sentence)) % self.params


class NotSignedIn(Refusal):
    code = "not_signed_in"
    sentence = _("Please sign in first.")


class Denied(Refusal):
    """The actor may not do this here; carries the reason code of the decision."""

    code = "denied"
    sentence = _("You do not have the right to do this here.")

    def __init__(self, permission: str = "", reason: str = "no_grant", **params: object) -> None:
        super().__init__(permission=permission, **params)
        self.permission = permission
        self.reason = reason


class NotFound(Refusal):
    """Absent or invisible: the two are one answer."""

    code = "not_found"
    sentence = _("There is nothing here for you to see.")


class Invalid(Refusal):
    """Something typed cannot be used. `fields` maps a field to its refusals."""

    code = "invalid"
    sentence = _("Some entries need your attention.")

    def __init__(self, fields: Mapping[str, list[Refusal]] | None = None, **params: object) -> None:
        super().__init__(**params)
        self.fields: dict[str, list[Refusal]] = dict(fields or {})

    @classmethod
    def at(cls, field: str, **params: object) -> Invalid:
        """Return the refusal of one field."""
        refusal = cls({}, **params)
        refusal.fields = {field: [refusal]}
        return refusal


class Conflict(Refusal):
    code = "conflict"
    sentence = _("Something changed in the meantime. Please look again.")


class NotNow(Refusal):
    """The thing exists, but its state forbids the act."""

    code = "not_now"
    sentence = _("This is not possible in the present state.")


class LimitReached(Refusal):
    code = "limit_reached"
    sentence = _("Too many attempts. Please wait a moment and try again.")

    def __init__(self, retry_after_seconds: int = 60, **params: object) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds, **params)
        self.retry_after_seconds = retry_after_seconds


# --- fields -------------------------------------------------------------------------


class FieldMissing(Invalid):
    code = "field.missing"
    sentence = _("Please fill this in.")


class TextTooLong(Invalid):
    code = "text.too_long"
    sentence = _("This is longer than %(limit)s characters. Please shorten it.")


class TextHasControlCharacters(Invalid):
    code = "text.control_characters"
    sentence = _("This contains characters that cannot be seen. Please type it again.")


class EmailInvalid(Invalid):
    code = "email.invalid"
    sentence = _("This is not a complete e-mail address, such as name@company.com.")


class EmailLooksAlike(Invalid):
    code = "email.looks_alike"
    sentence = _(
        "This address contains characters that look like others or cannot be seen"
        " (%(characters)s). Please type it again by hand."
    )


class EmailTaken(Conflict):
    code = "email.taken"
    sentence = _("There is already a user with this e-mail address.")


class EmailGeneric(Invalid):
    code = "email.generic"
    sentence = _(
        "%(email)s looks like a shared mailbox. This firm accepts personal addresses only:"
        " anybody who reads the mailbox could open the access."
    )


class PhoneInvalid(Invalid):
    code = "phone.invalid"
    sentence = _("This is not a complete phone number, such as +33 6 12 34 56 78.")


class PasswordTooWeak(Invalid):
    code = "password.too_weak"
    sentence = _("This password does not yet meet every point of the list.")


class ChoiceUnknown(Invalid):
    code = "choice.unknown"
    sentence = _("Please choose one of the values offered.")


# --- places -------------------------------------------------------------------------


class PlaceClosed(NotNow):
    code = "place.closed"
    sentence = _("%(place)s is closed.")


class PlaceKindNotAllowed(Invalid):
    code = "place.kind_not_allowed"
    sentence = _("%(kind)s cannot stand under %(parent)s.")


class PlaceUnderItself(Invalid):
    code = "place.under_itself"
    sentence = _("%(place)s cannot be moved under itself or under a place of its own.")


class ReferenceTaken(Conflict):
    code = "place.reference_taken"
    sentence = _("%(scheme)s %(value)s already belongs to another place.")


class SuccessorNeeded(Invalid):
    code = "place.successor_needed"
    sentence = _(
        "%(count)s users are billed to %(place)s. Choose the company that they are billed"
        " to from now on."
    )


# --- users --------------------------------------------------------------------------


class CompanyNotChosen(Invalid):
    code = "company.not_chosen"
    sentence = _("Please choose a company from the list.")


class FirstUserIsAdministrator(Invalid):
    code = "user.first_is_administrator"
    sentence = _("%(company)s has no administrator yet. Its first user becomes its administrator.")


class LastAdministrator(NotNow):
    code = "administrator.last"
    sentence = _(
        "%(user)s is the last administrator of %(company)s. A company keeps at least one:"
        " make somebody else administrator first."
    )


class CompanyLosesAdministrator(LastAdministrator):
    """The same, for an act that is not about one person (a move)."""

    code = "administrator.company_loses"
    sentence = _("%(company)s would lose its last administrator. A company keeps at least one.")


class WrongState(NotNow):
    code = "user.wrong_state"
    sentence = _("This does not fit the present state of %(user)s.")


class ApplicationNotEnabled(Invalid):
    code = "application.not_enabled"
    sentence = _("None of the chosen companies has %(application)s.")


class NothingToOffer(NotNow):
    code = "invitation.nothing_to_offer"
    sentence = _(
        "An invitation of %(user)s could not be accepted now: the companies are closed. Reopen"
        " one, or open another company first."
    )


# --- links --------------------------------------------------------------------------


class LinkDead(NotNow):
    """Wrong, used, expired, replaced, cancelled: one answer for all."""

    code = "link.dead"
    sentence = _("This link can no longer be used.")


class SignInRefused(Denied):
    code = "sign_in.refused"
    sentence = _("The e-mail address or the password is not right, or the access is not open.")


# --- import -------------------------------------------------------------------------


class FileUnreadable(Invalid):
    """A file that cannot be taken: `problems` lists each line with what would be right."""

    code = "file.unreadable"
    sentence = _("The file was not taken. Nothing was changed.")

    def __init__(self, problems: tuple[object, ...] = (), **params: object) -> None:
        super().__init__({}, **params)
        self.problems = problems

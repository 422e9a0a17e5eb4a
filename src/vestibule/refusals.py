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


class SettingsChanged(Conflict):
    """A setting is no longer what the form showed: two people are at work on it."""

    code = "settings.changed"
    sentence = _(
        "Somebody else changed this in the meantime. What stands here now is how it is; please"
        " make your change again."
    )


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


class EmailUnchanged(Invalid):
    code = "email.unchanged"
    sentence = _("This is the e-mail address that is in use already.")


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


class LastFirmAdministrator(NotNow):
    code = "administrator.last_of_firm"
    sentence = _(
        "%(user)s is the last administrator of the firm. The firm keeps at least one: make"
        " somebody else of the team administrator first."
    )


class OwnAccess(Denied):
    """Nobody of the team changes or ends his own access: somebody else does."""

    code = "staff.own_access"
    sentence = _("This is your own access. Somebody else of the team has to change it.")


class WrongState(NotNow):
    code = "user.wrong_state"
    sentence = _("This does not fit the present state of %(user)s.")


class OwnRequest(Denied):
    """Four eyes: nobody validates his own request (S4-08)."""

    code = "request.own"
    sentence = _("You asked for this yourself. Somebody else has to decide about it.")


class RequestDecided(Conflict):
    code = "request.decided"
    sentence = _("Somebody has decided about this request already.")


class RequestChanged(Conflict):
    code = "request.changed"
    sentence = _(
        "Something about this request has changed since you opened the page. Please look at it"
        " again before you decide."
    )


class RequestFirst(NotNow):
    code = "request.first"
    sentence = _("%(user)s was asked for by a client. Please decide on the page of that request.")


class AskerMayNoLonger(NotNow):
    code = "request.asker_may_no_longer"
    sentence = _(
        "Whoever asked for this could not ask for it any more: a right or a company was taken"
        " away since. Refuse the request, or create the user yourself."
    )


class NotAskedByYou(Denied):
    code = "request.not_yours"
    sentence = _("Only whoever asked for this can correct it or take it back.")


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


# --- own account --------------------------------------------------------------------


class PasswordWrong(Invalid):
    code = "password.wrong"
    sentence = _("This is not your present password.")


class CodeWrong(Invalid):
    code = "second_factor.code_wrong"
    sentence = _("This code is not right, or it was used already.")


class PasskeyRefused(Invalid):
    code = "passkey.refused"
    sentence = _("This passkey could not be checked. Please try again.")


class PasskeyAlreadyThere(Conflict):
    code = "passkey.already_there"
    sentence = _("This passkey is one of yours already.")


class AppAlreadyThere(Conflict):
    code = "second_factor.app_already_there"
    sentence = _("You already have an authenticator application. Remove it before you add another.")


class FactorNeeded(NotNow):
    code = "second_factor.needed"
    sentence = _(
        "Your firm asks you for a second factor, and this is your last one. Add another one first."
    )


class FactorNeededFirst(NotNow):
    code = "second_factor.needed_first"
    sentence = _(
        "Recovery codes stand in for a second factor. Add an application or a passkey first."
    )


class NothingToRemove(NotNow):
    code = "second_factor.nothing_to_remove"
    sentence = _("%(user)s has no second factor.")


# --- lists --------------------------------------------------------------------------


class ViewNameTaken(Invalid):
    code = "view.name_taken"
    sentence = _("You already have a view named “%(name)s”. Please choose another name.")


class TooManyViews(NotNow):
    code = "view.too_many"
    sentence = _(
        "A list keeps at most %(limit)s views of yours. Delete one that you no longer use."
    )


# --- import -------------------------------------------------------------------------


class FileUnreadable(Invalid):
    """A file that cannot be taken: `problems` lists each line with what would be right."""

    code = "file.unreadable"
    sentence = _("The file was not taken. Nothing was changed.")

    def __init__(self, problems: tuple[object, ...] = (), **params: object) -> None:
        super().__init__({}, **params)
        self.problems = problems

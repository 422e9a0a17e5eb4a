"""What pages take in: shapes and limits only. Rules are the actions'."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

LANGUAGES = (("en", "English"), ("fr", "Français"), ("de", "Deutsch"))


def language_word(code: str) -> str:
    """Return a language's name in the reader's language, as it stands in a sentence."""
    return str(get_language_info(code)["name_translated"]) if code in dict(LANGUAGES) else code


LONG_TEXT = 400
"""What a field takes in at all; the action says the real limit in a sentence."""


OF_THE_PAGE = frozenset(
    {"csrfmiddlewaretoken", "next", "go", "q", "kept", "seen", "type", "taken", "username"}
)
"""Names that pages send beside their fields: where they lead, how far they are, for browsers."""


class PlainForm(forms.Form):
    """A form that tells unknown fields apart and never trusts a length."""

    error_css_class = "has-error"
    required_css_class = "is-required"

    def clean(self) -> dict[str, Any]:
        """Refuse fields that the page does not have: whoever sends them means another form."""
        cleaned: dict[str, Any] = super().clean() or {}
        if unknown := self.unknown_fields():
            named = ", ".join(name[:40] for name in unknown[:3])
            self.add_error(
                None,
                _("This form has no field %(names)s. Nothing was changed; please reload the page.")
                % {"names": named},
            )
        return cleaned

    def unknown_fields(self) -> list[str]:
        """Return names that were sent and that this form does not have."""
        known = {*self.fields, *OF_THE_PAGE}
        return sorted(set(self.data) - known)


class SignInForm(PlainForm):
    email = forms.CharField(
        label=_("E-mail"),
        max_length=LONG_TEXT,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class AddressForm(PlainForm):
    """Asks for an address to which a link goes, if it is the right one."""

    email = forms.CharField(
        label=_("E-mail"),
        max_length=LONG_TEXT,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class PasswordForm(PlainForm):
    password = forms.CharField(
        label=_("Choose a password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class WelcomeForm(PasswordForm):
    """The registration page: one's own data to check and correct, and the password."""

    first_name = forms.CharField(
        label=_("First name"),
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=_("Last name"),
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    phone = forms.CharField(
        label=_("Mobile phone"),
        required=False,
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)


class IdentityForm(PlainForm):
    """Step 2 of the wizard."""

    last_name = forms.CharField(
        label=_("Last name"),
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    first_name = forms.CharField(
        label=_("First name"),
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.CharField(
        label=_("E-mail"),
        max_length=LONG_TEXT,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=_("Mobile phone"),
        required=False,
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    type = forms.ChoiceField(label=_("User type"), widget=forms.RadioSelect, choices=())

    def __init__(self, *args: Any, types: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["type"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = types


class SummaryForm(PlainForm):
    """Step 5 of the wizard: two decisions."""

    when = forms.ChoiceField(
        label=_("When does this access open?"),
        widget=forms.RadioSelect(attrs={"autofocus": True}),
        choices=(("now", _("Now")), ("later", _("Later, after validation"))),
    )
    send_mail = forms.BooleanField(label=_("Send an e-mail"), required=False)


class NothingForm(PlainForm):
    """A confirmation: nothing is typed."""


class TypeForm(PlainForm):
    """A confirmation of a change of type: it carries the type that the page named."""

    type = forms.ChoiceField(
        label=_("User type"),
        choices=(("administrator", ""), ("standard", "")),
        widget=forms.HiddenInput,
    )


class ReasonForm(PlainForm):
    """A confirmation with a reason for the audit trail."""

    reason = forms.CharField(
        label=_("Reason (for the audit trail)"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

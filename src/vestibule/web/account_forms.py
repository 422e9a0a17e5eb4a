"""What the pages of one's own account take in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from vestibule.web.forms import LONG_TEXT, PasswordForm, PlainForm

ANSWER_LIMIT = 20_000
"""characters of a passkey's answer; the longest seen has about 2,000"""


class OwnDataForm(PlainForm):
    first_name = forms.CharField(
        label=_("First name"),
        required=False,
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=_("Last name"),
        required=False,
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    phone = forms.CharField(
        label=_("Mobile phone"),
        required=False,
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def __init__(self, *args: Any, names_mandatory: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first_name", "last_name"):
            self.fields[name].required = names_mandatory


class OwnAddressForm(PlainForm):
    email = forms.CharField(
        label=_("New e-mail address"),
        max_length=LONG_TEXT,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


class OwnPasswordForm(PasswordForm):
    """Another password, and the present one to show that it is its owner who asks."""

    present = forms.CharField(
        label=_("Present password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


class ConfirmPasswordForm(PlainForm):
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


class CodeForm(PlainForm):
    """A code of an authenticator application, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=100,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}
        ),
    )


class PasskeyAnswerForm(PlainForm):
    """What a passkey answered, as the browser wrote it down."""

    credential = forms.CharField(max_length=ANSWER_LIMIT, widget=forms.HiddenInput)


class NewPasskeyForm(PasskeyAnswerForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=LONG_TEXT,
        help_text=_("So that you know it again, such as “Office computer” or “Blue key”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PasskeyNameForm(PlainForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )


class SessionForm(PlainForm):
    """Which session ends: a handle, or "others"."""

    session = forms.CharField(max_length=40)

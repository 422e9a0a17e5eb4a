"""Forms about who a user is: correcting the data, another address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from vestibule.web.forms import LANGUAGES, LONG_TEXT, PlainForm


class NameField(forms.CharField):
    """A name. Whether it may be empty is the action's to say, together with every other fault."""

    def validate(self, value: Any) -> None:
        return None


class CorrectionForm(PlainForm):
    """Name, phone, language and, where the firm has positions, the position."""

    last_name = NameField(
        label=_("Last name"),
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    first_name = NameField(
        label=_("First name"),
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=_("Mobile phone"),
        required=False,
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=LANGUAGES,
        help_text=_("Pages and mails speak it from now on."),
    )
    position = forms.ChoiceField(label=_("Position"), required=False, choices=())

    def __init__(
        self,
        *args: Any,
        positions: list[tuple[str, str]],
        names_mandatory: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name in ("last_name", "first_name"):
            self.fields[name].required = names_mandatory
        field = self.fields["position"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "—"), *positions]
        if not positions:
            del self.fields["position"]


class NewAddressForm(PlainForm):
    """The address that a user is to sign in with."""

    email = forms.CharField(
        label=_("New e-mail address"),
        max_length=LONG_TEXT,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )

"""What the pages of the firm's settings take in: shapes and limits; the rules are the actions'."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from vestibule.web.forms import LANGUAGES, LONG_TEXT, PlainForm


class SeenForm(PlainForm):
    """Carries the token of what was shown, so that nobody overwrites what he has not seen."""

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class FirmForm(SeenForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=LONG_TEXT * 2,
        help_text=_("On every page and in every mail. Addresses and links stay as they are."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=LANGUAGES,
        help_text=_("For whoever has not chosen one and whose browser speaks none of the three."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("In which days and times are told, on pages and in mails."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())]


class WordsForm(SeenForm):
    """A word in every language."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for language, name in LANGUAGES:
            self.fields[language] = forms.CharField(
                label=name,
                max_length=LONG_TEXT,
                widget=forms.TextInput(
                    attrs={"autocomplete": "off", "lang": language, "data-word": language}
                ),
            )


def _choice(label: Any, help_text: Any, *choices: tuple[str, Any]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, help_text=help_text, choices=choices, widget=forms.RadioSelect
    )


def _tick(label: Any, help_text: Any) -> forms.BooleanField:
    return forms.BooleanField(label=label, help_text=help_text, required=False)


def _days(label: Any, help_text: Any, least: int) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"min": least, "max": 90, "inputmode": "numeric"})
    return forms.IntegerField(label=label, help_text=help_text, widget=widget)


class RulesForm(SeenForm):
    """The firm's rules. Each is obeyed by the product; each says for whom it holds."""

    invitation_days = _days(
        _("Days that an invitation is valid"),
        _("For invitations sent from now on. Links that have left keep their day."),
        1,
    )
    password_preset = _choice(
        _("Passwords"),
        _("For passwords chosen from now on, by staff and clients. Present ones go on working."),
        ("either", _("15 characters, or 8 with all four kinds of characters")),
        ("nist", _("At least 15 characters")),
        (
            "classic",
            _("At least 8 characters, with capital and small letter, digit and special character"),
        ),
    )
    generic_addresses = _choice(
        _("Shared mailboxes, such as info@…"),
        _("When somebody is created: anybody who reads a shared mailbox could open the access."),
        ("off", _("Take them")),
        ("warn", _("Take them, with a warning")),
        ("refuse", _("Refuse them")),
    )
    client_created = _choice(
        _("Whom a client’s administrator creates"),
        _(
            "For users created from now on by the administrators of your clients’ companies. If they"
            " are let in at once, an address that you know already waits for you instead, and the"
            " waiting tells whoever asked that it is known."
        ),
        ("direct", _("Is let in and invited at once")),
        ("validated", _("Waits until somebody validates")),
    )
    validation = _choice(
        _("Who validates"),
        _("Decides about users who wait. Nobody validates a request of their own."),
        ("firm", _("The firm’s staff only")),
        ("firm_or_client", _("The firm’s staff and the client’s administrators")),
    )
    second_factor = _choice(
        _("Who must have a second factor"),
        _("An application on the telephone or a passkey, asked for at sign-in."),
        ("off", _("Nobody has to")),
        ("staff", _("The firm’s staff")),
        ("staff_and_administrators", _("The firm’s staff and the administrators of companies")),
    )
    second_factor_grace_days = _days(
        _("Days that they may put it off"),
        _("Afterwards a second factor is set up before anything else. 0: at the next sign-in."),
        0,
    )
    activation = _choice(
        _("The wizard proposes to open an access"),
        _("What stands chosen in the last step when staff create a user; it can be changed there."),
        ("now", _("Now")),
        ("later", _("Later, after validation")),
    )
    send_email = _tick(
        _("The wizard proposes to send the e-mail"),
        _("When staff create a user whose access opens now."),
    )
    billable_company_preselected = _tick(
        _("The billable company is ticked among the companies"),
        _("When staff create a user: the first company need not be ticked by hand."),
    )
    applications_preselected = _choice(
        _("Applications ticked from the start"),
        _("When staff create a user."),
        ("none", _("None")),
        ("all", _("All that the companies have")),
    )
    told = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)

    groups = (
        (_("Invitations and passwords"), ("invitation_days", "password_preset")),
        (_("Users and validation"), ("client_created", "validation", "generic_addresses")),
        (_("Second factor"), ("second_factor", "second_factor_grace_days")),
        (
            _("What the wizard proposes"),
            (
                "activation",
                "send_email",
                "billable_company_preselected",
                "applications_preselected",
            ),
        ),
    )

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the rules on this page."""
        return tuple(name for _title, names in self.groups for name in names)

    def grouped(self) -> list[dict[str, Any]]:
        """Return the fields as the page groups them."""
        return [
            {"title": title, "fields": [self[name] for name in names]}
            for title, names in self.groups
        ]

    def say_told(self, told: str) -> None:
        """Note that the page shown now tells whom the stricter rule concerns."""
        self.data = {**{name: self.data[name] for name in self.data}, "told": told}


class SenderForm(SeenForm):
    """What mails show of their sender."""

    sender_name = forms.CharField(
        label=_("Sender’s name"),
        required=False,
        max_length=LONG_TEXT,
        help_text=_("What mail programs show. Empty: the firm’s name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reply_to = forms.CharField(
        label=_("Address for answers"),
        required=False,
        max_length=LONG_TEXT,
        help_text=_("Where an answer to a mail goes. Empty: to the address that sends."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class AccentForm(SeenForm):
    accent = forms.CharField(
        label=_("Accent colour"),
        max_length=20,
        help_text=_("Six digits or letters from a to f after a #, such as #2450c8."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class LogoForm(SeenForm):
    logo = forms.FileField(
        label=_("Picture"),
        allow_empty_file=True,
        max_length=200,
        help_text=_(
            "PNG, JPEG or WebP, at most 1 MB. It is drawn anew with at most 480 × 160 pixels; what"
            " else the file carries is dropped."
        ),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )

"""What the audit trail's filter takes in: shapes and limits; empty fields narrow nothing."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vestibule.directory.trail import Wanted
from vestibule.web.trail_words import DOORS, act_choices, acts_of

FIELDS = ("person", "company", "act", "door", "since", "until")


def _date(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("This is not a day. Write it like 2026-11-30.")},
    )


def _text(label: Any, hint: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": hint}),
    )


class TrailForm(forms.Form):
    """The filter, as it stands in the address bar. Days are those of the firm's time zone."""

    person = _text(_("Person"), _("Name or e-mail"))
    company = _text(_("Company"), _("Name or number"))
    act = forms.ChoiceField(
        label=_("Act"),
        required=False,
        error_messages={"invalid_choice": _("There is no such act. Choose one of the list.")},
    )
    door = forms.ChoiceField(
        label=_("Door"),
        required=False,
        choices=[("", _("Every door")), *DOORS.items()],
        error_messages={"invalid_choice": _("There is no such door. Choose one of the list.")},
    )
    since = _date(_("From"))
    until = _date(_("Until"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        act = self.fields["act"]
        assert isinstance(act, forms.ChoiceField)
        act.choices = [("", _("Every act")), *act_choices()]

    def clean(self) -> dict[str, Any]:
        """Refuse an end that lies before its beginning."""
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day lies before the first one."))
        return cleaned

    def wanted(self) -> Wanted:
        """Return what the filter asks for; only of a valid form."""
        asked = self.cleaned_data
        since, until = asked["since"], asked["until"]
        return Wanted(
            person=asked["person"],
            company=asked["company"],
            acts=acts_of(asked["act"]),
            door=asked["door"],
            since=_midnight(since) if since else None,
            before=_midnight(until + timedelta(days=1)) if until else None,
        )

    def query(self, **more: object) -> str:
        """Return the filter as it stands in an address, with what is added to it."""
        asked = {name: self.data.get(name, "") for name in FIELDS}
        asked = {name: value for name, value in asked.items() if value}
        return urlencode({**asked, **more})

    def sent(self) -> list[tuple[str, str]]:
        """Return the filter as hidden fields of a form that is posted."""
        return [(name, self.data.get(name, "")) for name in FIELDS if self.data.get(name)]


def _midnight(day: Any) -> datetime:
    """Return the first instant of a day in the firm's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))

"""What the pages of requests take in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from vestibule.web.forms import LONG_TEXT, PlainForm


class DecisionForm(PlainForm):
    """A decision carries what its page showed: only that is decided."""

    seen = forms.CharField(required=False, max_length=LONG_TEXT, widget=forms.HiddenInput)


class RefusalForm(DecisionForm):
    reason = forms.CharField(
        label=_("Why is it refused?"),
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

"""What the pages about the team take in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from vestibule.web.forms import LANGUAGES, LONG_TEXT, PlainForm


def _text(label: Any, kind: str = "text", *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"type": kind, "autocomplete": "off"}),
    )


def _roles(choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Role"),
        choices=choices,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("You may not give this role. Choose one of the list.")},
    )


class MemberForm(PlainForm):
    """Somebody new in the team."""

    last_name = _text(_("Last name"))
    first_name = _text(_("First name"))
    email = _text(_("E-mail"), "email")
    phone = _text(_("Mobile phone"), "tel", required=False)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)

    def __init__(self, *args: Any, roles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = _roles(roles)


class RoleForm(PlainForm):
    """Another role for a member of the team."""

    def __init__(self, *args: Any, roles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = _roles(roles)

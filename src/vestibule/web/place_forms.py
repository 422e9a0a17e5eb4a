"""What the pages about places take in. Rules are the actions'; here are shapes, limits and choices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from vestibule.directory.models import Place, PlaceKind
from vestibule.directory.place_views import numbers_of
from vestibule.directory.querysets import PlaceQuerySet
from vestibule.directory.sights import spaced
from vestibule.refusals import ChoiceUnknown, NotFound
from vestibule.web.forms import LONG_TEXT, PlainForm
from vestibule.web.refusals import tell

CHOICES_LIMIT = 500
ADDRESS = ("address", "postcode", "town")


def posted(request: Any) -> QueryDict | None:
    """Return what a form was sent with: None on GET, and never None on POST."""
    return request.POST if request.method == "POST" else None


def _plain(text: str) -> str:
    return text.replace("\x00", "")[:200]


class PlaceField(forms.Field):
    """One place among those offered. A foreign id, an absent one and nonsense are one answer."""

    widget = forms.Select
    offered: PlaceQuerySet

    def to_python(self, value: Any) -> Place | None:
        if value in self.empty_values:
            return None
        try:
            found: Place = self.offered.one(pk=value)
        except (NotFound, ValidationError):
            raise ValidationError(tell(ChoiceUnknown())) from None
        return found


class ChoosingForm(PlainForm):
    """Chooses one place of many: a list, and above a long one a search that shortens it."""

    chosen = ""
    """the name of the field that holds the place"""
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        help_text=_("A part of the name, the town or the number shortens the list below."),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def __init__(self, data: QueryDict | None, *, offered: PlaceQuerySet, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        field = self.fields[self.chosen]
        assert isinstance(field, PlaceField)
        field.offered = offered.select_related("kind")
        shown = field.offered
        if offered.counted(CHOICES_LIMIT) <= CHOICES_LIMIT:
            del self.fields["q"]
        else:
            found = offered.matching(_plain(self.data.get("q", "")))
            shown = shown.filter(Q(pk__in=found.order_by().values("pk")) | Q(acts_as="firm"))
        self._show(field, list(shown[:CHOICES_LIMIT]))

    def _show(self, field: PlaceField, places: list[Place]) -> None:
        numbers = numbers_of(places)
        choices = [(str(place.pk), _label(place, numbers[place.pk])) for place in places]
        if not choices:
            field.help_text = _("There is no other place where it may stand.")
        if len(choices) != 1:
            choices.insert(0, ("", _("Choose…")))
        assert isinstance(field.widget, forms.Select)
        field.widget.choices = choices


def _label(place: Place, numbers: dict[str, str]) -> Any:
    if place.acts_as == "firm":
        return _("Directly under %(firm)s") % {"firm": place.name}
    siren = numbers.get("siren", "")
    return " · ".join(part for part in (place.name, place.town, spaced(siren)) if part)


class RenameForm(PlainForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )


class MoveForm(ChoosingForm):
    """A new parent; `seen` is the one whose effect on people was already told."""

    chosen = "parent"
    parent = PlaceField(label=_("Move it under"))
    seen = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput)
    field_order = ["q", "parent", "seen"]

    def has_told_of(self, parent: Place) -> bool:
        """Return whether the effect of moving under `parent` was on the page that was sent."""
        return bool(self.cleaned_data["seen"] == str(parent.pk))

    def will_tell_of(self, parent: Place) -> None:
        """Note that the page shown now tells the effect of moving under `parent`."""
        self.data = {**{name: self.data[name] for name in self.data}, "seen": str(parent.pk)}


class CloseForm(ChoosingForm):
    """Where the users billed to a company are billed from now on; asked only if there are any."""

    chosen = "billed_to"
    billed_to = PlaceField(label=_("Bill them to"))
    field_order = ["q", "billed_to"]

    def __init__(self, data: QueryDict | None, *, billed: int, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if not billed:
            for name in list(self.fields):
                del self.fields[name]


class AddForm(PlainForm):
    """A place to be: its kind (asked if there is a choice), name, register's number, address."""

    kind = forms.ChoiceField(label=_("Kind"))
    name = forms.CharField(
        label=_("Name"),
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    number = forms.CharField(
        required=False,
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    address = forms.CharField(
        label=_("Street"),
        required=False,
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    postcode = forms.CharField(
        label=_("Postcode"),
        required=False,
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    town = forms.CharField(
        label=_("Town"),
        required=False,
        max_length=LONG_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        kinds: list[tuple[PlaceKind, str]],
        scheme: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.scheme = scheme
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(kind.code, label) for kind, label in kinds]
        if len(kinds) == 1:
            field.initial = kinds[0][0].code
            field.widget = forms.HiddenInput()
        if scheme:
            self.fields["number"].label = scheme.upper()
        else:
            del self.fields["number"]
        if all(kind.acts_as == "group" for kind, _label in kinds):
            for name in ADDRESS:
                del self.fields[name]

    @property
    def references(self) -> dict[str, str]:
        """Return the register's number as the action takes it."""
        number = str(self.cleaned_data.get("number", "")).strip()
        return {self.scheme: number} if number else {}

    @property
    def details(self) -> dict[str, str]:
        """Return the address as the action takes it."""
        return {name: self.cleaned_data[name] for name in ADDRESS if name in self.cleaned_data}


class NewCompanyForm(AddForm, ChoosingForm):
    """A company or a group: also where it stands."""

    chosen = "parent"
    parent = PlaceField(label=_("Stands under"))
    field_order = ["kind", "name", "number", "q", "parent", "address", "postcode", "town"]

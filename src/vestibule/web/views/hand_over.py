"""The page that hands a company over to another administrator."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from vestibule.directory.actions.hand_overs import hand_over as hand_over_company
from vestibule.directory.actions.hand_overs import successors_at
from vestibule.directory.models import Place, User
from vestibule.directory.querysets import is_whole_firm, reach_of
from vestibule.directory.wordbook import Words
from vestibule.refusals import Denied, Refusal
from vestibule.web.forms import PlainForm
from vestibule.web.people import read, shown_state
from vestibule.web.readers import require_staff_reader
from vestibule.web.refusals import put_at_fields, status_of


class SuccessorForm(PlainForm):
    successor = forms.ChoiceField(
        label=gettext_lazy("Who takes over?"), widget=forms.RadioSelect, choices=()
    )

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["successor"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(person.pk), person.full_name) for person in people]


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: Any, pk: UUID, place: UUID) -> HttpResponse:
    """Name the successor of a company's administrator, say the effect, then do it."""
    require_staff_reader(request.actor)
    if not is_whole_firm(reach_of(request.actor, "vestibule.firm.administer")):
        raise Denied(permission="vestibule.firm.administer")
    who = User.objects.visible_to(request.actor).clients().one(pk=pk)
    company = Place.objects.visible_to(request.actor).companies().one(pk=place)
    people = successors_at(company, who)
    form = SuccessorForm(request.POST if request.method == "POST" else None, people=people)
    status = 422 if form.errors else 200
    if form.is_valid():
        chosen = form.cleaned_data["successor"]
        successor = next(person for person in people if str(person.pk) == chosen)
        try:
            hand_over_company(request.actor, who, company=company, successor=successor)
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            told = {"name": successor.full_name, "company": company.name}
            messages.success(request, _("%(name)s is now administrator of %(company)s.") % told)
            return HttpResponseRedirect(reverse("user", args=[pk]), status=303)
    seen = read(people, request.actor) if people else None
    words = Words(who.firm_id, request.LANGUAGE_CODE)
    context = {
        "form": form,
        "user": {"id": who.pk, "name": who.full_name},
        "company": company.name,
        "company_url": reverse("company", args=[company.pk]),
        "back_url": reverse("user", args=[pk]),
        "role_then": words.get("role.standard"),
        "people": [
            {
                "id": str(person.pk),
                "name": person.full_name,
                "email": person.email,
                "state": shown_state(person, seen) if seen is not None else person.state,
                "chosen": form["successor"].value() == str(person.pk),
            }
            for person in people
        ],
    }
    return render(request, "users/hand_over.html", context, status=status)

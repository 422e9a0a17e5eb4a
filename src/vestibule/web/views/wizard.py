"""The practitioner's six steps that create a client user (S0-04). Nothing exists before Confirm."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from vestibule.directory.actions import client_users, drafts
from vestibule.directory.models import Invitation, Place, User
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.wordbook import Words
from vestibule.refusals import Refusal
from vestibule.web.forms import SummaryForm
from vestibule.web.people import may_do, read
from vestibule.web.preview import summary_of
from vestibule.web.readers import require_staff_reader
from vestibule.web.steps import Steps


class PractitionersSteps(Steps):
    wizard = "client_user"
    address = "user_wizard"
    all_steps = ("company", "identity", "companies", "applications", "summary", "receipt")

    def summary(self) -> HttpResponse:
        company, companies = self.chosen_company(), self.chosen_companies()
        if company is None or not companies:
            return HttpResponseRedirect(self.url("company" if company is None else "companies"))
        request, rules = self.request, rules_of(self.draft.firm_id)
        start = {"when": rules.activation, "send_mail": rules.send_email}
        form = SummaryForm(
            request.POST if request.method == "POST" else None,
            initial={**start, **self.draft.data.get("decided", {})},
        )
        status = 200
        if self.is_keeping:
            if form.is_valid():
                drafts.keep_draft(self.actor, self.draft, decided=form.cleaned_data)
            return HttpResponse(status=204)
        if request.method == "POST" and form.is_valid():
            try:
                return self._confirm(company, companies, form.cleaned_data)
            except Refusal as refusal:
                status = self.put(form, refusal)
        elif request.method == "POST":
            status = 422
        return self.page(
            "summary",
            form=form,
            status=status,
            **summary_of(request, self.draft, company, companies),
            urls={name: self.url(name) for name in ("identity", "companies", "applications")},
        )

    def _confirm(
        self, company: Place, companies: list[Place], decided: dict[str, Any]
    ) -> HttpResponse:
        """Create the user; a second click or a retry shows the first one's receipt."""
        now, user_type = decided["when"] == "now", self.draft.data["identity"]["type"]
        applications = self.chosen_applications(companies)
        user = client_users.create_client_user(
            self.actor,
            billable_company=company,
            identity=self.identity_typed(),
            user_type=user_type,
            companies=companies,
            applications=applications,
            activate_now=now,
            send_email=now and decided["send_mail"],
            key=str(self.draft.pk),
        )
        words = Words(self.draft.firm_id, self.request.LANGUAGE_CODE)
        receipt = {
            "role": words.get(f"role.{user_type}"),
            "companies": [each.name for each in companies],
            "opened": [words.application(name) for name in applications],
        }
        drafts.finish_draft(self.actor, self.draft, result_id=user.pk, receipt=receipt)
        return HttpResponseRedirect(self.url("receipt"), status=303)

    def receipt(self) -> HttpResponse:
        if self.draft.result_id is None:
            return HttpResponseRedirect(self.url(self.first_open()))
        user = User.objects.visible_to(self.actor).clients().one(pk=self.draft.result_id)
        seen = read([user], self.actor)
        may = may_do(user, self.actor, seen)
        outcome = {"awaiting_validation": "waiting", "ready": "ready"}.get(user.state, "invited")
        invitation: Invitation | None = seen.invitations.get(user.pk)
        allowed = {key: may.get(key, False) for key in ("send_welcome", "validate")}
        return self.page(
            "receipt",
            person={"name": user.full_name, "email": user.email},
            user_id=user.pk,
            user_url=reverse("user", args=[user.pk]),
            outcome=outcome,
            link_until=invitation.expires_at if invitation is not None else None,
            may={**allowed, "invite": True},
            **self.draft.data["receipt"],
        )


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Any) -> HttpResponse:
    """POST starts a draft. GET goes on with the newest one, or back to the list."""
    require_staff_reader(request.actor)
    drafts.require_creator(request.actor)
    if request.method != "POST":
        draft = drafts.unfinished(request.actor, wizard=PractitionersSteps.wizard)
        if draft is None:
            return HttpResponseRedirect(reverse("users"))
        steps = PractitionersSteps(request, draft)
        return HttpResponseRedirect(steps.url(steps.first_open()))
    draft = drafts.begin_draft(request.actor, wizard=PractitionersSteps.wizard, data={})
    return HttpResponseRedirect(PractitionersSteps(request, draft).url("company"), status=303)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: Any, draft: UUID, step: str) -> HttpResponse:
    """Show or take one step of one's own draft."""
    require_staff_reader(request.actor)
    return PractitionersSteps.of(request, draft).answer(step)

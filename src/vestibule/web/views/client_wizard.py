"""The client administrator's own steps (S0-02): he asks for somebody of his companies.

The billable company is set and there is no choice of activation: the firm's policy says what
happens, and the receipt says the same whatever did (law 4).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from vestibule.directory.actions import client_users, drafts, requests
from vestibule.directory.models import Approval, Draft, Place
from vestibule.directory.policies.validation import is_client, what_clients_create_waits
from vestibule.directory.request_views import asked_by, may_be_asked_again
from vestibule.directory.wordbook import Words
from vestibule.refusals import Denied, Refusal, RequestDecided
from vestibule.web import picking
from vestibule.web.forms import NothingForm
from vestibule.web.preview import summary_of
from vestibule.web.readers import require_reader
from vestibule.web.steps import Steps


def require_client_creator(actor: Any) -> None:
    """Refuse whoever is not an administrator of a client: staff have a wizard of their own.

    Refuses: NotSignedIn, Denied.
    """
    require_reader(actor)
    drafts.require_creator(actor)
    if not is_client(actor):
        raise Denied(permission="vestibule.users.create")


class ClientsSteps(Steps):
    wizard = "client_request"
    address = "person_wizard"
    all_steps = ("company", "identity", "companies", "applications", "summary", "receipt")
    shorter = ("identity", "applications", "summary", "receipt")

    only: Place | None = None
    """the one company that can be chosen, if there is no choice"""

    def steps_now(self) -> tuple[str, ...]:
        """Return the steps: which company is a question only to whoever administers several."""
        rows = list(picking.choosable(self.actor).order_by("sort_key", "pk")[:2])
        if not rows:
            raise Denied(permission="vestibule.users.create")
        self.only = rows[0] if len(rows) == 1 else None
        return self.shorter if self.only is not None else self.all_steps

    def chosen_company(self) -> Place | None:
        return self.only if self.only is not None else super().chosen_company()

    def chosen_companies(self) -> list[Place]:
        return [self.only] if self.only is not None else super().chosen_companies()

    def usual_language(self) -> str:
        """Colleagues speak what their administrator speaks."""
        return str(self.request.user.language)

    def check_identity(self, identity: client_users.Identity) -> None:
        requests.check_identity(self.actor, identity, again=self.again())

    def again(self) -> Approval | None:
        """Return the request that this draft corrects, if it is one of those."""
        pk = self.draft.data.get("again")
        if not pk:
            return None
        found: Approval | None = asked_by(self.actor).filter(pk=pk).first()
        return found

    def summary(self) -> HttpResponse:
        company, companies = self.chosen_company(), self.chosen_companies()
        if company is None or not companies:
            return HttpResponseRedirect(self.url("company" if company is None else "companies"))
        request, again = self.request, self.again()
        form = NothingForm(request.POST if request.method == "POST" else None)
        status = 422 if form.errors else 200
        if form.is_valid():
            try:
                return self._ask(company, companies, again)
            except Refusal as refusal:
                status = self.put(form, refusal)
        changes = [name for name in ("identity", "companies", "applications") if name in self.steps]
        return self.page(
            "summary",
            template="wizard/request_summary.html",
            form=form,
            status=status,
            **summary_of(request, self.draft, company, companies),
            urls={name: self.url(name) for name in changes},
            is_looked_at=what_clients_create_waits(self.draft.firm_id),
            reason=again.reason if again is not None else "",
        )

    def _ask(self, company: Place, companies: list[Place], again: Approval | None) -> HttpResponse:
        """Ask; a second click or a retry shows the first one's receipt."""
        user_type = self.draft.data["identity"]["type"]
        asked: dict[str, Any] = {
            "billable_company": company,
            "identity": self.identity_typed(),
            "user_type": user_type,
            "companies": companies,
            "applications": self.chosen_applications(companies),
        }
        if again is None:
            requests.request_client_user(self.actor, **asked, key=str(self.draft.pk))
        else:
            try:
                requests.ask_again(self.actor, again, **asked)
            except RequestDecided:
                if not Draft.objects.visible_to(self.actor).filter(
                    pk=self.draft.pk, result_id__isnull=False
                ):
                    raise
                return HttpResponseRedirect(self.url("receipt"), status=303)
        words = Words(self.draft.firm_id, self.request.LANGUAGE_CODE)
        receipt = {
            "person": {
                "name": self._name_typed(),
                "email": self.draft.data["identity"]["email"],
            },
            "role": words.get(f"role.{user_type}"),
            "companies": [each.name for each in companies],
            "opened": [words.application(name) for name in asked["applications"]],
        }
        drafts.finish_draft(self.actor, self.draft, result_id=self.draft.pk, receipt=receipt)
        return HttpResponseRedirect(self.url("receipt"), status=303)

    def _name_typed(self) -> str:
        typed = self.draft.data["identity"]
        return f"{typed['first_name']} {typed['last_name']}".strip() or str(typed["email"])

    def receipt(self) -> HttpResponse:
        if self.draft.result_id is None:
            return HttpResponseRedirect(self.url(self.first_open()))
        return self.page(
            "receipt", template="wizard/request_receipt.html", **self.draft.data["receipt"]
        )


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Any) -> HttpResponse:
    """POST starts a draft. GET goes on with the newest one, or back to the list."""
    require_client_creator(request.actor)
    if request.method != "POST":
        draft = drafts.unfinished(request.actor, wizard=ClientsSteps.wizard)
        if draft is None:
            return HttpResponseRedirect(reverse("users"))
        steps = ClientsSteps(request, draft)
        return HttpResponseRedirect(steps.url(steps.first_open()))
    draft = drafts.begin_draft(request.actor, wizard=ClientsSteps.wizard, data={})
    steps = ClientsSteps(request, draft)
    return HttpResponseRedirect(steps.url(steps.steps[0]), status=303)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: Any, draft: UUID, step: str) -> HttpResponse:
    """Show or take one step of one's own draft."""
    require_client_creator(request.actor)
    return ClientsSteps.of(request, draft).answer(step)


@require_http_methods(["POST"])
def again(request: Any, pk: UUID) -> HttpResponse:
    """Start a draft with what a request of one's own asked for, to correct it and ask again."""
    require_client_creator(request.actor)
    approval = asked_by(request.actor).one(pk=pk)
    if not may_be_asked_again(approval):
        raise RequestDecided()
    kept = approval.arguments
    draft = drafts.begin_draft(
        request.actor,
        wizard=ClientsSteps.wizard,
        data={
            "again": str(approval.pk),
            "company": kept["billable_company"],
            "identity": {**kept["identity"], "type": kept["user_type"]},
            "companies": kept["companies"],
            "applications": kept["applications"],
            "done": ["company", "identity", "companies", "applications"],
        },
    )
    return HttpResponseRedirect(ClientsSteps(request, draft).url("identity"), status=303)

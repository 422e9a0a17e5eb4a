"""The steps that the wizards share: what a draft holds, what its pages show, where they lead.

Nothing exists before the last step, and each answer is judged again by the action there.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from vestibule.actor import Actor
from vestibule.directory.actions import client_users, drafts
from vestibule.directory.models import Draft, Place
from vestibule.directory.policies.administrators import watch
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.wordbook import Words
from vestibule.refusals import Denied, FirstUserIsAdministrator, NotFound, Refusal
from vestibule.web import picking
from vestibule.web.forms import IdentityForm
from vestibule.web.preview import offered_applications
from vestibule.web.refusals import put_at_fields, status_of, tell

IDENTITY = ("last_name", "first_name", "email", "phone", "language")


class Steps:
    """One request about one draft of a wizard. Each wizard says which steps it has."""

    wizard: ClassVar[str]
    """the name under which its drafts are kept"""
    address: ClassVar[str]
    """the name of its steps' address"""
    all_steps: ClassVar[tuple[str, ...]]
    """every step it can have; the last two are the summary and the receipt"""

    def __init__(self, request: Any, draft: Draft) -> None:
        self.request = request
        self.draft = draft
        self.actor: Actor = request.actor
        self.steps = self.steps_now()

    @classmethod
    def of(cls, request: Any, pk: UUID) -> Self:
        """Return the steps of one's own draft of this wizard.

        Refuses: NotSignedIn, Denied, NotFound.
        """
        drafts.require_creator(request.actor)
        draft = Draft.objects.visible_to(request.actor).filter(wizard=cls.wizard).one(pk=pk)
        return cls(request, draft)

    def steps_now(self) -> tuple[str, ...]:
        """Return the steps of this draft, in order."""
        return self.all_steps

    def answer(self, step: str) -> HttpResponse:
        """Show or take one step; one that is not reached yet leads to the first open one."""
        if step not in self.steps:
            raise NotFound()
        if self.draft.result_id is not None and step != "receipt":
            return HttpResponseRedirect(self.url("receipt"))
        first_open = self.first_open()
        if self.draft.result_id is None and self.number(step) > self.number(first_open):
            return HttpResponseRedirect(self.url(first_open))
        try:
            response: HttpResponse = getattr(self, step)()
        except Denied:
            if not self.is_keeping:
                raise
            return HttpResponse(status=204)  # confirmed meanwhile: there is nothing left to keep
        return response

    # --- where one is ---------------------------------------------------------------------

    def number(self, step: str) -> int:
        return self.steps.index(step)

    def url(self, step: str) -> str:
        return reverse(self.address, args=[self.draft.pk, step])

    def first_open(self) -> str:
        """Return the first step that is not answered yet; all steps up to it can be opened."""
        if self.draft.result_id is not None:
            return "receipt"
        done = self.draft.data.get("done", [])
        return next((name for name in self.steps[:-2] if name not in done), "summary")

    @property
    def is_keeping(self) -> bool:
        """Whether a page only keeps what was typed, so that a reload loses nothing."""
        return bool(self.request.method == "POST" and self.request.POST.get("go") == "keep")

    def keep(self, step: str, **changes: Any) -> HttpResponse:
        """Keep a step's answers as done and go on."""
        done = {*self.draft.data.get("done", []), step}
        drafts.keep_draft(
            self.actor,
            self.draft,
            done=[name for name in self.all_steps if name in done],
            **changes,
        )
        return HttpResponseRedirect(self.url(self.steps[self.number(step) + 1]), status=303)

    def page(self, step: str, *, template: str = "", **context: Any) -> HttpResponse:
        """Show a step in the wizard's frame."""
        status = context.pop("status", 200)
        number, last = self.number(step), len(self.steps) - 1
        frame = {
            "wizard": self.wizard,
            "draft": {"id": self.draft.pk, "saved_at": self.draft.updated_at},
            "steps": self._rail(step),
            "back_url": self.url(self.steps[number - 1]) if 0 < number < last else "",
            "next_step": self.steps[number + 1] if number < last else "",
        }
        shown = template or f"wizard/{step}.html"
        return render(self.request, shown, {**frame, **context}, status=status)

    def _rail(self, here: str) -> list[dict[str, Any]]:
        reachable = self.number(self.first_open())
        finished = self.draft.result_id is not None
        return [
            {
                "key": name,
                "number": number,
                "url": self.url(name) if number - 1 <= reachable and not finished else "",
                "state": "here" if name == here else "done" if number - 1 < reachable else "todo",
                "answers": self._answers(name),
            }
            for number, name in enumerate(self.steps, start=1)
        ]

    def _answers(self, step: str) -> list[str]:
        """Return what the rail says of an answered step."""
        data = self.draft.data
        if step not in data.get("done", []):
            return []
        if step == "company":
            company = self.chosen_company()
            return [company.name] if company is not None else []
        if step == "identity":
            typed = data.get("identity", {})
            name = f"{typed.get('first_name', '')} {typed.get('last_name', '')}".strip()
            return [line for line in (name, typed.get("email", "")) if line]
        if step == "companies":
            return [company.name for company in self.chosen_companies()][:3]
        if step == "applications":
            words = Words(self.draft.firm_id, self.request.LANGUAGE_CODE)
            return [", ".join(words.application(name) for name in data.get("applications", []))]
        return []

    def _query(self) -> str:
        posted = self.request.method == "POST"
        values = self.request.POST if posted else self.request.GET
        return str(values.get("q", ""))[:200].replace("\x00", "")

    # --- what the draft holds -------------------------------------------------------------

    def chosen_company(self) -> Place | None:
        """Return the billable company, if it can still be chosen."""
        return picking.company_of(self.actor, self.draft)

    def chosen_companies(self) -> list[Place]:
        """Return the companies to open that can still be chosen, by name."""
        return picking.companies_of(self.actor, self.draft)

    def chosen_applications(self, companies: list[Place]) -> list[str]:
        """Return the applications chosen that can still be given."""
        offered = offered_applications(self.request, self.draft, companies)
        open_ones = {entry["id"] for entry in offered if not entry["locked"]}
        return [name for name in self.draft.data.get("applications", []) if name in open_ones]

    def identity_typed(self) -> client_users.Identity:
        typed = self.draft.data["identity"]
        return client_users.Identity(**{key: typed[key] for key in IDENTITY})

    def usual_language(self) -> str:
        """Return the language that stands chosen at first."""
        return str(self.request.firm.default_language)

    def check_identity(self, identity: client_users.Identity) -> None:
        """Refuse an identity that cannot be used, at its fields.

        Refuses: Invalid.
        """
        client_users.read_identity(self.draft.firm_id, identity)

    # --- billable company -----------------------------------------------------------------

    def company(self) -> HttpResponse:
        error, status, request = "", 200, self.request
        if request.method == "POST":
            ids = picking.read_ids([request.POST.get("company") or request.POST.get("kept") or ""])
            company = picking.choosable(self.actor).filter(pk__in=ids).first()
            if company is not None:
                return self.keep("company", **self._with_company(company))
            error, status = _("Please choose a company from the list."), 422
        chosen = self.chosen_company()
        marked = {chosen.pk} if chosen is not None else set()
        found = picking.search(self.actor, self._query(), marked)
        shown = picking.described(self.actor, [chosen], marked) if chosen is not None else [None]
        return self.page(
            "company",
            **found,
            chosen=shown[0],
            chosen_is_shown=any(result["chosen"] for result in found["results"]),
            error=error,
            status=status,
        )

    def _with_company(self, company: Place) -> dict[str, Any]:
        """Return what choosing a company writes: it is pre-selected as an access (S0-12)."""
        changes: dict[str, Any] = {"company": str(company.pk)}
        data = self.draft.data
        old = data.get("company")
        chosen = [each for each in data.get("companies", []) if each != old or old is None]
        if rules_of(self.draft.firm_id).billable_company_preselected:
            changes["companies"] = list(dict.fromkeys([str(company.pk), *chosen]))
        return changes

    # --- identity -------------------------------------------------------------------------

    def identity(self) -> HttpResponse:
        company = self.chosen_company()
        if company is None:
            return HttpResponseRedirect(self.url("company"))
        request, data = self.request, self.draft.data
        words = Words(self.draft.firm_id, request.LANGUAGE_CODE)
        first_user = watch(company).now == 0
        types = [("administrator", words.get("role.administrator"))]
        if not first_user:
            types.append(("standard", words.get("role.standard")))
        kept = {**data.get("identity", {}), **data.get("typed", {})}
        start = {"language": self.usual_language(), **kept}
        if first_user:
            start["type"] = "administrator"
        form = IdentityForm(
            request.POST if request.method == "POST" else None, initial=start, types=types
        )
        if self.is_keeping:
            self._remember_typed(form)
            return HttpResponse(status=204)
        if request.method == "POST":
            if form.is_valid():
                typed = form.cleaned_data
                try:
                    self.check_identity(
                        client_users.Identity(**{key: typed[key] for key in IDENTITY})
                    )
                except Refusal as refusal:
                    put_at_fields(form, refusal)
                else:
                    return self.keep("identity", identity=typed, typed={})
            self._remember_typed(form)
        return self.page(
            "identity",
            form=form,
            company_name=company.name,
            first_user=first_user,
            status=422 if form.errors else 200,
        )

    def _remember_typed(self, form: IdentityForm) -> None:
        """Keep what was typed although it is not right yet, so that a reload loses nothing.

        It lies beside the step's answer: a request that comes late undoes no step that was taken.
        """
        typed = {
            name: str(self.request.POST.get(name, "")).strip()[:400].replace("\x00", "")
            for name in form.fields
        }
        self.draft = drafts.keep_draft(self.actor, self.draft, typed=typed)

    # --- companies ------------------------------------------------------------------------

    def companies(self) -> HttpResponse:
        error, status, request = "", 200, self.request
        if request.method == "POST":
            remove = request.POST.get("remove", "")
            ids = picking.read_ids(request.POST.getlist("companies"))
            ids = [each for each in ids if each != remove]
            allowed = picking.choosable(self.actor).filter(pk__in=ids).values_list("pk", flat=True)
            kept = [each for each in ids if each in {str(pk) for pk in allowed}]
            self.draft = drafts.keep_draft(self.actor, self.draft, companies=kept)
            if request.POST.get("go") == "next" and not remove:
                error, status = self._check_companies()
                if not error:
                    return self.keep("companies", companies=kept)
        chosen = self.chosen_companies()
        found = picking.search(self.actor, self._query(), {company.pk for company in chosen})
        shown = {result["id"] for result in found["results"]}
        return self.page(
            "companies",
            **found,
            chosen=[
                {
                    "id": company.pk,
                    "name": company.name,
                    "billable": str(company.pk) == self.draft.data.get("company"),
                }
                for company in chosen
            ],
            chosen_elsewhere=[company.pk for company in chosen if company.pk not in shown],
            error=error,
            status=status,
        )

    def _check_companies(self) -> tuple[str, int]:
        """Return the sentence that stops this step, or ""."""
        chosen = self.chosen_companies()
        if not chosen:
            return _("Please choose at least one company."), 422
        if self.draft.data.get("identity", {}).get("type") != "administrator":
            for company in chosen:
                if watch(company).now == 0:
                    return tell(FirstUserIsAdministrator(company=company.name)), 422
        return "", 200

    # --- applications ---------------------------------------------------------------------

    def applications(self) -> HttpResponse:
        companies = self.chosen_companies()
        if not companies:
            return HttpResponseRedirect(self.url("companies"))
        request = self.request
        offered = offered_applications(request, self.draft, companies)
        if request.method == "POST":
            names = {entry["id"] for entry in offered if not entry["locked"]}
            chosen = [name for name in request.POST.getlist("applications") if name in names]
            if self.is_keeping:
                drafts.keep_draft(self.actor, self.draft, applications=chosen)
                return HttpResponse(status=204)
            return self.keep("applications", applications=chosen)
        return self.page(
            "applications",
            applications=offered,
            companies_total=len(companies),
            error="",
        )

    # --- the end, which each wizard has for itself ----------------------------------------

    def summary(self) -> HttpResponse:
        raise NotImplementedError

    def receipt(self) -> HttpResponse:
        raise NotImplementedError

    def put(self, form: Any, refusal: Refusal) -> int:
        """Write the refusal of the last step into its form; return the page's status."""
        put_at_fields(form, refusal)
        return status_of(refusal)

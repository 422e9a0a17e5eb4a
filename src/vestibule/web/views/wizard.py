"""The six steps that create a client user (S0-04). Nothing exists before Confirm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vestibule.directory.actions import client_users, drafts
from vestibule.directory.models import Draft, Invitation, Place, User
from vestibule.directory.policies.administrators import watch
from vestibule.directory.policies.rules import rules_of
from vestibule.directory.wordbook import Words
from vestibule.refusals import Denied, FirstUserIsAdministrator, NotFound, Refusal
from vestibule.web import picking
from vestibule.web.forms import IdentityForm, SummaryForm
from vestibule.web.people import may_do, read
from vestibule.web.preview import offered_applications, summary_of
from vestibule.web.refusals import put_at_fields, status_of, tell
from vestibule.web.views.users import require_staff_reader

STEPS = ("company", "identity", "companies", "applications", "summary", "receipt")
WIZARD = "client_user"


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Any) -> HttpResponse:
    """POST starts a draft. GET goes on with the newest one, or back to the list."""
    require_staff_reader(request.actor)
    drafts.require_creator(request.actor)
    if request.method != "POST":
        draft = drafts.unfinished(request.actor)
        if draft is None:
            return HttpResponseRedirect(reverse("users"))
        return HttpResponseRedirect(_url(draft, _first_open(draft)))
    start: dict[str, Any] = {}
    draft = drafts.begin_draft(request.actor, wizard=WIZARD, data=start)
    return HttpResponseRedirect(_url(draft, "company"), status=303)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: Any, draft: UUID, step: str) -> HttpResponse:
    """Show or take one step of one's own draft."""
    require_staff_reader(request.actor)
    drafts.require_creator(request.actor)
    row = Draft.objects.visible_to(request.actor).one(pk=draft)
    if step not in STEPS:
        raise NotFound()
    if row.result_id is not None and step != "receipt":
        return HttpResponseRedirect(_url(row, "receipt"))
    if row.result_id is None and STEPS.index(step) > STEPS.index(_first_open(row)):
        return HttpResponseRedirect(_url(row, _first_open(row)))
    try:
        return _VIEWS[step](request, row)
    except Denied:
        if not _is_keeping(request):
            raise
        return HttpResponse(status=204)  # confirmed meanwhile: there is nothing left to keep


def _url(draft: Draft, step: str) -> str:
    return reverse("user_wizard", args=[draft.pk, step])


def _first_open(draft: Draft) -> str:
    """Return the first step that is not answered yet; all steps up to it can be opened."""
    if draft.result_id is not None:
        return "receipt"
    for name in STEPS[:4]:
        if name not in draft.data.get("done", []):
            return name
    return "summary"


def _keep(request: Any, draft: Draft, step: str, **changes: Any) -> HttpResponse:
    """Keep a step's answers as done and go on."""
    done = [name for name in STEPS if name in {*draft.data.get("done", []), step}]
    drafts.keep_draft(request.actor, draft, done=done, **changes)
    return HttpResponseRedirect(_url(draft, STEPS[STEPS.index(step) + 1]), status=303)


def _page(request: Any, draft: Draft, step: str, **context: Any) -> HttpResponse:
    status = context.pop("status", 200)
    number = STEPS.index(step)
    frame = {
        "draft": {"id": draft.pk, "saved_at": draft.updated_at},
        "steps": _rail(request, draft, step),
        "back_url": _url(draft, STEPS[number - 1]) if 0 < number < 5 else "",
    }
    return render(request, f"wizard/{step}.html", {**frame, **context}, status=status)


def _rail(request: Any, draft: Draft, here: str) -> list[dict[str, Any]]:
    reachable = STEPS.index(_first_open(draft))
    finished = draft.result_id is not None
    return [
        {
            "key": name,
            "number": number,
            "url": _url(draft, name) if number - 1 <= reachable and not finished else "",
            "state": "here" if name == here else "done" if number - 1 < reachable else "todo",
            "answers": _answers(request, draft, name),
        }
        for number, name in enumerate(STEPS, start=1)
    ]


def _answers(request: Any, draft: Draft, step: str) -> list[str]:
    """Return what the rail says of an answered step."""
    data = draft.data
    if step not in data.get("done", []):
        return []
    if step == "company":
        company = picking.company_of(request.actor, draft)
        return [company.name] if company is not None else []
    if step == "identity":
        typed = data.get("identity", {})
        name = f"{typed.get('first_name', '')} {typed.get('last_name', '')}".strip()
        return [line for line in (name, typed.get("email", "")) if line]
    if step == "companies":
        return [company.name for company in picking.companies_of(request.actor, draft)][:3]
    if step == "applications":
        words = Words(draft.firm_id, request.LANGUAGE_CODE)
        return [", ".join(words.application(name) for name in data.get("applications", []))]
    return []


def _is_keeping(request: Any) -> bool:
    """Return whether a page only keeps what was typed, so that a reload loses nothing."""
    return bool(request.method == "POST" and request.POST.get("go") == "keep")


def _query(request: Any) -> str:
    values = request.POST if request.method == "POST" else request.GET
    return str(values.get("q", ""))[:200].replace("\x00", "")


# --- step 1: billable company ---------------------------------------------------------


def _company(request: Any, draft: Draft) -> HttpResponse:
    error, status = "", 200
    if request.method == "POST":
        ids = picking.read_ids([request.POST.get("company") or request.POST.get("kept") or ""])
        company = picking.choosable(request.actor).filter(pk__in=ids).first()
        if company is not None:
            return _keep(request, draft, "company", **_with_company(draft, company))
        error, status = _("Please choose a company from the list."), 422
    chosen = picking.company_of(request.actor, draft)
    marked = {chosen.pk} if chosen is not None else set()
    found = picking.search(request.actor, _query(request), marked)
    shown = picking.described(request.actor, [chosen], marked) if chosen is not None else [None]
    return _page(
        request,
        draft,
        "company",
        **found,
        chosen=shown[0],
        chosen_is_shown=any(result["chosen"] for result in found["results"]),
        error=error,
        status=status,
    )


def _with_company(draft: Draft, company: Place) -> dict[str, Any]:
    """Return what choosing a company writes: it is pre-selected as an access (S0-12)."""
    changes: dict[str, Any] = {"company": str(company.pk)}
    old = draft.data.get("company")
    chosen = [each for each in draft.data.get("companies", []) if each != old or old is None]
    if rules_of(draft.firm_id).billable_company_preselected:
        changes["companies"] = list(dict.fromkeys([str(company.pk), *chosen]))
    return changes


# --- step 2: identity -----------------------------------------------------------------


def _identity(request: Any, draft: Draft) -> HttpResponse:
    company = picking.company_of(request.actor, draft)
    if company is None:
        return HttpResponseRedirect(_url(draft, "company"))
    words = Words(draft.firm_id, request.LANGUAGE_CODE)
    first_user = watch(company).now == 0
    types = [("administrator", words.get("role.administrator"))]
    if not first_user:
        types.append(("standard", words.get("role.standard")))
    kept = {**draft.data.get("identity", {}), **draft.data.get("typed", {})}
    start = {"language": request.firm.default_language, **kept}
    if first_user:
        start["type"] = "administrator"
    form = IdentityForm(
        request.POST if request.method == "POST" else None, initial=start, types=types
    )
    if _is_keeping(request):
        _remember_typed(request, draft, form)
        return HttpResponse(status=204)
    if request.method == "POST":
        if form.is_valid():
            typed = form.cleaned_data
            identity = client_users.Identity(
                **{
                    key: typed[key]
                    for key in ("last_name", "first_name", "email", "phone", "language")
                }
            )
            try:
                client_users.read_identity(draft.firm_id, identity)
            except Refusal as refusal:
                put_at_fields(form, refusal)
            else:
                return _keep(request, draft, "identity", identity=typed, typed={})
        draft = _remember_typed(request, draft, form)
    status = 422 if form.errors else 200
    return _page(
        request,
        draft,
        "identity",
        form=form,
        company_name=company.name,
        first_user=first_user,
        status=status,
    )


def _remember_typed(request: Any, draft: Draft, form: IdentityForm) -> Draft:
    """Keep what was typed although it is not right yet, so that a reload loses nothing.

    It lies beside the step's answer: a request that comes late undoes no step that was taken.
    """
    typed = {
        name: str(request.POST.get(name, "")).strip()[:400].replace("\x00", "")
        for name in form.fields
    }
    return drafts.keep_draft(request.actor, draft, typed=typed)


# --- step 3: companies ----------------------------------------------------------------


def _companies(request: Any, draft: Draft) -> HttpResponse:
    error, status = "", 200
    if request.method == "POST":
        remove = request.POST.get("remove", "")
        ids = [
            each for each in picking.read_ids(request.POST.getlist("companies")) if each != remove
        ]
        allowed = picking.choosable(request.actor).filter(pk__in=ids).values_list("pk", flat=True)
        kept = [each for each in ids if each in {str(pk) for pk in allowed}]
        draft = drafts.keep_draft(request.actor, draft, companies=kept)
        if request.POST.get("go") == "next" and not remove:
            error, status = _check_companies(request, draft)
            if not error:
                return _keep(request, draft, "companies", companies=kept)
    chosen = picking.companies_of(request.actor, draft)
    found = picking.search(request.actor, _query(request), {company.pk for company in chosen})
    shown = {result["id"] for result in found["results"]}
    return _page(
        request,
        draft,
        "companies",
        **found,
        chosen=[
            {
                "id": company.pk,
                "name": company.name,
                "billable": str(company.pk) == draft.data.get("company"),
            }
            for company in chosen
        ],
        chosen_elsewhere=[company.pk for company in chosen if company.pk not in shown],
        error=error,
        status=status,
    )


def _check_companies(request: Any, draft: Draft) -> tuple[str, int]:
    """Return the sentence that stops step 3, or ""."""
    chosen = picking.companies_of(request.actor, draft)
    if not chosen:
        return _("Please choose at least one company."), 422
    if draft.data.get("identity", {}).get("type") != "administrator":
        for company in chosen:
            if watch(company).now == 0:
                return tell(FirstUserIsAdministrator(company=company.name)), 422
    return "", 200


# --- step 4: applications -------------------------------------------------------------


def _applications(request: Any, draft: Draft) -> HttpResponse:
    companies = picking.companies_of(request.actor, draft)
    if not companies:
        return HttpResponseRedirect(_url(draft, "companies"))
    offered = offered_applications(request, draft, companies)
    if request.method == "POST":
        names = {entry["id"] for entry in offered}
        chosen = [name for name in request.POST.getlist("applications") if name in names]
        if _is_keeping(request):
            drafts.keep_draft(request.actor, draft, applications=chosen)
            return HttpResponse(status=204)
        return _keep(request, draft, "applications", applications=chosen)
    return _page(
        request,
        draft,
        "applications",
        applications=offered,
        companies_total=len(companies),
        error="",
    )


# --- step 5: summary ------------------------------------------------------------------


def _summary(request: Any, draft: Draft) -> HttpResponse:
    company = picking.company_of(request.actor, draft)
    companies = picking.companies_of(request.actor, draft)
    if company is None or not companies:
        return HttpResponseRedirect(_url(draft, "company" if company is None else "companies"))
    rules = rules_of(draft.firm_id)
    start = {"when": rules.activation, "send_mail": rules.send_email}
    form = SummaryForm(
        request.POST if request.method == "POST" else None,
        initial={**start, **draft.data.get("decided", {})},
    )
    status = 200
    if _is_keeping(request):
        if form.is_valid():
            drafts.keep_draft(request.actor, draft, decided=form.cleaned_data)
        return HttpResponse(status=204)
    if request.method == "POST" and form.is_valid():
        try:
            return _confirm(request, draft, company, companies, form.cleaned_data)
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
    elif request.method == "POST":
        status = 422
    return _page(
        request,
        draft,
        "summary",
        form=form,
        status=status,
        **summary_of(request, draft, company, companies),
        urls={name: _url(draft, name) for name in ("identity", "companies", "applications")},
    )


def _identity_of(draft: Draft) -> client_users.Identity:
    typed = draft.data["identity"]
    return client_users.Identity(
        last_name=typed["last_name"],
        first_name=typed["first_name"],
        email=typed["email"],
        phone=typed["phone"],
        language=typed["language"],
    )


def _confirm(
    request: Any,
    draft: Draft,
    company: Place,
    companies: list[Place],
    decided: dict[str, Any],
) -> HttpResponse:
    """Create the user; a second click or a retry shows the first one's receipt."""
    now = decided["when"] == "now"
    offered = {entry["id"] for entry in offered_applications(request, draft, companies)}
    applications = [name for name in draft.data.get("applications", []) if name in offered]
    user = client_users.create_client_user(
        request.actor,
        billable_company=company,
        identity=_identity_of(draft),
        user_type=draft.data["identity"]["type"],
        companies=companies,
        applications=applications,
        activate_now=now,
        send_email=now and decided["send_mail"],
        key=str(draft.pk),
    )
    words = Words(draft.firm_id, request.LANGUAGE_CODE)
    receipt = {
        "role": words.get(f"role.{draft.data['identity']['type']}"),
        "companies": [each.name for each in companies],
        "opened": [words.application(name) for name in applications],
    }
    drafts.finish_draft(request.actor, draft, result_id=user.pk, receipt=receipt)
    return HttpResponseRedirect(_url(draft, "receipt"), status=303)


# --- step 6: receipt ------------------------------------------------------------------


def _receipt(request: Any, draft: Draft) -> HttpResponse:
    if draft.result_id is None:
        return HttpResponseRedirect(_url(draft, _first_open(draft)))
    user = User.objects.visible_to(request.actor).clients().one(pk=draft.result_id)
    seen = read([user], request.actor)
    may = may_do(user, request.actor, seen.grants[user.pk])
    outcome = {"awaiting_validation": "waiting", "ready": "ready"}.get(user.state, "invited")
    invitation: Invitation | None = seen.invitations.get(user.pk)
    return _page(
        request,
        draft,
        "receipt",
        person={"name": user.full_name, "email": user.email},
        user_id=user.pk,
        user_url=reverse("user", args=[user.pk]),
        outcome=outcome,
        link_until=invitation.expires_at if invitation is not None else None,
        may={**{key: may.get(key, False) for key in ("send_welcome", "validate")}, "invite": True},
        **draft.data["receipt"],
    )


_VIEWS: dict[str, Callable[[Any, Draft], HttpResponse]] = {
    "company": _company,
    "identity": _identity,
    "companies": _companies,
    "applications": _applications,
    "summary": _summary,
    "receipt": _receipt,
}

"""One's own saved views of lists: keep the list as it is, rename, delete."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vestibule.directory.actions import saved_views
from vestibule.directory.models import SavedView
from vestibule.refusals import Refusal
from vestibule.web.list_forms import ViewForm
from vestibule.web.readers import require_reader
from vestibule.web.refusals import put_at_fields, status_of
from vestibule.web.views import company_list, user_list


@require_safe
def views(request: Any) -> HttpResponse:
    """Show one's own views of all lists, to open, rename or delete."""
    require_reader(request.actor)
    mine = SavedView.objects.visible_to(request.actor).order_by("list", "name", "pk")
    rows = [
        {"id": view.pk, "name": view.name, "list": view.list, "url": _address(view)}
        for view in mine
    ]
    return render(request, "views/list.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def save(request: Any, name: str) -> HttpResponse:
    """Keep a list as its address describes it, under a name; what nobody knows is left out."""
    require_reader(request.actor)
    listing = _listing(request, name)
    form = ViewForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            view = saved_views.save_view(
                request.actor,
                list_name=name,
                name=form.cleaned_data["name"],
                query=listing.query(),
            )
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
            return HttpResponseRedirect(_address(view), status=303)
    context = {"form": form, "back_url": _list_url(name, listing.query()), "is_new": True}
    return render(request, "views/form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: Any, pk: UUID) -> HttpResponse:
    """Give one of one's own views another name."""
    require_reader(request.actor)
    view = SavedView.objects.visible_to(request.actor).one(pk=pk)
    form = ViewForm(request.POST if request.method == "POST" else None, initial={"name": view.name})
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            saved_views.rename_view(request.actor, view, name=form.cleaned_data["name"])
        except Refusal as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            messages.success(request, _("The view is now named “%(name)s”.") % {"name": view.name})
            return HttpResponseRedirect(reverse("views"), status=303)
    context = {"form": form, "back_url": reverse("views"), "is_new": False}
    return render(request, "views/form.html", context, status=status)


@require_POST
def delete(request: Any, pk: UUID) -> HttpResponse:
    """Forget one of one's own views: the list itself stays as it is."""
    require_reader(request.actor)
    view = SavedView.objects.visible_to(request.actor).one(pk=pk)
    saved_views.delete_view(request.actor, view)
    messages.success(request, _("The view “%(name)s” is deleted.") % {"name": view.name})
    return HttpResponseRedirect(reverse("views"), status=303)


def _listing(request: Any, name: str) -> Any:
    if name == "users":
        return user_list.asked_for(request).listing
    if name == "companies":
        return company_list.asked_for(request).listing
    raise Http404


def _list_url(name: str, query: str) -> str:
    return reverse(name) + (f"?{query}" if query else "")


def _address(view: SavedView) -> str:
    return _list_url(view.list, view.query)

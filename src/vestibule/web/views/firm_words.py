"""The firm's settings: its words, and the positions that people may have."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vestibule.directory.actions import positions as acts
from vestibule.directory.actions.words import change_word, reset_word
from vestibule.directory.firm_views import (
    NOT_LISTED,
    OwnPosition,
    OwnWord,
    own_positions,
    own_word,
    own_words,
    positions_seen,
)
from vestibule.refusals import Conflict, Invalid, NotNow, SettingsChanged
from vestibule.web.forms import LANGUAGES
from vestibule.web.place_forms import posted
from vestibule.web.refusals import put_at_fields, status_of, tell
from vestibule.web.settings_forms import SeenForm, WordsForm
from vestibule.web.settings_pages import back_to, settings_page, show

GROUPS = (
    ("nav.", gettext_lazy("Menu")),
    ("place.", gettext_lazy("Places")),
    ("role.", gettext_lazy("Roles")),
    ("app.", gettext_lazy("Applications")),
    ("", gettext_lazy("Other words")),
)
ICONS = {"place": "building", "role": "user", "app": "apps"}
CODES = [code for code, _name in LANGUAGES]


def _row(word: OwnWord, language: str) -> dict[str, Any]:
    return {
        "key": word.key,
        "text": word.texts[language],
        "others": [
            {"language": code, "text": word.texts[code]} for code in CODES if code != language
        ],
        "is_own": word.is_own,
        "icon": ICONS.get(word.key.partition(".")[0], "menu-2"),
    }


@require_safe
@settings_page
def words(request: Any) -> HttpResponse:
    """List every word of the firm, with a search."""
    query = request.GET.get("q", "")[:200].replace("\x00", "")
    language = request.LANGUAGE_CODE
    groups: list[dict[str, Any]] = [{"title": title, "rows": []} for _start, title in GROUPS]
    for word in own_words(request.firm, query):
        place = next(at for at, (start, _t) in enumerate(GROUPS) if word.key.startswith(start))
        groups[place]["rows"].append(_row(word, language))
    context = {"q": query, "groups": [group for group in groups if group["rows"]]}
    return show(request, "settings_words", "words.html", context)


def _word_of(request: Any, key: str) -> OwnWord:
    """Return a word of this firm that the list has; a 404 for any other."""
    found = None if "\x00" in key or key.startswith(NOT_LISTED) else own_word(request.firm, key)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@settings_page
def word(request: Any, key: str) -> HttpResponse:
    """Change one word, in every language."""
    now = _word_of(request, key)
    fresh = {**now.texts, "seen": now.seen}
    form, status = WordsForm(posted(request), initial=fresh), 200
    if form.is_valid():
        texts = {code: form.cleaned_data[code] for code in CODES}
        try:
            new = change_word(request.actor, key=key, texts=texts, seen=form.cleaned_data["seen"])
        except SettingsChanged as refusal:
            messages.warning(request, tell(refusal))
            form, status = WordsForm(initial=fresh), status_of(refusal)
        except Invalid as refusal:
            put_at_fields(form, refusal)
        else:
            said = {"word": new[request.LANGUAGE_CODE]}
            messages.success(request, _("It is called “%(word)s” from now on.") % said)
            return back_to("settings_words")
    language = request.LANGUAGE_CODE
    context = {
        "form": form,
        "word": _row(now, language),
        "shipped": [now.shipped[code] for code in CODES] if now.is_own else [],
        "examples": _examples(now),
    }
    return show(
        request, "settings_words", "word.html", context, status=422 if form.errors else status
    )


def _examples(now: OwnWord) -> list[dict[str, str]]:
    return [{"language": code, "name": name, "text": now.texts[code]} for code, name in LANGUAGES]


@require_POST
@settings_page
def word_reset(request: Any, key: str) -> HttpResponse:
    """Put a word back to the blueprint's."""
    _word_of(request, key)
    form = SeenForm(request.POST)
    if form.is_valid():
        try:
            new = reset_word(request.actor, key=key, seen=form.cleaned_data["seen"])
        except SettingsChanged as refusal:
            messages.warning(request, tell(refusal))
            return back_to("settings_word", key)
        said = {"word": new[request.LANGUAGE_CODE]}
        messages.success(request, _("It is called “%(word)s” again.") % said)
    return back_to("settings_words")


# --- positions --------------------------------------------------------------------------


@require_safe
@settings_page
def positions(request: Any) -> HttpResponse:
    """List the positions: those offered, in their order, and those retired."""
    return _show_positions(request)


def _show_positions(request: Any, *, status: int = 200) -> HttpResponse:
    found = own_positions(request.firm.id)
    offered = [one for one in found if not one.is_retired]
    language = request.LANGUAGE_CODE
    rows = [
        _position_row(one, language, up=place > 0, down=place < len(offered) - 1)
        for place, one in enumerate(offered)
    ]
    retired = [_position_row(one, language) for one in found if one.is_retired]
    context = {"rows": rows, "retired": retired, "seen": positions_seen(request.firm.id)}
    return show(request, "settings_positions", "positions.html", context, status=status)


def _position_row(
    one: OwnPosition, language: str, *, up: bool = False, down: bool = False
) -> dict[str, Any]:
    return {
        "code": one.code,
        "text": one.texts[language],
        "others": [
            {"language": code, "text": one.texts[code]} for code in CODES if code != language
        ],
        "up": up,
        "down": down,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@settings_page
def position_add(request: Any) -> HttpResponse:
    """Add a position."""
    form, status = WordsForm(posted(request)), 200
    if form.is_valid():
        texts = {code: form.cleaned_data[code] for code in CODES}
        try:
            acts.add_position(request.actor, texts=texts)
        except (Invalid, Conflict, NotNow) as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            said = {"word": texts[request.LANGUAGE_CODE]}
            messages.success(request, _("The position “%(word)s” is offered from now on.") % said)
            return back_to("settings_positions")
    elif form.errors:
        status = 422
    context = {"form": form, "position": None}
    return show(request, "settings_positions", "position.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@settings_page
def position(request: Any, code: str) -> HttpResponse:
    """Rename a position."""
    found = [one for one in own_positions(request.firm.id) if one.code == code]
    if not found:
        raise Http404
    fresh = {**found[0].texts, "seen": positions_seen(request.firm.id)}
    form, status = WordsForm(posted(request), initial=fresh), 200
    if form.is_valid():
        texts = {each: form.cleaned_data[each] for each in CODES}
        seen = form.cleaned_data["seen"]
        try:
            acts.rename_position(request.actor, code=code, texts=texts, seen=seen)
        except SettingsChanged as refusal:
            messages.warning(request, tell(refusal))
            form, status = WordsForm(initial=fresh), status_of(refusal)
        except (Invalid, Conflict) as refusal:
            put_at_fields(form, refusal)
            status = status_of(refusal)
        else:
            said = {"word": texts[request.LANGUAGE_CODE]}
            messages.success(request, _("The position is called “%(word)s” from now on.") % said)
            return back_to("settings_positions")
    elif form.errors:
        status = 422
    context = {"form": form, "position": _position_row(found[0], request.LANGUAGE_CODE)}
    return show(request, "settings_positions", "position.html", context, status=status)


@require_POST
@settings_page
def position_act(request: Any, code: str, act: str) -> HttpResponse:
    """Move a position up or down, retire it, or offer it again."""
    form = SeenForm(request.POST)
    if not form.is_valid():
        return _show_positions(request, status=422)
    try:
        if act == "retire":
            acts.retire_position(request.actor, code=code)
        elif act == "restore":
            acts.restore_position(request.actor, code=code)
        else:
            order = _moved(request.firm.id, code, -1 if act == "up" else 1)
            acts.order_positions(request.actor, codes=order, seen=form.cleaned_data["seen"])
    except SettingsChanged as refusal:
        messages.warning(request, tell(refusal))
    return back_to("settings_positions")


def _moved(firm_id: Any, code: str, step: int) -> list[str]:
    """Return the codes of the offered positions with one of them a place further."""
    order = [one.code for one in own_positions(firm_id) if not one.is_retired]
    if code not in order:
        raise Http404
    place = order.index(code)
    target = min(max(place + step, 0), len(order) - 1)
    order.insert(target, order.pop(place))
    return order

"""How the firm shows itself: its name, language and time zone, its accent colour and its logo."""

from __future__ import annotations

from zoneinfo import available_timezones

from vestibule import clock
from vestibule.actor import Actor
from vestibule.blueprints.schema import LANGUAGES
from vestibule.colours import read_colour
from vestibule.directory.actions._action import action, authorize, nothing_changed, record
from vestibule.directory.actions._firm import changes, locked_firm, refuse_if_changed
from vestibule.directory.actions._texts import place_search_text, place_sort_key
from vestibule.directory.firm_views import firm_seen, logo_of, logo_seen, seen_of
from vestibule.directory.models import Firm, FirmLogo, Place
from vestibule.directory.policies.names import PLACE_LIMIT, Gathered, read_name
from vestibule.directory.policies.pictures import Picture
from vestibule.refusals import ChoiceUnknown, Invalid, Refusal, _


class ColourInvalid(Invalid):
    code = "colour.invalid"
    sentence = _("Please write the colour as # and six digits or letters a to f, such as #2450c8.")


@action("vestibule.settings.change")
def change_firm(actor: Actor, *, name: str, language: str, time_zone: str, seen: str) -> Firm:
    """Give the firm another name, the language of whoever chose none, or another time zone.

    Its address stays: links in mails that have left go on working.

    Refuses: Invalid at the field, SettingsChanged.
    """
    actor = authorize(actor, at=None)
    # Acts on places lock them before the firm's row, and so does this one.
    root = Place.objects.select_for_update(no_key=True).get(firm_id=actor.firm_id, acts_as="firm")
    firm = locked_firm(actor)
    new = {
        "name": _read_firm_name(name, language, time_zone),
        "default_language": language,
        "time_zone": time_zone,
    }
    refuse_if_changed(seen, firm_seen(firm))
    changed = changes({field: getattr(firm, field) for field in new}, new)
    if not changed:
        nothing_changed()
        return firm

    for field, value in new.items():
        setattr(firm, field, value)
    firm.save(update_fields=list(changed))
    if "name" in changed:
        _name_root(root, firm.name)
    record(actor, "firm.changed", firm, public=dict(changed))
    return firm


def _read_firm_name(name: str, language: str, time_zone: str) -> str:
    """Refuses: Invalid at each of the three fields that cannot be taken."""
    gathered, read = Gathered(), ""
    try:
        read = read_name(name, limit=PLACE_LIMIT)
    except Refusal as refusal:
        gathered.refuse("name", refusal)
    if language not in LANGUAGES:
        gathered.refuse("language", ChoiceUnknown())
    if time_zone not in available_timezones():
        gathered.refuse("time_zone", ChoiceUnknown())
    gathered.stop_if_refused()
    return read


def _name_root(root: Place, name: str) -> None:
    root.name = name
    root.version += 1
    root.sort_key = place_sort_key(root)
    root.search_text = place_search_text(root, [])
    root.save(update_fields=["name", "version", "sort_key", "search_text"])


@action("vestibule.settings.change")
def change_accent(actor: Actor, *, accent: str, seen: str) -> Firm:
    """Show pages and mails in another accent colour; what would be unreadable is moved when shown.

    Refuses: Invalid at `accent`, SettingsChanged.
    """
    actor = authorize(actor, at=None)
    firm = locked_firm(actor)
    colour = read_colour(accent)
    if colour is None:
        raise ColourInvalid.at("accent")
    refuse_if_changed(seen, seen_of(firm.accent))
    if firm.accent == colour:
        nothing_changed()
        return firm

    old, firm.accent = firm.accent, colour
    firm.save(update_fields=["accent"])
    record(actor, "firm.accent_changed", firm, public={"accent": [old, colour]})
    return firm


@action("vestibule.settings.change")
def set_logo(actor: Actor, *, picture: Picture, seen: str) -> None:
    """Show this picture on pages and in mails. `picture` was drawn by us (`drawn_anew`).

    Refuses: SettingsChanged.
    """
    actor = authorize(actor, at=None)
    firm = locked_firm(actor)
    refuse_if_changed(seen, logo_seen(firm.pk))
    old = logo_of(firm.pk)
    if old is not None and old.sha256 == picture.sha256:
        nothing_changed()
        return

    FirmLogo.objects.update_or_create(
        firm=firm,
        defaults={
            "png": picture.png,
            "width": picture.width,
            "height": picture.height,
            "sha256": picture.sha256,
            "changed_at": clock.now(),
        },
    )
    before = old.sha256 if old is not None else None
    record(actor, "firm.logo_changed", firm, public={"logo": [before, picture.sha256]})


@action("vestibule.settings.change")
def remove_logo(actor: Actor, *, seen: str) -> None:
    """Show the firm's initials and name again.

    Refuses: SettingsChanged.
    """
    actor = authorize(actor, at=None)
    firm = locked_firm(actor)
    refuse_if_changed(seen, logo_seen(firm.pk))
    old = logo_of(firm.pk)
    if old is None:
        nothing_changed()
        return

    FirmLogo.objects.filter(firm=firm).delete()
    record(actor, "firm.logo_removed", firm, public={"logo": [old.sha256, None]})

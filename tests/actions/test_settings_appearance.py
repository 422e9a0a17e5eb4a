"""The firm's name, accent and logo: what is taken, what is drawn anew, what is refused."""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from tests.world import World
from vestibule.directory import firm_views
from vestibule.directory.actions.appearance import (
    change_accent,
    change_firm,
    remove_logo,
    set_logo,
)
from vestibule.directory.models import Event, Firm, FirmLogo
from vestibule.directory.policies.pictures import (
    LogoIsSvg,
    LogoTooHeavy,
    LogoTooLarge,
    LogoUnreadable,
    drawn_anew,
)
from vestibule.refusals import Invalid, SettingsChanged

pytestmark = pytest.mark.usefixtures("database")


def picture(width: int = 960, height: int = 200, kind: str = "PNG", **how: Any) -> bytes:
    """Return a file with a picture of one colour."""
    out = io.BytesIO()
    mode = "RGB" if kind == "JPEG" else "RGBA"
    Image.new(mode, (width, height), "#0d665a").save(out, kind, **how)
    return out.getvalue()


def claiming(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that says it is so large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


# --- pictures -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_drawn_anew_in_proportion(kind: str) -> None:
    drawn = drawn_anew(picture(kind=kind))

    with Image.open(io.BytesIO(drawn.png)) as again:
        assert again.format == "PNG"
        assert again.size == (drawn.width, drawn.height) == (480, 100)


def test_a_small_one_is_not_made_larger() -> None:
    assert (drawn_anew(picture(40, 20)).width, drawn_anew(picture(40, 20)).height) == (40, 20)


@pytest.mark.parametrize(("size", "then"), [((100, 4000), (4, 160)), ((5000, 1), (480, 1))])
def test_a_very_long_one_keeps_at_least_a_pixel(
    size: tuple[int, int], then: tuple[int, int]
) -> None:
    drawn = drawn_anew(picture(*size))

    assert (drawn.width, drawn.height) == then


def test_what_the_file_says_besides_is_dropped() -> None:
    about = PngImagePlugin.PngInfo()
    about.add_text("Author", "Marie Durand")
    exif = Image.Exif()
    exif[0x8298] = "Marie Durand"
    for data in (picture(pnginfo=about), picture(kind="JPEG", exif=exif, comment=b"Marie Durand")):
        assert b"Marie Durand" in data

        png = drawn_anew(data + b"<script>Marie Durand</script>").png

        assert b"Marie Durand" not in png
        assert {name for name in (b"tEXt", b"eXIf", b"iCCP", b"pHYs") if name in png} == set()


def test_a_photograph_held_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    drawn = drawn_anew(picture(100, 40, "JPEG", exif=exif))

    assert (drawn.width, drawn.height) == (40, 100)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("part", [0.5, 0.9, 0.02])
def test_a_file_cut_short_is_refused(kind: str, part: float) -> None:
    noise = Image.effect_noise((300, 200), 90)
    out = io.BytesIO()
    noise.convert("RGB").save(out, kind)
    whole = out.getvalue()
    assert drawn_anew(whole)

    with pytest.raises(LogoUnreadable):
        drawn_anew(whole[: int(len(whole) * part)])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"just text",
        b"\x89PNG\r\n\x1a\n",
        b"%PDF-1.7",
        b"GIF89a" + b"\0" * 40,
        b"BM" + b"\0" * 60,
        b"RIFF\0\0\0\0WEBP" + b"\xff" * 40,
        b"\xff\xd8\xff\xe0" + b"\0" * 40,
    ],
)
def test_what_is_no_picture_of_the_three_kinds_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        drawn_anew(data)


def test_a_gif_is_refused_though_it_could_be_read() -> None:
    out = io.BytesIO()
    Image.new("P", (20, 20)).save(out, "GIF")

    with pytest.raises(LogoUnreadable):
        drawn_anew(out.getvalue())


@pytest.mark.parametrize("size", [(20_000, 20_000), (10_000, 9_500), (5_000, 4_001)])
def test_a_file_that_claims_to_be_huge_is_refused_before_room_is_made_for_it(
    size: tuple[int, int],
) -> None:
    data = claiming(*size)
    assert len(data) < 200

    with pytest.raises(LogoTooLarge) as refused:
        drawn_anew(data)

    assert str(size[0]) in str(refused.value)


def test_a_huge_webp_is_refused_by_its_header_before_it_is_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = bytearray(picture(16, 16, "WEBP", lossless=True))
    assert small[12:16] == b"VP8L"
    small[21:25] = (16_382 | 16_382 << 14 | 1 << 28).to_bytes(4, "little")

    def opened(*args: Any, **how: Any) -> None:
        raise AssertionError("Pillow makes room for the whole picture when it opens a WebP")

    monkeypatch.setattr(Image, "open", opened)
    with pytest.raises(LogoTooLarge):
        drawn_anew(bytes(small))


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?>\n<!DOCTYPE svg>\n<SVG onload="x()"></SVG>',
    ],
)
def test_an_svg_is_refused_with_the_reason(data: bytes) -> None:
    with pytest.raises(LogoIsSvg, match="scripts"):
        drawn_anew(data)


def test_a_heavy_file_is_refused_unread() -> None:
    with pytest.raises(LogoTooHeavy):
        drawn_anew(b"\0" * (1024 * 1024 + 1))


# --- in the firm --------------------------------------------------------------------------


def newest(world: World) -> Event:
    with world.scope():
        found = Event.objects.filter(firm_id=world.morel.id).order_by("-sequence").first()
        assert found is not None
        return found


def logo_seen(world: World) -> str:
    with world.scope():
        return firm_views.logo_seen(world.morel.id)


def firm(world: World) -> Firm:
    return Firm.objects.get(pk=world.morel.id)


def test_a_logo_is_set_replaced_and_removed_and_each_is_in_the_trail(world: World) -> None:
    administrator = world.actor("administrator")
    one, two = drawn_anew(picture(40, 20)), drawn_anew(picture(60, 20))

    set_logo(administrator, picture=one, seen=logo_seen(world))
    set_logo(administrator, picture=two, seen=logo_seen(world))

    assert newest(world).public == {"logo": [one.sha256, two.sha256]}
    with world.scope():
        assert firm_views.logo_png(world.morel.id, two.sha256) == two.png
        assert firm_views.logo_png(world.morel.id, one.sha256) is None
    with world.rivage.scope():
        assert firm_views.logo_of(world.rivage.id) is None
        assert firm_views.logo_png(world.rivage.id, two.sha256) is None
    remove_logo(administrator, seen=logo_seen(world))
    assert newest(world).public == {"logo": [two.sha256, None]}
    with world.scope():
        assert not FirmLogo.objects.filter(firm_id=world.morel.id).exists()


def test_whoever_did_not_see_the_new_logo_does_not_remove_it(world: World) -> None:
    administrator, seen = world.actor("administrator"), logo_seen(world)
    set_logo(administrator, picture=drawn_anew(picture(40, 20)), seen=seen)

    with pytest.raises(SettingsChanged):
        remove_logo(administrator, seen=seen)
    with pytest.raises(SettingsChanged):
        set_logo(administrator, picture=drawn_anew(picture(60, 20)), seen=seen)


def test_the_same_logo_again_is_no_event(world: World) -> None:
    administrator, one = world.actor("administrator"), drawn_anew(picture(40, 20))
    set_logo(administrator, picture=one, seen=logo_seen(world))
    before = newest(world).sequence

    set_logo(administrator, picture=one, seen=logo_seen(world))

    assert newest(world).sequence == before


def test_the_firms_new_name_is_its_place_too(world: World) -> None:
    change_firm(
        world.actor("administrator"),
        name="  Morel   & Associés ",
        language="de",
        time_zone="Europe/Berlin",
        seen=firm_views.firm_seen(firm(world)),
    )

    assert (firm(world).name, firm(world).slug) == ("Morel & Associés", "morel")
    assert (firm(world).default_language, firm(world).time_zone) == ("de", "Europe/Berlin")
    assert world.place("root").name == "Morel & Associés"
    assert newest(world).public["name"] == ["Cabinet Morel", "Morel & Associés"]


def test_what_the_firm_cannot_be_is_said_at_each_field(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        change_firm(
            world.actor("administrator"),
            name="\u202e",
            language="tlh",
            time_zone="Mars/Olympus",
            seen=firm_views.firm_seen(firm(world)),
        )

    assert set(refused.value.fields) == {"name", "language", "time_zone"}
    assert firm(world).name == "Cabinet Morel"


def test_an_accent_is_kept_as_it_was_picked_and_old_and_new_are_in_the_trail(world: World) -> None:
    seen = firm_views.seen_of(firm(world).accent)

    change_accent(world.actor("administrator"), accent="FFDD00", seen=seen)

    assert firm(world).accent == "#ffdd00"
    assert newest(world).public == {"accent": ["#2450c8", "#ffdd00"]}
    with pytest.raises(SettingsChanged):
        change_accent(world.actor("administrator"), accent="#000000", seen=seen)


@pytest.mark.parametrize("accent", ["", "red", "#12345", "#2450c8}body{display:none"])
def test_what_is_no_colour_is_refused(world: World, accent: str) -> None:
    with pytest.raises(Invalid) as refused:
        change_accent(
            world.actor("administrator"),
            accent=accent,
            seen=firm_views.seen_of(firm(world).accent),
        )

    assert set(refused.value.fields) == {"accent"}
    assert firm(world).accent == "#2450c8"

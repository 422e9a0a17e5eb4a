"""From any accent colour come shades that can be read: WCAG 2.2, 1.4.3 and 1.4.11."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import vestibule.web
from vestibule.colours import (
    DARK_GROUNDS,
    DARK_SECOND_LINE,
    DRAWN,
    LIGHT_GROUNDS,
    LIGHT_MUTE,
    LIGHT_SECOND_LINE,
    contrast,
    read_colour,
    theme_of,
)
from vestibule.web.appearance import sheet_name, sheet_of

APP_CSS = Path(vestibule.web.__path__[0]) / "static" / "vestibule" / "app.css"

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def hue_of(colour: str) -> float:
    import colorsys

    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return colorsys.rgb_to_hls(red, green, blue)[0]


@settings(max_examples=300, deadline=None)
@given(accent=colours)
@example(accent="#000000")
@example(accent="#ffffff")
@example(accent="#ffdd00")
@example(accent="#00ffff")
@example(accent=DRAWN.chosen)
def test_whatever_the_firm_picks_can_be_read_in_both_themes(accent: str) -> None:
    theme = theme_of(accent)
    light, dark = theme.light, theme.dark

    assert contrast(light.accent, "#ffffff") >= 4.5
    assert contrast(dark.accent, "#ffffff") >= 4.5
    for ground in (*LIGHT_GROUNDS, light.tint):
        assert contrast(light.ink, ground) >= 4.5
        assert contrast(light.accent, ground) >= 3
    for ground in (*DARK_GROUNDS, dark.tint):
        assert contrast(dark.ink, ground) >= 4.5
        assert contrast(dark.accent, ground) >= 3
    for words in (LIGHT_SECOND_LINE, LIGHT_MUTE):
        assert contrast(words, light.tint) >= 4.5
    assert contrast(DARK_SECOND_LINE, dark.tint) >= 4.5


@settings(max_examples=200, deadline=None)
@given(accent=colours)
def test_a_colour_that_carries_white_words_is_used_as_it_is(accent: str) -> None:
    theme = theme_of(accent)

    assert theme.is_moved == (contrast(accent, "#ffffff") < 4.5)
    assert theme.is_moved == (theme.light.accent != accent)


@pytest.mark.parametrize("accent", ["#ffdd00", "#7fff00", "#ff8fb1", "#12a07a"])
def test_a_moved_colour_keeps_its_hue(accent: str) -> None:
    moved = theme_of(accent).light.accent

    assert moved != accent
    assert abs(hue_of(moved) - hue_of(accent)) < 0.01


def test_black_on_white_has_the_contrast_that_the_standard_names() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize(
    ("typed", "colour"),
    [
        ("#2450C8", "#2450c8"),
        ("2450c8", "#2450c8"),
        (" #abc ", "#aabbcc"),
        ("red", None),
        ("#12345", None),
        ("#2450c8;background:url(x)", None),
        ("", None),
        ("#٢٤٥٠٠٠", None),
    ],
)
def test_what_is_typed_is_read_as_a_colour_or_not_at_all(typed: str, colour: str | None) -> None:
    assert read_colour(typed) == colour


@pytest.mark.parametrize("accent", ["red", "#12345", "#2450c8;x"])
def test_shades_of_what_is_no_colour_are_a_bug(accent: str) -> None:
    with pytest.raises(ValueError, match="rrggbb"):
        theme_of(accent)


def test_the_common_sheet_has_the_shades_of_the_first_accent() -> None:
    css = APP_CSS.read_text(encoding="utf-8")

    for shades in (DRAWN.light, DRAWN.dark):
        line = f"--accent: {shades.accent}; --accent-ink: {shades.ink}; --accent-bg: {shades.tint};"
        assert line in css
    for ground in (*LIGHT_GROUNDS, *DARK_GROUNDS, LIGHT_SECOND_LINE, LIGHT_MUTE, DARK_SECOND_LINE):
        short = f"#{ground[1]}{ground[3]}{ground[5]}" if ground == "#ffffff" else ground
        assert f": {short};" in css


def test_a_firms_sheet_holds_nothing_but_its_colours_and_has_another_name_for_another_accent() -> (
    None
):
    sheet = sheet_of("#6336c4")

    assert set(re.findall(r"--[a-z-]+", sheet)) == {"--accent", "--accent-ink", "--accent-bg"}
    assert sheet.count("#") == 9
    assert sheet_name("#6336c4") != sheet_name("#6336c5")

"""From one accent colour to the few that pages and mails use, each moved until it can be read.

WCAG 2.2: words 4.5:1 (1.4.3), edges and marks that mean something 3:1 (1.4.11). Knows nothing else.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

WORDS = 4.5
EDGES = 3.0
STEPS = 1000

LIGHT_GROUNDS = ("#ffffff", "#f6f7f9", "#f3f5f8")
"""surface, page and inset of the light theme; app.css has the same"""
LIGHT_SECOND_LINE = "#535e6e"
LIGHT_MUTE = "#4a5463"
DARK_GROUNDS = ("#171b22", "#0f1217", "#1d222b")
DARK_SECOND_LINE = "#a4adba"
DARK_INK_FROM = 0.81
"""lightness at which words in the accent begin to be pleasant on a dark ground"""

_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Shades:
    """One theme's colours: `accent` carries white words, `ink` is words, `tint` lies under them."""

    accent: str
    ink: str
    tint: str


@dataclass(frozen=True, slots=True)
class Theme:
    """What becomes of one accent. `chosen` is what the firm picked."""

    chosen: str
    light: Shades
    dark: Shades

    @property
    def is_moved(self) -> bool:
        """Return whether the chosen colour itself could not carry white words."""
        return self.light.accent != self.chosen


DRAWN = Theme(
    "#2450c8",
    Shades("#2450c8", "#1f46b0", "#eef3fe"),
    Shades("#3f6be8", "#9db8ff", "#1a2440"),
)
"""The accent that a firm begins with, its shades drawn by hand: the same stand in app.css."""


def read_colour(typed: str) -> str | None:
    """Return a colour as `#rrggbb` in small letters, or None when `typed` is none."""
    colour = typed.strip().lower()
    if re.fullmatch(r"#?[0-9a-f]{3}", colour):
        colour = "".join(digit * 2 for digit in colour.removeprefix("#"))
    if not colour.startswith("#"):
        colour = f"#{colour}"
    return colour if _COLOUR.fullmatch(colour) else None


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours: 1 (the same) to 21 (black and white)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance that WCAG 2.2 defines: 0 (black) to 1 (white)."""
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=500)
def theme_of(accent: str) -> Theme:
    """Return the shades of an accent written `#rrggbb`.

    Raises ValueError when it is no such colour.
    """
    accent = accent.lower()
    if not _COLOUR.fullmatch(accent):
        raise ValueError("an accent colour is written #rrggbb")
    if accent == DRAWN.chosen:
        return DRAWN
    return Theme(accent, _light(accent), _dark(accent))


def _light(chosen: str) -> Shades:
    accent = _moved(chosen, lambda one: contrast(one, "#ffffff") >= WORDS)
    tint = _tint(accent, "#ffffff", LIGHT_SECOND_LINE, LIGHT_MUTE)
    ink = _moved(accent, lambda one: _stands_out(one, (*LIGHT_GROUNDS, tint), WORDS))
    return Shades(accent, ink, tint)


def _dark(chosen: str) -> Shades:
    def carries_white_and_is_seen(one: str) -> bool:
        return contrast(one, "#ffffff") >= WORDS and _stands_out(one, DARK_GROUNDS, EDGES)

    accent = _moved(chosen, carries_white_and_is_seen)
    tint = _tint(accent, DARK_GROUNDS[0], DARK_SECOND_LINE, accent)
    ink = _moved(
        _with_lightness(chosen, max(DARK_INK_FROM, _lightness(chosen))),
        lambda one: _stands_out(one, (*DARK_GROUNDS, tint), WORDS),
    )
    return Shades(accent, ink, tint)


def _tint(accent: str, ground: str, words: str, mark: str) -> str:
    """Return the strongest tint of the ground on which words are still read and a mark is seen."""
    for percent in range(20, 0, -1) if luminance(ground) < 0.5 else range(8, 0, -1):
        tint = mixed(accent, ground, percent / 100)
        if contrast(tint, words) >= WORDS and contrast(tint, mark) >= EDGES:
            return tint
    return ground


def _stands_out(colour: str, grounds: Iterable[str], least: float) -> bool:
    return all(contrast(colour, ground) >= least for ground in grounds)


def _moved(colour: str, holds: Callable[[str], bool]) -> str:
    """Return the colour of the same hue, as near as can be, for which `holds` is true."""
    if holds(colour):
        return colour
    own = _lightness(colour)
    for place in sorted(range(STEPS + 1), key=lambda step: abs(step / STEPS - own)):
        tried = _with_lightness(colour, place / STEPS)
        if holds(tried):
            return tried
    raise AssertionError(f"no lightness of {colour} will do")


def mixed(one: str, other: str, share: float) -> str:
    """Return two colours mixed in sRGB, `share` of the first."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return _written(tuple(a * share + b * (1 - share) for a, b in pairs))


def _lightness(colour: str) -> float:
    return colorsys.rgb_to_hls(*_channels(colour))[1]


def _with_lightness(colour: str, lightness: float) -> str:
    hue, _old, saturation = colorsys.rgb_to_hls(*_channels(colour))
    return _written(colorsys.hls_to_rgb(hue, lightness, saturation))


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _written(channels: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)

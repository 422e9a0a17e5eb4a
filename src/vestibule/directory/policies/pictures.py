"""A firm's logo: what is taken, and how it is drawn anew so that nothing of the file itself is kept."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from vestibule.refusals import Invalid, _

FORMATS = ("PNG", "JPEG", "WEBP")
BEGINNINGS = (b"\x89PNG", b"\xff\xd8", b"RIFF")
MOST_BYTES = 1024 * 1024
MOST_PIXELS = 4_000_000
"""A file of a few kilobytes can claim to be a picture that fills the memory: this many pixels take
about 100 MB while they are drawn anew."""
WIDEST, HIGHEST = 480, 160

BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    struct.error,
    zlib.error,
    UnidentifiedImageError,
)
"""What Pillow raises at a file that is cut short or is something else."""


class LogoUnreadable(Invalid):
    code = "logo.unreadable"
    sentence = _(
        "This file is not a PNG, JPEG or WebP picture that can be read to its end. Please save the"
        " logo again in one of these formats."
    )


class LogoIsSvg(Invalid):
    code = "logo.svg"
    sentence = _(
        "An SVG file can carry scripts and load things from elsewhere, so it is not taken. Please"
        " save the logo as PNG, JPEG or WebP."
    )


class LogoTooLarge(Invalid):
    code = "logo.too_large"
    sentence = _(
        "This picture has %(width)s × %(height)s pixels. Please make it smaller: 960 × 320 is plenty."
    )


class LogoTooHeavy(Invalid):
    code = "logo.too_heavy"
    sentence = _("This file is larger than 1 MB. Please save the logo in a smaller size.")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture drawn by us: PNG, without anything that the file carried besides its pixels."""

    png: bytes
    width: int
    height: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.png).hexdigest()


def drawn_anew(data: bytes) -> Picture:
    """Return the picture in `data` as a fresh PNG of at most 480 × 160 pixels, in proportion.

    Refuses: LogoIsSvg, LogoTooHeavy, LogoTooLarge, LogoUnreadable.
    """
    if len(data) > MOST_BYTES:
        raise LogoTooHeavy()
    if not data.startswith(BEGINNINGS) and b"<svg" in data[:4096].lower():
        raise LogoIsSvg()
    _refuse_too_many_pixels(*_size_in_webp(data))
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as found:
            _refuse_too_many_pixels(*found.size)
            pixels = ImageOps.exif_transpose(found).convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        width, height = _size_in_png(data)
        raise LogoTooLarge(width=width, height=height) from None
    except BROKEN:
        raise LogoUnreadable() from None
    pixels.thumbnail((WIDEST, HIGHEST), Image.Resampling.LANCZOS)
    fresh = Image.new("RGBA", pixels.size)
    fresh.paste(pixels)
    out = io.BytesIO()
    fresh.save(out, "PNG", optimize=True)
    return Picture(out.getvalue(), *fresh.size)


def _refuse_too_many_pixels(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise LogoTooLarge(width=width, height=height)


def _size_in_png(data: bytes) -> tuple[int, int]:
    """Return the size that a PNG file claims in its first chunk; any other claims the most."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    return 65_535, 65_535


def _size_in_webp(data: bytes) -> tuple[int, int]:
    """Return the size that a WebP file claims, (0, 0) for any other: Pillow makes room for it at once."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return 0, 0
    kind = data[12:16]
    if kind == b"VP8X":
        return (
            1 + int.from_bytes(data[24:27], "little"),
            1 + int.from_bytes(data[27:30], "little"),
        )
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", data[26:30])
    return width & 0x3FFF, height & 0x3FFF

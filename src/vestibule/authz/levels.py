"""Human levels over machine bits: the higher level contains the lower."""

from __future__ import annotations

from enum import StrEnum


class LevelSet(StrEnum):
    """The scales a permission can be given on."""

    SWITCH = "switch"
    NONE_READ_EDIT = "none_read_edit"
    NONE_VALIDATION_YES = "none_validation_yes"


_LEVELS: dict[LevelSet, tuple[str, ...]] = {
    LevelSet.SWITCH: ("off", "on"),
    LevelSet.NONE_READ_EDIT: ("none", "read", "edit"),
    LevelSet.NONE_VALIDATION_YES: ("none", "validation", "yes"),
}


class UnknownLevel(ValueError):
    """A level that is not on the permission's scale."""


def levels_of(level_set: LevelSet) -> tuple[str, ...]:
    """Return the names of a scale, lowest first; the first always means no."""
    return _LEVELS[level_set]


def width(level_set: LevelSet) -> int:
    """Return how many bits a scale takes."""
    return len(_LEVELS[level_set]) - 1


def bits_of(level_set: LevelSet, level: str, first_bit: int) -> int:
    """Return the mask of a level whose scale begins at `first_bit`.

    Raises:
        UnknownLevel: the scale has no such level.
    """
    names = _LEVELS[level_set]
    if level not in names:
        raise UnknownLevel(f"{level!r} is not one of {', '.join(names)}")
    return ((1 << names.index(level)) - 1) << first_bit

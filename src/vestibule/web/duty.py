"""The reader's duty to have a second factor, asked once for each request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vestibule import clock
from vestibule.directory.factors import has_factor
from vestibule.directory.policies.second_factor import Duty, duty_of
from vestibule.directory.scope import firm_scope


def reachable_without_second_factor(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a page be reached by whoever should have added a second factor by now."""
    view.reachable_without_second_factor = True  # type: ignore[attr-defined]
    return view


def open_duty(request: Any) -> Duty | None:
    """Return the duty that the reader has not met yet, or None."""
    if not hasattr(request, "open_duty"):
        request.open_duty = _open_duty(request)
    duty: Duty | None = request.open_duty
    return duty


def _open_duty(request: Any) -> Duty | None:
    if request.firm is None or not request.actor.is_person:
        return None
    with firm_scope(request.firm):
        duty = duty_of(request.actor)
        return None if duty is None or has_factor(request.user) else duty


def is_held_up(request: Any, view: Callable[..., Any]) -> bool:
    """Return whether this page waits until the reader has added a second factor."""
    if getattr(view, "reachable_without_second_factor", False):
        return False
    duty = open_duty(request)
    return duty is not None and duty.is_due(clock.now())

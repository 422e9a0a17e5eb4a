"""From times to figures: value and floor in turn, so that both meet the same weather."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Timer = Callable[[], float]


@dataclass
class Times:
    """Seconds of repeated calls, and what is said of them."""

    seconds: list[float] = field(default_factory=list)

    def share(self, part: float) -> float:
        """Return the time below which this part of the calls stayed."""
        ordered = sorted(self.seconds)
        return ordered[min(math.ceil(part * len(ordered)), len(ordered)) - 1]

    @property
    def middle(self) -> float:
        return self.share(0.5)

    @property
    def spread_pct(self) -> float:
        """How far apart the middle half of the calls lies, in percent of the middle one."""
        return 100 * (self.share(0.75) - self.share(0.25)) / self.middle


def in_turn(
    *calls: Callable[[], object], times: int, timer: Timer = time.perf_counter, warm: int = 3
) -> list[Times]:
    """Call each in turn, `times` rounds of them after `warm` that do not count."""
    found = [Times() for _call in calls]
    for number in range(warm + times):
        for call, kept in zip(calls, found, strict=True):
            began = timer()
            call()
            took = timer() - began
            if number >= warm:
                kept.seconds.append(took)
    return found


def line(
    bench: str, size: str, value: Times, floor: Times, *, users: int, database: str, **more: Any
) -> str:
    """Return one figure as a line of JSON; times in milliseconds."""
    said = {
        "bench": bench,
        "size": size,
        "value": round(value.middle * 1e3, 3),
        "unit": "ms",
        "p99_us": round(value.share(0.99) * 1e6),
        "floor": round(floor.middle * 1e3, 3),
        "ratio": round(value.middle / floor.middle, 2),
        "n": len(value.seconds),
        "spread_pct": round(value.spread_pct, 1),
        "users": users,
        "database": database,
        **more,
    }
    return json.dumps(said)

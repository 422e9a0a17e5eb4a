"""How far a long command has got: a bar on a terminal, a few plain lines anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TextIO

TENTHS = 10


class Progress:
    """Tells of the steps of one command, on `out`. A step of nothing is not told."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    @contextmanager
    def step(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        """Give a function that is told of each batch done, while the block runs."""
        if total == 0:
            yield lambda done: None
        elif self.out.isatty():
            with self._bar(what, total) as advance:
                yield advance
        else:
            yield self._lines(what, total)

    @contextmanager
    def _bar(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Bar(*columns, console=Console(file=self.out)) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.update(task, advance=done)

    def _lines(self, what: str, total: int) -> Callable[[int], None]:
        began, said, so_far = monotonic(), 0, 0

        def advance(done: int) -> None:
            nonlocal said, so_far
            so_far += done
            tenth = so_far * TENTHS // total
            if tenth > said:
                said = tenth
                seconds = monotonic() - began
                print(f"{what}: {so_far} of {total}, {seconds:.0f} s", file=self.out, flush=True)

        return advance

"""`make bench`: one JSON object per line on stdout, what is under way on stderr.

BENCH=list.first for one (or `list`, for all that begin so), SIZE=S|M|L for how much is there.
"""

import os
import subprocess
import sys

from bench import figures, grounds


def main() -> int:
    size, wanted = os.environ.get("SIZE") or "S", os.environ.get("BENCH") or ""
    if size not in grounds.SIZES:
        print(f"SIZE is one of {', '.join(grounds.SIZES)}.", file=sys.stderr)
        return 2
    names = [name for name in figures.NAMES if name == wanted or name.startswith(wanted)]
    if not names:
        print(f"BENCH is one of {', '.join(figures.NAMES)}.", file=sys.stderr)
        return 2
    failed = False
    for vendor in ("sqlite", "postgresql"):
        for users, companies in grounds.SIZES[size]:
            with grounds.prepared(vendor, users=users, companies=companies) as environment:
                done = subprocess.run(
                    [sys.executable, "-m", "bench.lane", size, str(users), *names],
                    env=environment,
                    check=False,
                )
                failed = failed or done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

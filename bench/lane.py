"""One process on one database: measures what its arguments name and prints the figures."""

import os
import sys


def main() -> int:
    size, users, *names = sys.argv[1:]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.settings")

    import django

    django.setup()
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)

    from bench import figures

    for each in figures.measured(names, size=size, users=int(users)):
        print(each, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Django as one WSGI callable; `asgi.py` runs it in a pool of threads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.settings")

application = get_wsgi_application()

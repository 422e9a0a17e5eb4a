"""The addresses under a firm. What is there without a firm stands in `web/system.py`.

FirmMiddleware gives a request without a firm only the latter, so that no page of a firm can be
reached before the firm is known.
"""

from django.urls import include, path

from vestibule.web.system import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [path("", include("vestibule.web.urls"))]

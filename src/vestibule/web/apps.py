"""Django's registration of the pages: their templates, tags and the checks of the settings."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The pages. They own no table."""

    name = "vestibule.web"
    label = "web"

    def ready(self) -> None:
        from vestibule import checks  # noqa: F401

"""Django's registration of the directory."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    """The app; its wall stands as soon as a connection opens."""

    name = "vestibule.directory"
    label = "directory"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from vestibule.directory import scope

        scope.install()

"""The Django app that models identities and policies."""

from django.apps import AppConfig


class IamConfig(AppConfig):
    """Identities, policies and the operations on them."""

    name = "iam"

    def ready(self) -> None:
        """Register every operation under its API name."""
        from iam import operations  # noqa: F401, PLC0415  models must be loaded first

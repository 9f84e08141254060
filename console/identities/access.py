"""What `console.components.access` has, for the pages of identities."""

from console.components.access import refusal, refused, unknown

__all__ = ["refusal", "refused", "unknown"]

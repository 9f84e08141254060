"""What `console.components.names` has, for the pages of identities."""

from console.components.changing import ConfirmForm
from console.components.names import NAME_RULE, NOT_ALLOWED, character_fault, check_characters, name_field

__all__ = ["NAME_RULE", "NOT_ALLOWED", "ConfirmForm", "character_fault", "check_characters", "name_field"]

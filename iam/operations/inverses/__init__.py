"""How each operation is undone: by which others, and what these do not bring back."""

from iam.operations.inverses import credentials, entities
from iam.operations.inverses.past import Inverse, Past, Rule, Unknown
from iam.operations.inverses.reasons import REASONS

__all__ = ["REASONS", "RULES", "Inverse", "Past", "inverse_of"]

RULES: dict[str, Rule] = {**entities.RULES, **credentials.RULES}


def inverse_of(past: Past) -> Inverse:
    """Return how a change is undone."""
    rule = RULES.get(past.operation)
    if rule is None:
        return Inverse(reason=REASONS.get(past.operation, "Only its own page in this console changes it back."))
    try:
        return rule(past)
    except Unknown as unknown:
        return Inverse(reason=str(unknown))

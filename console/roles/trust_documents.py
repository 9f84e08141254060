"""Trust policies as the wizard writes them (console reference 7.2.1–7.2.5)."""

import json
from collections.abc import Iterable, Sequence

ASSUME_ROLE = "sts:AssumeRole"
WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
SAML = "sts:AssumeRoleWithSAML"
# What the custom editor begins with.
STARTER = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Statement1",
            "Effect": "Allow",
            "Principal": {},
            "Action": "sts:AssumeRole"
        }
    ]
}"""

# Operator, key and value.
ConditionEntry = tuple[str, str, str]


def trust_document(
    kind: str, principals: Sequence[str], action: str = ASSUME_ROLE, conditions: Iterable[ConditionEntry] = ()
) -> str:
    """Return a trust policy of one statement; several values of one key under one operator are alternatives."""
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Principal": {kind: principals[0] if len(principals) == 1 else list(principals)},
        "Action": action,
    }
    block: dict[str, dict[str, str | list[str]]] = {}
    for operator, key, value in conditions:
        keys = block.setdefault(operator, {})
        before = keys.get(key)
        keys[key] = value if before is None else [*([before] if isinstance(before, str) else before), value]
    if block:
        statement["Condition"] = block
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=4, ensure_ascii=False)

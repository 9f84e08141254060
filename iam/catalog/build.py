"""Build managed_policies.json.xz, the AWS managed policies as moto knows them.

Run `python -m iam.catalog.build` after moto, a development dependency, was updated, and commit the file.
"""

import json
import lzma
from collections.abc import Mapping
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

from iam.catalog.managed_policies import DATA_FILE

# The source sorts members by name; AWS's own pages show them in this order.
_ORDER = (
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)


def _ordered(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: members[name] for name in sorted(members, key=_ORDER.index)}


def document_text(document: Mapping[str, Any]) -> str:
    """Return a document as the policy editor shows it: usual order of members, four blanks per level."""
    statements = document["Statement"]
    if isinstance(statements, list):
        ordered: Any = [_ordered(statement) for statement in statements]
    else:
        ordered = _ordered(statements)
    return json.dumps(_ordered({**document, "Statement": ordered}), indent=4, ensure_ascii=False)


def build() -> bytes:
    """Return the data file's JSON; the same source gives the same bytes."""
    source = json.loads(aws_managed_policies_data)
    rows = [
        [
            name,
            policy["Path"],
            policy["DefaultVersionId"],
            policy["CreateDate"],
            policy["UpdateDate"],
            document_text(policy["Document"]),
        ]
        for name, policy in sorted(source.items())
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


if __name__ == "__main__":
    DATA_FILE.write_bytes(lzma.compress(build(), preset=9))

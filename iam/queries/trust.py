"""Trust policies as people read them.

They are kept with the unique ids of users and roles in place of ARNs, so that a principal who takes over a name takes
over no trust (IAM User Guide, "AWS JSON policy elements: Principal"). While the entity exists, readers see its ARN.
"""

import re
from collections.abc import Sequence

from iam.models import Role, User
from iam.policy.trusted import with_principals

_UNIQUE_ID = re.compile(r'"(A(?:IDA|ROA)[A-Z0-9]{12,124})"')


def shown(document: str) -> str:
    """Return a trust policy with the ARNs of those it trusts; who is deleted stays an id."""
    return shown_each([document])[0]


def shown_each(documents: Sequence[str]) -> list[str]:
    """Like `shown`, for many at once: two queries at most."""
    ids = {unique_id for document in documents for unique_id in _UNIQUE_ID.findall(document)}
    arns = _arns(ids) if ids else {}
    return [
        with_principals(document, arns) if arns and _UNIQUE_ID.search(document) else document for document in documents
    ]


def _arns(unique_ids: set[str]) -> dict[str, str]:
    users = User.objects.filter(unique_id__in=unique_ids)
    roles = Role.objects.filter(unique_id__in=unique_ids).only("unique_id", "account_id", "path", "name")
    return {row.unique_id: row.arn for rows in (users, roles) for row in rows}

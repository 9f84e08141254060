"""The AWS managed policies, from the data file that build.py writes."""

import json
import lzma
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from iam.catalog.descriptions import describe

DATA_FILE = Path(__file__).with_name("managed_policies.json.xz")
_JOB_FUNCTIONS = frozenset({"AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "SecurityAudit"})


@dataclass(frozen=True, slots=True)
class ManagedPolicyData:
    """One AWS managed policy in its default version. `document` is text, indented as the editor shows it."""

    name: str
    path: str
    arn: str
    policy_id: str
    version_id: str
    description: str
    created_at: datetime
    updated_at: datetime
    document: str

    @property
    def is_job_function(self) -> bool:
        return is_job_function(self.path, self.name)


def load() -> Iterator[ManagedPolicyData]:
    """Yield all AWS managed policies by name. The file is read anew: about 0.1 s and 10 MB for the lot."""
    for name, path, version_id, created, updated, document in json.loads(lzma.decompress(DATA_FILE.read_bytes())):
        arn = f"arn:aws:iam::aws:policy{path}{name}"
        yield ManagedPolicyData(
            name=name,
            path=path,
            arn=arn,
            policy_id=policy_id(arn),
            version_id=version_id,
            description=describe(name, path),
            created_at=datetime.fromisoformat(created),
            updated_at=datetime.fromisoformat(updated),
            document=document,
        )


def policy_id(arn: str) -> str:
    """Return an ID in AWS's form. No data set has the real ones, so it is derived from the ARN and never changes."""
    return "ANPA" + b32encode(sha256(arn.encode()).digest()).decode()[:17]


def is_job_function(path: str, name: str) -> bool:
    """Whether the console's filter calls a policy *AWS managed – job function*.

    The user guide lists four of them that live under `/`."""
    return path == "/job-function/" or (path == "/" and name in _JOB_FUNCTIONS)

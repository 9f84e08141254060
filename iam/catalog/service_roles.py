"""What roles AWS services take: the use cases of *Create role*, and service-linked roles with what belongs to them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_POLICY_ARN = "arn:aws:iam::aws:policy/{}"
_NO_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class ServiceLinkedRole:
    """A role that one service owns: its principal, name and only policy; with a suffix there may be several."""

    principal: str
    name: str
    policy_arn: str
    takes_suffix: bool


@dataclass(frozen=True, slots=True)
class UseCase:
    """What a service takes a role for: who is trusted, and the ARNs of the policies that AWS proposes for it.

    `role_name` is the name of a service-linked role, where there is nothing to choose; else it is empty.
    """

    id: str
    service: str
    name: str
    description: str
    principals: tuple[str, ...]
    policies: tuple[str, ...]
    role_name: str = ""
    takes_suffix: bool = False

    @property
    def is_service_linked(self) -> bool:
        """Whether the role belongs to the service: CreateServiceLinkedRole makes it, with all that it may do."""
        return bool(self.role_name)

    @property
    def has_instance_profile(self) -> bool:
        """Whether EC2 instances take the role, which the console gives an instance profile for that."""
        return self.principals == ("ec2.amazonaws.com",)


def _rows(name: str, separator: str | None) -> Iterator[list[str]]:
    for line in Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield [part.strip() for part in line.split(separator)]


# By principal.
SERVICE_LINKED_ROLES = {
    principal: ServiceLinkedRole(principal, name, _POLICY_ARN.format(f"aws-service-role/{policy}"), bool(suffix))
    for principal, name, policy, *suffix in _rows("service_linked_roles.txt", None)
}


def _use_case(service: str, name: str, principals: str, policies: str, description: str) -> UseCase:
    identifier = _NO_WORD.sub("-", name.lower()).strip("-")
    if principals.startswith("linked "):
        role = SERVICE_LINKED_ROLES[principals.removeprefix("linked ")]
        return UseCase(
            identifier,
            service,
            name,
            description,
            (role.principal,),
            (role.policy_arn,),
            role_name=role.name,
            takes_suffix=role.takes_suffix,
        )
    proposed = tuple(_POLICY_ARN.format(policy) for policy in policies.split())
    return UseCase(identifier, service, name, description, tuple(principals.split()), proposed)


USE_CASES = tuple(_use_case(*row) for row in _rows("service_roles.txt", "|"))

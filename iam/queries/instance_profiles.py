"""Reading instance profiles. They have no page: roles show theirs, and creating and deleting a role need them."""

from dataclasses import dataclass

from django.db.models.functions import Lower

from iam.authorization import ContextValue
from iam.models import InstanceProfile, identifiers


@dataclass(frozen=True, slots=True)
class ProfileRef:
    """An instance profile as others name it."""

    name: str
    arn: str


@dataclass(frozen=True, slots=True)
class ProfileRecord:
    """An instance profile; `role` is the name of the one it holds, if any."""

    name: str
    path: str
    arn: str
    role: str
    tags: tuple[tuple[str, str], ...]

    @property
    def context(self) -> dict[str, ContextValue]:
        """The condition keys that follow from the profile as the resource of a call."""
        context: dict[str, ContextValue] = {}
        for key, value in self.tags:
            context[f"aws:ResourceTag/{key}"] = context[f"iam:ResourceTag/{key}"] = value
        return context


def find_instance_profile(account_id: str, name: str) -> ProfileRecord | None:
    """Return an instance profile by name, in any case: two queries."""
    rows = InstanceProfile.objects.alias(lowered=Lower("name")).select_related("role")
    profile = rows.filter(account=account_id, lowered=name.lower()).first()
    if profile is None:
        return None
    return ProfileRecord(
        name=profile.name,
        path=profile.path,
        arn=profile.arn,
        role=profile.role.name if profile.role else "",
        tags=tuple(sorted(profile.tags.values_list("key", "value"))),
    )


def instance_profile_arn(account_id: str, name: str) -> str:
    """Return the ARN that an instance profile of this name would have, for what does not exist yet."""
    return identifiers.arn(account_id, "instance-profile", "/", name)

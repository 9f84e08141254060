"""AWS's role templates: what AcquireRole makes roles from (IAM User Guide, "Overview of role templates").

`@{name}` in a pattern stands for a parameter. Versions of a template never change.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

_ARN = "arn:aws:iam::aws:role-template/{}/{}:{}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a template must or may be told; a parameter with a default is never missing."""

    name: str
    description: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class RoleTemplate:
    """One minor version of a template."""

    service: str
    name: str
    version_id: str
    description: str
    trusted: str
    policy_arns: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    path: str = "/"
    major_version: int = 1
    minor_version: int = 0
    max_session_duration: int = 3600
    created_at: datetime = datetime(2026, 8, 12, tzinfo=UTC)

    @property
    def arn(self) -> str:
        """The template's ARN, without the minor version."""
        return _ARN.format(self.service, self.name, self.major_version)


_TEMPLATES = (
    RoleTemplate(
        service="iam.amazonaws.com",
        name="PowerUserRoleTemplate",
        version_id="RTVPOWERUSERROLETEMPLATE10",
        description="A role for a service, with full access to all services but the management of identities.",
        trusted="@{AWSServiceName}",
        policy_arns=("arn:aws:iam::aws:policy/PowerUserAccess",),
        parameters=(
            Parameter("AWSServiceName", "The service that assumes the role, such as lambda.amazonaws.com."),
            Parameter("RoleName", "The name of the role.", "PowerUserRole"),
        ),
    ),
    RoleTemplate(
        service="backup.amazonaws.com",
        name="AWSBackupDefaultServiceRoleTemplate",
        version_id="RTVBACKUPDEFAULTSERVICE10",
        description="The role that AWS Backup assumes to make and restore backups.",
        trusted="backup.amazonaws.com",
        policy_arns=(
            "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
            "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores",
        ),
        parameters=(
            Parameter("accountId", "The account of the role."),
            Parameter("RoleName", "The name of the role.", "AWSBackupDefaultServiceRole"),
        ),
        path="/service-role/",
    ),
)

# By ARN and minor version; each template has one so far, which is the default.
ROLE_TEMPLATES = {(template.arn, template.minor_version): template for template in _TEMPLATES}
DEFAULT_MINOR_VERSIONS = {template.arn: template.minor_version for template in _TEMPLATES}

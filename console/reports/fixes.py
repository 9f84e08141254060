"""What can be done about a finding: the page that does it, or a draft of the policy without what nobody uses."""

from collections.abc import Iterator
from dataclasses import dataclass

from console.components.access import refusal
from console.components.navigation import find_url
from console.components.policy_links import policy_url
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.policy.trimming import without_unused
from iam.queries.findings import FindingRecord
from iam.queries.last_accesses import Subject, policies_on


@dataclass(frozen=True, slots=True)
class Fix:
    """A button: a page, or a dialog over this one."""

    label: str
    url: str
    text: str
    is_dialog: bool = False
    is_primary: bool = True


def fixes_of(finding: FindingRecord, subject: Subject | None) -> list[Fix]:
    """Return what can be done about a finding; nothing where it is resolved, or the user or role is gone."""
    if subject is None or finding.status == "RESOLVED":
        return []
    fixes = _fixes(finding, subject.name)
    return [Fix(label, url, text, is_dialog) for label, url, text, is_dialog in fixes if url]


def _fixes(finding: FindingRecord, name: str) -> Iterator[tuple[str, str | None, str, bool]]:
    if finding.type == "ExternalAccess":
        text = "Take the principal out, or add a condition. If the access is intended, archive the finding."
        yield "Edit trust policy", find_url("roles:edit-trust", name), text, False
    elif finding.type == "UnusedIAMRole":
        yield "Delete role", find_url("roles:delete", name), "Delete the role if nobody needs it any more.", True
    elif finding.type == "UnusedIAMUserAccessKey":
        key = finding.details.get("access_key_id", "")
        text = "Deactivate the key first: it can be activated again should something still need it."
        yield "Deactivate access key", find_url("users:deactivate-access-key", name, key), text, True
    elif finding.type == "UnusedIAMUserPassword":
        text = "Disable console access: the user can no longer sign in, and keeps access keys."
        yield "Manage console access", find_url("users:console-access", name), text, True
    else:
        area = "users" if finding.entity_kind == "user" else "roles"
        text = "Compare with what is used, then narrow the policies."
        yield "View last accessed services", find_url(f"{area}:last-accessed", name), text, False


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy that grants what is not used, and what would be left of it; `refusal` where it may not be read."""

    name: str
    url: str
    group: str
    text: str = ""
    removed: tuple[str, ...] = ()
    refusal: IamError | None = None


def drafts_of(request: ConsoleRequest, finding: FindingRecord, subject: Subject | None) -> list[Draft]:
    """Return the policies that an unused permission comes from, each without it."""
    if subject is None or finding.type != "UnusedPermission" or finding.status == "RESOLVED":
        return []
    services = [service["prefix"] for service in finding.details.get("services", ())]
    actions = finding.details.get("actions", {})
    drafts = []
    for policy in policies_on(request.principal.account_id, subject):
        url = (find_url("policies:details", policy.arn) or "") if policy.arn else policy_url(policy, 0)
        error = refusal(request, *policy.reading)
        if error:
            drafts.append(Draft(policy.name, url, policy.group, refusal=error))
            continue
        trimmed = without_unused(policy.document, services, actions)
        if trimmed:
            drafts.append(Draft(policy.name, url, policy.group, trimmed.text, trimmed.removed))
    return drafts

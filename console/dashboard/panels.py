"""The dashboard's panels. Each asks for its own permission and fails by itself (console reference 2.11)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from console.changes.access import visible_to
from console.components.navigation import find_url
from console.mfa.owners import home_of as own_devices_url
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations.quotas import ACCOUNT_QUOTAS
from iam.queries import account as account_queries
from iam.queries import changes

UNUSED_AFTER = timedelta(days=365)
RECENT = 5
# Heading, key of the summary, and the page of the list where there is one.
RESOURCES = (
    ("User groups", "Groups", "groups:list"),
    ("Users", "Users", "users:list"),
    ("Roles", "Roles", "roles:list"),
    ("Policies", "Policies", "policies:list"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A counter with its quota; `url` is None where there is no such list."""

    label: str
    used: str
    quota: str
    url: str | None


def resources(request: ConsoleRequest) -> list[Figure]:
    """Return the counters. Raises IamError AccessDenied."""
    request.authorizer.require("iam:GetAccountSummary")
    usage = account_queries.usage(request.principal.account_id)
    # A mirror has more places than AWS gives, since AWS alone refuses what is too much.
    quotas = ACCOUNT_QUOTAS if request.principal.is_in_mirror else {key: each.quota for key, each in usage.items()}
    return [Figure(label, f"{usage[key].used:,}", f"{quotas[key]:,}", find_url(page)) for label, key, page in RESOURCES]


@dataclass(frozen=True, slots=True)
class Check:
    """One recommendation: followed, or what to do and where."""

    is_good: bool
    text: str
    reason: str
    button: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Recommendations:
    """All of them that the caller may know, and the refusals of the others."""

    checks: list[Check] = field(default_factory=list)
    refusals: list[IamError] = field(default_factory=list)

    @property
    def to_do(self) -> int:
        """How many are not followed."""
        return sum(1 for check in self.checks if not check.is_good)


def recommendations(request: ConsoleRequest) -> Recommendations:
    """Check how well root and the caller are protected; each kind of check asks for its own permission."""
    found = Recommendations()
    kinds = [_root_checks, _own_mfa, _own_keys] if request.principal.is_user else [_root_checks]
    for kind in kinds:
        try:
            found.checks.extend(kind(request))
        except IamError as refusal:
            found.refusals.append(refusal)
    found.checks.sort(key=lambda check: check.is_good)
    return found


def _root_checks(request: ConsoleRequest) -> Iterator[Check]:
    request.authorizer.require("iam:GetAccountSummary")
    root = account_queries.root_protection(request.principal.account_id)
    if root.has_mfa:
        yield Check(True, "Root user has MFA", "The root user is asked for an MFA device at sign-in.")
    else:
        reason = "The root user can do everything and cannot be limited by a policy."
        # Only root itself can do it.
        url = own_devices_url() if request.principal.is_unlimited else None
        yield Check(False, "Add MFA for root user", reason, "Add MFA", url)
    if root.has_access_keys:
        yield Check(
            False,
            "Deactivate or delete access keys for root user",
            "Use the keys of an IAM user instead, which a policy can limit.",
        )
    else:
        yield Check(True, "Root user has no active access keys", "Keys of IAM users can be limited by policies.")


def _own_mfa(request: ConsoleRequest) -> Iterator[Check]:
    request.authorizer.require("iam:ListMFADevices", request.principal.arn)
    if account_queries.has_mfa(request.principal):
        yield Check(True, "You have MFA", "You are asked for an MFA device at sign-in.")
    else:
        reason = "A password alone is easier to steal than a password and a device."
        yield Check(False, "Add MFA for yourself", reason, "Add MFA", own_devices_url())


def _own_keys(request: ConsoleRequest) -> Iterator[Check]:
    request.authorizer.require("iam:ListAccessKeys", request.principal.arn)
    request.authorizer.require("iam:GetAccessKeyLastUsed", request.principal.arn)
    unused = account_queries.unused_keys(request.principal, timezone.now() - UNUSED_AFTER)
    if unused:
        url = reverse("credentials:security-credentials")
        verb = "key that has" if len(unused) == 1 else "keys that have"
        text = f"You have {len(unused)} active access {verb} been unused for more than a year"
        yield Check(False, text, f"Deactivate or delete {', '.join(unused)}.", "Manage access keys", url)
    else:
        yield Check(True, "Your access keys are in use", "You have no active access keys unused for more than a year.")


def alias(request: ConsoleRequest) -> str:
    """Return the account's alias, an empty text for none. Raises IamError AccessDenied."""
    request.authorizer.require("iam:ListAccountAliases")
    return request.account.alias or ""


# Green only when it is true: until the backend has been read back, a change is on its way.
STATES = {
    "pending": ("pending", "Pending"),
    "applying": ("loading", "Applying"),
    "applied": ("loading", "Verifying"),
    "verified": ("success", "Verified"),
    "failed": ("error", "Failed"),
    "discarded": ("stopped", "Discarded"),
}


@dataclass(frozen=True, slots=True)
class RecentChange:
    """A change set as a row; `kind` is that of the status indicator."""

    title: str
    url: str
    actor: str
    created_at: datetime
    kind: str
    status: str


def recent_changes(request: ConsoleRequest) -> list[RecentChange]:
    """Return the newest change sets that the caller may see: always their own."""
    found = changes.page_of(
        visible_to(request).rows, request.principal.account_id, changes.Wanted(limit=RECENT), changes_each=1
    )
    return [
        RecentChange(
            record.title,
            reverse("changes:details", args=[record.id]),
            record.actor_name,
            record.created_at,
            *STATES[record.state],
        )
        for record in found
    ]

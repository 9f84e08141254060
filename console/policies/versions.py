"""The versions of a policy: listed, opened, compared, made the default, deleted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components import changing
from console.components.access import refusal
from console.components.changing import Question, counted
from console.components.htmx import render_page
from console.policies.access import crumbs, own_policy_page, page_context, policy_page
from console.policies.diff import compare
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Step
from iam.queries import policy_details
from iam.queries.policy_details import PolicyDetails, VersionRecord

VERSION = re.compile(r"v[1-9][0-9]{0,8}")
# AWS keeps five; of its own policies it shows the last 25.
MOST_SHOWN = 25
VIEWS = ("split", "inline")


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version in the table; `document` or `refusal` is there while the row is open."""

    version: VersionRecord
    toggle_url: str = ""
    is_open: bool = False
    document: str = ""
    refusal: IamError | None = None


def _asked(request: ConsoleRequest, field: str) -> list[str]:
    """Return the versions that the address names."""
    return list(dict.fromkeys(word for word in request.GET.getlist(field) if VERSION.fullmatch(word)))[:MOST_SHOWN]


def _rows(request: ConsoleRequest, policy: PolicyDetails, versions: Sequence[VersionRecord]) -> list[VersionRow]:
    opened = _asked(request, "expand")
    error = refusal(request, "iam:GetPolicyVersion", policy.arn, policy.context) if opened else None
    rows = []
    for version in versions[:MOST_SHOWN]:
        name = version.version_id
        toggled = [word for word in opened if word != name] + ([] if name in opened else [name])
        url = f"{request.path}?{urlencode([('expand', word) for word in toggled])}" if toggled else request.path
        row = VersionRow(version, url, name in opened)
        if row.is_open:
            row = replace(row, refusal=error, document="" if error else version.document)
        rows.append(row)
    return rows


@require_safe
@policy_page
def versions(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Show the versions, newest first; rows open in place."""
    error = refusal(request, "iam:ListPolicyVersions", policy.arn, policy.context)
    found = [] if error else policy_details.list_versions(request.principal.account_id, policy.arn)
    context = {
        **page_context(request, policy, "Policy versions"),
        "refusal": error,
        "rows": _rows(request, policy, found),
    }
    return render_page(request, "policies/versions.html", "policies/_versions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@own_policy_page
def set_default(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Ask, then make a version the one that counts."""
    asked = _asked(request, "version")
    name = asked[0] if asked and int(asked[0][1:]) in policy.versions else ""
    back = reverse("policies:versions", args=[policy.arn])
    is_change = name and name != f"v{policy.default_version}"
    parameters = {"PolicyArn": policy.arn, "VersionId": name}
    question = Question(
        heading=f"Set {name} as the default version of {policy.name}?",
        submit="Set as default",
        steps=[Step("SetDefaultPolicyVersion", parameters)] if is_change else [],
        title=f"Set the default version of policy {policy.name} to {name}",
        done=f"Version {name} is the default of {policy.name}.",
        back=back,
        next=back,
        crumbs=crumbs(policy, ("Set as default", "")),
        text=f"It takes the place of v{policy.default_version} at once, for all entities that the policy is attached "
        "to or limits.",
        is_danger=False,
    )
    return changing.ask(request, question)


@require_http_methods(["GET", "HEAD", "POST"])
@own_policy_page
def delete_versions(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Ask, then delete versions; the default one stays."""
    default = f"v{policy.default_version}"
    asked = [name for name in _asked(request, "version") if int(name[1:]) in policy.versions]
    names = [name for name in asked if name != default]
    what = f"version {names[0]}" if len(names) == 1 else counted(len(names), "version")
    back = reverse("policies:versions", args=[policy.arn])
    question = Question(
        heading=f"Delete {what} of {policy.name}?",
        submit="Delete",
        steps=[Step("DeletePolicyVersion", {"PolicyArn": policy.arn, "VersionId": name}) for name in names],
        title=f"Delete {what} of policy {policy.name}",
        done=f"Deleted {what} of {policy.name}.",
        back=back,
        next=back,
        crumbs=crumbs(policy, ("Delete versions", "")),
        text=f"{', '.join(names)} will be gone for good. Numbers are never given again.",
        warning=f"{default} is the default version and stays." if default in asked else "",
    )
    return changing.ask(request, question)


def _pair(request: ConsoleRequest, policy: PolicyDetails) -> tuple[int, int]:
    """Return the numbers to compare: those asked for, or the default version and the one before it."""
    ticked = sorted(int(name[1:]) for name in _asked(request, "version"))
    first, second = (_asked(request, field) for field in ("from", "to"))
    if first and second:
        return int(first[0][1:]), int(second[0][1:])
    if len(ticked) > 1:
        return ticked[0], ticked[-1]
    later = ticked[0] if ticked and ticked[0] != policy.default_version else policy.default_version
    others = [number for number in policy.versions if number != later]
    if ticked and later != policy.default_version:
        return min(later, policy.default_version), max(later, policy.default_version)
    before = [number for number in others if number < later]
    if before:
        return before[-1], later
    return (later, others[0]) if others else (later, later)


@require_safe
@policy_page
def compare_versions(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Show how two versions differ, beside each other or in one column."""
    error = refusal(request, "iam:GetPolicyVersion", policy.arn, policy.context)
    error = error or refusal(request, "iam:ListPolicyVersions", policy.arn, policy.context)
    pair = _pair(request, policy)
    view = request.GET.get("view", "")
    if "to" not in request.GET:
        # One address for each comparison, however it was asked for.
        return HttpResponseRedirect(_compare_url(policy, pair, view if view in VIEWS else ""))
    context: dict[str, Any] = {
        **page_context(request, policy, "Policy versions"),
        "refusal": error,
        "is_inline": view == "inline",
        "view": "inline" if view == "inline" else "split",
        "split_url": _compare_url(policy, pair, ""),
        "inline_url": _compare_url(policy, pair, "inline"),
        "swap_url": _compare_url(policy, pair[::-1], "inline" if view == "inline" else ""),
        "crumbs": crumbs(policy, ("Compare versions", "")),
    }
    if not error:
        found = {row.number: row for row in policy_details.list_versions(request.principal.account_id, policy.arn)}
        if not all(number in found for number in pair):
            raise Http404(f"{policy.name} has no such version.")
        first, second = (found[number] for number in pair)
        context |= {
            "first": first,
            "second": second,
            "versions": list(found.values()),
            "comparison": compare(first.document, second.document),
        }
    return render_page(request, "policies/compare.html", "policies/_compare.html", context)


def _compare_url(policy: PolicyDetails, pair: tuple[int, ...], view: str) -> str:
    words = {"from": f"v{pair[0]}", "to": f"v{pair[1]}", **({"view": view} if view else {})}
    return f"{reverse('policies:compare', args=[policy.arn])}?{urlencode(words)}"

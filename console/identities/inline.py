"""The editor of inline policies, of users and groups alike: a name and a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import render

from console.components.code import pretty
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.identities import changing
from console.identities.access import refusal as why_not
from console.identities.changing import Crumbs
from console.identities.forms import NAME_RULE, name_field
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Step
from iam.policy.findings import IDENTITY_POLICY, Finding, validate

STARTER = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Statement1",
            "Effect": "Allow",
            "Action": [],
            "Resource": []
        }
    ]
}"""
# The service model's limit for documents of any kind, white space included.
LONGEST_DOCUMENT = 131072


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose inline policy is edited; `kind` is User or Group, `names` are the policies it has already."""

    kind: str
    name: str
    back: str
    crumbs: Crumbs
    names: Sequence[str] = ()


class InlinePolicyForm(ConsoleForm):
    """Name and document; the operation judges both."""

    constraints: ClassVar = {"policy_name": f"Maximum 128 characters. {NAME_RULE}"}

    policy_name = name_field("Policy name", 128)
    policy_document = forms.CharField(
        label="Policy document",
        strip=False,
        max_length=LONGEST_DOCUMENT,
        widget=forms.Textarea({"rows": 20, "spellcheck": "false", "class": "is-code"}),
    )

    def __init__(self, *args: Any, taken: Sequence[str] = (), is_new: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taken = {name.lower() for name in taken}
        if not is_new:
            del self.fields["policy_name"]

    def clean_policy_name(self) -> str:
        """Refuse a name in use: PutUserPolicy would replace the other policy without a word."""
        name = str(self.cleaned_data["policy_name"])
        if name.lower() in self.taken:
            raise forms.ValidationError(f"A policy called {name} already exists.", code="EntityAlreadyExists")
        return name


def _readable(document: str) -> str:
    """Return a document as it is to be edited: on several lines, unless its author has broken it already."""
    return document if "\n" in document else pretty(document)


@dataclass(frozen=True, slots=True)
class Report:
    """What validation says about a document, or why the caller may not ask."""

    findings: Sequence[Finding] = ()
    refusal: IamError | None = None


def _report(request: ConsoleRequest, document: str) -> Report:
    # Saving needs no such permission, so a refusal only leaves the findings away.
    error = why_not(request, "access-analyzer:ValidatePolicy")
    if error or len(document) > LONGEST_DOCUMENT:
        return Report(refusal=error)
    return Report(validate(document, IDENTITY_POLICY))


def edit(
    request: ConsoleRequest, owner: Owner, *, name: str = "", document: str = STARTER, refusal: IamError | None = None
) -> HttpResponse:
    """Show the editor of a policy, a new one without `name`, and put what it holds."""
    posted = request.POST if request.method == "POST" else None
    is_checking = posted is not None and "validate" in posted
    form = InlinePolicyForm(
        None if is_checking else posted,
        taken=owner.names,
        is_new=not name,
        initial=posted.dict() if posted and is_checking else {"policy_document": _readable(document)},
    )
    if posted is not None and not is_checking and not refusal and form.is_valid():
        policy = name or form.cleaned_data["policy_name"]
        parameters = {
            f"{owner.kind}Name": owner.name,
            "PolicyName": policy,
            "PolicyDocument": form.cleaned_data["policy_document"],
        }
        verb = "Change" if name else "Create"
        title = f"{verb} inline policy {policy} of {owner.kind.lower()} {owner.name}"
        with errors_on(form):
            changing.change(
                request, [Step(f"Put{owner.kind}Policy", parameters)], title=title, done=f"{verb}d policy {policy}."
            )
            return redirect_to(request, owner.back)
    context = {
        "form": form,
        "heading": f"Edit {name}" if name else "Create inline policy",
        "owner": owner,
        "refusal": refusal,
        "submit": "Save changes" if name else "Create policy",
        "report": _report(request, posted.get("policy_document", "")) if posted is not None and not refusal else None,
    }
    return render(request, "identities/inline_policy.html", context, status=422 if form.errors else 200)

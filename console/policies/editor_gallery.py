"""The policy editor among the components, for developers: one for each type of policy."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.components.forms import ConsoleForm
from console.components.gallery import DOCUMENT
from console.policies.editor import PolicyEditor
from console.requests import ConsoleRequest

TRUST = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Statement1",
            "Effect": "Allow",
            "Principal": {},
            "Action": "sts:AssumeRole"
        }
    ]
}"""


class DocumentsForm(ConsoleForm):
    """An identity policy and a trust policy."""

    policy = forms.CharField(label="Policy document", widget=PolicyEditor("identity"))
    trust = forms.CharField(label="Trust policy document", widget=PolicyEditor("trust", quota=2048))


@require_safe
def editor_gallery(request: ConsoleRequest) -> HttpResponse:
    """Show the editors with documents that have something to find."""
    form = DocumentsForm(initial={"policy": DOCUMENT.replace("ListBucket", "ListBuckets"), "trust": TRUST})
    return render(request, "gallery/policy_editor.html", {"form": form})

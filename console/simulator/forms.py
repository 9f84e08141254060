"""The fields of the simulator that faults come back to; what they hold is read by `console.simulator.asked`."""

from typing import Any, ClassVar

from django import forms

from console.components.forms import ConsoleForm
from console.simulator.asked import LONGEST_DOCUMENT

_PLAIN_TEXT = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
_SCENARIOS = (
    ("", "None"),
    ("EC2-VPC-InstanceStore", "EC2-VPC-InstanceStore"),
    ("EC2-VPC-InstanceStore-Subnet", "EC2-VPC-InstanceStore-Subnet"),
    ("EC2-VPC-EBS", "EC2-VPC-EBS"),
    ("EC2-VPC-EBS-Subnet", "EC2-VPC-EBS-Subnet"),
)


def _text(rows: int, **attributes: Any) -> forms.Textarea:
    return forms.Textarea({"rows": rows, "class": "is-code", **_PLAIN_TEXT, **attributes})


class SimulationForm(ConsoleForm):
    """Actions, resources, and what else a request may come with."""

    parameter_fields: ClassVar = {
        "ActionNames": "actions",
        "ResourceArns": "resources",
        "CallerArn": "caller",
        "ResourceOwner": "owner",
        "ResourceHandlingOption": "scenario",
        "PermissionsBoundaryPolicyInputList": "boundary",
    }
    constraints: ClassVar = {
        "actions": "Such as s3:GetObject. Names of single actions, without wildcards.",
        "resources": "Up to 50 ARNs, one on a line. Nothing means all resources (*).",
        "owner": "12 digits, or the ARN of the account's root user.",
    }

    actions = forms.CharField(label="Actions by name", required=False, widget=_text(3))
    resources = forms.CharField(label="Resources", required=False, widget=_text(2))
    caller = forms.CharField(
        label="Caller",
        required=False,
        max_length=2048,
        help_text="The ARN of the user who makes the request, where the policies are tried out for somebody else.",
        widget=forms.TextInput(_PLAIN_TEXT),
    )
    owner = forms.CharField(
        label="Owner of the resources",
        required=False,
        max_length=2048,
        help_text="The account of resources whose ARNs name none, such as S3 buckets.",
        widget=forms.TextInput(_PLAIN_TEXT),
    )
    scenario = forms.ChoiceField(
        label="EC2 scenario",
        required=False,
        choices=_SCENARIOS,
        help_text="What an instance is started with; the resources have to be listed above.",
    )
    resource_policy = forms.CharField(
        label="Resource policy",
        required=False,
        max_length=LONGEST_DOCUMENT,
        help_text="The policy of a bucket, queue, topic or vault. Not with a role as the caller.",
        widget=_text(5),
    )
    boundary = forms.CharField(
        label="Permissions boundary",
        required=False,
        max_length=LONGEST_DOCUMENT,
        help_text="A boundary to try out. It takes the place of the one that is set, if any.",
        widget=_text(5),
    )

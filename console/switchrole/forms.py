"""The form for switching roles. Its fields bear the names of the parameters that links have."""

import re
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from console.components.forms import ConsoleForm
from console.components.role_history import COLORS
from console.signin.forms import NAME_ATTRIBUTES
from iam.operations import shapes
from iam.operations.switch_role import LONGEST_ROLE, refusal

LONGEST_DISPLAY_NAME = 64
_ROLE = re.compile(r"(?:[\x21-\x7E]+/)?[\w+=,.@-]+", re.ASCII)


class Swatches(forms.RadioSelect):
    """Colours, each with its sample."""

    template_name = "components/widgets/swatches.html"


class SwitchRoleForm(ConsoleForm):
    """Where to, and how the account menu shows it."""

    account = forms.CharField(
        label="Account",
        help_text="The 12-digit account ID, or its alias.",
        max_length=100,
        widget=forms.TextInput(NAME_ATTRIBUTES),
        error_messages={"required": "Enter a 12-digit account ID or an account alias."},
    )
    roleName = forms.CharField(  # noqa: N815 - the parameter's name
        label="Role",
        help_text="The role’s name, or its path and name, such as division_abc/OrganizationAdmin. Case counts.",
        max_length=1024,
        widget=forms.TextInput(NAME_ATTRIBUTES),
        error_messages={"required": "Enter the name of a role."},
    )
    displayName = forms.CharField(  # noqa: N815
        label="Display name",
        max_length=LONGEST_DISPLAY_NAME,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"max_length": f"Enter at most {LONGEST_DISPLAY_NAME} characters."},
    )
    color = forms.ChoiceField(
        label="Color",
        choices=[("", "None"), *((code, name.title()) for code, name in COLORS.items())],
        required=False,
        widget=Swatches,
    )
    redirect_uri = forms.CharField(required=False, max_length=2048, widget=forms.HiddenInput)

    constraints: ClassVar = {
        "displayName": (
            f"Up to {LONGEST_DISPLAY_NAME} characters. Shown in the navigation bar in place of your user name."
        ),
    }

    def clean(self) -> dict[str, Any]:
        """Turn away what cannot be an account or a role with the answer that everything else gets, too."""
        wanted = super().clean() or {}
        if "account" in wanted and "roleName" in wanted:
            account = wanted["account"].lower()
            digits = account.replace("-", "")
            wanted["account"] = digits if re.fullmatch(r"[0-9]{12}", digits) else account
            wanted["roleName"] = wanted["roleName"].removeprefix("/")
            if not (_is_account(wanted["account"]) and _is_role(wanted["roleName"])):
                raise forms.ValidationError(refusal().message)
        return wanted


def _is_account(name: str) -> bool:
    pattern = shapes.constraint("CreateAccountAlias", "AccountAlias").pattern or ""
    return bool(re.fullmatch(r"[0-9]{12}", name) or (3 <= len(name) <= 63 and re.fullmatch(pattern, name)))


def _is_role(name: str) -> bool:
    return len(name) <= LONGEST_ROLE and bool(_ROLE.fullmatch(name))


def initial(link: QueryDict) -> dict[str, str]:
    """Return what a link fills in; what a field would not take is left out, since nobody typed it."""
    values = {name: link.get(name, "") for name in ("account", "roleName", "redirect_uri")}
    color = link.get("color", "").removeprefix("#").upper()
    return {
        **values,
        "displayName": link.get("displayName", "")[:LONGEST_DISPLAY_NAME],
        "color": color if color in COLORS else "",
    }

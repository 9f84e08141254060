"""The form widget of every policy document: a textarea that the script turns into the editor (console reference 8.4).

    document = forms.CharField(strip=False, max_length=LONGEST_DOCUMENT, widget=PolicyEditor("identity", quota=6144))

`templates/components/policy_editor.html` frames it with a title and buttons: `{% policy_editor form.document "Policy
editor" %}…{% endpolicy_editor %}`. Without script it is a textarea, and the form shows its findings when it is sent.
"""

from typing import Any

from django import forms

from console.policies.principal_types import PRINCIPAL_TYPES, SERVICES
from console.policies.reports import TABS, PolicyKind

# The service model's limit for documents of any kind, white space included.
LONGEST_DOCUMENT = 131072


class PolicyEditor(forms.Textarea):
    """A textarea that knows which kind of policy it holds, and its quota: characters, white space not counted."""

    template_name = "components/widgets/policy_editor.html"

    def __init__(
        self,
        policy_type: PolicyKind = "identity",
        *,
        resource_type: str = "",
        quota: int = 6144,
        attrs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__({"rows": 20, "spellcheck": "false", "class": "is-code", **(attrs or {})})
        self.policy_type = policy_type
        self.resource_type = resource_type
        self.quota = quota

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add what the script has to know."""
        context = super().get_context(name, value, attrs)
        context["editor"] = {
            "policy_type": self.policy_type,
            "resource_type": self.resource_type,
            "quota": self.quota,
            # The meter turns amber, then red.
            "low": self.quota * 3 // 4,
            "high": self.quota * 19 // 20,
            "tabs": TABS,
            "principal_types": PRINCIPAL_TYPES,
            "services": SERVICES,
        }
        return context

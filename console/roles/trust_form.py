"""The first step of the create-role wizard: a tile for each kind of trusted entity, and the questions behind it."""

from typing import Any

from django import forms
from django.http import QueryDict

from console.components.fields import Option, Tiles
from console.components.views_of_steps import ViewForm, fetches
from console.components.wizards import Run
from console.roles.saml import SamlPanel
from console.roles.trust_panels import AccountPanel, CustomPanel, TrustPanel
from console.roles.use_case_panel import ServicePanel
from console.roles.web_identity import WebIdentityPanel

STEP = "trusted-entity"
TYPES = (
    (
        "service",
        Option("AWS service", "Allow AWS services like EC2, Lambda, or others to perform actions in this account."),
    ),
    ("account", Option("AWS account", "Allow entities in this or another account to perform actions in this account.")),
    (
        "web-identity",
        Option("Web identity", "Allow users federated by an external web identity provider to assume this role."),
    ),
    ("saml", Option("SAML 2.0 federation", "Allow users federated with SAML 2.0 from a corporate directory.")),
    (
        "custom",
        Option("Custom trust policy", "Write a trust policy to enable others to perform actions in this account."),
    ),
)
PANELS: dict[str, type[TrustPanel]] = {
    "service": ServicePanel,
    "account": AccountPanel,
    "web-identity": WebIdentityPanel,
    "saml": SamlPanel,
    "custom": CustomPanel,
}


class TrustForm(ViewForm):
    """The tiles. Choosing another one drops what was answered behind the one before; `shown` tells which that was."""

    slug = STEP

    entity_type = forms.ChoiceField(
        label="Trusted entity type",
        choices=TYPES,
        initial="service",
        widget=Tiles(fetches("trust-panel")),
        error_messages={"required": "Choose a type of trusted entity."},
    )

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        bound = data if data is not None and self.is_panel_answered else None
        self.panel = PANELS[self.chosen_type](bound, run=run)
        self.panel.is_judged = not self.is_rearranged

    @property
    def chosen_type(self) -> str:
        """The kind of entity whose questions are on view."""
        chosen = self.data.get("entity_type", "service")
        return chosen if chosen in PANELS else "service"

    @property
    def is_panel_answered(self) -> bool:
        """Whether the questions that were sent are those of the chosen tile."""
        return bool(self.data.get("shown") == self.chosen_type)

    @property
    def is_rearranged(self) -> bool:
        return self.is_bound and (super().is_rearranged or not self.is_panel_answered)

    def kept(self, data: QueryDict) -> QueryDict:
        if self.is_panel_answered:
            return self.panel.kept(data)
        fresh = QueryDict(mutable=True)
        fresh["entity_type"] = self.chosen_type
        fresh["unjudged"] = "1"
        return fresh

    def is_valid(self) -> bool:
        # Both are judged, so that all that is wrong shows at once.
        is_own_valid = super().is_valid()
        return is_own_valid and self.panel.is_valid()

    def document(self) -> str:
        """Return the trust policy that the answers make."""
        return self.panel.document()

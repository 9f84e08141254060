"""Trust in an AWS service: the service, and the use case that tells what the role is for (console reference 7.2.1)."""

from typing import Any

from django import forms
from django.http import QueryDict

from console.components.fields import Option
from console.components.views_of_steps import fetches
from console.components.wizards import Run
from console.roles.trust_documents import trust_document
from console.roles.trust_panels import TrustPanel
from iam.catalog.service_roles import USE_CASES, UseCase

COMMON = ("ec2", "lambda")
BY_ID = {use_case.id: use_case for use_case in USE_CASES}
SERVICES = sorted({use_case.service for use_case in USE_CASES}, key=str.lower)
LONGEST_SEARCH = 128


def _option(use_case: UseCase) -> tuple[str, Option]:
    badge = "Service-linked role" if use_case.is_service_linked else ""
    return use_case.id, Option(use_case.name, use_case.description, badge)


class ServicePanel(TrustPanel):
    """The common use cases first, then those of a chosen service, or those that a search finds in any service."""

    template = "roles/create/service.html"

    search = forms.CharField(
        label="Search services and use cases",
        required=False,
        max_length=LONGEST_SEARCH,
        widget=forms.TextInput(
            {"type": "search", **fetches("use-cases", "input changed delay:250ms, search"), "autocomplete": "off"}
        ),
    )
    service = forms.ChoiceField(
        label="Use cases for other AWS services",
        required=False,
        choices=[("", "Choose a service to view its use cases"), *((name, name) for name in SERVICES)],
        widget=forms.Select(fetches("use-cases")),
    )
    use_case_id = forms.ChoiceField(
        label="Use case",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose a use case.",
            "invalid_choice": "Choose one of the use cases.",
        },
    )

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        self.shown_use_cases = self._shown()
        self.fields["use_case_id"].choices = [_option(entry) for entry in self.shown_use_cases]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> str:
        """The id of the use case that is chosen, on view or not."""
        return str(self.data.get("use_case_id", ""))

    def _shown(self) -> list[UseCase]:
        """Return the use cases on view; one that is chosen stays, whatever the search says."""
        search = self.data.get("search", "").strip().lower()[:LONGEST_SEARCH]
        service = self.data.get("service", "")
        found = [
            entry
            for entry in USE_CASES
            if entry.id == self.chosen
            or (_matches(entry, search) if search else entry.id in COMMON or entry.service == service)
        ]
        return sorted(found, key=lambda entry: entry.id not in COMMON)

    @property
    def use_case(self) -> UseCase | None:
        """The chosen use case, None before."""
        return BY_ID.get(self.chosen)

    def document(self) -> str:
        return trust_document("Service", BY_ID[self.cleaned_data["use_case_id"]].principals)


def _matches(use_case: UseCase, search: str) -> bool:
    words = " ".join((use_case.service, use_case.name, use_case.description, *use_case.principals)).lower()
    return all(word in words for word in search.split())

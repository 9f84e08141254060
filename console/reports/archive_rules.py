"""Archive rules of an analyzer: findings that nobody has to look at."""

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.access import refusal
from console.components.changing import Question, ask
from console.components.flashes import flash
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.reports.analyzer_access import analyzer_page, crumbs, page_context
from console.requests import ConsoleRequest
from iam.operations import Step, perform_change_set
from iam.queries.findings import AnalyzerRecord, rules_of

LIST = "access-analyzer:ListArchiveRules"
CRITERIA = 3
PROPERTIES = (
    ("", "–"),
    ("resource", "Resource ARN"),
    ("findingType", "Finding type"),
    ("principal.AWS", "AWS principal"),
    ("principal.Federated", "Identity provider"),
    ("isPublic", "Public access"),
    ("resourceType", "Resource type"),
)
OPERATORS = (("eq", "Equals"), ("contains", "Contains"), ("neq", "Not equals"))


class RuleForm(ConsoleForm):
    """A rule with a few criteria, all of which a finding has to meet."""

    constraints: ClassVar = {"rule_name": "Letters, digits, periods, underscores and hyphens; it begins with a letter."}

    rule_name = forms.CharField(label="Rule name", max_length=255)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, CRITERIA + 1):
            self.fields[f"property_{number}"] = forms.ChoiceField(
                label=f"Property {number}", choices=PROPERTIES, required=number == 1
            )
            self.fields[f"operator_{number}"] = forms.ChoiceField(
                label=f"Operator {number}", choices=OPERATORS, initial="eq"
            )
            self.fields[f"value_{number}"] = forms.CharField(
                label=f"Value {number}", max_length=2048, required=number == 1
            )

    @property
    def criteria(self) -> list[list[forms.BoundField]]:
        """The fields of each criterion."""
        return [
            [self[f"{part}_{number}"] for part in ("property", "operator", "value")]
            for number in range(1, CRITERIA + 1)
        ]

    def clean(self) -> dict[str, Any]:
        for number in range(1, CRITERIA + 1):
            name = self.cleaned_data.get(f"property_{number}")
            if name and not self.cleaned_data.get(f"value_{number}") and number > 1:
                self.add_error(f"value_{number}", "Enter a value.")
        return self.cleaned_data

    def filter(self) -> dict[str, dict[str, list[str]]]:
        """Return the criteria as the API has them."""
        found: dict[str, dict[str, list[str]]] = {}
        for number in range(1, CRITERIA + 1):
            name = self.cleaned_data[f"property_{number}"]
            if name:
                tests = found.setdefault(name, {})
                operator = self.cleaned_data[f"operator_{number}"]
                tests.setdefault(operator, []).append(self.cleaned_data[f"value_{number}"])
        return found


@require_safe
@analyzer_page
def list_rules(request: ConsoleRequest, analyzer: AnalyzerRecord) -> HttpResponse:
    """Show the rules of an analyzer."""
    denied = refusal(request, LIST, analyzer.arn)
    rules = [] if denied else [(rule, list(_told(rule.criteria))) for rule in rules_of(analyzer.pk)]
    context = {**page_context(analyzer, ("Archive rules", "")), "rules": rules, "refusal": denied}
    return render(request, "reports/archive_rules.html", context)


def _told(criteria: dict[str, dict[str, Any]]) -> Any:
    """Yield each criterion in words."""
    names, words = dict(PROPERTIES), dict(OPERATORS)
    for name, tests in criteria.items():
        for operator, values in tests.items():
            shown = " or ".join(values) if isinstance(values, list) else str(values).lower()
            yield f"{names.get(name, name)} {words.get(operator, operator).lower()} {shown}"


@require_http_methods(["GET", "HEAD", "POST"])
@analyzer_page
def create_rule(request: ConsoleRequest, analyzer: AnalyzerRecord) -> HttpResponse:
    """Create a rule, and perhaps archive what it is about at once."""
    back = reverse("analyzer:rules", args=[analyzer.name])
    form = RuleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["rule_name"]
        steps = [Step("CreateArchiveRule", {"analyzerName": analyzer.name, "ruleName": name, "filter": form.filter()})]
        if "apply" in request.POST:
            steps.append(Step("ApplyArchiveRule", {"analyzerArn": analyzer.arn, "ruleName": name}))
        with errors_on(form):
            perform_change_set(request.principal, steps, title=f"Create archive rule {name}")
            flash(request, "success", f"Created archive rule {name}.")
            return redirect_to(request, back)
    context = {**page_context(analyzer, ("Archive rules", back), ("Create rule", "")), "form": form, "back": back}
    return render(request, "reports/create_rule.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@analyzer_page
def delete_rule(request: ConsoleRequest, analyzer: AnalyzerRecord, rule: str) -> HttpResponse:
    """Ask, then delete a rule."""
    back = reverse("analyzer:rules", args=[analyzer.name])
    if request.method != "POST" and (
        refusal(request, LIST, analyzer.arn) or not any(each.name == rule for each in rules_of(analyzer.pk))
    ):
        raise Http404(f"The archive rule {rule} cannot be found.")
    question = Question(
        heading=f"Delete {rule}?",
        submit="Delete",
        steps=[Step("DeleteArchiveRule", {"analyzerName": analyzer.name, "ruleName": rule})],
        title=f"Delete archive rule {rule}",
        done=f"Deleted archive rule {rule}.",
        back=back,
        next=back,
        crumbs=crumbs(analyzer.name, ("Archive rules", back), ("Delete", "")),
        text="What the rule archived stays archived.",
        typed="delete",
        typed_label="To confirm deletion, enter delete",
    )
    return ask(request, question)

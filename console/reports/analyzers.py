"""The analyzers of an account: what each looks for, and how far its scan is (console reference 12.3)."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling

from console.components.access import refused
from console.components.changing import Question, ask, tell
from console.components.fields import Option, Tiles
from console.components.flashes import flash
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import is_fragment, redirect_to, render_page
from console.components.panels import panel
from console.reports.analyzer_access import (
    ROOT_CRUMB,
    analyzer_page,
    crumbs,
    open_analyzer,
    page_context,
    readable_analyzers,
)
from console.reports.polling import Poll
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Step, perform
from iam.operations.analyzers import DEFAULT_AGE
from iam.queries.findings import AnalyzerRecord

EXTERNAL, WIDE, UNUSED = "ACCOUNT", "ORGANIZATION", "ACCOUNT_UNUSED_ACCESS"
LONGEST_AGE = 365
_AGE_RULE = f"Between 1 and {LONGEST_AGE} days."


def _age_field() -> forms.IntegerField:
    return forms.IntegerField(
        label="Tracking period",
        min_value=1,
        max_value=LONGEST_AGE,
        required=False,
        initial=DEFAULT_AGE,
        help_text="Days after which access that was not used counts as unused. Only for unused access.",
    )


class CreateForm(ConsoleForm):
    """A new analyzer."""

    constraints: ClassVar = {
        "analyzer_name": "Up to 255 letters, digits, periods, underscores and hyphens; it begins with a letter.",
        "age": _AGE_RULE,
    }
    parameter_fields: ClassVar = {"configuration": "age"}

    type = forms.ChoiceField(
        label="Findings",
        choices=[
            (
                EXTERNAL,
                Option("External access", "Roles whose trust policies let in somebody from outside the account."),
            ),
            (WIDE, Option("External access, organization", "The same, but the organization's accounts are trusted.")),
            (UNUSED, Option("Unused access", "Roles, access keys, passwords and permissions that nobody uses.")),
        ],
        initial=EXTERNAL,
        widget=Tiles,
    )
    analyzer_name = forms.CharField(label="Name", max_length=255)
    age = _age_field()

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of CreateAnalyzer."""
        answers = self.cleaned_data
        parameters: dict[str, Any] = {"analyzerName": answers["analyzer_name"], "type": answers["type"]}
        if answers["type"] == UNUSED:
            parameters["configuration"] = {"unusedAccess": {"unusedAccessAge": answers["age"] or DEFAULT_AGE}}
        return parameters


class AgeForm(ConsoleForm):
    """After how many days access counts as unused."""

    constraints: ClassVar = {"age": _AGE_RULE}
    parameter_fields: ClassVar = {"configuration": "age"}
    age = _age_field()


@require_safe
def list_analyzers(request: ConsoleRequest) -> HttpResponse:
    """Show the analyzers; an account has a few."""
    shown = panel(lambda: readable_analyzers(request))
    context = {"analyzers": shown.content or [], "refusal": shown.refusal}
    return render(request, "reports/analyzers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create_analyzer(request: ConsoleRequest) -> HttpResponse:
    """Create an analyzer, whose first scan begins at once."""
    asked = request.GET.get("type")
    initial = {"type": asked} if asked in {EXTERNAL, UNUSED} else {}
    form = CreateForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["analyzer_name"]
        with errors_on(form):
            perform(request.principal, "CreateAnalyzer", **form.parameters())
            flash(request, "success", f"Created analyzer {name}. Its first scan begins now.")
            return redirect_to(request, reverse("analyzer:findings", args=[name]))
    context = {
        "form": form,
        "back": reverse("analyzer:list"),
        "crumbs": [(ROOT_CRUMB, reverse("analyzer:list")), ("Create analyzer", "")],
    }
    return render(request, "reports/create_analyzer.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@analyzer_page
def edit_analyzer(request: ConsoleRequest, analyzer: AnalyzerRecord) -> HttpResponse:
    """Change after how many days access counts as unused."""
    back = reverse("analyzer:findings", args=[analyzer.name])
    form = AgeForm(request.POST if request.method == "POST" else None, initial={"age": analyzer.age})
    if request.method == "POST" and form.is_valid():
        configuration = {"unusedAccess": {"unusedAccessAge": form.cleaned_data["age"] or DEFAULT_AGE}}
        with errors_on(form):
            perform(request.principal, "UpdateAnalyzer", analyzerName=analyzer.name, configuration=configuration)
            flash(request, "success", f"Changed analyzer {analyzer.name}. It scans again.")
            return redirect_to(request, back)
    context = {**page_context(analyzer, ("Edit", "")), "form": form, "back": back, "action": request.path}
    status = 422 if form.errors else 200
    return render_page(request, "reports/edit_analyzer.html", "reports/_edit_analyzer.html", context, status)


@require_http_methods(["GET", "HEAD", "POST"])
@analyzer_page
def delete_analyzer(request: ConsoleRequest, analyzer: AnalyzerRecord) -> HttpResponse:
    """Ask, then delete an analyzer with what it found."""
    question = Question(
        heading=f"Delete {analyzer.name}?",
        submit="Delete",
        steps=[Step("DeleteAnalyzer", {"analyzerName": analyzer.name})],
        title=f"Delete analyzer {analyzer.name}",
        done=f"Deleted analyzer {analyzer.name}.",
        back=reverse("analyzer:findings", args=[analyzer.name]),
        next=reverse("analyzer:list"),
        crumbs=crumbs(analyzer.name, ("Delete", "")),
        text="The analyzer is deleted permanently, with its findings and archive rules.",
        typed="delete",
        typed_label="To confirm deletion, enter delete",
    )
    return ask(request, question)


@require_POST
@analyzer_page
def scan_now(request: ConsoleRequest, analyzer: AnalyzerRecord) -> HttpResponse:
    """Have a worker look again."""
    account = f"arn:aws:iam::{request.principal.account_id}:root"
    try:
        perform(request.principal, "StartResourceScan", analyzerArn=analyzer.arn, resourceArn=account)
    except IamError as error:
        tell(request, error)
    return HttpResponseRedirect(reverse("analyzer:findings", args=[analyzer.name]))


def poll_of(request: ConsoleRequest, analyzer: AnalyzerRecord) -> Poll:
    """Return where the progress of a scan is asked for."""
    return Poll.of(request, reverse("analyzer:progress", args=[analyzer.name]))


@require_safe
def progress(request: ConsoleRequest, name: str) -> HttpResponse:
    """Answer the panel that waits for a scan; without script this leads to the findings."""
    findings_url = reverse("analyzer:findings", args=[name])
    if not is_fragment(request):
        return HttpResponseRedirect(findings_url)
    try:
        analyzer = open_analyzer(request, name, is_repeated=True)
    except IamError as error:
        return refused(request, error, name, crumbs(name))
    context = {"analyzer": analyzer, "poll": poll_of(request, analyzer), "findings_url": findings_url, "is_done": True}
    response = render(request, "reports/_scan.html", context)
    if analyzer.is_waiting:
        return response
    return HttpResponseStopPolling(response.content)

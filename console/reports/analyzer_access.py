"""Finding analyzers for pages, and what stands on every page of one."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpResponse
from django.urls import reverse

from console.components.access import refusal, refused
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries.findings import AnalyzerRecord, analyzers_of, arn_of_analyzer, find_analyzer

Arguments = ParamSpec("Arguments")
LIST = "access-analyzer:ListAnalyzers"
FINDINGS = "access-analyzer:ListFindings"
ROOT_CRUMB = "Access Analyzer"


def crumbs(name: str, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the breadcrumbs of an analyzer's pages."""
    url = reverse("analyzer:findings", args=[name]) if more else ""
    return [(ROOT_CRUMB, reverse("analyzer:list")), (name, url), *more]


def analyzer_page(
    view: Callable[Concatenate[ConsoleRequest, AnalyzerRecord, Arguments], HttpResponse],
) -> Callable[Concatenate[ConsoleRequest, str, Arguments], HttpResponse]:
    """Give a view the analyzer that its URL names; whoever may not read it gets the frame and the reason."""

    @wraps(view)
    def opened(request: ConsoleRequest, name: str, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        try:
            analyzer = open_analyzer(request, name)
        except IamError as error:
            return refused(request, error, name, crumbs(name))
        return view(request, analyzer, *args, **kwargs)

    return opened


def open_analyzer(request: ConsoleRequest, name: str, *, is_repeated: bool = False) -> AnalyzerRecord:
    """Return an analyzer whose page is asked for. Raises IamError AccessDenied before Http404.

    A part of a page that asks again by itself (`is_repeated`) leaves no further trace in the event history.
    """
    # PostgreSQL knows no NUL, neither in a name nor in the event that would tell of it.
    if "\x00" in name:
        raise Http404("No analyzer has such a name.")
    account_id = request.principal.account_id
    judge = request.authorizer.check if is_repeated else request.authorizer.require
    judge("access-analyzer:GetAnalyzer", arn_of_analyzer(account_id, name))
    analyzer = find_analyzer(account_id, name)
    if analyzer is None:
        raise Http404(f"The analyzer {name} cannot be found.")
    return analyzer


def page_context(analyzer: AnalyzerRecord, *more: tuple[str, str]) -> dict[str, Any]:
    """Return what stands on every page of an analyzer."""
    return {"analyzer": analyzer, "name": analyzer.name, "crumbs": crumbs(analyzer.name, *more)}


def readable_analyzers(request: ConsoleRequest) -> list[AnalyzerRecord]:
    """Return the account's analyzers, with the number of findings where the caller may list these.

    Raises IamError AccessDenied.
    """
    request.authorizer.require(LIST)
    found = analyzers_of(request.principal.account_id)
    allowed = request.authorizer.allows_each(FINDINGS, {each.arn: {} for each in found}) if found else set()
    return [each if each.arn in allowed else replace(each, active=None) for each in found]


def findings_refusal(request: ConsoleRequest, analyzer: AnalyzerRecord) -> IamError | None:
    """Return why the caller may not list the findings of an analyzer."""
    return refusal(request, FINDINGS, analyzer.arn)

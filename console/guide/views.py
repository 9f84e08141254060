"""Views of the user guide."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.guide.chapters import NAMES, chapter
from console.requests import ConsoleRequest


@require_safe
def contents(request: ConsoleRequest) -> HttpResponse:
    """Show what the chapters are about."""
    return render(request, "guide/contents.html", {"chapters": [chapter(name) for name in NAMES]})


@require_safe
def show(request: ConsoleRequest, name: str) -> HttpResponse:
    """Show a chapter, with the way to the next one."""
    if name not in NAMES:
        raise Http404("The guide has no such chapter.")
    place = NAMES.index(name)
    following = chapter(NAMES[place + 1]) if place + 1 < len(NAMES) else None
    return render(request, "guide/chapter.html", {"chapter": chapter(name), "following": following})

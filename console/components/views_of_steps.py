"""Steps of wizards whose choices bring other fields into view before anybody judges them."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.http import HttpResponse, HttpResponseRedirect, QueryDict

from console.components.pickers import Picker
from console.components.wizards import StepForm

UNJUDGED = "unjudged"


def fetches(region: str, event: str = "change") -> dict[str, str]:
    """Return the attributes of a control that brings another view into a region, without judging the step."""
    return {
        "hx-post": "",
        "hx-trigger": event,
        "hx-target": f"#{region}",
        "hx-select": f"#{region}",
        "hx-swap": "outerHTML",
        # One after the other: of two choices in quick succession the later one must be what the draft keeps.
        "hx-sync": "closest form:queue last",
        "hx-vals": f'{{"show-{region}": ""}}',
    }


class ViewForm(StepForm):
    """A step with buttons called `show-…` that only change what is on view.

    Such a view is kept in the draft with the mark `unjudged`, so that a reload shows it again and nobody gets past it.
    """

    slug: ClassVar[str]

    def pickers(self) -> Iterable[Picker[Any]]:
        """Return the tables of the step."""
        return ()

    @property
    def is_rearranged(self) -> bool:
        if UNJUDGED in self.data or any(name.startswith("show-") for name in self.data):
            return True
        return any(picker.is_moved for picker in self.pickers()) or super().is_rearranged

    def is_valid(self) -> bool:
        return not self.is_rearranged and super().is_valid()

    def kept(self, data: QueryDict) -> QueryDict:
        """Return what is kept of a view that was asked for; `data` is a copy of what was posted."""
        return data

    def destination(self) -> str:
        """Return the page that shows the view."""
        return self.run.url(self.run.wizard.step(self.slug))

    def rearranged(self) -> HttpResponse | None:
        data = QueryDict(mutable=True)
        data.update(self.data)
        kept = self.kept(data)
        for picker in self.pickers():
            kept = picker.kept(kept)
        for name in [name for name in kept if name.startswith(("show-", "add-", "remove-"))]:
            del kept[name]
        kept[UNJUDGED] = "1"
        self.run.save(self.run.wizard.step(self.slug), kept)
        return HttpResponseRedirect(self.destination())

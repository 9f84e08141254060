"""The last step of a wizard: IAM's answers stand beside the part of the review that they are about."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import QueryDict

from console.components.tags import TagEditor
from console.components.wizards import Run, StepForm
from iam.errors import IamError

WHOLE = "whole"


class ReviewForm(StepForm):
    """The review; `parts` tells for an operation, and for a parameter of one, which part a refusal belongs to."""

    parts: ClassVar[Mapping[str, str]] = {}
    parameter_parts: ClassVar[Mapping[tuple[str, str], str]] = {}

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        self.refusals: dict[str, IamError] = {}

    def refuse(self, error: IamError) -> None:
        """Note a refusal where it belongs, or else for the form as a whole."""
        operation, parameter = error.operation or "", error.parameter or ""
        part = self.parameter_parts.get((operation, parameter)) or self.parts.get(operation)
        self.refusals[part or WHOLE] = error


class TaggedReviewForm(ReviewForm):
    """The review of something that may be tagged."""

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        self.editor = TagEditor.from_post(data) if data is not None else TagEditor()

    def clean(self) -> dict[str, Any]:
        if not self.editor.is_valid():
            self.add_error(None, "Correct the tags above.")
        return self.cleaned_data

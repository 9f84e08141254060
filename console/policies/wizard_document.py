"""The step that says what a policy allows: the visual editor or JSON, back and forth (console reference 8.2 to 8.4)."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django import forms
from django.http import HttpResponse, QueryDict
from django.urls import reverse

from console.components.htmx import is_fragment
from console.components.views_of_steps import UNJUDGED, ViewForm
from console.components.wizards import Run, Wizard, start_prefilled
from console.policies.editor import LONGEST_DOCUMENT, PolicyEditor
from console.policies.reports import Report, live_report
from console.policies.visual import VisualEditor
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations.documents import check_document, size
from iam.operations.quotas import POLICY_SIZE, exceeded
from iam.policy import PolicySyntaxError, parse

STEP = "permissions"
VISUAL, JSON = "visual", "json"
STARTER = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Statement1",
            "Effect": "Allow",
            "Action": [],
            "Resource": []
        }
    ]
}"""


class DocumentForm(ViewForm):
    """The document, as text or as blocks; `editor` says which of them is on view.

    Blocks are read from the document that is sent with them and written into it, so both are always the same one."""

    slug = STEP
    policy_type: ClassVar[str] = "identity"
    import_url: ClassVar[str] = "policies:create-import"

    policy_document = forms.CharField(
        label="Policy document", strip=False, max_length=LONGEST_DOCUMENT, widget=PolicyEditor("identity")
    )
    editor = forms.CharField(required=False)

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        self.asked = frozenset(data) if data is not None else frozenset()
        self.visual: VisualEditor | None = None
        self.refusal = ""
        given = data.copy() if data is not None else QueryDict(mutable=True)
        if data is not None:
            # Browsers send line ends as two characters.
            given["policy_document"] = data.get("policy_document", "").replace("\r\n", "\n")
        text = given.get("policy_document", STARTER)
        if given.get("editor", VISUAL) == VISUAL or "show-visual" in self.asked:
            given = self._read_visual(text, given, run)
        super().__init__(None if data is None else given, run=run, **kwargs)
        self.initial.setdefault("policy_document", STARTER)
        widget = self.fields["policy_document"].widget
        if isinstance(widget, PolicyEditor):
            widget.quota = self.quota

    def _read_visual(self, text: str, data: QueryDict, run: Run) -> QueryDict:
        try:
            # What is longer is refused below, unread.
            if len(text) > LONGEST_DOCUMENT:
                return data
            self.visual = VisualEditor(text, data, run.request.principal.account_id)
        except PolicySyntaxError as error:
            self.refusal = f"The visual editor cannot show this document: {error}."
            data["editor"] = JSON
            return data
        kept = self.visual.kept()
        kept["editor"] = VISUAL
        return kept

    # ---- what is shown

    @property
    def is_visual(self) -> bool:
        """Whether blocks are on view."""
        return self.visual is not None

    @property
    def document(self) -> str:
        """The document as it is now."""
        return self.visual.text if self.visual else str(self["policy_document"].value() or "")

    @property
    def quota(self) -> int:
        """How many characters the document may have, white space not counted."""
        return POLICY_SIZE

    @property
    def used(self) -> int:
        """How many it has."""
        return size(self.document)

    @property
    def remaining(self) -> int:
        """How many are left, negative where there are too many."""
        return self.quota - self.used

    @property
    def quota_low(self) -> int:
        """From where the meter warns."""
        return self.quota * 4 // 5

    @property
    def quota_high(self) -> int:
        """From where it is nearly full."""
        return self.quota * 19 // 20

    @property
    def report(self) -> Report | None:
        """The findings, once they were asked for or saving was refused."""
        if "show-findings" not in self.asked and (self.is_rearranged or not self.errors):
            return None
        if len(self.document) > LONGEST_DOCUMENT:
            return None
        return live_report(self.run.request.authorizer, self.document)

    # ---- changing the view

    @property
    def is_rearranged(self) -> bool:
        if UNJUDGED in self.asked or any(name.startswith("show-") for name in self.asked):
            return True
        # Enter in a field of the visual editor presses the first button: it adds, and does not go on.
        return self.visual is not None and bool(self.asked & {*VisualEditor.commands(), "next"})

    def rearranged(self) -> HttpResponse | None:
        request, wanted = self.run.request, cast("QueryDict", self.data)
        if "show-json" in self.asked:
            wanted["editor"] = JSON
        shown = super().rearranged() if len(self.document) <= LONGEST_DOCUMENT else None
        is_here = is_fragment(request) or self.refusal or (self.visual and self.visual.errors)
        return None if is_here or "show-findings" in self.asked else shown

    def destination(self) -> str:
        if "show-import" in self.asked:
            return reverse(self.import_url, args=[*self.run.about, self.run.draft_id])
        place = self.visual.open if self.visual else None
        return super().destination() + ("" if place is None else f"#block-{place}")

    # ---- judging

    def clean_policy_document(self) -> str:
        """Refuse what saving would refuse, and say where."""
        text = str(self.cleaned_data["policy_document"])
        try:
            check_document(text, policy_type=self.policy_type)
        except IamError as error:
            raise forms.ValidationError(f"{error.message}{_place(text)}", code=error.code) from None
        if size(text) > self.quota:
            self.refuse_size()
        return text

    def refuse_size(self) -> None:
        """Raise the refusal of a document that is too large."""
        error = exceeded("PolicySize", self.quota)
        raise forms.ValidationError(error.message, code=error.code)

    def clean(self) -> dict[str, Any]:
        if self.visual and not self.visual.is_settled():
            self.add_error("policy_document", list(self.visual.errors.values()))
        return self.cleaned_data


def _place(text: str) -> str:
    try:
        parse(text)
    except PolicySyntaxError as error:
        return f" {error}."
    return ""


def start_with(
    request: ConsoleRequest,
    wizard: Wizard,
    document: str,
    *about: str,
    editor: str = JSON,
    more: Mapping[str, dict[str, list[str]]] | None = None,
) -> HttpResponse:
    """Begin a wizard with a document; `more` are answers beside the step's.

    Line ends become those that editors count."""
    answers = {"policy_document": [document.replace("\r\n", "\n")], "editor": [editor], UNJUDGED: ["1"]}
    return start_prefilled(request, wizard, {STEP: answers, **(more or {})}, *about)


def document_of(run: Run) -> str:
    """Return the document as it was given in its step."""
    form: DocumentForm = run.form(STEP)
    return form.document

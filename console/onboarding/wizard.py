"""The wizard that creates users from a CSV file: the file, and a preview of what it says."""

from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from console.components.wizards import Run, Step, StepForm, Wizard
from console.onboarding.files import FileFaultError, Line, read_lines
from console.users.wizard import attaches_change_password
from iam.operations.onboarding import MOST_USERS, request_onboarding
from iam.queries.onboarding import known_group_names, taken_user_names

LONGEST = 1024 * 1024
# More faults than anybody mends before trying again; more users than anybody reads through in a preview.
MOST_FAULTS = 50
MOST_SHOWN = 100


class FileForm(StepForm):
    """The file, pasted or read from an upload, and what passwords are good for."""

    csv = forms.CharField(
        label="Users as CSV",
        help_text="A header, and a line for each user. Several user groups or tags are separated by semicolons.",
        max_length=LONGEST,
        strip=False,
        widget=forms.Textarea({"rows": 10, "spellcheck": "false", "class": "code"}),
        error_messages={"required": "Choose a file, or paste its lines.", "max_length": "The file is over 1 MiB."},
    )
    reset_required = forms.BooleanField(
        label=SafeString(
            'Users must create a new password at next sign-in <span class="badge badge-green">Recommended</span>'
        ),
        help_text="Users with console access get a generated password, and the permission to change it.",
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines: list[Line] = []
        self.faults: list[tuple[int, str]] = []

    @property
    def requires_reset(self) -> bool:
        """Whether some user has to change a password at the first sign-in."""
        return bool(self.cleaned_data["reset_required"]) and any(line.user.has_console_access for line in self.lines)

    @property
    def more_faults(self) -> int:
        """How many faults there are besides those shown."""
        return max(len(self.faults) - MOST_FAULTS, 0)

    @property
    def shown_faults(self) -> list[tuple[int, str]]:
        """The first faults, with the numbers of their lines."""
        return self.faults[:MOST_FAULTS]

    def clean_csv(self) -> str:
        text = str(self.cleaned_data["csv"])
        try:
            self.lines = read_lines(text)
        except FileFaultError as fault:
            raise forms.ValidationError(str(fault)) from None
        self._look_up_names()
        self.faults = [(line.number, fault) for line in self.lines for fault in line.faults]
        if self.faults:
            number = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
            raise forms.ValidationError(f"The file has {number}. Nothing was created.")
        return text

    def _look_up_names(self) -> None:
        """Say which users exist and which groups do not, as far as the caller may know."""
        request = self.run.request
        account_id, may = request.principal.account_id, request.authorizer.allows
        taken = taken_user_names(account_id, [line.user.name for line in self.lines]) if may("iam:ListUsers") else set()
        groups = sorted({group for line in self.lines for group in line.user.groups})
        known = known_group_names(account_id, groups) if may("iam:ListGroups") else {name.lower() for name in groups}
        for line in self.lines:
            if line.user.name.lower() in taken:
                line.faults.append(f"User with name {line.user.name} already exists.")
            line.faults.extend(
                f"The group with name {group[:128]} cannot be found."
                for group in line.user.groups
                if group.lower() not in known
            )


class PreviewForm(StepForm):
    """Nothing to fill in: the users as they will be created."""


def _preview(run: Run) -> dict[str, Any]:
    form: FileForm = run.form("file")
    return {
        "file_url": run.url(ONBOARDING.step("file")),
        "lines": form.lines[:MOST_SHOWN],
        "total": len(form.lines),
        "more": max(len(form.lines) - MOST_SHOWN, 0),
        "with_access": sum(line.user.has_console_access for line in form.lines),
        "groups": len({group.lower() for line in form.lines for group in line.user.groups}),
        "requires_reset": form.requires_reset,
        "attaches": form.requires_reset and attaches_change_password(run.request),
    }


ONBOARDING = Wizard(
    name="onboarding",
    title="Create users from a file",
    submit="Create users",
    steps=(
        Step(
            "file",
            "Choose file",
            FileForm,
            "onboarding/file.html",
            f"Create up to {MOST_USERS:,} users at once: all of them, or none.",
        ),
        Step("preview", "Review and create", PreviewForm, "onboarding/preview.html", context=_preview),
    ),
    step_url="onboarding:step",
    cancel_url="users:list",
    result="Retrieve credentials",
)


def finish(run: Run, _form: PreviewForm) -> HttpResponse:
    """Hand the users to a worker, and show how far it is."""
    file: FileForm = run.form("file")
    onboarding = request_onboarding(
        run.request.principal,
        [line.user for line in file.lines],
        requires_reset=file.requires_reset,
        attaches_change_password=attaches_change_password(run.request),
        first=run.close,
    )
    return HttpResponseRedirect(reverse("onboarding:progress", args=[onboarding]))

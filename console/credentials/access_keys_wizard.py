"""Creating an access key in three steps (console reference 6.6): alternatives, description tag, the secret shown once.

The steps do not ask whose key it is: that follows from the address.
"""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from console.components.changing import change_or_tell
from console.components.downloads import offer_csv
from console.components.fields import Option, Tiles
from console.components.flashes import flash
from console.components.htmx import redirect_to
from console.components.wizards import Run, StepForm, Wizard, run_step, start
from console.components.wizards import Step as WizardStep
from console.credentials.owners import Owner
from console.identities.readable import KEYS
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Step, perform_change_set
from iam.operations.drafts import DraftGoneError
from iam.operations.quotas import ACCESS_KEYS
from iam.operations.shapes import validate
from iam.operations.tags import check_tags

CSV_HEADER = ("Access key ID", "Secret access key")
DESCRIPTION_RULE = "Up to 256 characters: letters, numbers, spaces representable in UTF-8, and _ . : / = + - @."
OTHER = "other"


@dataclass(frozen=True, slots=True)
class UseCase:
    """What somebody wants a key for, and what AWS recommends instead."""

    value: str
    label: str
    hint: str
    alternative: str


USE_CASES = (
    UseCase(
        "cli",
        "Command Line Interface (CLI)",
        "You plan to use this access key to enable the AWS CLI to access your AWS account.",
        "Use AWS CloudShell, a browser-based CLI, to run commands. Or use the AWS CLI V2 and sign in through a user in "
        "IAM Identity Center, which gives the CLI temporary credentials.",
    ),
    UseCase(
        "local",
        "Local code",
        "You plan to use this access key to enable application code in a local development environment.",
        "Use an Integrated Development Environment (IDE) which supports the AWS Toolkit and signs in through "
        "IAM Identity Center, so that no key lies on your computer.",
    ),
    UseCase(
        "compute",
        "Application running on an AWS compute service",
        "You plan to use this access key to enable application code running on Amazon EC2, Amazon ECS or AWS Lambda.",
        "Assign an IAM role to the compute resource. The service hands the application temporary credentials of the "
        "role and rotates them.",
    ),
    UseCase(
        "third-party",
        "Third-party service",
        "You plan to use this access key to enable a third-party application or service that monitors or manages your "
        "AWS resources.",
        "Use temporary security credentials: create a role with an external ID that the third party assumes. Each of "
        "its sessions is then short, and you can end its access by deleting one role.",
    ),
    UseCase(
        "outside",
        "Application running outside AWS",
        "You plan to use this access key to authenticate workloads in your data center or on other infrastructure.",
        "Use IAM Roles Anywhere, which gives workloads outside AWS temporary credentials for a certificate of yours.",
    ),
    UseCase(
        OTHER,
        "Other",
        "Your use case is not listed here.",
        "It is okay to use an access key for this use case, but follow the best practices: never store it in plain "
        "text, in a code repository or in code; deactivate or delete it when it is no longer needed; give it the least "
        "privilege; rotate it regularly.",
    ),
)


class UseCaseForm(StepForm):
    """Step 1: what the key is for, and that the recommendation was read."""

    use_case = forms.ChoiceField(
        label="Use case",
        choices=[(case.value, Option(case.label, case.hint)) for case in USE_CASES],
        widget=Tiles,
        error_messages={
            "required": "Choose a use case.",
            "invalid_choice": "“%(value)s” is no use case. Choose one of these.",
        },
    )
    understood = forms.BooleanField(
        label="I understand the above recommendation and want to proceed to create an access key.", required=False
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("use_case") not in {None, OTHER} and not cleaned.get("understood"):
            self.add_error("understood", "Confirm that you want an access key nevertheless, or follow the alternative.")
        return cleaned


def check_description(text: str) -> None:
    """Refuse what TagUser would refuse: once the key exists, it is too late to ask again."""
    tags = [{"Key": "description", "Value": text}]
    try:
        validate("iam", "TagUser", {"UserName": "name", "Tags": tags})
        check_tags(tags, ignore_case=True)
    except IamError as error:
        raise forms.ValidationError(error.message, code=error.code) from None


def description_field(help_text: str) -> forms.CharField:
    """Return the field of a key's description tag."""
    return forms.CharField(
        label="Description tag value",
        help_text=help_text,
        max_length=256,
        required=False,
        validators=[check_description],
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class RootForm(StepForm):
    """The only step for root: that it is known to be no best practice."""

    understood = forms.BooleanField(
        label="I understand creating a root access key is not a best practice, but I still want to create one.",
        error_messages={"required": "Confirm that you want a root access key nevertheless, or choose an alternative."},
    )


class DescriptionForm(StepForm):
    """Step 2: what the key will be called."""

    constraints: ClassVar = {"description": DESCRIPTION_RULE}

    description = description_field(
        "Describe the purpose of this access key and where it will be used. A good description will help you rotate "
        "this access key confidently later."
    )


def key_wizard(step_url: str, cancel_url: str) -> Wizard:
    """Return the wizard under the addresses given; its answers hold no secret."""
    return Wizard(
        name="create-access-key",
        title="Create access key",
        submit="Create access key",
        steps=(
            WizardStep(
                "use-case",
                "Access key best practices & alternatives",
                UseCaseForm,
                "credentials/access_keys/use_case.html",
                "Avoid using long-term credentials like access keys to improve your security. Consider the following "
                "use cases and alternatives.",
                context=lambda run: {"use_cases": USE_CASES},
            ),
            WizardStep(
                "description",
                "Set description tag – optional",
                DescriptionForm,
                "credentials/access_keys/description.html",
                "The description for this access key will be attached to this user as a tag and shown alongside the "
                "access key.",
            ),
        ),
        step_url=step_url,
        cancel_url=cancel_url,
        result="Retrieve access keys",
    )


OF_A_USER = key_wizard("users:create-access-key-step", "users:security-credentials")
OF_ONESELF = key_wizard("credentials:create-access-key-step", "credentials:security-credentials")
OF_ROOT = Wizard(
    name="create-root-access-key",
    title="Create access key",
    submit="Create access key",
    steps=(
        WizardStep(
            "alternatives",
            "Alternatives to root user access keys",
            RootForm,
            "credentials/access_keys/root.html",
            "Root user access keys are not recommended: nothing limits what they can do.",
        ),
    ),
    step_url=OF_ONESELF.step_url,
    cancel_url=OF_ONESELF.cancel_url,
    result="Retrieve access key",
)


def _wizard_for(owner: Owner) -> Wizard:
    if owner.root:
        return OF_ROOT
    return OF_ONESELF if owner.is_own else OF_A_USER


@require_safe
def create(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    """Begin to create an access key; with two keys already, say so instead."""
    if len(owner.keys) >= ACCESS_KEYS and not owner.refusal(request, KEYS):
        text = f"{owner.called} has two access keys, active or inactive. Delete one before you create another."
        flash(request, "error", text, heading="A user can have at most two access keys")
        return redirect_to(request, owner.home)
    return start(request, _wizard_for(owner), *owner.about)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def create_step(request: ConsoleRequest, owner: Owner, draft: UUID, step: str) -> HttpResponse:
    """Show or answer a step; the answer to the last one shows the secret, the only time."""

    def finish_for_owner(run: Run, form: StepForm) -> HttpResponse | None:
        return finish(run, form, owner)

    return run_step(request, _wizard_for(owner), draft, step, finish=finish_for_owner, about=owner.about)


def finish(run: Run, form: StepForm, owner: Owner) -> HttpResponse | None:
    """Create the key and show its secret; None where IAM refused and the form says why."""
    try:
        performed = perform_change_set(
            run.request.principal,
            [Step("CreateAccessKey", owner.named)],
            title=f"Create an access key {owner.whose}".replace(" of ", " for ", 1),
            first=run.close,
        )
    except DraftGoneError:
        raise
    except IamError as error:
        form.add_error(None, forms.ValidationError(error.message, code=error.code))
        return None
    key = performed.results[0]["AccessKey"]
    done = f"Created access key {key['AccessKeyId']}."
    flash(run.request, "success", done, change_set_id=performed.change_set_id)
    _describe(run.request, owner, key["AccessKeyId"], form.cleaned_data.get("description", ""))
    return _show_secret(run, owner, key["AccessKeyId"], key["SecretAccessKey"])


def _describe(request: ConsoleRequest, owner: Owner, key_id: str, description: str) -> None:
    # A change set of its own: whoever may not tag gets the key all the same, and its secret is not lost.
    if description:
        change_or_tell(
            request,
            [Step("TagUser", {**owner.named, "Tags": [{"Key": key_id, "Value": description}]})],
            title=f"Describe access key {key_id} {owner.whose}",
            done=f"Described access key {key_id}.",
        )


def _show_secret(run: Run, owner: Owner, key_id: str, secret: str) -> HttpResponse:
    file = f"{owner.name}_accessKeys.csv" if owner.user else "rootkey.csv"
    context = {
        "crumbs": owner.crumbs(("Create access key", "")),
        "key_id": key_id,
        "secret": secret,
        "back": run.cancel_url,
        "progress": run.wizard.finished(),
        "offer": offer_csv(run.request, file, CSV_HEADER, [(key_id, secret)], user_name=owner.name),
        "hands_over": not owner.is_own,
        "download_url": owner.download_url,
    }
    return render(run.request, "credentials/access_keys/retrieve.html", context)

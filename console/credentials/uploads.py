"""Uploading signing certificates and SSH public keys, as text in PEM or as ssh-keygen writes it."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from console.components.changing import change
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to, render_page
from console.credentials.owners import Owner
from console.requests import ConsoleRequest
from iam.operations import Step
from iam.operations.certificates import MalformedCertificateError, read_certificate
from iam.operations.shapes import constraint

PRIVATE = "PRIVATE KEY"
IS_PRIVATE = (
    "This text has a private key in it, which nobody but its holder may see. It was not kept. Do not use that key any "
    "more if you sent it by mistake, and paste the public part only."
)


class PastedText(forms.Textarea):
    """A text that is shown again where it was refused, but for a private key pasted by mistake."""

    def format_value(self, value: Any) -> Any:
        """Return what the control shows."""
        return "" if value and PRIVATE in value else super().format_value(value)


class UploadForm(ConsoleForm):
    """One pasted text."""

    body: forms.CharField

    def clean_body(self) -> str:
        """Refuse private keys before anything else reads them."""
        text = str(self.cleaned_data["body"])
        if PRIVATE in text:
            raise forms.ValidationError(IS_PRIVATE, code="PrivateKey")
        return text


def _body(label: str, help_text: str, operation: str, parameter: str, example: str) -> forms.CharField:
    longest = constraint(operation, parameter).maximum
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=longest,
        widget=PastedText({"rows": 12, "spellcheck": "false", "autocomplete": "off", "class": "is-code"}),
        error_messages={
            "required": f"Paste the text that begins with {example}.",
            "max_length": f"The text has %(show_value)d characters; at most {longest:,} are allowed.",
        },
    )


class CertificateForm(UploadForm):
    """A certificate in PEM."""

    parameter_fields: ClassVar = {"CertificateBody": "body"}

    body = _body(
        "Certificate",
        "The X.509 certificate in PEM format, without its private key.",
        "UploadSigningCertificate",
        "CertificateBody",
        "-----BEGIN CERTIFICATE-----",
    )

    def clean_body(self) -> str:
        """Tell in words what IAM would refuse by repeating all of it."""
        text = super().clean_body()
        try:
            read_certificate(text)
        except MalformedCertificateError:
            message = "This is no certificate in PEM format. Paste one text from -----BEGIN CERTIFICATE----- to "
            raise forms.ValidationError(f"{message}-----END CERTIFICATE-----.", code="MalformedCertificate") from None
        return text


class SshKeyForm(UploadForm):
    """An SSH public key."""

    parameter_fields: ClassVar = {"SSHPublicKeyBody": "body"}
    constraints: ClassVar = {"body": "An RSA key of 2,048 to 16,384 bits, in OpenSSH or PEM format."}

    body = _body(
        "SSH public key",
        "The content of the file that ends in .pub, such as ~/.ssh/codecommit_rsa.pub.",
        "UploadSSHPublicKey",
        "SSHPublicKeyBody",
        "ssh-rsa or -----BEGIN PUBLIC KEY-----",
    )


def _upload(
    request: ConsoleRequest, owner: Owner, form: UploadForm, heading: str, operation: str, parameter: str
) -> HttpResponse:
    noun = heading.removeprefix("Upload ")
    if form.is_valid():
        step = Step(operation, {**owner.named, parameter: form.cleaned_data["body"]})
        with errors_on(form):
            change(request, [step], title=f"{heading} {owner.whose}", done=f"Uploaded {noun}.")
            return redirect_to(request, owner.home)
    context = {
        "title": heading,
        "form": form,
        "action": request.path,
        "back": owner.home,
        "crumbs": owner.crumbs((heading, "")),
        "dialog": "credentials/_upload.html",
    }
    status = 422 if form.errors else 200
    return render_page(request, "credentials/dialog.html", "credentials/_upload.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def upload_certificate(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    """Give the owner a certificate whose private key stays where it is."""
    form = CertificateForm(request.POST if request.method == "POST" else None)
    return _upload(request, owner, form, "Upload signing certificate", "UploadSigningCertificate", "CertificateBody")


@require_http_methods(["GET", "HEAD", "POST"])
def upload_ssh_key(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    """Give the owner an SSH key for repositories."""
    form = SshKeyForm(request.POST if request.method == "POST" else None)
    return _upload(request, owner, form, "Upload SSH public key", "UploadSSHPublicKey", "SSHPublicKeyBody")

"""Deactivating, activating and deleting certificates, SSH keys and service-specific credentials."""

from collections.abc import Sequence

from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST

from console.components import changing
from console.components.access import unknown
from console.components.changing import Question
from console.credentials.kinds import CERTIFICATES, SERVICE_CREDENTIALS, Kind
from console.credentials.owners import Owner
from console.requests import ConsoleRequest
from iam.operations import Step
from iam.queries import credentials
from iam.queries.credentials import CertificateRecord, ServiceCredentialRecord, SshKeyRecord

Record = CertificateRecord | SshKeyRecord | ServiceCredentialRecord


def held(request: ConsoleRequest, owner: Owner, kind: Kind) -> Sequence[Record]:
    """Return the owner's credentials of a kind; root has certificates only."""
    if kind is CERTIFICATES:
        return credentials.signing_certificates(request.principal.account_id, owner.user.pk if owner.user else None)
    if owner.user is None:
        return ()
    if kind is SERVICE_CREDENTIALS:
        return credentials.service_credentials(owner.user.pk)
    return credentials.ssh_public_keys(owner.user.pk)


def find(request: ConsoleRequest, owner: Owner, kind: Kind, credential_id: str) -> Record:
    """Return one for a dialog. Raises Http404, also for those who may not list them."""
    if not owner.refusal(request, kind.reading):
        for record in held(request, owner, kind):
            if record.id == credential_id:
                return record
    raise unknown(kind.noun, credential_id)


def label(record: Record) -> str:
    """Return what people know a credential by."""
    return record.user_name if isinstance(record, ServiceCredentialRecord) else record.id


def _step(owner: Owner, kind: Kind, verb: str, credential_id: str, **more: str) -> Step:
    return Step(f"{verb}{kind.operand}", {**owner.named, kind.id_parameter: credential_id, **more})


@require_http_methods(["GET", "HEAD", "POST"])
def deactivate(request: ConsoleRequest, owner: Owner, credential_id: str, kind: Kind) -> HttpResponse:
    """Ask, then deactivate one, which can be undone."""
    name = label(find(request, owner, kind, credential_id))
    question = Question(
        heading=f"Deactivate {kind.noun}?",
        submit="Deactivate",
        steps=[_step(owner, kind, "Update", credential_id, Status="Inactive")],
        title=f"Deactivate {kind.noun} {name} {owner.whose}",
        done=f"Deactivated {kind.noun} {name}.",
        back=owner.home,
        next=owner.home,
        crumbs=owner.crumbs((f"Deactivate {kind.noun}", "")),
        text=f"{name} stays and can be activated again. {kind.without}",
        is_danger=False,
    )
    return changing.ask(request, question)


@require_POST
def activate(request: ConsoleRequest, owner: Owner, credential_id: str, kind: Kind) -> HttpResponse:
    """Activate one again; nothing is asked, since it breaks nothing."""
    changing.change_or_tell(
        request,
        [_step(owner, kind, "Update", credential_id, Status="Active")],
        title=f"Activate {kind.noun} {credential_id} {owner.whose}",
        done=f"Activated {kind.noun} {credential_id}.",
    )
    return HttpResponseRedirect(owner.home)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: ConsoleRequest, owner: Owner, credential_id: str, kind: Kind) -> HttpResponse:
    """Ask, then delete one for good."""
    record = find(request, owner, kind, credential_id)
    name = label(record)
    in_use = " It is active: deactivate it first to see whether anything misses it." if record.is_active else ""
    question = Question(
        heading=f"Delete {kind.noun}?",
        submit="Delete",
        steps=[_step(owner, kind, "Delete", credential_id)],
        title=f"Delete {kind.noun} {name} {owner.whose}",
        done=f"Deleted {kind.noun} {name}.",
        back=owner.home,
        next=owner.home,
        crumbs=owner.crumbs((f"Delete {kind.noun}", "")),
        text=f"{name} is deleted for good.{in_use}",
        warning=kind.deleted,
    )
    return changing.ask(request, question)

"""Service-specific credentials (IAM User Guide, "Service-specific credentials for IAM users")."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from itertools import count
from typing import Any

from django.db import transaction
from django.utils import timezone

from iam.authorization import ContextValue
from iam.errors import IamError
from iam.models import ServiceSpecificCredential, User, identifiers
from iam.operations import quotas
from iam.operations.credential_owners import set_status
from iam.operations.entities import existing_user, insert, judged_user, lock_user, own_name
from iam.operations.paging import page
from iam.operations.registry import Access, Call, operation

# Services of which a credential is a user name with a password.
_PASSWORD_SERVICES = frozenset({"codecommit.amazonaws.com", "cassandra.amazonaws.com"})
# Services of which a credential is an API key, by what the key begins with (User Guide, "API keys for AWS services").
_API_KEY_SERVICES = {"bedrock.amazonaws.com": "ABSK", "logs.amazonaws.com": "ACWL"}


def _check_service(service_name: str) -> None:
    # The model knows NotSupportedService, but AWS answers this.
    if service_name not in _PASSWORD_SERVICES and service_name not in _API_KEY_SERVICES:
        raise IamError(
            "NoSuchEntity",
            f"No such service {service_name} is supported for Service Specific Credentials",
            parameter="ServiceName",
        )


def _shape(credential: ServiceSpecificCredential, owner: User) -> dict[str, Any]:
    is_expired = credential.expires_at is not None and credential.expires_at <= timezone.now()
    named = "ServiceCredentialAlias" if credential.service_name in _API_KEY_SERVICES else "ServiceUserName"
    shape = {
        "CreateDate": credential.created_at,
        "ExpirationDate": credential.expires_at,
        "ServiceName": credential.service_name,
        named: credential.service_user_name,
        "ServiceSpecificCredentialId": credential.pk,
        "UserName": owner.name,
        "Status": "Expired" if is_expired else credential.status,
    }
    return {name: value for name, value in shape.items() if value is not None}


def _new_secret(credential: ServiceSpecificCredential) -> dict[str, str]:
    """Give a credential a new secret; return it as the API shows it, this once."""
    secret = identifiers.service_secret()
    prefix = _API_KEY_SERVICES.get(credential.service_name)
    if prefix:
        secret = prefix + base64.b64encode(f"{credential.service_user_name}:{secret}".encode()).decode()
    credential.secret_digest = hashlib.sha256(secret.encode()).hexdigest()
    return {"ServiceCredentialSecret" if prefix else "ServicePassword": secret}


def _find(owner: User, credential_id: str) -> ServiceSpecificCredential:
    found = owner.service_credentials.filter(pk=credential_id).first()
    if found is None:
        raise IamError(
            "NoSuchEntity", f"No such credential {credential_id} exists", parameter="ServiceSpecificCredentialId"
        )
    return found


def _creating(call: Call, parameters: Mapping[str, Any]) -> Access:
    access = existing_user(call, parameters)
    context: dict[str, ContextValue] = {"iam:ServiceSpecificCredentialServiceName": parameters["ServiceName"]}
    if "CredentialAgeDays" in parameters:
        context["iam:ServiceSpecificCredentialAgeDays"] = str(parameters["CredentialAgeDays"])
    return Access(access.resource, {**access.context, **context})


def _changing(call: Call, parameters: Mapping[str, Any]) -> Access:
    access = existing_user(call, parameters)
    credential = ServiceSpecificCredential.objects.filter(
        account=call.account_id, pk=parameters["ServiceSpecificCredentialId"]
    ).first()
    if credential is None:
        return access
    service = {"iam:ServiceSpecificCredentialServiceName": credential.service_name}
    return Access(access.resource, {**access.context, **service})


def _listing(call: Call, parameters: Mapping[str, Any]) -> Access:
    if parameters.get("AllUsers"):
        return Access(identifiers.arn(call.account_id, "user", "/", "*"))
    return existing_user(call, parameters)


@operation("CreateServiceSpecificCredential", access=_creating)
def create_service_specific_credential(
    call: Call, *, user_name: str, service_name: str, credential_age_days: int | None = None
) -> dict[str, Any]:
    """Give a user a credential for one service; its secret is shown here and never again.

    Raises IamError NoSuchEntity for a service that knows none, LimitExceeded at the user's third for the service,
    ValidationError for an age where credentials do not expire.
    """
    owner = lock_user(call, user_name)
    _check_service(service_name)
    if credential_age_days is not None and service_name not in _API_KEY_SERVICES:
        raise IamError(
            "ValidationError",
            f"CredentialAgeDays cannot be specified for {service_name}.",
            parameter="CredentialAgeDays",
        )
    if owner.service_credentials.filter(service_name=service_name).count() >= quotas.SERVICE_CREDENTIALS:
        raise quotas.exceeded("ServiceSpecificCredentialsPerUser", quotas.SERVICE_CREDENTIALS)
    now = timezone.now()
    credential = ServiceSpecificCredential(
        account_id=call.account_id,
        user=owner,
        service_name=service_name,
        created_at=now,
        expires_at=now + timedelta(days=credential_age_days) if credential_age_days else None,
    )
    secret = _insert(credential, owner)
    call.touch("user", owner.name)
    return {"ServiceSpecificCredential": {**_shape(credential, owner), **secret}}


def _insert(credential: ServiceSpecificCredential, owner: User) -> dict[str, str]:
    """Insert a credential under the first free of jane-at-…, jane+1-at-…, and return its secret.

    A name may belong to somebody who was called jane before.
    """
    taken = IamError("EntityAlreadyExists", "")
    for number in count():
        suffix = f"+{number}" if number else ""
        credential.service_user_name = f"{owner.name}{suffix}-at-{credential.account_id}"
        secret = _new_secret(credential)
        try:
            with transaction.atomic():
                insert(credential, taken)
        except IamError:
            continue
        return secret
    raise AssertionError("unreachable")


@operation("ListServiceSpecificCredentials", access=_listing)
def list_service_specific_credentials(
    call: Call,
    *,
    user_name: str | None = None,
    service_name: str | None = None,
    all_users: bool = False,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List credentials of a user, of the caller or of all users."""
    rows = ServiceSpecificCredential.objects.filter(account=call.account_id).select_related("user")
    if all_users and user_name is not None:
        raise IamError("ValidationError", "UserName cannot be specified together with AllUsers.", parameter="AllUsers")
    if not all_users:
        rows = rows.filter(user=judged_user(call, own_name(call, user_name)))
    if service_name is not None:
        _check_service(service_name)
        rows = rows.filter(service_name=service_name)
    answer = page(
        "ServiceSpecificCredentials",
        rows,
        "id",
        marker,
        max_items,
        shape=lambda credential: _shape(credential, credential.user),
    )
    # The operation was older than its pages: asked as it used to be, it answers as it used to.
    if not all_users and marker is None and max_items is None:
        del answer["IsTruncated"]
    return answer


@operation("UpdateServiceSpecificCredential", access=_changing)
def update_service_specific_credential(
    call: Call, *, service_specific_credential_id: str, status: str, user_name: str | None = None
) -> None:
    """Activate or deactivate a credential."""
    owner = lock_user(call, own_name(call, user_name))
    set_status(_find(owner, service_specific_credential_id), status, code="ValidationError")
    call.touch("user", owner.name)


@operation("ResetServiceSpecificCredential", access=_changing)
def reset_service_specific_credential(
    call: Call, *, service_specific_credential_id: str, user_name: str | None = None
) -> dict[str, Any]:
    """Replace a credential's secret, at once; name, status and expiration stay."""
    owner = lock_user(call, own_name(call, user_name))
    credential = _find(owner, service_specific_credential_id)
    secret = _new_secret(credential)
    credential.save(update_fields=["secret_digest"])
    call.touch("user", owner.name)
    return {"ServiceSpecificCredential": {**_shape(credential, owner), **secret}}


@operation("DeleteServiceSpecificCredential", access=_changing)
def delete_service_specific_credential(
    call: Call, *, service_specific_credential_id: str, user_name: str | None = None
) -> None:
    """Delete a credential for good."""
    owner = lock_user(call, own_name(call, user_name))
    _find(owner, service_specific_credential_id).delete()
    call.touch("user", owner.name)

"""What a connection to an AWS account may be, and who may have the workers' own rights used.

Whoever names an address decides where workers send requests, and whoever lets workers act as themselves has their
rights: only accounts that the installation trusts may do either. A role is assumed with an external id that only this
installation hands out (IAM User Guide, "The confused deputy problem").
"""

import re
from urllib.parse import urlsplit

from django.conf import settings

from iam.errors import IamError
from iam.models import Account, Connection
from iam.operations.switch_role import LONGEST_ROLE

LONGEST_URL = 2048
_ROLE = re.compile(r"arn:aws:iam::(?P<account>[0-9]{12}):role/(?P<name>(?:[\x21-\x7e]+/)?[\w+=,.@-]{1,64})", re.ASCII)
_PROFILE = re.compile(r"[\w+=,.@/ -]{1,128}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}", re.ASCII)
_KEY_ID = re.compile(r"[\w-]{16,128}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_LONGEST_SECRET = 4096


def trusted_owners() -> frozenset[str]:
    """Return the accounts whose administrators may use the workers' own rights, and name endpoints.

    Unless the settings name some, it is the first account of the installation.
    """
    if settings.CONNECTION_OWNERS:
        return frozenset(settings.CONNECTION_OWNERS)
    local = Account.objects.filter(kind=Account.Kind.LOCAL).order_by("created_at", "pk")
    return frozenset(local.values_list("pk", flat=True)[:1])


def is_trusted(account_id: str) -> bool:
    """Whether an account may use the workers' own rights, and name endpoints."""
    return account_id in trusted_owners()


def check_trusted(connection: Connection) -> None:
    """Raise IamError AccessDenied for what only accounts may have that the installation trusts."""
    if is_trusted(connection.owner_id):
        return
    is_of_worker = connection.source != Connection.Source.KEYS
    if connection.endpoint_url:
        raise _reserved("name an endpoint", "EndpointUrl")
    if connection.source == Connection.Source.PROFILE:
        raise _reserved("use profiles of the workers", "Profile")
    if is_of_worker and not connection.external_id:
        raise _reserved("use the rights of the workers without a role", "Source")


def _reserved(what: str, parameter: str) -> IamError:
    return IamError(
        "AccessDenied",
        f"Only accounts that CONNECTION_OWNERS names may {what}. Who runs this console decides about it.",
        parameter=parameter,
    )


def check_fields(connection: Connection, secret: str | None = None) -> None:
    """Raise IamError ValidationError for what a connection cannot be; `secret` is of keys that were just given.

    What was given is not quoted: it may be of any size, and hold a password.
    """
    source = connection.source
    if not 1 <= len(connection.name) <= 50 or not connection.name.isprintable():
        raise _invalid("The name must have 1 to 50 printable characters.", "Name")
    if source not in Connection.Source.values:
        raise _invalid(f"Source must be one of {', '.join(Connection.Source.values)}.", "Source")
    if (source == Connection.Source.PROFILE) != bool(connection.profile):
        raise _invalid("A profile, and nothing else, has the name of a profile.", "Profile")
    if connection.profile and not _PROFILE.fullmatch(connection.profile):
        raise _invalid("The name of a profile has letters, digits and + = , . @ / - _ only.", "Profile")
    if not _REGION.fullmatch(connection.region) or len(connection.region) > 32:
        raise _invalid("Enter the code of a Region, such as us-east-1.", "Region")
    _check_keys(connection, secret)
    _check_role(connection)
    _check_endpoint(connection.endpoint_url)


def _check_keys(connection: Connection, secret: str | None) -> None:
    has_keys = connection.sealed_keys is not None
    if (connection.source == Connection.Source.KEYS) != has_keys:
        raise _invalid("Access keys, and nothing else, need a key and its secret.", "AccessKeyId")
    if has_keys and not _KEY_ID.fullmatch(connection.access_key_id):
        raise _invalid("An access key ID has 16 to 128 letters and digits.", "AccessKeyId")
    if secret is not None and not (1 <= len(secret) <= _LONGEST_SECRET and secret.isascii() and secret.isprintable()):
        raise _invalid("The secret access key is missing, or has characters that no key has.", "SecretAccessKey")


def _check_role(connection: Connection) -> None:
    if not connection.role_arn and not connection.external_id:
        return
    if connection.external_id and not _EXTERNAL_ID.fullmatch(connection.external_id):
        raise _invalid("An external ID has 2 to 1224 letters, digits and + = , . @ : / - _.", "ExternalId")
    if not connection.external_id:
        raise _invalid("A role is assumed with an external ID only.", "RoleArn")
    match = _ROLE.fullmatch(connection.role_arn)
    if connection.role_arn and (match is None or len(connection.role_arn) > 600):
        raise _invalid(
            "Enter the ARN of a role, such as arn:aws:iam::123456789012:role/IAMConsole.",
            "RoleArn",
        )
    if match and len(match["name"]) > LONGEST_ROLE:
        raise _invalid(
            f"Path and name of the role have over {LONGEST_ROLE} characters: nobody could switch to it.", "RoleArn"
        )
    if match and connection.account_id not in (None, match["account"]):
        raise _invalid(f"The role is not in the account {connection.account_id}.", "RoleArn")


def _check_endpoint(url: str) -> None:
    if not url:
        return
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise _invalid("Enter an address, such as https://iam.example.com.", "EndpointUrl")
    if "@" in parts.netloc or parts.query or parts.fragment or "?" in url or "#" in url:
        raise _invalid("An endpoint has neither a user name or password nor a query.", "EndpointUrl")


def _invalid(message: str, parameter: str) -> IamError:
    return IamError("ValidationError", message, parameter=parameter)

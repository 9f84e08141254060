"""Connections to AWS accounts. No API of IAM does that: what is done here is recorded like what its operations do."""

from django.db import IntegrityError, transaction

from iam.errors import IamError
from iam.models import Account, Connection
from iam.operations import quotas

# What an account is entered as where workers do not assume a role there. There may be no such role in AWS.
ENTRY_ROLE = "IAMConsole"


def link(connection: Connection, account_id: str) -> None:
    """Make the mirror of the AWS account that a connection was found to reach, without saving the connection.

    Raises IamError EntityAlreadyExists where this installation has an account with that id.
    """
    account = Account(pk=account_id, name=connection.name, kind=Account.Kind.AWS)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError:
        raise IamError(
            "EntityAlreadyExists",
            f"The account {account_id} is in this console already: as one of its own, or through another connection.",
            parameter="AccountId",
        ) from None
    quotas.open_quotas(account)
    connection.account = account
    connection.entry_role_arn = connection.role_arn or f"arn:aws:iam::{account_id}:role/{ENTRY_ROLE}"

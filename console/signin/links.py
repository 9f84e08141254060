"""Addresses of the sign-in pages that leave the browser: in credentials CSVs, e-mails and on the dashboard."""

from typing import Protocol

from django.conf import settings
from django.urls import reverse


class NamedAccount(Protocol):
    """An account as `request.account` and `iam.queries.principals` give it."""

    @property
    def sign_in_name(self) -> str:
        """The alias, or the id while there is none."""

    @property
    def is_in_aws(self) -> bool:
        """Whether its users sign in at AWS, and not here."""


def sign_in_url(account: NamedAccount, name: str = "") -> str:
    """Return the sign-in URL for IAM users of an account, under its own name or under one that it has as well."""
    return sign_in_url_for(name or account.sign_in_name, is_in_aws=account.is_in_aws)


def sign_in_url_for(sign_in_name: str, *, is_in_aws: bool) -> str:
    """Return the sign-in URL for an alias or account id, whether there is such an account or not."""
    if is_in_aws:
        return f"https://{sign_in_name}.signin.aws.amazon.com/console"
    return f"{settings.PUBLIC_URL}{reverse('signin:account', args=[sign_in_name])}"

"""Addresses of the sign-in pages that leave the browser: in credentials CSVs, e-mails and on the dashboard."""

from typing import Protocol

from django.conf import settings
from django.urls import reverse


class NamedAccount(Protocol):
    """An account as `request.account` and `iam.queries.principals` give it."""

    @property
    def sign_in_name(self) -> str:
        """The alias, or the id while there is none."""


def sign_in_url(account: NamedAccount) -> str:
    """Return the sign-in URL for IAM users of an account."""
    return sign_in_url_for(account.sign_in_name)


def sign_in_url_for(sign_in_name: str) -> str:
    """Return the sign-in URL for an alias or account id, whether there is such an account or not."""
    return f"{settings.PUBLIC_URL}{reverse('signin:account', args=[sign_in_name])}"

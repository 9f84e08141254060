"""Links that let others switch to a role: AWS's own form, with the account's alias where it has one."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from iam.queries.principals import AccountName

AWS = "https://signin.aws.amazon.com/switchrole"


def switch_role_url(
    request: HttpRequest, account: AccountName, role_name: str, *, display_name: str = "", color: str = ""
) -> str:
    """Return the address to share for a role, whose name has its path in front: `division/team/Operator`.

    `color` is a key of `role_history.COLORS`.
    """
    # Wherever the reader got in: what is shared must lead others here, or to AWS if the role is there.
    del request
    parameters = {
        "account": account.sign_in_name,
        "roleName": role_name,
        "displayName": display_name,
        "color": color,
    }
    query = urlencode({name: value for name, value in parameters.items() if value}, safe="/@")
    address = AWS if account.is_in_aws else settings.PUBLIC_URL + reverse("switchrole:switch")
    return f"{address}?{query}"

"""The request as views of signed-in pages get it."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from iam.authorization import Authorizer
from iam.principals import Principal
from iam.queries.principals import AccountName


@dataclass(frozen=True, slots=True)
class ActiveRole:
    """The role that somebody has switched to, as the frame shows it; `color` is a name of `role_history.COLORS`."""

    principal: Principal
    account: AccountName
    label: str
    color: str


class ConsoleRequest(HttpRequest):
    """A request of somebody who is signed in; `PrincipalMiddleware` fills the attributes in.

    `principal` acts, and `account` is where; `signed_in` is the person, who is the same unless in a `role`, and proved
    it for the last time when it was `confirmed_at`.
    """

    htmx: HtmxDetails
    principal: Principal
    account: AccountName
    authorizer: Authorizer
    signed_in: Principal
    confirmed_at: datetime
    role: ActiveRole | None

"""The request as views of signed-in pages get it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from iam.authorization import Authorizer
from iam.principals import Principal
from iam.queries.principals import AccountName


class ConsoleRequest(HttpRequest):
    """A request of somebody who is signed in; `PrincipalMiddleware` fills the attributes in."""

    htmx: HtmxDetails
    principal: Principal
    account: AccountName
    authorizer: Authorizer

"""In which Regions STS gives credentials of an account (IAM User Guide, "Activating and deactivating AWS STS").

This installation is in one place; what counts is the Region that a call is signed for.
"""

import json
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from botocore.session import Session as BotocoreSession

from iam.authorization import Authorizer
from iam.errors import IamError
from iam.models import Account
from iam.operations import shapes
from iam.operations.console_only import doing
from iam.operations.registry import Operation
from iam.policy.regions import PARTITIONS
from iam.principals import Principal

LIST = "iam:ListSTSRegionalEndpointsStatus"
SET = "iam:SetSTSRegionalEndpointStatus"
# Those that every account has from the start, but for us-east-1, which is always active. In the others, which an
# account opts in to, STS is active once they are.
# fmt: off
SWITCHABLE = frozenset(
    {
        "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
        "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-2",
        "us-west-1", "us-west-2",
    }
)
# fmt: on
_REFUSAL = "RegionDisabledException"


@dataclass(frozen=True, slots=True)
class Region:
    """A Region with its regional endpoint; of those that are always active `is_switchable` is false."""

    id: str
    name: str
    is_switchable: bool
    is_active: bool

    @property
    def endpoint(self) -> str:
        """The address that AWS's clients know the endpoint by."""
        return f"https://sts.{self.id}.amazonaws.com"


def regions_of(account_id: str) -> list[Region]:
    """Return all Regions as an account has them: by their names."""
    inactive = _inactive(account_id)
    found = [
        Region(region, _names().get(region, region), region in SWITCHABLE, region not in inactive)
        for region in PARTITIONS["aws"]
    ]
    return sorted(found, key=lambda region: (region.name, region.id))


def set_status(principal: Principal, region_id: str, *, is_active: bool) -> UUID | None:
    """Activate or deactivate STS in a Region; return the change set. Raises IamError AccessDenied, InvalidInput."""
    parameters = {"region": region_id, "status": "Active" if is_active else "Inactive"}
    title = f"{'Activate' if is_active else 'Deactivate'} STS in {region_id}"
    with doing(principal, "SetSTSRegionalEndpointStatus", title=title, parameters=parameters) as deed:
        Authorizer(principal).check(SET)
        if region_id not in SWITCHABLE:
            raise IamError("InvalidInput", f"STS cannot be activated or deactivated in {region_id}.")
        account = Account.objects.select_for_update(no_key=True).get(pk=principal.account_id)
        inactive = set(account.inactive_sts_regions)
        account.inactive_sts_regions = sorted(inactive - {region_id} if is_active else inactive | {region_id})
        account.save(update_fields=["inactive_sts_regions"])
    return deed.change_set_id


def check(principal: Principal, operation: Operation) -> None:
    """Refuse to give credentials where STS is not active. Raises IamError RegionDisabledException."""
    region = principal.source.region
    if region not in SWITCHABLE or operation.service != "sts":
        return
    errors = shapes.operation_model("sts", operation.name).error_shapes
    if _REFUSAL in {error.name for error in errors} and region in _inactive_for(principal):
        raise IamError(
            _REFUSAL,
            f"STS is not activated in this region for account:{principal.account_id}. Your account administrator can "
            "activate STS in this region using the IAM Console.",
        )


def _inactive_for(caller: Principal) -> frozenset[str]:
    if caller.at_hand:
        return frozenset(json.loads(caller.at_hand.inactive_sts_regions))
    return _inactive(caller.account_id)


def _inactive(account_id: str) -> frozenset[str]:
    return frozenset(Account.objects.values_list("inactive_sts_regions", flat=True).get(pk=account_id))


@cache
def _names() -> dict[str, str]:
    partitions = BotocoreSession().get_data("endpoints")["partitions"]
    return {
        region: about["description"]
        for partition in partitions
        if partition["partition"] == "aws"
        for region, about in partition["regions"].items()
    }

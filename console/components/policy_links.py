"""Where a policy that bears on somebody can be read."""

from console.components.navigation import find_url
from iam.policy import PolicyType
from iam.queries.bearing import Bearing


def policy_url(bearing: Bearing, statement: int) -> str:
    """Return the page of a policy, with a statement pointed at where the page can."""
    if bearing.arn:
        page = find_url("policies:details", bearing.arn) or find_url("policies:document", bearing.arn)
        return f"{page}?statement={statement + 1}" if page else ""
    if bearing.owner is None:
        return ""
    area = f"{bearing.owner.kind.lower()}s"
    if bearing.type is PolicyType.RESOURCE:
        return find_url(f"{area}:trust", bearing.owner.name) or ""
    return find_url(f"{area}:edit-inline-policy", bearing.owner.name, bearing.name) or ""

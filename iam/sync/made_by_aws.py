"""What AWS decides by itself: identifiers, numbers and dates, wherever they stand in a document."""

from typing import Any

MADE_BY_AWS = frozenset(
    {
        "Arn",
        "CreateDate",
        "EnableDate",
        "Expiration",
        "ExpirationDate",
        "GroupId",
        "InstanceProfileId",
        "PolicyId",
        "RoleId",
        "SAMLProviderUUID",
        "ServerCertificateId",
        "UpdateDate",
        "UploadDate",
        "UserId",
        "ValidUntil",
        "VersionId",
    }
)


def without_what_aws_makes(value: Any) -> Any:
    """Return a document, or a part of one, without identifiers, numbers and dates."""
    if isinstance(value, dict):
        return {name: without_what_aws_makes(part) for name, part in value.items() if name not in MADE_BY_AWS}
    if isinstance(value, list):
        return [without_what_aws_makes(part) for part in value]
    return value

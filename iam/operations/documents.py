"""Policy documents as operations take and give them."""

import string
from urllib.parse import quote

from iam import policy
from iam.errors import IamError

# RFC 3986, "Unreserved Characters"; the percent sign is encoded before all others.
_UNCHANGED = frozenset(string.ascii_letters + string.digits + "-._~%")


def check_document(text: str, *, policy_type: str = "identity", parameter: str = "PolicyDocument") -> None:
    """Refuse what IAM would not save. Raises IamError, mostly MalformedPolicyDocument, with the API's reason."""
    try:
        policy.check_for_saving(text, policy_type)
    except policy.PolicyRefused as refusal:
        raise IamError(refusal.code, refusal.message, parameter=parameter) from None


def size(text: str) -> int:
    """Return the size as quotas count it: characters that are not white space."""
    return policy.policy_size(text)


def quoted(text: str) -> str:
    """Return a document as the API answers it: percent-encoded after RFC 3986."""
    # Character by character, `quote` takes longer than anything else in a page of documents.
    encoded = text.replace("%", "%25")
    for character in set(text) - _UNCHANGED:
        encoded = encoded.replace(character, quote(character, safe=""))
    return encoded

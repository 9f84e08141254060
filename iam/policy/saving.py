"""The check on saving: what IAM's API refuses, in its words, at the first problem it meets.

Older and more forgiving than the findings: unknown services, actions and keys are saved. The sentences and their
order are those of the live service."""

import re
from collections.abc import Iterator

from iam.policy.document import CURRENT_VERSION, Element, Policy, PrincipalEntry, Statement
from iam.policy.grammar import parse
from iam.policy.match import arn_fields
from iam.policy.parser import PolicySyntaxError, parse_tree

# Policy types for `check_for_saving`. Only managed policies must have the current version.
MANAGED, INLINE, TRUST = "identity", "inline", "trust"

PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc")
# Of the parameter, white space included (botocore, policyDocumentType).
MAX_DOCUMENT_LENGTH = 131_072
_CHARACTERS = re.compile("[\t\n\r\u0020-\u00ff]*")
_WHITE_SPACE = re.compile("[ \t\r\n]")


class PolicyRefused(ValueError):
    """IAM would not save the document: `message` in the API's words, under the API's error `code`."""

    def __init__(self, message: str, code: str = "MalformedPolicyDocument") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def policy_size(text: str) -> int:
    """Return a document's size as quotas count it: characters, without white space even inside strings."""
    return len(text) - len(_WHITE_SPACE.findall(text))


def check_size(text: str, api: str) -> None:
    """Raise PolicyRefused with the code LimitExceeded when a document by itself exceeds the quota of its kind.

    `api` is the operation that would save it: CreatePolicy, PutUserPolicy, CreateRole and the like. Inline policies
    share their quota with the owner's others, which the operation knows."""
    quota, message = _QUOTAS[api]
    if policy_size(text) > quota:
        raise PolicyRefused(message.format(quota), "LimitExceeded")


_MANAGED_QUOTA = (6144, "Cannot exceed quota for PolicySize: {}")
_TRUST_QUOTA = (2048, "Cannot exceed quota for ACLSizePerRole: {}")
_QUOTAS = {
    "CreatePolicy": _MANAGED_QUOTA,
    "CreatePolicyVersion": _MANAGED_QUOTA,
    "PutUserPolicy": (2048, "Maximum policy size of {} bytes exceeded for user"),
    "PutGroupPolicy": (5120, "Maximum policy size of {} bytes exceeded for group"),
    "PutRolePolicy": (10240, "Maximum policy size of {} bytes exceeded for role"),
    "CreateRole": _TRUST_QUOTA,
    "UpdateAssumeRolePolicy": _TRUST_QUOTA,
}


def check_for_saving(text: str, policy_type: str = MANAGED) -> None:
    """Raise PolicyRefused when IAM would not take a document, sizes apart.

    `policy_type` is "identity" for managed policies, "inline" for policies of one user, group or role, or "trust"."""
    if policy_type not in (MANAGED, INLINE, TRUST):
        raise ValueError(f"{policy_type} is no policy type that IAM saves")
    if len(text) > MAX_DOCUMENT_LENGTH:
        message = (
            "1 validation error detected: Value at 'policyDocument' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_DOCUMENT_LENGTH}"
        )
        raise PolicyRefused(message, "ValidationError")
    if not _CHARACTERS.fullmatch(text):
        message = "The specified value for policyDocument is invalid. It must contain only printable ASCII characters."
        raise PolicyRefused(message, "ValidationError")
    try:
        policy = parse(text)
    except PolicySyntaxError:
        message = "Syntax errors in policy."
        if policy_type == TRUST and not _is_json(text):
            message = "This policy contains invalid Json"
        raise PolicyRefused(message) from None
    if policy_type == MANAGED and policy.version != CURRENT_VERSION:
        raise PolicyRefused(f"Policy document must be version {CURRENT_VERSION} or greater.")
    _check_statements(policy)
    if policy_type == TRUST:
        _check_trust(policy)
    else:
        _check_permissions(policy)


def _is_json(text: str) -> bool:
    try:
        parse_tree(text)
    except PolicySyntaxError:
        return False
    return True


def _check_statements(policy: Policy) -> None:
    is_resource_known = next(_resource_problems(policy), None) is None
    if _fails_legacy_parsing(policy, is_resource_known=is_resource_known):
        raise PolicyRefused("The policy failed legacy parsing")
    sids = [statement.sid for statement in policy.statements if statement.sid]
    if len(set(sids)) < len(sids):
        raise PolicyRefused("Statement IDs (SID) in a single policy must be unique.")
    if not all(_is_filled(statement.actions) for statement in policy.statements):
        raise PolicyRefused("Policy statement must contain actions.")


def _check_permissions(policy: Policy) -> None:
    for problem in _resource_problems(policy):
        raise PolicyRefused(problem)
    # The live service names a bad action before a missing resource.
    _check_actions(policy)
    if not all(_is_filled(statement.resources) for statement in policy.statements):
        raise PolicyRefused("Policy statement must contain resources.")
    if any(statement.principals is not None for statement in policy.statements):
        raise PolicyRefused("Policy document should not specify a principal.")


def _is_filled(element: Element | None) -> bool:
    return element is not None and bool(element.values)


_VENDOR = re.compile(r"[A-Za-z0-9.-]*\Z")


def _check_actions(policy: Policy) -> None:
    for statement in policy.statements:
        for action in statement.actions.values if statement.actions else ():
            vendor, colon, name = action.partition(":")
            if not colon and action != "*":
                raise PolicyRefused("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
            if ":" in name:
                raise PolicyRefused("Actions/Condition can contain only one colon.")
            if vendor != "*" and not _VENDOR.match(vendor):
                raise PolicyRefused(f"Vendor {vendor} is not valid")


def _fails_legacy_parsing(policy: Policy, *, is_resource_known: bool) -> bool:
    """Whether IAM's older parser, which only says that it failed, would fail."""
    if any(statement.effect is None for statement in policy.statements):
        return True
    for statement in policy.statements:
        for condition in statement.conditions:
            name = condition.operator.rpartition(":")[2]
            if name.startswith("Date") and not all(is_saved_date(value) for value in condition.values):
                return True
    return is_resource_known and any(_breaks_off(resource) for resource in _resources(policy))


def _breaks_off(resource: str) -> bool:
    """Whether an ARN has no service, or runs into `::` before it has six fields."""
    if resource == "*":
        return False
    fields = resource.split(":")
    return fields[2] == "" or (len(fields) < 6 and "::" in resource)


_SAVED_DATE = re.compile(
    r"(?P<year>-?\d{1,9})(?:-(?P<month>\d{1,2}))?(?:-(?P<day>\d{1,2}))?"
    r"(?:[tT](?:(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.\d{1,9})?"
    r"(?:[zZ]|[-+](?P<zone>\d\d)(?::(?P<zone_minute>\d\d))?)?)?)?)?)?\Z",
    re.ASCII,
)
_DATE_RANGES = {
    "year": (-292_275_054, 292_278_993),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
    "zone": (0, 23),
    "zone_minute": (0, 59),
}


def is_saved_date(text: str) -> bool:
    """Whether saving takes a text as a date: far more than the operators compare, down to a year before Christ."""
    if text.isascii() and text.isdigit():
        return len(text) <= 19 and int(text) <= 2**63 - 1
    match = _SAVED_DATE.match(text)
    if not match:
        return False
    return all(low <= int(match[name]) <= high for name, (low, high) in _DATE_RANGES.items() if match[name] is not None)


def _resources(policy: Policy) -> Iterator[str]:
    for statement in policy.statements:
        for element in (statement.resource, statement.not_resource):
            # The live service names the first of a list in alphabetical order.
            yield from sorted(element.values) if element else ()


# Where the sixth field of an IAM ARN may begin; newer ones are taken but not named in the message.
_IAM_TYPES = (
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
)
_NEWER_IAM_TYPES = ("u2f/", "delegation-request/", "role-template/")

# What S3 has besides buckets, whose ARNs name neither Region nor account.
_REGIONAL_S3_TYPES = (
    "accesspoint/",
    "access-grants/",
    "async-request/",
    "job/",
    "storage-lens/",
    "storage-lens-group/",
)


def _resource_problems(policy: Policy) -> Iterator[str]:
    return (problem for resource in _resources(policy) if (problem := _resource_problem(resource)))


def _resource_problem(resource: str) -> str | None:
    if resource == "*":
        return None
    fields = arn_fields(resource)
    if len(fields) == 1:
        return f'Resource {resource} must be in ARN format or "*".'
    if fields[1] not in (*PARTITIONS, "*"):
        shown = ":".join([*fields[2:], *["*"] * (6 - len(fields))])
        return f'Partition "{fields[1]}" is not valid for resource "arn:{fields[1]}:{shown}".'
    if len(fields) == 2 or "*" in fields[2] or "?" in fields[2]:
        return "Resource vendor must be fully qualified and cannot contain regexes."
    region = fields[3] if len(fields) > 3 else ""
    rest = fields[5] if len(fields) > 5 else ""
    if fields[2] == "s3" and region and not rest.startswith(_REGIONAL_S3_TYPES):
        return f"Resource {resource} can not contain region information."
    if fields[2] != "iam":
        return None
    if region:
        return f"IAM resource {resource} cannot contain region information."
    # The root user is a resource too: of sts:AssumeRoot, and of the tasks of its sessions.
    if rest and rest != "root" and not rest.startswith((*_IAM_TYPES, *_NEWER_IAM_TYPES, "*")):
        return f'IAM resource path must either be "*" or start with {", ".join(_IAM_TYPES)}.'
    return None


_TRUST_ACTIONS = (
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:setsourceidentity",
    "sts:setcontext",
    "sts:tagsession",
)


def _check_trust(policy: Policy) -> None:
    _check_actions(policy)
    for statement in policy.statements:
        if statement.resources is not None:
            raise PolicyRefused("Has prohibited field Resource")
        if statement.principals is None or not statement.principals.entries:
            raise PolicyRefused("Missing required field Principal")
        _check_trusted(statement)
        for action in statement.actions.values if statement.actions else ():
            if not _is_trust_action(action.lower()):
                raise PolicyRefused("AssumeRole policy may only specify STS AssumeRole actions.")


def _is_trust_action(action: str) -> bool:
    return action in _TRUST_ACTIONS or (action.startswith("sts:assumerole") and "*" in action)


def _check_trusted(statement: Statement) -> None:
    for entry in statement.principals.entries if statement.principals else ():
        if not _is_principal(entry):
            raise PolicyRefused(f'Invalid principal in policy: "{entry.kind.upper()}":"{entry.value}"')


_AWS_PRINCIPAL = re.compile(
    r"(?:\*|\d{12}|A(?:IDA|ROA)[A-Z0-9]{12,124}"
    r"|arn:[a-z-]+:iam::\d{12}:(?:root|user/[^*?]+|role/[^*?]+)"
    r"|arn:[a-z-]+:sts::\d{12}:(?:assumed-role|federated-user)/[^*?]+)\Z",
    re.ASCII,
)
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\Z", re.ASCII)
_PROVIDER = re.compile(r"arn:[a-z-]+:iam::\d{12}:(?:saml-provider|oidc-provider)/.+\Z", re.ASCII)


def _is_principal(entry: PrincipalEntry) -> bool:
    """Whether a principal has a form that a trust policy takes; whether it exists is for the account to say."""
    if entry.kind == "AWS":
        return bool(_AWS_PRINCIPAL.match(entry.value))
    if entry.kind == "Service":
        return bool(_DOMAIN.match(entry.value))
    return entry.kind == "Federated" and bool(_DOMAIN.match(entry.value) or _PROVIDER.match(entry.value))

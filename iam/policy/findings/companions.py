"""Condition keys that mean little alone, in this place, or with these actions."""

from iam.policy import catalog
from iam.policy.findings.actions import SERVICE_OF_TYPE
from iam.policy.findings.reading import ConditionEntry, Document, Statement
from iam.policy.findings.report import Report

# A private address is unique within its VPC only.
_PAIRS = {
    "aws:vpcsourceip": ("aws:SourceVpc", ("aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn")),
    "aws:ec2instancesourceprivateipv4": ("aws:Ec2InstanceSourceVpc", ("aws:ec2instancesourcevpc",)),
}
_UNTRUSTWORTHY = ("aws:referer", "aws:useragent")
# In the policy of a resource the owner is known.
_IRRELEVANT = ("s3:resourceaccount", "aws:resourceaccount")
_ENDPOINT_OWNER_KEYS = ("aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths")
# The services that pass these keys on, by the user guide's page on global condition keys.
# fmt: off
_ENDPOINT_OWNER_SERVICES = frozenset(
    {
        "applicationinsights", "apprunner", "athena", "comprehendmedical", "databrew", "discovery", "ebs",
        "firehose", "healthlake", "iam", "iotfleetwise", "iotwireless", "kms", "lambda", "medical-imaging",
        "omics", "payment-cryptography", "pca-connector-ad", "polly", "pricing", "rbin", "rekognition", "s3",
        "scheduler", "servicediscovery", "servicequotas", "ssm-contacts", "storagegateway", "sts",
        "textract", "transcribe", "transfer",
    }
)
# fmt: on
_ATTRIBUTE_READS = frozenset(
    {
        "dynamodb:batchgetitem",
        "dynamodb:getitem",
        "dynamodb:query",
        "dynamodb:scan",
        "dynamodb:transactgetitems",
    }
)
# Keys that make sense with few actions, where nobody can have meant the others.
_KEYS_OF_FEW_ACTIONS = (
    "s3:prefix",
    "s3:delimiter",
    "s3:max-keys",
    "iam:passedtoservice",
    "iam:awsservicename",
    "iam:policyarn",
    "iam:permissionsboundary",
    "iam:associatedresourcearn",
    "dynamodb:attributes",
    "dynamodb:leadingkeys",
    "dynamodb:select",
)


def check_companions(document: Document, report: Report) -> None:
    """Judge each condition key by what stands beside it."""
    for statement in document.statements:
        for entry in statement.conditions:
            _check_pair(statement, entry, report)
            _check_trust(entry, report)
            _check_relevance(entry, report)
            _check_prefix(statement, entry, report)
            _check_attributes(statement, entry, report)
            _check_endpoint_owner(statement, entry, report)
        for key in _KEYS_OF_FEW_ACTIONS:
            entry_on = statement.condition_on(key)
            if entry_on is not None:
                _check_actions(statement, entry_on, report)


def _check_pair(statement: Statement, entry: ConditionEntry, report: Report) -> None:
    pair = _PAIRS.get(entry.lower_name)
    if pair is not None and statement.condition_on(*pair[1]) is None:
        message = f"Many networks have the addresses of {entry.name}. Add {pair[0]} to the Condition."
        report.add("MISSING_PAIRED_CONDITION_KEYS", message, entry.key_path)


def _check_trust(entry: ConditionEntry, report: Report) -> None:
    if entry.lower_name in _UNTRUSTWORTHY and entry.base != "Null":
        message = f"The caller chooses what {entry.name} says. Do not let access depend on it."
        report.add("UNTRUSTWORTHY_CONDITION_KEY", message, entry.key_path)


def _check_relevance(entry: ConditionEntry, report: Report) -> None:
    if entry.lower_name in _IRRELEVANT and report.resource_type in SERVICE_OF_TYPE:
        message = f"{entry.name} says nothing in the policy of the resource itself. Use it in identity policies."
        report.add("IRRELEVANT_CONDITION_KEY_IN_POLICY", message, entry.key_path)


def _check_prefix(statement: Statement, entry: ConditionEntry, report: Report) -> None:
    if entry.lower_name != "s3:prefix" or not entry.base.startswith("String"):
        return
    if statement.effect == ("Allow" if entry.is_negated else "Deny"):
        message = (
            f"A request with a shorter {entry.name}, or none, escapes this condition and lists the same keys. "
            "Allow the prefixes that may be listed."
        )
        report.add("S3_PREFIX_IN_NEGATIVE_CONTEXT", message, entry.key_path)


def _check_attributes(statement: Statement, entry: ConditionEntry, report: Report) -> None:
    if entry.lower_name != "dynamodb:attributes" or not _reads_attributes(statement):
        return
    select = statement.condition_on("dynamodb:select")
    if select is None or "SPECIFIC_ATTRIBUTES" not in select.texts:
        message = (
            "A read that names no attributes returns all of them. Add dynamodb:Select with SPECIFIC_ATTRIBUTES "
            f"beside {entry.name}."
        )
        report.add("DYNAMODB_ATTRIBUTES_WITHOUT_SELECT", message, entry.key_path)


def _reads_attributes(statement: Statement) -> bool:
    if statement.action is None:
        return True
    return any(
        not action.strip("*") or not _ATTRIBUTE_READS.isdisjoint(catalog.matching_names(action))
        for action in statement.action.values
    )


def _check_endpoint_owner(statement: Statement, entry: ConditionEntry, report: Report) -> None:
    if entry.lower_name not in _ENDPOINT_OWNER_KEYS:
        return
    if statement.action is None:
        reaches = statement.not_action is not None
    else:
        prefixes = {action.partition(":")[0].lower() for action in statement.action.values}
        reaches = not prefixes <= _ENDPOINT_OWNER_SERVICES
    if reaches:
        message = f"Not all services here pass {entry.name} on. Limit the statement to actions of those that do."
        report.add("USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES", message, entry.key_path)


def _check_actions(statement: Statement, entry: ConditionEntry, report: Report) -> None:
    if statement.action is None:
        return
    strangers = [
        position
        for position, name in enumerate(statement.action.values)
        if (action := catalog.find_action(name)) is not None
        and entry.lower_name not in map(str.lower, action.all_condition_keys)
    ]
    if strangers:
        names = ", ".join(statement.action.values[position] for position in strangers)
        message = f"{entry.name} does not apply to {names}. Move these actions to a statement without it."
        places = (statement.action.place(position) for position in strangers)
        report.add("UNSUPPORTED_ACTION_FOR_CONDITION_KEY", message, *places, entry.key_path)

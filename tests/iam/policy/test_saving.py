"""The check on saving, against what the live service is known to answer."""

import json

import pytest

from iam.policy import PolicyRefused, check_for_saving, check_size, policy_size
from iam.policy.saving import is_saved_date
from tests.iam.policy.documents import OTHER, USER, allow, text

SYNTAX = "Syntax errors in policy."
LEGACY = "The policy failed legacy parsing"
VERSION = "Policy document must be version 2012-10-17 or greater."
NO_ACTIONS = "Policy statement must contain actions."
NO_RESOURCES = "Policy statement must contain resources."


def refusal(document, policy_type="identity"):
    """Return the sentence with which a document is refused, or None when it is saved."""
    try:
        check_for_saving(document if isinstance(document, str) else json.dumps(document), policy_type)
    except PolicyRefused as refused:
        return refused.message
    return None


def date(value):
    return allow(Condition={"DateGreaterThan": {"aws:CurrentTime": value}})


REFUSED_STATEMENTS = [
    ({"Effect": "Allow"}, NO_ACTIONS),
    (allow([]), NO_ACTIONS),
    (allow([None]), NO_ACTIONS),
    (allow(Extra=1), SYNTAX),
    (allow(Effect="Permit"), SYNTAX),
    (allow(Effect="allow"), LEGACY),
    (allow(Effect=None), SYNTAX),
    (allow(3), SYNTAX),
    (allow([["a:b"]]), SYNTAX),
    (allow(NotAction="a:b"), SYNTAX),
    (allow(NotResource="*"), SYNTAX),
    (allow(resource={}), SYNTAX),
    (allow(Sid=1), SYNTAX),
    (allow(Condition=[]), SYNTAX),
    (allow(Condition={"StringEquals": "a"}), SYNTAX),
    (allow(Condition={"StringEquals": {"a:b": {}}}), SYNTAX),
    (allow(Condition={"StringIs": {"a:b": "c"}}), SYNTAX),
    (allow(Condition={"ForAnyValue::StringEquals": {"a:b": "c"}}), SYNTAX),
    (allow(Condition={"NullIfExists": {"a:b": "true"}}), SYNTAX),
    (date("soon"), LEGACY),
    (date("2020-13-01"), LEGACY),
    (allow(resource="arn:aws:s3::bucket"), LEGACY),
    (allow(resource="arn:aws::x"), LEGACY),
    (allow(resource="bucket"), 'Resource bucket must be in ARN format or "*".'),
    (allow(resource=""), 'Resource  must be in ARN format or "*".'),
    (allow(resource="arn:amazon:s3:::b"), 'Partition "amazon" is not valid for resource "arn:amazon:s3:::b".'),
    (allow(resource="arn:amazon:s3"), 'Partition "amazon" is not valid for resource "arn:amazon:s3:*:*:*".'),
    (allow(resource="arn:aws"), "Resource vendor must be fully qualified and cannot contain regexes."),
    (allow(resource="arn:aws:s*:::b"), "Resource vendor must be fully qualified and cannot contain regexes."),
    (
        allow(resource="arn:aws:s3:us-east-1::b"),
        "Resource arn:aws:s3:us-east-1::b can not contain region information.",
    ),
    (
        allow(resource="arn:aws:iam:us-east-1:1:user/x"),
        "IAM resource arn:aws:iam:us-east-1:1:user/x cannot contain region information.",
    ),
    (
        allow(resource="arn:aws:iam::111122223333:people/x"),
        'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, '
        "mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.",
    ),
    (allow(resource=None), NO_RESOURCES),
    (allow(resource=[]), NO_RESOURCES),
    (allow("GetObject"), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    (allow("s3:Get:Object"), "Actions/Condition can contain only one colon."),
    (allow("s_3:GetObject"), "Vendor s_3 is not valid"),
    (allow(Principal="*"), "Policy document should not specify a principal."),
    (allow("GetObject", resource=None), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    (allow("GetObject", resource="bucket"), 'Resource bucket must be in ARN format or "*".'),
]


@pytest.mark.parametrize(("statement", "message"), REFUSED_STATEMENTS)
def test_saving_refuses_a_statement(statement, message):
    statement = {name: value for name, value in statement.items() if value is not None}

    assert refusal(text(statement)) == message


REFUSED_DOCUMENTS = [
    ("{", SYNTAX),
    ("[]", SYNTAX),
    ("null", SYNTAX),
    ({"Version": "2012-10-17"}, SYNTAX),
    ({"Version": "2012-10-17", "Statement": []}, SYNTAX),
    ({"Version": "2012-10-17", "Statement": ["a"]}, SYNTAX),
    ({"Version": "2013-10-17", "Statement": [allow()]}, SYNTAX),
    ({"Version": "2012-10-17", "Statement": [allow()], "Name": "x"}, SYNTAX),
    ({"Version": "2012-10-17", "Statement": [allow()], "Id": 1}, SYNTAX),
    ({"Statement": [allow()]}, VERSION),
    ({"Version": "2008-10-17", "Statement": [allow()]}, VERSION),
    ('{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": ' + json.dumps(allow()) + "}", SYNTAX),
    (text(allow(Sid="A"), allow(Sid="A")), "Statement IDs (SID) in a single policy must be unique."),
]


@pytest.mark.parametrize(("document", "message"), REFUSED_DOCUMENTS)
def test_saving_refuses_a_document(document, message):
    assert refusal(document) == message


@pytest.mark.parametrize(
    "document",
    [
        text(allow()),
        {"Version": "2012-10-17", "Id": "x", "Statement": allow()},
        text(allow("nosuch:Action")),
        text(allow(["iam:a b", "*"])),
        text(allow(Condition={})),
        text(allow(Condition={"Whatever": {}})),
        text(allow(Condition={"StringEquals": {"no-such-key": []}})),
        text(allow(Condition={"NumericEquals": {"a:b": 1}, "Bool": {"a:c": True}})),
        text(allow(Sid=""), allow(Sid="")),
        text(allow(Sid="a"), allow(Sid="A")),
        text(allow(resource=["arn:aws:s3:::b", None])),
        text(allow(resource="arn:aws:sns")),
        text(allow(resource="arn:aws:s3:*:*:access-grants/default/*")),
        text(allow(resource="arn:aws:iam::*:user/${aws:username}")),
        text(allow(resource="arn:aws:iam::111122223333:*")),
        text(allow("sts:AssumeRoot", resource="arn:aws:iam::111122223333:root")),
        text(date("2016-12-13t2:00:00.593194+23")),
        text(date("-292275054")),
        text(date("01T")),
    ],
)
def test_saving_takes(document):
    assert refusal(document) is None


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_only_managed_policies_must_have_the_current_version(version):
    document = text(allow(), version=version)

    assert refusal(document) == VERSION
    assert refusal(document, "inline") is None


def trust(action="sts:AssumeRole", **elements):
    return text(allow(action, None, **{"Principal": {"AWS": USER}, **elements}))


TRUST_ACTIONS = "AssumeRole policy may only specify STS AssumeRole actions."


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (trust(), None),
        (trust(["sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity", "STS:setcontext"]), None),
        (trust(Principal="*"), None),
        (trust(Principal={"AWS": ["*", OTHER, "AROAABCDEFGHIJKLMNOP"]}), None),
        (trust(Principal={"Service": "ec2.amazonaws.com"}), None),
        (trust("sts:AssumeRoleWithWebIdentity", Principal={"Federated": "cognito-identity.amazonaws.com"}), None),
        (trust(Resource="*"), "Has prohibited field Resource"),
        (trust(Principal=None), "Missing required field Principal"),
        (trust(Principal={}), "Missing required field Principal"),
        (trust("s3:GetObject"), TRUST_ACTIONS),
        (trust("sts:GetCallerIdentity"), TRUST_ACTIONS),
        (trust("*"), TRUST_ACTIONS),
        (trust(Principal={"AWS": "nobody"}), 'Invalid principal in policy: "AWS":"nobody"'),
        (trust(Principal={"AWS": f"{USER}*"}), f'Invalid principal in policy: "AWS":"{USER}*"'),
        (trust(Principal={"Service": "ec2"}), 'Invalid principal in policy: "SERVICE":"ec2"'),
        ("{", "This policy contains invalid Json"),
        (trust(Principal={"Robot": "x"}), SYNTAX),
        (trust(Principal="someone"), SYNTAX),
    ],
)
def test_saving_a_trust_policy(document, message):
    assert refusal(document, "trust") == message


def test_saving_refuses_what_is_too_long_for_the_parameter():
    with pytest.raises(PolicyRefused, match="less than or equal to 131072") as caught:
        check_for_saving(text(allow()) + " " * 131_072)

    assert caught.value.code == "ValidationError"


def test_saving_refuses_characters_beyond_latin_1():
    with pytest.raises(PolicyRefused) as caught:
        check_for_saving(text(allow(Sid="x")).replace("x", "\u0416"))

    assert caught.value.code == "ValidationError"


def test_saving_knows_only_the_types_that_iam_saves():
    with pytest.raises(ValueError, match="scp"):
        check_for_saving(text(allow()), "scp")


def test_size_counts_characters_that_are_no_white_space():
    assert policy_size('{ "a":\t"b c"\r\n}') == len('{"a":"bc"}')
    assert policy_size('"\u00e4"') == 3


def test_size_over_the_quota_exceeds_a_limit():
    check_size(" x" * 6144, "CreatePolicy")
    with pytest.raises(PolicyRefused, match="Cannot exceed quota for PolicySize: 6144") as caught:
        check_size(" x" * 6145, "CreatePolicy")

    assert caught.value.code == "LimitExceeded"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2020-01-01T00:00:00Z", True),
        ("9223372036854775807", True),
        ("9223372036854775808", False),
        ("9" * 10_000, False),
        ("2016-12-13t2:00:00.593194+1", False),
        ("2016-12-13t2:00:00.1999999999+10:59", False),
        ("2020-01-01T24:00:00Z", False),
        ("", False),
    ],
)
def test_saved_dates(value, expected):
    assert is_saved_date(value) is expected

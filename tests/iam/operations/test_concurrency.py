"""Many callers at once: nothing is lost, no limit is passed, nobody gets an error that IAM does not know."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import connection

from console.embedded.processes import wait_until
from iam.errors import IamError
from iam.models import AccessKey, Account, Change, Event, Group, Membership, QuotaShard, ServiceSpecificCredential, User
from iam.operations import mfa_codes, perform, quotas, security_keys
from tests.authenticators import base64url
from tests.certificates import make_certificate
from tests.factories import (
    code_of,
    make_account,
    make_group,
    make_mfa_device,
    make_policy,
    make_role,
    make_security_key,
    make_user,
    root_of,
    trust_document,
)

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], object]) -> list[str]:
    """Run calls in threads of their own and return each one's error code, empty for success."""

    def run(call: Callable[[], object]) -> str:
        try:
            call()
        except IamError as error:
            return error.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def is_found(query: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone() is not None


def test_one_of_many_creates_of_a_name_succeeds():
    account = make_account()
    root = root_of(account)

    codes = at_once(*[lambda name=name: perform(root, "CreateUser", UserName=name) for name in ["x", "X"] * 4])

    assert sorted(codes) == [""] + ["EntityAlreadyExists"] * 7
    assert quotas.usage(account.pk)["Users"] == User.objects.filter(account=account).count() == 1


def test_quota_is_never_passed():
    account = make_account()
    root = root_of(account)
    for shard in QuotaShard.objects.filter(account=account, resource="Groups"):
        shard.used = shard.quota - (shard.shard in {1, 5})
        shard.save()

    codes = at_once(*[lambda n=n: perform(root, "CreateGroup", GroupName=f"g{n}") for n in range(8)])

    assert sorted(codes) == ["", ""] + ["LimitExceeded"] * 6
    assert Group.objects.filter(account=account).count() == 2


HOLD = "SELECT 1 FROM iam_quotashard WHERE account_id = %s AND resource = 'Groups' FOR UPDATE"
MOVE = """UPDATE iam_quotashard SET used = CASE shard WHEN 1 THEN 1 ELSE 0 END
    WHERE account_id = %s AND resource = 'Groups'"""
WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def while_others(do: str, account: Account, call: Callable[[], object]) -> list[str]:
    """Let a call wait for the quota, which others hold, and return its error code, empty for success."""
    others = connection.copy()
    with closing(others), ThreadPoolExecutor(1) as pool:
        others.set_autocommit(False)
        with others.cursor() as cursor:
            cursor.execute(do, [account.pk])
        done = pool.submit(at_once, call)
        assert wait_until(lambda: is_found(WAITING) or done.done(), 30)
        assert not done.done()
        others.commit()
        return done.result()


def test_creation_waits_for_a_place_that_others_hold_and_is_whole_then():
    account = make_account()

    codes = while_others(HOLD, account, lambda: perform(root_of(account), "CreateGroup", GroupName="Developers"))

    assert codes == [""]
    assert quotas.usage(account.pk)["Groups"] == Group.objects.filter(account=account).count() == 1
    assert Change.objects.get(account=account, operation="CreateGroup").entities == [["group", "Developers"]]
    assert Event.objects.get(account_id=account.pk, name="CreateGroup").error_code == ""


@pytest.mark.parametrize("do", [HOLD, MOVE])
def test_deletion_gives_its_place_back_whatever_others_do(do):
    account = make_account()
    make_group(account, "Developers")

    codes = while_others(do, account, lambda: perform(root_of(account), "DeleteGroup", GroupName="Developers"))

    assert codes == [""]
    assert quotas.usage(account.pk)["Groups"] == Group.objects.filter(account=account).count() == 0


def test_access_keys_of_one_user_stay_at_two():
    account = make_account()
    root = root_of(account)
    make_user(account)

    codes = at_once(*[lambda: perform(root, "CreateAccessKey", UserName="alice")] * 6)

    assert sorted(codes) == ["", ""] + ["LimitExceeded"] * 4
    assert AccessKey.objects.filter(account=account).count() == 2


def test_credentials_of_one_user_stay_within_their_quotas():
    account = make_account()
    root = root_of(account)
    make_user(account)
    git = {"UserName": "alice", "ServiceName": "codecommit.amazonaws.com"}
    bodies = [make_certificate().pem for _ in range(4)]

    created = at_once(*[lambda: perform(root, "CreateServiceSpecificCredential", **git)] * 4)
    uploaded = at_once(
        *[
            lambda body=body: perform(root, "UploadSigningCertificate", UserName="alice", CertificateBody=body)
            for body in bodies
        ]
    )

    assert sorted(created) == sorted(uploaded) == ["", ""] + ["LimitExceeded"] * 2
    names = ServiceSpecificCredential.objects.values_list("service_user_name", flat=True)
    assert set(names) == {f"alice-at-{account.pk}", f"alice+1-at-{account.pk}"}


def test_one_of_many_uploads_of_a_certificate_succeeds():
    account = make_account()
    root = root_of(account)
    users = [make_user(account, f"u{number}") for number in range(4)]
    pem = make_certificate().pem

    codes = at_once(
        *[
            lambda user=user: perform(root, "UploadSigningCertificate", UserName=user.name, CertificateBody=pem)
            for user in users
        ]
    )

    assert sorted(codes) == [""] + ["DuplicateCertificate"] * 3


def test_membership_never_outlives_its_group():
    account = make_account()
    root = root_of(account)
    users = [make_user(account, f"u{number}") for number in range(5)]
    make_group(account)

    codes = at_once(
        *[
            lambda user=user: perform(root, "AddUserToGroup", GroupName="Developers", UserName=user.name)
            for user in users
        ],
        lambda: perform(root, "DeleteGroup", GroupName="Developers"),
    )

    assert set(codes) <= {"", "NoSuchEntity", "DeleteConflict"}
    assert Membership.objects.count() == (0 if not Group.objects.exists() else codes[:5].count(""))


def test_attachment_never_outlives_its_policy():
    account = make_account()
    root = root_of(account)
    make_user(account)
    arn = make_policy(account).arn

    attached, deleted = at_once(
        lambda: perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=arn),
        lambda: perform(root, "DeletePolicy", PolicyArn=arn),
    )

    assert (attached, deleted) in {("", "DeleteConflict"), ("NoSuchEntity", "")}


def test_one_of_many_roles_of_a_name_is_created():
    account = make_account()
    root = root_of(account)
    trust = trust_document({"Service": "ec2.amazonaws.com"})

    codes = at_once(
        *[
            lambda name=name: perform(root, "CreateRole", RoleName=name, AssumeRolePolicyDocument=trust)
            for name in ["x", "X"] * 3
        ]
    )

    assert sorted(codes) == [""] + ["EntityAlreadyExists"] * 5
    assert quotas.usage(account.pk)["Roles"] == 1


def test_instance_profile_takes_one_of_many_roles():
    account = make_account()
    root = root_of(account)
    perform(root, "CreateInstanceProfile", InstanceProfileName="p")
    for number in range(4):
        make_role(account, f"r{number}")

    codes = at_once(
        *[
            lambda n=n: perform(root, "AddRoleToInstanceProfile", InstanceProfileName="p", RoleName=f"r{n}")
            for n in range(4)
        ]
    )

    assert sorted(codes) == [""] + ["LimitExceeded"] * 3


def test_code_of_an_mfa_device_counts_once():
    device = make_mfa_device(make_user(make_account()))
    code = code_of(device)

    codes = at_once(*[lambda: mfa_codes.check_code(device.account_id, device.user_id, device.pk, code)] * 5)

    assert sorted(codes) == [""] + ["AccessDenied"] * 4


def test_answer_of_a_security_key_counts_once():
    account = make_account()
    key, challenge = make_security_key(account, step=0), security_keys.new_challenge()
    text = key.get({"challenge": base64url(challenge)})
    answer = security_keys.KeyAnswer(security_keys.Site(key.host, key.origin), challenge, text)

    codes = at_once(*[lambda: security_keys.check_answer(account.pk, None, answer)] * 4)

    assert sorted(codes) == ["", "AccessDenied", "AccessDenied", "AccessDenied"]


def test_many_guesses_at_once_are_counted_before_they_are_judged():
    device = make_mfa_device(make_user(make_account()))
    wrong = code_of(device, ahead=9)

    at_once(*[lambda: mfa_codes.check_code(device.account_id, device.user_id, device.pk, wrong)] * 8)

    assert at_once(lambda: mfa_codes.check_code(device.account_id, device.user_id, device.pk, code_of(device))) == [
        "AccessDenied"
    ]


def test_one_of_many_providers_of_a_url_is_made_and_deleted():
    account = make_account()
    root = root_of(account)
    arn = f"arn:aws:iam::{account.pk}:oidc-provider/idp.example"
    url = "https://idp.example"

    made = at_once(*[lambda: perform(root, "CreateOpenIDConnectProvider", Url=url)] * 4)
    added = at_once(
        *[
            lambda name=name: perform(
                root, "AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=arn, ClientID=name
            )
            for name in "abcd"
        ]
    )
    ids = perform(root, "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)["ClientIDList"]
    deleted = at_once(*[lambda: perform(root, "DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=arn)] * 4)

    assert sorted(made) == ["", *["EntityAlreadyExists"] * 3]
    assert (added, sorted(ids)) == ([""] * 4, list("abcd"))
    assert deleted == [""] * 4
    assert quotas.usage(account.pk)["OpenIDConnectProvidersPerAccount"] == 0


def test_account_becomes_one_issuer():
    root = root_of(make_account())

    codes = at_once(*[lambda: perform(root, "EnableOutboundWebIdentityFederation")] * 3)

    assert sorted(codes) == ["", "FeatureEnabled", "FeatureEnabled"]

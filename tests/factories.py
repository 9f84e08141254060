"""The least valid objects that tests need. Everything is made through operations, as people make it."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.test import Client
from django.utils import timezone

from iam import sealing
from iam.models import (
    Account,
    Connection,
    ConsoleSession,
    Group,
    ManagedPolicy,
    MfaDevice,
    PolicyVersion,
    QuotaShard,
    Role,
    User,
    identifiers,
)
from iam.operations import (
    Step,
    accounts,
    connections,
    mfa_codes,
    perform,
    perform_change_set,
    security_keys,
    session_tokens,
)
from iam.operations.signin import user_principal
from iam.principals import Principal, Source, root_principal
from tests.authenticators import SecurityKey, base64url
from tests.certificates import Certified, make_certificate, rsa_key, ssh_text

ROOT_PASSWORD = "Correct-Horse-9"
USER_PASSWORD = "Battery-Staple-7"
SOURCE = Source(ip="192.0.2.7", user_agent="tests")


def make_account(**details: Any) -> Account:
    """Create a local account; id, name and root e-mail are random."""
    token = secrets.token_hex(4)
    return accounts.create_account(
        **{
            "name": f"account {token}",
            "email": f"root-{token}@example.com",
            "password": ROOT_PASSWORD,
            **details,
        }
    ).account


def root_of(account: Account) -> Principal:
    """Return an account's root user as a signed-in principal."""
    return root_principal(
        account.pk,
        account.root_user.email,
        source=SOURCE,
        session_issued_at=timezone.now(),
    )


def policy_document(*statements: dict[str, Any]) -> str:
    """Return a policy document with the statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    """Return an Allow statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def deny(*actions: str, resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    """Return a Deny statement."""
    return {"Effect": "Deny", "Action": list(actions), "Resource": resource, **more}


def make_user(
    account: Account,
    name: str = "alice",
    *,
    statements: Sequence[dict[str, Any]] = (),
    **parameters: Any,
) -> User:
    """Create a user; `statements` become an inline policy, `parameters` go to CreateUser."""
    root = root_of(account)
    perform(root, "CreateUser", UserName=name, **parameters)
    if statements:
        perform(
            root,
            "PutUserPolicy",
            UserName=name,
            PolicyName="test",
            PolicyDocument=policy_document(*statements),
        )
    return User.objects.get(account=account, name=name)


def make_group(account: Account, name: str = "Developers", *, members: Sequence[User] = ()) -> Group:
    """Create a group with members."""
    root = root_of(account)
    perform(root, "CreateGroup", GroupName=name)
    for member in members:
        perform(root, "AddUserToGroup", GroupName=name, UserName=member.name)
    return Group.objects.get(account=account, name=name)


def trust_document(*principals: dict[str, Any], action: str = "sts:AssumeRole", **more: Any) -> str:
    """Return a trust policy with a statement for each Principal element; `more` are members of each statement."""
    statements = [{"Effect": "Allow", "Principal": principal, "Action": action, **more} for principal in principals]
    return policy_document(*statements)


def make_role(
    account: Account,
    name: str = "Auditor",
    *,
    trust: str | None = None,
    statements: Sequence[dict[str, Any]] = (),
    **parameters: Any,
) -> Role:
    """Create a role; `trust` is its trust policy, the account's own principals unless told otherwise.

    `statements` become an inline policy, `parameters` go to CreateRole.
    """
    root = root_of(account)
    document = trust or trust_document({"AWS": f"arn:aws:iam::{account.pk}:root"})
    perform(root, "CreateRole", RoleName=name, AssumeRolePolicyDocument=document, **parameters)
    if statements:
        perform(
            root,
            "PutRolePolicy",
            RoleName=name,
            PolicyName="test",
            PolicyDocument=policy_document(*statements),
        )
    return Role.objects.get(account=account, name=name)


def make_policy(account: Account, name: str = "ReadThings", *statements: dict[str, Any]) -> ManagedPolicy:
    """Create a customer managed policy that allows `s3:GetObject` unless told otherwise."""
    document = policy_document(*(statements or (allow("s3:GetObject"),)))
    perform(root_of(account), "CreatePolicy", PolicyName=name, PolicyDocument=document)
    return ManagedPolicy.objects.get(account=account, name=name)


def make_aws_policy(account: Account, name: str) -> ManagedPolicy:
    """Give the account one of AWS's managed policies, as the catalogue does."""
    policy = make_policy(account, name)
    ManagedPolicy.objects.filter(pk=policy.pk).update(account=None, arn=f"arn:aws:iam::aws:policy/{name}")
    return ManagedPolicy.objects.get(pk=policy.pk)


def give_password(user: User, password: str = USER_PASSWORD, *, must_change: bool = False) -> str:
    """Give a user a console password and return it."""
    perform(
        root_of(user.account),
        "CreateLoginProfile",
        UserName=user.name,
        Password=password,
        PasswordResetRequired=must_change,
    )
    return password


_first_steps: dict[str, int] = {}


def make_mfa_device(owner: User | Account, name: str = "") -> MfaDevice:
    """Give a user, or the root user of an account, a virtual MFA device; no code of it has been used."""
    account, user = (owner.account, owner) if isinstance(owner, User) else (owner, None)
    name = name or (user.name if user else "root-account-mfa-device")
    return MfaDevice.objects.create(
        serial_number=f"arn:aws:iam::{account.pk}:mfa/{name}",
        account=account,
        user=user,
        kind=MfaDevice.Kind.VIRTUAL,
        enabled_at=timezone.now(),
        sealed_seed=sealing.seal(mfa_codes.new_seed()),
    )


def make_security_key(owner: User | Account, name: str = "key", **details: Any) -> SecurityKey:
    """Give a user, or the root user of an account, a security key in software; `details` are its fields."""
    account, user = (owner.account, owner) if isinstance(owner, User) else (owner, None)
    key, challenge = SecurityKey(**details), security_keys.new_challenge()
    text = key.create({"challenge": base64url(challenge)})
    serial_number = security_keys.new_serial_number(account.pk, user.name if user else None, name)
    parameters = {"UserName": user.name if user else account.pk, "SerialNumber": serial_number}
    answer = security_keys.KeyAnswer(security_keys.Site(key.host, key.origin), challenge, text)
    perform_change_set(root_of(account), [Step("EnableMFADevice", parameters, {"security_key": answer})])
    return key


def code_of(device: MfaDevice, *, ahead: int = 0) -> str:
    """Return the code that a device shows now, or some steps of 30 seconds ahead.

    Now is when its first code was asked for: codes of one test are in a row whatever the clock does in between.
    """
    seed = sealing.unseal(device.sealed_seed or b"")
    return mfa_codes.code_at(seed, _first_steps.setdefault(device.pk, mfa_codes.step_at(timezone.now())) + ahead)


def give_credentials(user: User) -> str:
    """Give a user a signing certificate, an SSH key and a Git credential, and return the latter's password."""
    root, name = root_of(user.account), {"UserName": user.name}
    perform(root, "UploadSigningCertificate", **name, CertificateBody=make_certificate().pem)
    perform(root, "UploadSSHPublicKey", **name, SSHPublicKeyBody=ssh_text(rsa_key()))
    git = perform(root, "CreateServiceSpecificCredential", **name, ServiceName="codecommit.amazonaws.com")
    return str(git["ServiceSpecificCredential"]["ServicePassword"])


def make_server_certificate(account: Account, name: str = "web", **parameters: Any) -> Certified:
    """Upload a certificate that signs itself; `parameters` go to UploadServerCertificate."""
    certified = make_certificate()
    parts = {"CertificateBody": certified.pem, "PrivateKey": certified.key_pem}
    perform(root_of(account), "UploadServerCertificate", ServerCertificateName=name, **{**parts, **parameters})
    return certified


def make_many_users(account: Account, count: int) -> None:
    """Load users straight into the tables, as many as a large account has; quotas follow."""
    now = timezone.now()
    User.objects.bulk_create(
        (User(account=account, name=f"user-{number:05}", created_at=now) for number in range(count)),
        batch_size=1000,
    )
    _take_places(account, "Users", User.objects.filter(account=account).count())


def make_many_roles(account: Account, count: int) -> None:
    """Load roles straight into the tables; quotas follow."""
    now = timezone.now()
    trust = trust_document({"Service": "ec2.amazonaws.com"})
    Role.objects.bulk_create(
        (
            Role(account=account, name=f"role-{number:04}", assume_role_policy_document=trust, created_at=now)
            for number in range(count)
        ),
        batch_size=1000,
    )
    _take_places(account, "Roles", Role.objects.filter(account=account).count())


def make_many_policies(account: Account, count: int) -> None:
    """Load customer managed policies straight into the tables; quotas follow."""
    now = timezone.now()
    document = policy_document(allow("s3:GetObject"))
    policies = ManagedPolicy.objects.bulk_create(
        (
            ManagedPolicy(
                account=account,
                arn=f"arn:aws:iam::{account.pk}:policy/policy-{number:04}",
                name=f"policy-{number:04}",
                created_at=now,
                updated_at=now,
            )
            for number in range(count)
        ),
        batch_size=1000,
    )
    PolicyVersion.objects.bulk_create(
        (
            PolicyVersion(policy=policy, number=1, document=document, is_default=True, created_at=now)
            for policy in policies
        ),
        batch_size=1000,
    )
    _take_places(account, "Policies", ManagedPolicy.objects.filter(account=account).count())


def _take_places(account: Account, resource: str, remaining: int) -> None:
    for shard in QuotaShard.objects.filter(account=account, resource=resource):
        shard.used = min(shard.quota, remaining)
        remaining -= shard.used
        shard.save()


def principal_of(user: User) -> Principal:
    """Return a user as a signed-in principal."""
    return replace(user_principal(user), source=SOURCE, session_issued_at=timezone.now())


def sign_in(client: Client, principal: Principal) -> Client:
    """Give a test client the session of somebody who has signed in, and return the client."""
    began_at = principal.session_issued_at or timezone.now()
    row = ConsoleSession.objects.create(
        account_id=principal.account_id,
        user_id=principal.user_pk,
        began_at=began_at,
        confirmed_at=began_at,
        mfa_at=principal.mfa_authenticated_at,
    )
    session = client.session
    session["session"] = row.pk
    session.save()
    return client


def age_session(client: Client, *, issued: timedelta = timedelta(), seen: timedelta = timedelta()) -> None:
    """Let the sign-in, with its password or code, and the last request of a client's session be so much longer ago."""
    rows = ConsoleSession.objects.filter(pk=client.session["session"])
    rows.update(began_at=F("began_at") - issued, confirmed_at=F("confirmed_at") - issued, seen_at=F("seen_at") - seen)


def make_connection(owner: Account, account_id: str = "", **details: Any) -> Connection:
    """Connect an account to one in AWS, with a mirror that is empty so far; `details` are the connection's fields."""
    connection = Connection(
        **{
            "owner": owner,
            "name": "production",
            "source": Connection.Source.ENVIRONMENT,
            "created_at": timezone.now(),
            "tested_at": timezone.now(),
            **details,
        }
    )
    connections.link(connection, account_id or identifiers.account_id())
    connection.save(force_insert=True)
    return connection


def connection_session(connection: Connection, person: Principal) -> Principal:
    """Return a person who has entered the AWS account of a connection, where their policies let them."""
    entered = perform(person, "AssumeRole", RoleArn=connection.entry_role_arn, RoleSessionName="any")
    return session_tokens.read(entered["Credentials"]["SessionToken"], SOURCE).principal

"""What administrators do to an account, at random: changes that touch, rename and delete the same few entities.

Run as a program it is one of them: `python -m tests.iam.sync.activity ACCOUNT SEED COUNT` performs so many change sets,
as root, or in the mirror of an AWS account as `admin-SEED` of the account that it is connected to.
"""

import os
import random
import sys
from collections.abc import Sequence
from typing import Any

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
    django.setup()

from iam.errors import IamError
from iam.models import Account, ManagedPolicy, User
from iam.operations import Step, perform_change_set
from iam.operations.answers import Pending
from iam.principals import Principal
from tests.factories import allow, connection_session, policy_document, principal_of, root_of, trust_document

NAMES = ("alice", "Alice", "bob", ".", "carol@example.com")
GROUPS = ("Developers", "developers", "Operators")
POLICIES = ("Read", "Write")
ROLES = ("Auditor", "auditor", "Deployer")
KINDS = (
    "CreateUser",
    "CreateUser",
    "UpdateUser",
    "DeleteUser",
    "TagUser",
    "UntagUser",
    "PutUserPolicy",
    "CreateAccessKey",
    "CreateGroup",
    "UpdateGroup",
    "AddUserToGroup",
    "RemoveUserFromGroup",
    "CreatePolicy",
    "CreatePolicyVersion",
    "AttachUserPolicy",
    "CreateAccountAlias",
    "DeleteAccountAlias",
    "CreateRole",
    "CreateRole",
    "UpdateAssumeRolePolicy",
    "PutRolePolicy",
    "TagRole",
    "DeleteRole",
    "CreateInstanceProfile",
    "AddRoleToInstanceProfile",
    "RemoveRoleFromInstanceProfile",
    "DeleteInstanceProfile",
)


def step(account: Account, kind: str, first: int, second: int) -> list[Step]:
    """Return one thing to do; the numbers choose whom it is about."""
    names, groups, roles = (_of_account(account, all_names) for all_names in (NAMES, GROUPS, ROLES))
    user, other = names[first % len(names)], names[second % len(names)]
    group, other_group = groups[first % len(groups)], groups[second % len(groups)]
    policy = POLICIES[second % len(POLICIES)]
    arn = f"arn:aws:iam::{account.pk}:policy/{policy}"
    document = policy_document(allow("s3:GetObject", resource=f"arn:aws:s3:::bucket-{first}-{second}/*"))
    role, other_role = roles[first % len(roles)], roles[second % len(roles)]
    trust = trust_document({"AWS": [account.pk, f"arn:aws:iam::{account.pk}:user/team-{second}/{user}"][first % 2]})
    parameters: dict[str, dict[str, Any]] = {
        "CreateUser": {"UserName": user, "Path": f"/team-{second}/"},
        "UpdateUser": {"UserName": user, "NewUserName": other},
        "TagUser": {"UserName": user, "Tags": [{"Key": "team", "Value": str(second)}]},
        "UntagUser": {"UserName": user, "TagKeys": ["team"]},
        "PutUserPolicy": {"UserName": user, "PolicyName": policy, "PolicyDocument": document},
        "CreateAccessKey": {"UserName": user},
        "CreateGroup": {"GroupName": group},
        "UpdateGroup": {"GroupName": group, "NewGroupName": other_group},
        "AddUserToGroup": {"UserName": user, "GroupName": other_group},
        "RemoveUserFromGroup": {"UserName": user, "GroupName": other_group},
        "CreatePolicy": {"PolicyName": policy, "PolicyDocument": document},
        "CreatePolicyVersion": {"PolicyArn": arn, "PolicyDocument": document, "SetAsDefault": True},
        "AttachUserPolicy": {"UserName": user, "PolicyArn": arn},
        "CreateAccountAlias": {"AccountAlias": f"alias-{account.pk}-{first}"},
        "DeleteAccountAlias": {"AccountAlias": f"alias-{account.pk}-{first}"},
        "CreateRole": {"RoleName": role, "AssumeRolePolicyDocument": trust},
        "UpdateAssumeRolePolicy": {"RoleName": role, "PolicyDocument": trust},
        "PutRolePolicy": {"RoleName": role, "PolicyName": policy, "PolicyDocument": document},
        "TagRole": {"RoleName": role, "Tags": [{"Key": "team", "Value": str(second)}]},
        "DeleteRole": {"RoleName": role},
        "CreateInstanceProfile": {"InstanceProfileName": role},
        "AddRoleToInstanceProfile": {"InstanceProfileName": role, "RoleName": other_role},
        "RemoveRoleFromInstanceProfile": {"InstanceProfileName": role, "RoleName": other_role},
        "DeleteInstanceProfile": {"InstanceProfileName": role},
    }
    return _deletion(account, user) if kind == "DeleteUser" else [Step(kind, parameters[kind])]


def _of_account(account: Account, names: Sequence[str]) -> Sequence[str]:
    """Return names of which a simulated AWS, too, knows whether they are the same: it may tell them apart by case."""
    return names if account.kind == Account.Kind.LOCAL else list(dict.fromkeys(name.lower() for name in names))


def _deletion(account: Account, name: str) -> list[Step]:
    user = User.objects.filter(account=account, name=name).first()
    if user is None:
        return [Step("DeleteUser", {"UserName": name})]
    who = {"UserName": name}
    attached = ManagedPolicy.objects.filter(user_attachments__user=user)
    return [
        *(Step("RemoveUserFromGroup", {**who, "GroupName": row.group.name}) for row in user.memberships.all()),
        *(Step("DetachUserPolicy", {**who, "PolicyArn": policy.arn}) for policy in attached),
        *(Step("DeleteUserPolicy", {**who, "PolicyName": row.name}) for row in user.inline_policies.all()),
        *(Step("DeleteAccessKey", {**who, "AccessKeyId": key.pk}) for key in user.access_keys.all()),
        Step("DeleteUser", who),
    ]


def act(account: Account, kind: str, first: int, second: int, actor: Principal | None = None) -> bool:
    """Do one thing; False where IAM refused, as it often does."""
    try:
        performed = perform_change_set(actor or root_of(account), step(account, kind, first, second))
    except IamError:
        return False
    except Pending:
        return True
    return performed.change_set_id is not None


def main(account_id: str, seed: str, count: str) -> None:
    """Perform change sets until `count` were accepted, and print how many were."""
    account = Account.objects.get(pk=account_id)
    actor = None
    if account.kind == Account.Kind.AWS:
        person = User.objects.get(account=account.connection.owner, name=f"admin-{seed}")
        actor = connection_session(account.connection, principal_of(person))
    chance = random.Random(seed)
    done = 0
    while done < int(count):
        done += act(account, chance.choice(KINDS), chance.randrange(12), chance.randrange(12), actor)
    print(done)


if __name__ == "__main__":
    main(*sys.argv[1:])

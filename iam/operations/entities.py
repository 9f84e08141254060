"""Finding the entity that a call names, and what its access rule has to know about it."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower

from iam.authorization import ContextValue
from iam.errors import IamError
from iam.models import Group, ManagedPolicy, User, identifiers
from iam.operations.registry import Access, Call

models.CharField.register_lookup(Lower)

Row = TypeVar("Row", bound=models.Model)


def no_such(kind: str, name: str) -> IamError:
    """Return the refusal for a name that nobody has, in AWS's words."""
    return IamError(
        "NoSuchEntity",
        f"The {kind} with name {name} cannot be found.",
        parameter=f"{kind.title()}Name",
    )


def find_user(account_id: str, name: str) -> User | None:
    """Return a user by name, in any case, with the boundary at hand."""
    return (
        User.objects.select_related("permissions_boundary").filter(account=account_id, name__lower=name.lower()).first()
    )


def find_group(account_id: str, name: str) -> Group | None:
    """Return a group by name, in any case."""
    return Group.objects.filter(account=account_id, name__lower=name.lower()).first()


def lock_user(account_id: str, name: str) -> User:
    """Return a user and hold its row until the end of the transaction. Raises IamError NoSuchEntity."""
    user = User.objects.select_for_update().filter(account=account_id, name__lower=name.lower()).first()
    if user is None:
        raise no_such("user", name)
    return user


def lock_group(account_id: str, name: str) -> Group:
    """Return a group and hold its row until the end of the transaction. Raises IamError NoSuchEntity."""
    group = Group.objects.select_for_update().filter(account=account_id, name__lower=name.lower()).first()
    if group is None:
        raise no_such("group", name)
    return group


def get_user(account_id: str, name: str) -> User:
    """Return a user for reading. Raises IamError NoSuchEntity."""
    user = find_user(account_id, name)
    if user is None:
        raise no_such("user", name)
    return user


def get_group(account_id: str, name: str) -> Group:
    """Return a group for reading. Raises IamError NoSuchEntity."""
    group = find_group(account_id, name)
    if group is None:
        raise no_such("group", name)
    return group


def get_policy(account_id: str, arn: str, *, lock: bool = False) -> ManagedPolicy:
    """Return a managed policy that the account can see: AWS's or its own. Raises IamError NoSuchEntity."""
    rows = ManagedPolicy.objects.filter(arn=arn)
    policy = (rows.select_for_update() if lock else rows).first()
    if policy is None or policy.account_id not in (None, account_id):
        raise IamError(
            "NoSuchEntity",
            f"Policy {arn} does not exist or is not attachable.",
            parameter="PolicyArn",
        )
    return policy


def own_name(call: Call, name: str | None) -> str:
    """Return the user that a call without UserName means: the caller. Raises IamError ValidationError for root."""
    if name is not None:
        return name
    if call.principal.is_root:
        raise IamError(
            "ValidationError",
            "Must specify userName when calling with non-User credentials",
            parameter="UserName",
        )
    return call.principal.name


def insert(row: Row, refusal: IamError, *, gone: IamError | None = None) -> Row:
    """Insert a row; raise `refusal` where it is there already, and `gone` where what it refers to was just deleted."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        refusals = {"23505": refusal, "23503": gone}
        known = refusals.get(getattr(error.__cause__, "sqlstate", ""))
        if known is None:
            raise
        raise known from None
    return row


def existing_user(call: Call, parameters: Mapping[str, Any]) -> Access:
    """Access rule of operations on an existing user: the user's ARN, tags and boundary."""
    name = parameters.get("UserName")
    if name is None and call.principal.is_root:
        return Access(call.principal.arn)
    name = own_name(call, name)
    user = find_user(call.account_id, name)
    if user is None:
        return Access(identifiers.arn(call.account_id, "user", "/", name))
    return Access(user.arn, _user_context(call, user, parameters))


def _user_context(call: Call, user: User, parameters: Mapping[str, Any]) -> dict[str, ContextValue]:
    if call.principal.is_root:
        return {}
    context: dict[str, ContextValue] = {}
    for tag in user.tags.all():
        context[f"aws:ResourceTag/{tag.key}"] = context[f"iam:ResourceTag/{tag.key}"] = tag.value
    if user.permissions_boundary:
        context["iam:PermissionsBoundary"] = user.permissions_boundary.arn
    # Setting a boundary is judged by the boundary asked for, everything else by the one in place.
    if "PermissionsBoundary" in parameters:
        context["iam:PermissionsBoundary"] = parameters["PermissionsBoundary"]
    if "PolicyArn" in parameters:
        context["iam:PolicyARN"] = parameters["PolicyArn"]
    return context


def existing_group(call: Call, parameters: Mapping[str, Any]) -> Access:
    """Access rule of operations on an existing group."""
    name = parameters["GroupName"]
    group = find_group(call.account_id, name)
    arn = group.arn if group else identifiers.arn(call.account_id, "group", "/", name)
    return Access(
        arn,
        {"iam:PolicyARN": parameters["PolicyArn"]} if "PolicyArn" in parameters else {},
    )


def new_entity(
    kind: Literal["user", "group", "policy"],
) -> Callable[[Call, Mapping[str, Any]], Access]:
    """Return the access rule of a create: the ARN that the entity will have, and the tags asked for."""

    def rule(call: Call, parameters: Mapping[str, Any]) -> Access:
        name = parameters[f"{kind.title()}Name"]
        tags = parameters.get("Tags", [])
        context = tag_context(tags)
        if "PermissionsBoundary" in parameters:
            context["iam:PermissionsBoundary"] = parameters["PermissionsBoundary"]
        return Access(
            identifiers.arn(call.account_id, kind, parameters.get("Path", "/"), name),
            context,
            also=(f"iam:Tag{kind.title()}",) if tags else (),
        )

    return rule


def tag_context(tags: list[dict[str, str]]) -> dict[str, ContextValue]:
    """Return `aws:RequestTag` and `aws:TagKeys` for the tags of a request."""
    context: dict[str, ContextValue] = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}
    if tags:
        context["aws:TagKeys"] = [tag["Key"] for tag in tags]
    return context


def existing_policy(call: Call, parameters: Mapping[str, Any]) -> Access:
    """Access rule of operations on a managed policy."""
    arn = parameters["PolicyArn"]
    context: dict[str, ContextValue] = {}
    if not call.principal.is_root:
        policy = ManagedPolicy.objects.filter(arn=arn).prefetch_related("tags").first()
        for tag in policy.tags.all() if policy else ():
            context[f"aws:ResourceTag/{tag.key}"] = context[f"iam:ResourceTag/{tag.key}"] = tag.value
    return Access(arn, context)

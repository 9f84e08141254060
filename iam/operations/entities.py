"""Finding the entity that a call names, and what its access rule has to know about it."""

import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from iam.authorization import ContextValue
from iam.errors import IamError
from iam.models import Group, ManagedPolicy, identifiers
from iam.models.readings import Reader, Reading, rows_together
from iam.models.rows import insert_row
from iam.models.statements import RowStatement, Statement
from iam.operations import quotas
from iam.operations.kinds import GROUP, INSTANCE_PROFILE, MFA_DEVICE, POLICY, SERVER_CERTIFICATE, USER, Entity, Kind
from iam.operations.registry import Access, Call, ReadingRule

Row = TypeVar("Row", bound=models.Model)

_POLICY = RowStatement(lambda arn: ManagedPolicy.objects.filter(arn=arn), str)
_TAGGED_POLICY = RowStatement(lambda arn: with_tags(ManagedPolicy.objects.filter(arn=arn)), str)

_ARN = re.compile(r"arn(?::[^:]*){4}:.+", re.DOTALL)
_POLICY_ARN = re.compile(r"arn:aws:iam::[^:/]+:policy/.+")


# What AWS calls one of a kind in a refusal, where it is not as for users.
_CALLED = {INSTANCE_PROFILE: "Instance Profile {}", SERVER_CERTIFICATE: "The Server Certificate with name {}"}


def no_such(kind: Kind[Any], name: str) -> IamError:
    """Return the refusal for a name that nobody has, in AWS's words."""
    if kind is MFA_DEVICE:
        message = f"MFA Device with serial number {name} does not exist."
        return IamError("NoSuchEntity", message, parameter=kind.parameter)
    called = _CALLED.get(kind, f"The {kind.label} with name {{}}").format(name)
    return IamError("NoSuchEntity", f"{called} cannot be found.", parameter=kind.parameter)


def already_exists(kind: Kind[Any], name: str) -> IamError:
    """Return the refusal for a name that is taken, in AWS's words."""
    called = _CALLED.get(kind, f"{kind.title} with name {{}}").format(name)
    return IamError("EntityAlreadyExists", f"{called} already exists.", parameter=kind.parameter)


def delete_conflict(kind: Kind[Any], reason: str) -> IamError:
    """Return the refusal to delete what still holds something: IAM never cascades."""
    return IamError("DeleteConflict", f"Cannot delete entity, {reason}", parameter=kind.parameter)


def _named(kind: Kind[Entity], account_id: str, name: str) -> "QuerySet[Entity]":
    wanted = {"name__lower": name.lower()} if kind.column == "name" else {kind.column: name}
    return kind.model._default_manager.filter(account=account_id, **wanted)


def find(kind: Kind[Entity], account_id: str, name: str, read: Reader = rows_together) -> Entity | None:
    """Return an entity by what its kind is named by in calls."""
    # Each time the one statement: two threads may make one each at first.
    statement, values = _reading(kind, account_id, name)
    (rows,) = read((statement, values))
    return statement.first_of(rows)


def _reading(kind: Kind[Any], account_id: str, name: str) -> tuple[RowStatement[Any], tuple[Any, ...]]:
    return _by_name(kind), (account_id, _spelled(kind, name))


def _spelled(kind: Kind[Any], name: str) -> str:
    return name.lower() if kind.column == "name" else name


@cache
def _by_name(kind: Kind[Any]) -> RowStatement[Any]:
    # A group is no resource with tags.
    read = (lambda rows: rows) if kind is GROUP else with_tags
    return RowStatement(lambda account_id, name: read(_named(kind, account_id, name)), str, str)


def get(kind: Kind[Entity], account_id: str, name: str) -> Entity:
    """Return an entity for reading. Raises IamError NoSuchEntity."""
    found = find(kind, account_id, name)
    if found is None:
        raise no_such(kind, name)
    return found


def judged(kind: Kind[Entity], call: Call, name: str) -> Entity:
    """Return the entity that a call names, for reading: the one that its access rule found.

    Raises IamError NoSuchEntity.
    """
    known: Entity | None = call.found[kind.label]
    if known is None:
        raise no_such(kind, name)
    return known


def lock(kind: Kind[Entity], call: Call, name: str) -> Entity:
    """Return the entity that a call names, and hold its row until the end of the transaction.

    Raises IamError NoSuchEntity, also where it is not what the access rule found under the name.
    """
    held = _hold_of(kind, call, name)
    if held is None:
        raise no_such(kind, name)
    check_same(kind, call.found.get(kind.label, held), held, name)
    return held


def share(kind: Kind[Entity], call: Call, name: str) -> Entity:
    """Return the entity that a call names, and keep others from changing or deleting its row until the end of the
    transaction, but not from sharing it.

    Raises IamError as `lock` does.
    """
    shared: Entity | None = _shared_by_name(kind).first(call.account_id, _spelled(kind, name))
    if shared is None:
        raise no_such(kind, name)
    check_same(kind, call.found[kind.label], shared, name)
    return shared


def check_same(kind: Kind[Entity], known: Entity | None, found: Entity, name: str) -> None:
    """Raise IamError NoSuchEntity where what has a name now was not, or not there, when access to it was judged."""
    if known is None or (known.pk, known.arn) != (found.pk, found.arn):
        raise no_such(kind, name)


def hold(kind: Kind[Entity], account_id: str, name: str) -> Entity:
    """Return an entity and hold its row until the end of the transaction. Raises IamError NoSuchEntity."""
    held: Entity | None = _locked_by_name(kind).first(account_id, _spelled(kind, name))
    if held is None:
        raise no_such(kind, name)
    return held


def hold_for(kind: Kind[Any], call: Call, name: str) -> bool:
    """Hold the row of the entity that a call names for the call, which locks it later; False where there is none."""
    spelled = _spelled(kind, name)
    held = _locked_by_name(kind).first(call.account_id, spelled)
    if held is not None:
        call.held[kind.label, spelled] = held
    return held is not None


def _hold_of(kind: Kind[Entity], call: Call, name: str) -> Entity | None:
    """Return the row that is held for a call already, or hold it now."""
    spelled = _spelled(kind, name)
    held: Entity | None = call.held.pop((kind.label, spelled), None)
    return held or _locked_by_name(kind).first(call.account_id, spelled)


@cache
def _locked_by_name(kind: Kind[Any]) -> RowStatement[Any]:
    return RowStatement(lambda account_id, name: _named(kind, account_id, name).select_for_update(), str, str)


@cache
def _shared_by_name(kind: Kind[Any]) -> RowStatement[Any]:
    # The ORM knows no such lock.
    return RowStatement(lambda account_id, name: _named(kind, account_id, name), str, str, ending=" FOR SHARE")


judged_user = partial(judged, USER)
lock_user = partial(lock, USER)
hold_user = partial(hold, USER)
judged_group = partial(judged, GROUP)
lock_group = partial(lock, GROUP)


def is_policy_arn(arn: str) -> bool:
    """Whether a text is the ARN of a managed policy, be there one or not."""
    return _POLICY_ARN.fullmatch(arn) is not None


_NOT_FOUND = "Policy {} was not found."


def get_policy(account_id: str, arn: str, *, refusal: str = _NOT_FOUND) -> ManagedPolicy:
    """Return a managed policy that the account can see: AWS's or its own.

    Raises IamError ValidationError for what is no ARN of a policy, NoSuchEntity with the words of `refusal`.
    """
    _check_policy_arn(arn)
    return _visible(_POLICY.first(arn), account_id, refusal.format(arn))


def judged_policy(call: Call, arn: str, *, refusal: str = _NOT_FOUND) -> ManagedPolicy:
    """Return the managed policy that a call names, for reading: the one that its access rule found.

    Raises IamError as `get_policy` does.
    """
    _check_policy_arn(arn)
    return _visible(call.found[POLICY.label], call.account_id, refusal.format(arn))


def _check_policy_arn(arn: str) -> None:
    if not is_policy_arn(arn):
        message = f"ARN {arn} is not valid." if _ARN.fullmatch(arn) else "Invalid ARN:  Could not be parsed!"
        raise IamError("ValidationError", message, parameter="PolicyArn")


def _visible(policy: ManagedPolicy | None, account_id: str, refusal: str) -> ManagedPolicy:
    if policy is None or policy.account_id not in (None, account_id):
        raise IamError("NoSuchEntity", refusal, parameter="PolicyArn")
    return policy


_NOT_ATTACHABLE = "Policy {} does not exist or is not attachable."
get_attachable_policy = partial(get_policy, refusal=_NOT_ATTACHABLE)
judged_attachable_policy = partial(judged_policy, refusal=_NOT_ATTACHABLE)


def lock_to_attach(
    kind: Kind[Entity], known: Entity | None, account_id: str, name: str, policy_arn: str, attached: Statement
) -> tuple[Entity, ManagedPolicy, list[tuple[Any, ...]]]:
    """Hold the row of an entity that the access rule found; return it, a managed policy, and what is attached.

    `attached` is asked with the entity's key, while the row is held already. Raises IamError as `lock` and `get_policy`
    do.
    """
    if known is None:
        raise no_such(kind, name)
    _check_policy_arn(policy_arn)
    locked = _locked_by_name(kind)
    owners, policies, rows = rows_together(
        (locked, (account_id, _spelled(kind, name))), (_POLICY, (policy_arn,)), (attached, (known.pk,))
    )
    owner = locked.first_of(owners)
    if owner is None:
        raise no_such(kind, name)
    check_same(kind, known, owner, name)
    policy = _visible(_POLICY.first_of(policies), account_id, _NOT_ATTACHABLE.format(policy_arn))
    return owner, policy, rows


def lock_own_policy(call: Call, arn: str, *, version_id: str | None = None, to: str = "update") -> ManagedPolicy:
    """Return the customer managed policy that a call names, and hold its row; `version_id` is the version that the call
    is about.

    Raises IamError NoSuchEntity, also where it is not what the access rule found, ValidationError, AccessDenied for
    AWS's policies.
    """
    refusal = no_such_version("{}", version_id).message if version_id else _NOT_FOUND
    known = judged_policy(call, arn, refusal=refusal)
    if known.is_aws_managed:
        raise IamError("AccessDenied", f"Cannot {to} policies outside your own account.", parameter="PolicyArn")
    held = _hold_of(POLICY, call, arn)
    if held is None or held.pk != known.pk:
        raise IamError("NoSuchEntity", refusal.format(arn), parameter="PolicyArn")
    return held


def no_such_version(arn: str, version_id: str) -> IamError:
    """Return the refusal for a version that a policy does not have, or whose policy there is not, in AWS's words."""
    message = f"Policy {arn} version {version_id} does not exist or is not attachable."
    return IamError("NoSuchEntity", message, parameter="VersionId")


def own_name(call: Call, name: str | None) -> str:
    """Return the user that a call without UserName means: the caller. Raises IamError ValidationError for others."""
    if name is not None:
        return name
    if not call.principal.is_user:
        raise IamError(
            "ValidationError",
            "Must specify userName when calling with non-User credentials",
            parameter="UserName",
        )
    return call.principal.name


def insert(row: Row, refusal: IamError, *, gone: IamError | None = None) -> Row:
    """Insert a row; raise `refusal` where it is there already, and `gone` where what it refers to was just deleted.

    The transaction is of no use after a refusal. Who has another idea then makes a savepoint for it.
    """
    _refused_as(refusal, lambda: insert_row(row), gone=gone)
    return row


def insert_counted(call: Call, row: models.Model, quota: str, refusal: IamError, *, at_once: bool) -> None:
    """Insert a row like `insert`, and take the place of the account's quota that it needs.

    That is left to the record of the call, which is one statement then, unless it is needed `at_once`. Raises IamError
    LimitExceeded too.
    """
    account_id = call.account_id
    if call.is_last and not at_once:
        call.insertion = lambda *others: _refused_as(
            refusal,
            lambda: quotas.take_and_insert_together(row, account_id, quota, *others, if_still=call.principal.seen),
        )
    else:
        _refused_as(refusal, lambda: quotas.take_and_insert(row, account_id, quota))


def _refused_as(refusal: IamError, insertion: Callable[[], None], *, gone: IamError | None = None) -> None:
    try:
        insertion()
    except IntegrityError as error:
        refusals = {"23505": refusal, "23503": gone}
        known = refusals.get(getattr(error.__cause__, "sqlstate", ""))
        if known is None:
            raise
        raise known from None


def rename(call: Call, kind: Kind[Any], name: str, *, new_name: str | None, new_path: str | None) -> Any:
    """Give an entity a new name or path and return it. Raises IamError NoSuchEntity, EntityAlreadyExists."""
    found = lock(kind, call, name)
    call.touch(kind.label, found.name)
    found.name = new_name or found.name
    found.path = new_path or found.path
    try:
        with transaction.atomic():
            found.save(update_fields=["name", "path"])
    except IntegrityError:
        raise already_exists(kind, found.name) from None
    call.touch(kind.label, found.name)
    return found


def existing(kind: Kind[Any]) -> ReadingRule:
    """Return the access rule of operations on an existing entity: its ARN, tags and boundary."""

    def reads(account_id: str, parameters: Mapping[str, str]) -> list[Reading]:
        return [_reading(kind, account_id, parameters[kind.parameter])] if kind.parameter in parameters else []

    def rule(call: Call, parameters: Mapping[str, Any]) -> Access:
        name = parameters[kind.parameter]
        found = call.found[kind.label] = find(kind, call.account_id, name, call.rows_together)
        if found is None:
            return Access(name if name.startswith("arn:") else identifiers.arn(call.account_id, kind.label, "/", name))
        return Access(found.arn, {} if call.principal.is_unlimited else _context(found, parameters))

    return ReadingRule(rule, reads)


def renaming(kind: Kind[Any]) -> ReadingRule:
    """Return the access rule of a rename: it must be allowed for the ARN in place and for the one that comes."""
    existing_rule = existing(kind)

    def rule(call: Call, parameters: Mapping[str, Any]) -> Access:
        access = existing_rule(call, parameters)
        present_path = access.resource.split(f":{kind.label}", 1)[1].rpartition("/")[0] + "/"
        path = parameters.get("NewPath", present_path)
        name = parameters.get(f"New{kind.parameter}", parameters[kind.parameter])
        comes = identifiers.arn(call.account_id, kind.label, path, name)
        return Access(access.resource, access.context, more_resources=(comes,))

    return ReadingRule(rule, existing_rule.reads)


def _existing_user(call: Call, parameters: Mapping[str, Any]) -> Access:
    name = parameters.get("UserName")
    if name is None and call.principal.is_root:
        return Access(call.principal.arn)
    return existing(USER)(call, {**parameters, "UserName": own_name(call, name)})


# The access rule of operations on an existing user, who is the caller where no name is given.
existing_user = ReadingRule(_existing_user, existing(USER).reads)
existing_group = existing(GROUP)


def _context(found: Any, parameters: Mapping[str, Any]) -> dict[str, ContextValue]:
    context: dict[str, ContextValue] = {}
    if "PolicyArn" in parameters:
        context["iam:PolicyARN"] = parameters["PolicyArn"]
    # A group is no resource with tags, and nobody's boundary.
    if not isinstance(found, Group):
        context |= resource_tags(found)
        if boundary := getattr(found, "permissions_boundary", None):
            context["iam:PermissionsBoundary"] = boundary.arn
        # Setting a boundary is judged by the boundary asked for, everything else by the one in place.
        if "PermissionsBoundary" in parameters:
            context["iam:PermissionsBoundary"] = parameters["PermissionsBoundary"]
    return context


def resource_tags(found: Any) -> dict[str, ContextValue]:
    """Return `aws:ResourceTag` and `iam:ResourceTag` for the tags of an entity."""
    context: dict[str, ContextValue] = {}
    for tag in tags_of(found):
        context[f"aws:ResourceTag/{tag['Key']}"] = context[f"iam:ResourceTag/{tag['Key']}"] = tag["Value"]
    return context


def tags_of(found: Any) -> list[dict[str, str]]:
    """Return the tags of an entity in the API's shape, in the order in which they were given."""
    pairs = getattr(found, "tag_pairs", None)
    if pairs is None:
        pairs = _tags_of(found._meta.model).rows(found.pk)
    return [{"Key": key, "Value": value} for key, value in pairs]


def with_tags(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Have rows bring their tags, which `tags_of` need not read then."""
    owner, tags = rows.model._meta, rows.model._meta.get_field("tags")
    own_tags = f"{tags.related_model._meta.db_table} WHERE {tags.field.column} = {owner.db_table}.{owner.pk.column}"
    pairs = f"ARRAY(SELECT ARRAY[key, value] FROM {own_tags} ORDER BY id)"  # noqa: S608 - names of tables and columns
    return rows.annotate(tag_pairs=RawSQL(pairs, ()))  # noqa: S611


@cache
def _tags_of(model: Any) -> Statement:
    tags = model._meta.get_field("tags")
    rows = tags.related_model._default_manager
    key = str if isinstance(model._meta.pk, models.CharField) else int
    return Statement(lambda pk: rows.filter(**{tags.field.name: pk}).values_list("key", "value"), key)


def new_entity(kind: Kind[Any]) -> Callable[[Call, Mapping[str, Any]], Access]:
    """Return the access rule of a create: the ARN that the entity will have, and the tags asked for."""

    def rule(call: Call, parameters: Mapping[str, Any]) -> Access:
        name = parameters[f"{kind.title}Name"]
        tags = parameters.get("Tags", [])
        context = tag_context(tags)
        if "PermissionsBoundary" in parameters:
            context["iam:PermissionsBoundary"] = parameters["PermissionsBoundary"]
        return Access(
            identifiers.arn(call.account_id, kind.label, parameters.get("Path", "/"), name),
            context,
            also=(f"iam:Tag{kind.title}",) if tags else (),
        )

    return rule


def tag_context(tags: list[dict[str, str]]) -> dict[str, ContextValue]:
    """Return `aws:RequestTag` and `aws:TagKeys` for the tags of a request."""
    context: dict[str, ContextValue] = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}
    if tags:
        context["aws:TagKeys"] = [tag["Key"] for tag in tags]
    return context


def _existing_policy(call: Call, parameters: Mapping[str, Any]) -> Access:
    arn = parameters["PolicyArn"]
    (rows,) = call.rows_together((_TAGGED_POLICY, (arn,)))
    policy = call.found[POLICY.label] = _TAGGED_POLICY.first_of(rows)
    return Access(arn, resource_tags(policy) if policy and not call.principal.is_unlimited else {})


def _policy_reads(_account_id: str, parameters: Mapping[str, str]) -> list[Reading]:
    return [(_TAGGED_POLICY, (parameters["PolicyArn"],))] if "PolicyArn" in parameters else []


# The access rule of operations on a managed policy.
existing_policy = ReadingRule(_existing_policy, _policy_reads)

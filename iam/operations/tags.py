"""Tags (IAM User Guide, "Tags for IAM resources")."""

from collections.abc import Iterable, Mapping
from typing import Any

from iam.errors import IamError
from iam.operations import quotas
from iam.operations.entities import (
    existing,
    existing_policy,
    judged,
    judged_policy,
    lock,
    lock_own_policy,
    tag_context,
    tags_of,
)
from iam.operations.kinds import (
    INSTANCE_PROFILE,
    MFA_DEVICE,
    OIDC_PROVIDER,
    POLICY,
    ROLE,
    SAML_PROVIDER,
    SERVER_CERTIFICATE,
    USER,
    Kind,
    operation_of_each,
)
from iam.operations.paging import page_of_few
from iam.operations.provider_entities import existing_provider, get_provider, lock_provider
from iam.operations.registry import Access, AccessRule, Call, ReadingRule

_TAGGED: tuple[Kind[Any], ...] = (
    USER,
    ROLE,
    POLICY,
    INSTANCE_PROFILE,
    MFA_DEVICE,
    SERVER_CERTIFICATE,
    OIDC_PROVIDER,
    SAML_PROVIDER,
)
_PROVIDERS = (OIDC_PROVIDER, SAML_PROVIDER)
# Keys of other kinds that differ only in case are different keys.
_IGNORE_CASE = (USER, ROLE)


def check_tags(tags: Iterable[Mapping[str, str]], *, ignore_case: bool) -> None:
    """Check what the shapes do not tell: reserved prefixes and keys given twice. Raises IamError InvalidInput."""
    seen: set[str] = set()
    for tag in tags:
        key, value = tag["Key"], tag["Value"]
        if key.lower().startswith("aws:") or value.lower().startswith("aws:"):
            raise IamError(
                "InvalidInput",
                f"The tag {key} is not allowed: tag keys and values must not begin with aws:.",
                parameter="Tags",
            )
        compared = key.lower() if ignore_case else key
        if compared in seen:
            hint = " Please note that Tag keys are case insensitive." if ignore_case else ""
            raise IamError("InvalidInput", f"Duplicate tag keys found.{hint}", parameter="Tags")
        seen.add(compared)


def _compared(kind: Kind[Any], key: str) -> str:
    return key.lower() if kind in _IGNORE_CASE else key


def shape_of(tags: Iterable[Any]) -> list[dict[str, str]]:
    """Return rows of tags in the API's shape."""
    return [{"Key": tag.key, "Value": tag.value} for tag in tags]


def tag_new(kind: Kind[Any], row: Any, tags: list[dict[str, str]]) -> None:
    """Write the tags that something is created with. Raises IamError InvalidInput."""
    check_tags(tags, ignore_case=kind in _IGNORE_CASE)
    owner = row.tags.field.name
    row.tags.bulk_create(row.tags.model(**{owner: row}, key=tag["Key"], value=tag["Value"]) for tag in tags)


def _existing(kind: Kind[Any]) -> AccessRule:
    if kind in _PROVIDERS:
        return existing_provider(kind)
    return existing_policy if kind is POLICY else existing(kind)


def _tagging(kind: Kind[Any]) -> ReadingRule:
    existing_rule = _existing(kind)

    def rule(call: Call, parameters: Mapping[str, Any]) -> Access:
        access = existing_rule(call, parameters)
        keys = {"aws:TagKeys": list(parameters["TagKeys"])} if "TagKeys" in parameters else {}
        return Access(access.resource, {**access.context, **tag_context(parameters.get("Tags", [])), **keys})

    return ReadingRule(rule, existing_rule.reads if isinstance(existing_rule, ReadingRule) else lambda *_: ())


def _lock(kind: Kind[Any], call: Call, name: str) -> Any:
    if kind in _PROVIDERS:
        return lock_provider(kind, call.account_id, name)
    return lock_own_policy(call, name) if kind is POLICY else lock(kind, call, name)


def _found(kind: Kind[Any], call: Call, name: str) -> Any:
    if kind in _PROVIDERS:
        return get_provider(kind, call.account_id, name)
    return judged_policy(call, name) if kind is POLICY else judged(kind, call, name)


@operation_of_each(_TAGGED, "Tag{}", access=_tagging)
def tag(call: Call, kind: Kind[Any], name: str, *, tags: list[dict[str, str]]) -> None:
    """Add tags or replace their values; where case does not count, a key in another case replaces the old spelling.

    Raises IamError InvalidInput, LimitExceeded at the fifty-first tag.
    """
    check_tags(tags, ignore_case=kind in _IGNORE_CASE)
    tagged = _lock(kind, call, name)
    current = {_compared(kind, row.key): row for row in tagged.tags.all()}
    for given in tags:
        compared = _compared(kind, given["Key"])
        replaced = current.get(compared)
        if replaced:
            replaced.key, replaced.value = given["Key"], given["Value"]
            replaced.save(update_fields=["key", "value"])
        else:
            current[compared] = tagged.tags.create(key=given["Key"], value=given["Value"])
    if len(current) > quotas.TAGS:
        raise IamError("LimitExceeded", "The number of tags has reached the maximum limit.", parameter="Tags")
    call.touch(kind.label, tagged.name)


@operation_of_each(_TAGGED, "Untag{}", access=_tagging)
def untag(call: Call, kind: Kind[Any], name: str, *, tag_keys: list[str]) -> None:
    """Remove tags by key; keys that are not there are no error."""
    tagged = _lock(kind, call, name)
    lookup = "key__lower__in" if kind in _IGNORE_CASE else "key__in"
    tagged.tags.filter(**{lookup: [_compared(kind, key) for key in tag_keys]}).delete()
    call.touch(kind.label, tagged.name)


@operation_of_each(_TAGGED, "List{}Tags", access=_existing)
def list_tags(
    call: Call,
    kind: Kind[Any],
    name: str,
    *,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List tags: of users and roles by key, of all others the shorter keys first, which is how AWS has them."""
    tags = {tag["Key"]: tag for tag in tags_of(_found(kind, call, name))}
    order = str.lower if kind in _IGNORE_CASE else lambda key: (len(key), key)
    return page_of_few("Tags", tags, order, marker, max_items)

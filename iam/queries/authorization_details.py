"""Reading users, groups, roles and policies with all that hangs on them, in one query for a page of each kind."""

from typing import Any

from django.db.models import JSONField, Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from iam.models import Group, ManagedPolicy, Role, User
from iam.queries.policies import usage_of

Row = dict[str, Any]

# What hangs on a row, as one list of values and of lists, each None where there is nothing. Written out in SQL: read
# relation by relation, a page of a thousand users would become ten thousand objects that are then thrown away.
_POLICIES_OF = """
    (SELECT jsonb_agg(jsonb_build_array(name, document) ORDER BY lower(name))
     FROM iam_{kind}inlinepolicy WHERE {kind}_id = iam_{kind}.id),
    (SELECT jsonb_agg(jsonb_build_array(its.name, its.arn) ORDER BY its.arn)
     FROM iam_{kind}policyattachment JOIN iam_managedpolicy its ON its.id = policy_id WHERE {kind}_id = iam_{kind}.id)
"""
_BOUNDARY_AND_TAGS = """
    (SELECT arn FROM iam_managedpolicy WHERE id = iam_{kind}.permissions_boundary_id),
    (SELECT jsonb_agg(jsonb_build_array(key, value) ORDER BY id) FROM iam_{kind}tag WHERE {kind}_id = iam_{kind}.id)
"""
_GROUPS = """
    (SELECT jsonb_agg(its.name ORDER BY lower(its.name))
     FROM iam_membership JOIN iam_group its ON its.id = group_id WHERE user_id = iam_user.id)
"""
_INSTANCE_PROFILES = """
    (SELECT jsonb_agg(
        jsonb_build_array(its.name, its.path, its.unique_id, its.created_at, (
            SELECT jsonb_agg(jsonb_build_array(key, value) ORDER BY id)
            FROM iam_instanceprofiletag WHERE instance_profile_id = its.id
        )) ORDER BY lower(its.name)
     ) FROM iam_instanceprofile its WHERE role_id = iam_role.id)
"""
_VERSIONS = """
    (SELECT jsonb_agg(jsonb_build_array(number, is_default, created_at, document) ORDER BY number DESC)
     FROM iam_policyversion WHERE policy_id = iam_managedpolicy.id)
"""


def _hanging(kind: str, *parts: str) -> RawSQL:
    return RawSQL(f"jsonb_build_array({','.join(parts).format(kind=kind)})", (), JSONField())  # noqa: S611 - constants


_OF_USER = _hanging("user", _POLICIES_OF, _BOUNDARY_AND_TAGS, _GROUPS)
_OF_GROUP = _hanging("group", _POLICIES_OF)
_OF_ROLE = _hanging("role", _POLICIES_OF, _BOUNDARY_AND_TAGS, _INSTANCE_PROFILES)
_OF_POLICY = RawSQL(_VERSIONS, (), JSONField())  # noqa: S611 - a constant

_NAMED = ("name", "path", "unique_id", "created_at")


def _page(rows: "QuerySet[Any]", after: str | None, limit: int, columns: tuple[str, ...], **more: Any) -> list[Row]:
    ordered = rows.annotate(key=Lower("name"), **more).order_by("key")
    if after is not None:
        ordered = ordered.filter(key__gt=after)
    return list(ordered.values("key", *columns, *more)[:limit])


def _of_account(model: type[Model], account_id: str) -> "QuerySet[Any]":
    return model._default_manager.filter(account=account_id)


def users_after(account_id: str, after: str | None, limit: int) -> list[Row]:
    """Return users by name; `hanging` has inline policies, attachments, the boundary, tags and groups."""
    return _page(_of_account(User, account_id), after, limit, _NAMED, hanging=_OF_USER)


def groups_after(account_id: str, after: str | None, limit: int) -> list[Row]:
    """Return groups by name; `hanging` has inline policies and attachments."""
    return _page(_of_account(Group, account_id), after, limit, _NAMED, hanging=_OF_GROUP)


def roles_after(account_id: str, after: str | None, limit: int) -> list[Row]:
    """Return roles by name; `hanging` has inline policies, attachments, the boundary, tags and instance profiles."""
    columns = (*_NAMED, "assume_role_policy_document", "last_used_at", "last_used_region")
    return _page(_of_account(Role, account_id), after, limit, columns, hanging=_OF_ROLE)


def own_policies_after(account_id: str, after: str | None, limit: int) -> list[Row]:
    """Return customer managed policies by name, with `usage` and `all_versions`."""
    return _policies(ManagedPolicy.objects.filter(account=account_id), account_id, after, limit)


def aws_policies_after(account_id: str, after: str | None, limit: int) -> list[Row]:
    """Return AWS managed policies by name, with `usage` by this account and `all_versions`."""
    return _policies(ManagedPolicy.objects.filter(account=None), account_id, after, limit)


def _policies(rows: "QuerySet[ManagedPolicy]", account_id: str, after: str | None, limit: int) -> list[Row]:
    columns = (*_NAMED, "arn", "is_attachable", "description", "updated_at")
    return _page(rows, after, limit, columns, usage=usage_of(account_id), all_versions=_OF_POLICY)

"""What a principal may do by itself: its policies and tags, read in one query from committed state."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import CharField, F, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from iam.models import (
    Account,
    Connection,
    GroupInlinePolicy,
    PolicyVersion,
    Role,
    RoleInlinePolicy,
    RoleTag,
    User,
    UserInlinePolicy,
    UserTag,
)
from iam.models.long_documents import SHORT_OR_NAME, GoneError, document_of
from iam.models.statements import Statement
from iam.principals import AtHand, Principal, PrincipalType, Session

# Nothing is in it: a session whose policies are gone may do nothing, instead of everything its role may.
_NOTHING = '{"Version": "2012-10-17", "Statement": []}'
_EVERYTHING = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
_DENIED = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
# The role or user of a session, which is void without.
_ISSUER = "issuer"
_OF_POLICIES = ("identity", "boundary", "session")


class PolicySource(NamedTuple):
    """Which policy a document is of: `key` is the ARN of a managed policy, or the name of an inline one.

    `group` is the name of the group that a user has it through. A policy passed with a session has neither.
    """

    key: str
    group: str = ""

    @property
    def is_managed(self) -> bool:
        """Whether this is a managed policy: no inline policy may have a colon in its name."""
        return self.key.startswith("arn:")


@dataclass(frozen=True, slots=True)
class Grants:
    """What a principal brings to a decision: documents of its policies by type, and its tags.

    The sources stand in the order of the documents. Of a session that counts no more `is_void` is true, and nothing
    allows anything.
    """

    identity: Sequence[str] = ()
    boundary: Sequence[str] = ()
    session: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    is_void: bool = False
    identity_sources: Sequence[PolicySource] = ()
    boundary_sources: Sequence[PolicySource] = ()
    session_sources: Sequence[PolicySource] = ()


def grants_of(principal: Principal) -> Grants:
    """Read what bears on a principal, in one query; nothing for root, whom no policy limits."""
    if principal.session is None:
        return grants_of_user(principal.user_pk, principal.at_hand) if principal.user_pk else Grants()
    if principal.session.expires_at <= timezone.now():
        return _VOID_ROOT if principal.is_root else Grants(is_void=True)
    if principal.is_in_mirror:
        return _grants_in_mirror(principal, principal.session)
    if principal.user_pk:
        return grants_of_delegated_user(principal.user_pk, principal.session)
    return _OF_SESSIONS[principal.type](principal.session, principal.account_id)


_VOID_ROOT = Grants(is_void=True, session=(_DENIED,))

Row = tuple[str, str, str]


def _constant(text: str) -> RawSQL:
    """Return one of our words, written into the query: a value more would be sent with each call."""
    return RawSQL(f"'{text}'", (), CharField())  # noqa: S611


_NO_WORD = _constant("")


def _labelled(rows: "QuerySet[Any]", kind: str, first: str, second: str, group: str = "") -> "QuerySet[Any, Any]":
    via = F(group) if group else _NO_WORD
    return rows.order_by().values_list(_constant(kind), F(first), F(second), via)


def _managed(versions: "QuerySet[Any]", kind: str, group: str = "") -> "QuerySet[Any, Any]":
    """Label versions of managed policies: long documents stay behind, and their names come instead."""
    via = F(group) if group else _NO_WORD
    return versions.order_by().values_list(_constant(kind), F("policy__arn"), SHORT_OR_NAME, via)


def _union(parts: "Sequence[QuerySet[Any, Any]]") -> "QuerySet[Any, Any]":
    first, *others = parts
    return first.union(*others, all=True)


def _by_kind(read: Callable[[], Iterable[Sequence[Any]]]) -> dict[str, list[Row]]:
    while True:
        found: dict[str, list[Row]] = {kind: [] for kind in (*_OF_POLICIES, "tag", _ISSUER)}
        try:
            for kind, key, value, group in read():
                is_managed = kind in _OF_POLICIES and PolicySource(key).is_managed
                found[kind].append((key, document_of(value) if is_managed else value, group))
        except GoneError:
            continue
        return found


def _documents(found: list[Row]) -> tuple[str, ...]:
    return tuple(document for _, document, _ in found)


def _sources(found: list[Row]) -> tuple[PolicySource, ...]:
    return tuple(PolicySource(key, group) for key, _, group in found)


def _tags(found: list[Row]) -> dict[str, str]:
    return {key: value for key, value, _ in found}


def _rows_of_user(user: Any) -> "list[QuerySet[Any, Any]]":
    """Return what bears on a user, given by key or as a query for it."""
    default = PolicyVersion.objects.filter(is_default=True)
    of_groups = default.filter(policy__group_attachments__group__memberships__user=user)
    inline_of_groups = GroupInlinePolicy.objects.filter(group__memberships__user=user)
    own = default.filter(policy__user_attachments__user=user)
    return [
        _managed(own, "identity"),
        _managed(of_groups, "identity", "policy__group_attachments__group__name"),
        _labelled(UserInlinePolicy.objects.filter(user=user), "identity", "name", "document"),
        _labelled(inline_of_groups, "identity", "name", "document", "group__name"),
        _managed(default.filter(policy__bounded_users=user), "boundary"),
        _labelled(UserTag.objects.filter(user=user), "tag", "key", "value"),
    ]


_OF_USER = Statement(lambda user_pk: _union(_rows_of_user(user_pk)), int)


def granted_column(user_pk: str) -> RawSQL:
    """Return what bears on a user as a column of a query, which has the user's key in another; see `AtHand`."""
    return _OF_USER.as_column(user_pk)


def grants_of_user(user_pk: int, at_hand: AtHand | None = None) -> Grants:
    """Read the policies that bear on a user, in one query: own, inline, of groups, the boundary, and the tags.

    What was read along with the user need not be read again.
    """
    known = [at_hand.grants] if at_hand else []
    found = _by_kind(lambda: known.pop() if known else _OF_USER.rows(user_pk))
    return Grants(
        identity=_documents(found["identity"]),
        boundary=_documents(found["boundary"]),
        tags=_tags(found["tag"]),
        identity_sources=_sources(found["identity"]),
        boundary_sources=_sources(found["boundary"]),
    )


def grants_of_group(group_pk: int) -> Grants:
    """Read what a group brings to its members, in one query."""
    default = PolicyVersion.objects.filter(is_default=True)
    attached = _managed(default.filter(policy__group_attachments__group=group_pk), "identity")
    embedded = _labelled(GroupInlinePolicy.objects.filter(group=group_pk), "identity", "name", "document")
    found = _by_kind(attached.union(embedded, all=True).all)
    return Grants(identity=_documents(found["identity"]), identity_sources=_sources(found["identity"]))


def grants_of_role(role: Role) -> Grants:
    """Read what a role brings to its sessions, in one query."""
    session = Session("", role.unique_id, role.arn, timezone.now() + timedelta(hours=1))
    return grants_of_role_session(session, role.account_id)


def grants_of_delegated_user(user_pk: int, session: Session) -> Grants:
    """Read the policies of a user whose permissions a partner has, within the policy that the session carries."""
    return _delegated(grants_of_user(user_pk), session)


def _delegated(grants: Grants, session: Session) -> Grants:
    policies = session.policies or (_NOTHING,)
    return replace(grants, session=policies, session_sources=[PolicySource("") for _ in policies])


def _passed(session: Session, account_id: str) -> "QuerySet[Any, Any]":
    """Return the managed policies that were passed with a session, as they are now."""
    visible = Q(policy__account=account_id) | Q(policy__account=None)
    rows = PolicyVersion.objects.filter(visible, is_default=True, policy__arn__in=session.policy_arns)
    return _managed(rows, "session")


def _of_session(session: Session, found: dict[str, list[Row]], *, is_limited: bool) -> Grants:
    """Return the grants of a session; one that is limited may do nothing where no session policy is left."""
    limits = (*session.policies, *_documents(found["session"]))
    # Tag keys of users, roles and sessions are compared without regard to case, and a session's tag hides the other.
    hidden = {key.lower() for key in session.tags}
    tags = {key: value for key, value in _tags(found["tag"]).items() if key.lower() not in hidden}
    return Grants(
        identity=_documents(found["identity"]),
        boundary=_documents(found["boundary"]),
        session=limits or ((_NOTHING,) if is_limited else ()),
        tags={**tags, **session.tags},
        identity_sources=_sources(found["identity"]),
        boundary_sources=_sources(found["boundary"]),
        session_sources=(*(PolicySource("") for _ in session.policies), *_sources(found["session"])),
    )


def _rows_of_role(unique_id: str, account_id: str) -> "list[QuerySet[Any, Any]]":
    """Return a role and what bears on it."""
    default = PolicyVersion.objects.filter(is_default=True)
    role = Role.objects.filter(unique_id=unique_id, account=account_id)
    own = default.filter(policy__role_attachments__role__unique_id=unique_id)
    inline = RoleInlinePolicy.objects.filter(role__unique_id=unique_id)
    bounding = default.filter(policy__bounded_roles__unique_id=unique_id)
    return [
        _labelled(role, _ISSUER, "name", "unique_id"),
        _managed(own, "identity"),
        _labelled(inline, "identity", "name", "document"),
        _managed(bounding, "boundary"),
        _labelled(RoleTag.objects.filter(role__unique_id=unique_id), "tag", "key", "value"),
    ]


_OF_ROLE = Statement(lambda unique_id, account_id: _union(_rows_of_role(unique_id, account_id)), str, str)


def grants_of_role_session(session: Session, account_id: str) -> Grants:
    """Read the policies that bear on a session of a role, in one query.

    The role is found by its unique id, so a session outlives neither its role nor a role made anew under the name.
    """
    if session.policy_arns:
        found = _by_kind(_union([*_rows_of_role(session.issuer_id, account_id), _passed(session, account_id)]).all)
    else:
        found = _by_kind(lambda: _OF_ROLE.rows(session.issuer_id, account_id))
    if not found[_ISSUER]:
        return Grants(is_void=True)
    return _of_session(session, found, is_limited=session.has_policies)


def connection_of(principal: Principal) -> "QuerySet[Connection]":
    """Return the connection through which somebody is in an AWS account, as a query that finds none if it is gone.

    A session does not live on in the connection of whoever linked the account anew, even as the same role.
    """
    session, issued_at = principal.session, principal.session_issued_at
    if session is None or issued_at is None or not session.is_connection:
        return Connection.objects.none()
    return Connection.objects.filter(
        account=principal.account_id,
        account__kind=Account.Kind.AWS,
        account__created_at__lte=issued_at,
        entry_role_arn=session.issuer_arn,
    )


def _grants_in_mirror(principal: Principal, session: Session) -> Grants:
    """Let everything that the session's own policies do not limit: AWS decides about each change itself."""
    if not connection_of(principal).exists():
        return Grants(is_void=True)
    found = _by_kind(_passed(session, principal.account_id).all if session.policy_arns else list)
    grants = _of_session(session, found, is_limited=session.has_policies)
    return replace(grants, identity=(_EVERYTHING,), identity_sources=(PolicySource(""),))


def grants_of_federated_user(session: Session, account_id: str) -> Grants:
    """Read the policies that bear on a federated user, in one query: those of the user who asked for the session.

    One that root asked for may do whatever its session policies say. Without any of these it may do nothing.
    """
    passed = [_passed(session, account_id)] if session.policy_arns else []
    if session.issuer_type == "Root":
        found = _by_kind(passed[0].all if passed else list)
        return replace(_of_session(session, found, is_limited=True), identity=(_EVERYTHING,))
    user = User.objects.filter(unique_id=session.issuer_id, account=account_id)
    asked = _labelled(user, _ISSUER, "name", "unique_id")
    found = _by_kind(asked.union(*_rows_of_user(user.values("pk")[:1]), *passed, all=True).all)
    if not found[_ISSUER]:
        return Grants(is_void=True)
    return _of_session(session, found, is_limited=True)


def grants_of_root_session(session: Session, account_id: str) -> Grants:
    """Read what limits root in a session of another account: what was delegated to it, or the policy of a task.

    A task's policy denies all that is not the task, and allows nothing.
    """
    if session.delegate:
        return _delegated(Grants(), session)
    found = _by_kind(_passed(session, account_id).all)
    if not found["session"]:
        return _VOID_ROOT
    grants = _of_session(session, found, is_limited=True)
    # Behind the others, so that the sources keep their places.
    return replace(grants, session=(*grants.session, _EVERYTHING))


_OF_SESSIONS = {
    PrincipalType.ROLE_SESSION: grants_of_role_session,
    PrincipalType.FEDERATED_USER: grants_of_federated_user,
    PrincipalType.ROOT: grants_of_root_session,
}

"""AWS as documents: a whole account page by page, or single entities as they are now."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from iam.queries.document_parts import Document, Key, key_of
from iam.sync.backends.aws import documents
from iam.sync.backends.aws.calling import Caller, is_refusal, pace_of
from iam.sync.backends.aws.clients import Clients
from iam.sync.backends.aws.entities import FAMILIES, Part, Wanted, device_tags, read_entity, read_part
from iam.sync.backends.aws.errors import told_as_backend_errors
from iam.sync.backends.base import BackendError, Snapshot

Shape = dict[str, Any]

# Fewer than the connections that a client keeps.
THREADS = 8
ENTITIES_PER_PAGE = 100
# Of lists that say little about each.
MOST_PER_PAGE = 1000
END = "end"
_COUNTED = {
    "user": "Users",
    "group": "Groups",
    "role": "Roles",
    "policy": "Policies",
    "instance-profile": "InstanceProfiles",
    "server-certificate": "ServerCertificates",
}
_BESIDE_DETAILS = tuple(part for part in FAMILIES["user"].parts if not part.in_details)


class Page(NamedTuple):
    """Some entities; `marker` is where to go on once they are taken over.

    `notes` say what was refused, and `unread` names the kinds of which there may be more than this reading tells:
    what is not told of those is not gone.
    """

    snapshots: list[Snapshot]
    marker: dict[str, str]
    notes: list[str]
    unread: list[str]


def read_account(clients: Clients, marker: dict[str, str]) -> Iterator[Page]:
    """Yield all that an account consists of, from the marker of an earlier page on, or from the start with none.

    A member that may not be read is not in a document, which is otherwise one of `iam.queries.documents`; beside its
    members there are PasswordLastUsed, AccessKeyLastUsed by key id and RoleLastUsed. Raises BackendError.
    """
    names = [*_STAGES, END]
    first = names.index(marker.get("stage", names[0]))
    position = marker.get("position", "")
    with ThreadPoolExecutor(THREADS) as pool:
        reading = _Reading(clients, pool)
        for stage, following in zip(names[first:], names[first + 1 :], strict=False):
            with told_as_backend_errors():
                for snapshots, after in _STAGES[stage](reading, position):
                    at = {"stage": stage, "position": after} if after else {"stage": following}
                    yield Page(snapshots, at, reading.caller.take_notes(), reading.take_unread())
            position = ""


def read_entities(
    clients: Clients, wanted: Iterable[tuple[str, str, frozenset[str] | None]]
) -> dict[Key, Document | None]:
    """Read entities, given as kind, name and members, with no more calls than the members need; None for the gone.

    Without members, all are read. The name is always in a document, a member that may not be read never. Names are
    spelled as in AWS, those of policies without their paths. Raises BackendError.
    """
    each = [Wanted(*item) for item in wanted]
    caller, account_id = Caller(clients), clients.account_id

    def read(one: Wanted) -> Document | None:
        return read_entity(caller, account_id, one)

    if len(each) == 1:
        found = [read(each[0])]
    else:
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(read, each))
    return {key_of(one.kind, one.name): document for one, document in zip(each, found, strict=True)}


def read_totals(clients: Clients) -> dict[str, int]:
    """Return how many entities AWS counts, by kind; nothing where that is refused. Raises BackendError."""
    caller = Caller(clients)
    try:
        with told_as_backend_errors():
            counts = caller.call("GetAccountSummary")["SummaryMap"]
            return {kind: int(counts[name]) for kind, name in _COUNTED.items() if name in counts}
    except BackendError as error:
        if not is_refusal(error):
            raise
        return {}


class _Reading:
    """The reading of one account: its calls, and the threads that make them."""

    def __init__(self, clients: Clients, pool: ThreadPoolExecutor) -> None:
        self.clients = clients
        self.caller = Caller(clients, pace_of(clients))
        self._pool = pool
        self._unread: list[str] = []

    def each(self, read: Callable[[Any], Document | None], items: Iterable[Any], kind: str) -> list[Snapshot]:
        """Read something about each of a page, in threads; what is gone meanwhile is left out."""

        def told(item: Any) -> Document | None:
            with told_as_backend_errors():
                return read(item)

        return [Snapshot(kind, document) for document in self._pool.map(told, items) if document is not None]

    def single(self, kind: str, names: Iterable[str]) -> list[Snapshot]:
        """Read entities by calls of their own."""
        account_id = self.clients.account_id
        return self.each(lambda name: read_entity(self.caller, account_id, Wanted(kind, name)), names, kind)

    def details(self, kind: str, member: str, position: str) -> Iterator[tuple[list[Shape], str]]:
        """Yield pages of GetAccountAuthorizationDetails."""
        return self.caller.pages(
            "GetAccountAuthorizationDetails", member, position, Filter=[kind], MaxItems=ENTITIES_PER_PAGE
        )

    def listed(
        self, kind: str, operation: str, member: str, position: str, **parameters: Any
    ) -> Iterator[tuple[list[Any], str]]:
        """Yield pages of a list, or one without anything where it is refused."""
        try:
            yield from self.caller.pages(operation, member, position, **parameters)
        except BackendError as error:
            if not is_refusal(error):
                raise
            self._unread.append(kind)
            yield [], ""

    def by_name(self, operation: str, member: str, name: str) -> dict[str, Shape]:
        """Return a whole list by name; nothing where it is refused."""
        try:
            return {shape[name]: shape for shape in self.caller.all(operation, member, MaxItems=MOST_PER_PAGE)}
        except BackendError as error:
            if not is_refusal(error):
                raise
            return {}

    def take_unread(self) -> list[str]:
        """Return the kinds whose lists were refused since this was asked last."""
        taken, self._unread = self._unread, []
        return taken


Stage = Iterator[tuple[list[Snapshot], str]]


def _account(reading: _Reading, _: str) -> Stage:
    yield reading.single("account", [reading.clients.account_id]), ""


def _policies(reading: _Reading, position: str) -> Stage:
    itself = FAMILIES["policy"].parts[0]

    def read(details: Shape) -> Document:
        document = _unless_gone(itself, reading.caller, details["Arn"])
        if not document:
            document = documents.policy(details)
            # AWS tells them with each policy by itself only.
            del document["Tags"]
            if not details.get("Description"):
                del document["Description"]
        return document | documents.policy_versions(details["PolicyVersionList"])

    for page, after in reading.details("LocalManagedPolicy", "Policies", position):
        yield reading.each(read, page, "policy"), after


def _groups(reading: _Reading, position: str) -> Stage:
    for page, after in reading.details("Group", "GroupDetailList", position):
        yield [Snapshot("group", documents.group(details) | _policies_of("Group", details)) for details in page], after


def _users(reading: _Reading, position: str) -> Stage:
    listed = reading.by_name("ListUsers", "Users", "UserName")

    def read(details: Shape) -> Document:
        document = documents.user(details) | _policies_of("User", details)
        name = document["UserName"]
        document["GroupList"] = sorted(details.get("GroupList") or ())
        if name in listed:
            document |= documents.password_last_used(listed[name])
        for part in _BESIDE_DETAILS:
            document |= _unless_gone(part, reading.caller, name)
        if "AccessKeys" in document:
            document |= _keys_last_used(reading.caller, [key["AccessKeyId"] for key in document["AccessKeys"]])
        return document

    for page, after in reading.details("User", "UserDetailList", position):
        yield reading.each(read, page, "user"), after


def _roles(reading: _Reading, position: str) -> Stage:
    listed = reading.by_name("ListRoles", "Roles", "RoleName")

    def read(details: Shape) -> Document:
        more = listed.get(details["RoleName"])
        document = documents.role({**(more or {}), **details})
        if not (more or {}).get("SourceRoleTemplate"):
            # Only GetRole tells for sure.
            del document["SourceRoleTemplate"]
        if more is None:
            del document["Description"], document["MaxSessionDuration"]
        return document | _policies_of("Role", details) | documents.role_last_used(details)

    for page, after in reading.details("Role", "RoleDetailList", position):
        yield [Snapshot("role", read(details)) for details in page], after


def _instance_profiles(reading: _Reading, position: str) -> Stage:
    listed = reading.listed(
        "instance-profile", "ListInstanceProfiles", "InstanceProfiles", position, MaxItems=ENTITIES_PER_PAGE
    )
    for page, after in listed:
        yield reading.single("instance-profile", [shape["InstanceProfileName"] for shape in page]), after


def _oidc_providers(reading: _Reading, position: str) -> Stage:
    listed = reading.listed("oidc-provider", "ListOpenIDConnectProviders", "OpenIDConnectProviderList", position)
    for page, after in listed:
        yield reading.single("oidc-provider", [shape["Arn"] for shape in page]), after


def _saml_providers(reading: _Reading, position: str) -> Stage:
    for page, after in reading.listed("saml-provider", "ListSAMLProviders", "SAMLProviderList", position):
        yield reading.single("saml-provider", [shape["Arn"] for shape in page]), after


def _server_certificates(reading: _Reading, position: str) -> Stage:
    listed = reading.listed(
        "server-certificate",
        "ListServerCertificates",
        "ServerCertificateMetadataList",
        position,
        MaxItems=ENTITIES_PER_PAGE,
    )
    for page, after in listed:
        yield reading.single("server-certificate", [shape["ServerCertificateName"] for shape in page]), after


def _virtual_devices(reading: _Reading, position: str) -> Stage:
    listed = reading.listed("mfa", "ListVirtualMFADevices", "VirtualMFADevices", position, MaxItems=ENTITIES_PER_PAGE)
    tags = Part(frozenset({"Tags"}), device_tags)

    def read(device: Shape) -> Document:
        arn = device["SerialNumber"]
        return {"SerialNumber": arn, **_unless_gone(tags, reading.caller, arn)}

    for page, after in listed:
        yield reading.each(read, page, "mfa"), after


# What others refer to comes first.
_STAGES: dict[str, Callable[[_Reading, str], Stage]] = {
    "account": _account,
    "policies": _policies,
    "groups": _groups,
    "mfa": _virtual_devices,
    "users": _users,
    "roles": _roles,
    "instance-profiles": _instance_profiles,
    "oidc-providers": _oidc_providers,
    "saml-providers": _saml_providers,
    "server-certificates": _server_certificates,
}


def _policies_of(kind: str, details: Shape) -> Document:
    return {
        f"{kind}PolicyList": documents.inline_policies(details.get(f"{kind}PolicyList") or ()),
        "AttachedManagedPolicies": documents.attached_policies(details.get("AttachedManagedPolicies") or ()),
    }


def _unless_gone(part: Part, caller: Caller, target: str) -> Document:
    """Return a part of an entity that a page told of; nothing where it is gone since, or not everywhere yet."""
    try:
        return read_part(part, caller, target)
    except BackendError as error:
        if error.code != "NoSuchEntity":
            raise
        return {}


def _keys_last_used(caller: Caller, key_ids: list[str]) -> Document:
    used = {}
    for key_id in key_ids:
        try:
            found = caller.find("GetAccessKeyLastUsed", AccessKeyId=key_id)
        except BackendError as error:
            if not is_refusal(error):
                raise
            return {}
        if found:
            used[key_id] = documents.access_key_last_used(found.get("AccessKeyLastUsed") or {})
    return {"AccessKeyLastUsed": used}

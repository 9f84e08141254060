"""Properties of a whole account: whether role manager is on (IAM User Guide, "role manager").

Role manager belongs to the consoles of AWS's services. Here it keeps its setting, and brings the role that it
works with.
"""

from collections.abc import Mapping
from typing import Any

from iam.catalog.service_roles import SERVICE_LINKED_ROLES
from iam.errors import IamError
from iam.models import Account, identifiers
from iam.operations.registry import Access, Call, Need, operation
from iam.operations.service_linked_roles import ensure_service_linked_role

_NAMESPACE = "RoleManager"
_ENABLED = f"{_NAMESPACE}/Enabled"
_SERVICE = "role-manager.iam.amazonaws.com"


def _reading(_call: Call, _parameters: Mapping[str, Any]) -> Access:
    return Access(context={"iam:AccountPropertyNamespaces": [_NAMESPACE]})


@operation("GetAccountProperties", access=_reading)
def get_account_properties(call: Call) -> dict[str, Any]:
    """Return all properties of the account."""
    is_enabled = Account.objects.values_list("is_role_manager_enabled", flat=True).get(pk=call.account_id)
    return {"Properties": {_ENABLED: "true" if is_enabled else "false"}}


def _writing(call: Call, parameters: Mapping[str, Any]) -> Access:
    properties = parameters["Properties"]
    namespaces = sorted({key.partition("/")[0] for key in properties})
    needs: tuple[Need, ...] = ()
    if properties.get(_ENABLED) == "true":
        role = SERVICE_LINKED_ROLES[_SERVICE]
        arn = identifiers.arn(call.account_id, "role", f"/aws-service-role/{_SERVICE}/", role.name)
        needs = (Need("iam:CreateServiceLinkedRole", arn, {"iam:AWSServiceName": _SERVICE}),)
    return Access(context={"iam:AccountPropertyNamespaces": namespaces}, needs=needs)


@operation("PutAccountProperties", access=_writing)
def put_account_properties(call: Call, *, properties: Mapping[str, str]) -> None:
    """Set properties of one namespace; those that the namespace does not have are passed over, as in AWS.

    Raises IamError InvalidInput.
    """
    is_enabled = _checked(properties)
    if is_enabled:
        role, is_new = ensure_service_linked_role(call, SERVICE_LINKED_ROLES[_SERVICE])
        if is_new:
            call.touch("role", role.name)
    Account.objects.filter(pk=call.account_id).update(is_role_manager_enabled=is_enabled)
    call.touch("account", call.account_id)


def _checked(properties: Mapping[str, str]) -> bool:
    namespaces = set()
    for key in properties:
        namespace, _, name = key.partition("/")
        if not namespace or not name or "/" in name:
            raise _invalid(f"Property key must be in format Namespace/PropertyName: {key}")
        namespaces.add(namespace)
    if len(namespaces) > 1:
        raise _invalid("All properties must belong to the same namespace")
    if namespaces != {_NAMESPACE}:
        raise _invalid(f"Unsupported namespace: {', '.join(namespaces)}")
    if _ENABLED not in properties:
        raise _invalid("RoleManager namespace requires Enabled property")
    if properties[_ENABLED] not in ("true", "false"):
        raise _invalid("Enabled must be 'true' or 'false'")
    return properties[_ENABLED] == "true"


def _invalid(message: str) -> IamError:
    return IamError("InvalidInput", message, parameter="Properties")

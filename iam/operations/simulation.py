"""Simulating policies, and telling which condition keys they ask for (IAM User Guide, "IAM policy simulator")."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from iam import policy
from iam.authorization import ContextValue, compile_policy
from iam.errors import IamError
from iam.grants import Grants, PolicySource, grants_of_group, grants_of_role, grants_of_user
from iam.operations import simulation_inputs as inputs
from iam.operations.entities import find, no_such, resource_tags
from iam.operations.kinds import GROUP, ROLE, USER, IdentityKind
from iam.operations.paging import DEFAULT_PAGE, decode_marker, encode_marker
from iam.operations.registry import Access, Call, operation
from iam.operations.simulation_results import Named, Simulation
from iam.queries.organizations import organization_of

_GRANTS = {
    USER: lambda user: grants_of_user(user.pk),
    GROUP: lambda group: grants_of_group(group.pk),
    ROLE: grants_of_role,
}


def _of_source(call: Call, parameters: Mapping[str, Any]) -> Access:
    """Access rule of what discloses an identity's policies. Raises IamError InvalidInput for what is no identity."""
    arn = parameters["PolicySourceArn"]
    kind, account_id, name = inputs.entity_of(arn, "PolicySourceArn")
    if account_id != call.account_id:
        raise inputs.invalid(
            f"Invalid Policy Source Arn: caller's account {call.account_id} does not have access to policies in "
            f"account {account_id}",
            "PolicySourceArn",
        )
    found = find(kind, account_id, name)
    call.found["source"] = found if found and found.arn == arn else None
    has_tags = found and kind is not GROUP and not call.principal.is_unlimited
    return Access(arn, resource_tags(found) if has_tags else {})


def _source(call: Call, arn: str) -> tuple[IdentityKind[Any], Any]:
    kind, _, name = inputs.entity_of(arn, "PolicySourceArn")
    if call.found["source"] is None:
        raise no_such(kind, name)
    return kind, call.found["source"]


def _compiled(document: str, name: str) -> policy.CompiledPolicy:
    try:
        return compile_policy(document)
    except policy.PolicySyntaxError as error:
        raise IamError("PolicyEvaluation", f"The policy {name} could not be evaluated: {error.message}") from None


def _identity(kind: IdentityKind[Any], source: Any, grants: Grants, exclusions: inputs.Exclusions) -> Iterator[Named]:
    """Yield the policies of an identity under the names that the simulator gives them."""
    for of, document in zip(grants.identity_sources, grants.identity, strict=True):
        label, owner = ("group", of.group) if of.group else (kind.label, source.name)
        if not exclusions.has(of, (label, owner)):
            name = _name(of, label, owner)
            yield Named(name, _compiled(document, name))


def _name(source: PolicySource, label: str, owner: str) -> str:
    return source.key.rpartition("/")[2] if source.is_managed else f"{label}_{owner}_{source.key}"


def _given(texts: Sequence[str], parameter: str) -> list[Named]:
    return [
        Named(f"{parameter}.{position}", document)
        for position, document in enumerate(inputs.compiled(texts, parameter), 1)
    ]


def _given_boundary(texts: Sequence[str]) -> list[Named]:
    parameter = "PermissionsBoundaryPolicyInputList"
    if len(texts) > 1:
        raise inputs.invalid("Only one permissions boundary can be simulated at a time.", parameter)
    return _given(texts, parameter)


def _caller_facts(kind: IdentityKind[Any], source: Any, grants: Grants) -> dict[str, ContextValue]:
    """Return the condition keys that follow from who calls, where that is the identity whose policies are asked."""
    facts: dict[str, ContextValue] = {f"aws:PrincipalTag/{key}": value for key, value in grants.tags.items()}
    if kind is USER:
        facts["aws:userid"] = source.unique_id
    return facts


def _simulated(
    simulation: Simulation,
    *,
    action_names: Sequence[str],
    resource_arns: Sequence[str],
    resource_handling_option: str | None,
    marker: str | None,
    max_items: int | None,
) -> dict[str, Any]:
    """Return one page of the results, each action on each resource in the order given; only the page is decided."""
    inputs.check_actions(action_names)
    inputs.check_resources(resource_arns)
    if resource_handling_option is not None:
        inputs.check_handling(resource_handling_option, resource_arns)
    for arn in resource_arns:
        if not simulation.has_policy_for(arn):
            raise inputs.invalid(f"The resource policy does not apply to the resource {arn}.", "ResourcePolicy")
    first, size = _start(marker), max_items or DEFAULT_PAGE
    # Found by their number: going through all that stand before a page would take longer than deciding it.
    of_each, total = len(resource_arns), len(action_names) * len(resource_arns)
    numbers = range(first, min(first + size, total))
    results = [simulation.result(action_names[each // of_each], resource_arns[each % of_each]) for each in numbers]
    is_truncated = first + size < total
    answer: dict[str, Any] = {"EvaluationResults": results, "IsTruncated": is_truncated}
    if is_truncated:
        answer["Marker"] = encode_marker(str(first + size))
    return answer


def _start(marker: str | None) -> int:
    text = decode_marker(marker) if marker is not None else "0"
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise IamError("ValidationError", "Invalid Marker.", parameter="Marker")
    return int(text)


@operation("SimulateCustomPolicy")
def simulate_custom_policy(
    call: Call,
    *,
    policy_input_list: list[str],
    action_names: list[str],
    permissions_boundary_policy_input_list: Sequence[str] = (),
    ordered_organization_policy_input_list: Sequence[Mapping[str, Any]] = (),
    resource_arns: Sequence[str] = ("*",),
    resource_policy: str | None = None,
    resource_owner: str | None = None,
    caller_arn: str | None = None,
    context_entries: Sequence[Mapping[str, Any]] = (),
    resource_handling_option: str | None = None,
    max_items: int | None = None,
    marker: str | None = None,
) -> dict[str, Any]:
    """Tell what policies given as text would decide. Raises IamError InvalidInput."""
    caller, account_id = inputs.caller_of(caller_arn) if caller_arn else ({"member": call.account_id}, call.account_id)
    if resource_policy is not None:
        inputs.check_caller_of_resource_policy(caller)
    scp = [
        inputs.compiled(level.get("ServiceControlPolicyInputList", ()), "OrderedOrganizationPolicyInputList")
        for level in ordered_organization_policy_input_list
    ]
    simulation = Simulation(
        caller=caller,
        account_id=account_id,
        owner=inputs.owner_of(resource_owner) if resource_owner else account_id,
        identity=_given(policy_input_list, "PolicyInputList"),
        boundaries=_given_boundary(permissions_boundary_policy_input_list),
        resource=inputs.compiled_resource_policy(resource_policy) if resource_policy is not None else None,
        scp=scp or None,
        context=inputs.context_of(context_entries),
    )
    return _simulated(
        simulation,
        action_names=action_names,
        resource_arns=resource_arns or ("*",),
        resource_handling_option=resource_handling_option,
        marker=marker,
        max_items=max_items,
    )


@operation("SimulatePrincipalPolicy", access=_of_source)
def simulate_principal_policy(
    call: Call,
    *,
    policy_source_arn: str,
    action_names: list[str],
    policy_input_list: Sequence[str] = (),
    permissions_boundary_policy_input_list: Sequence[str] = (),
    policy_exclusion_list: Sequence[Mapping[str, Any]] = (),
    resource_arns: Sequence[str] = ("*",),
    resource_policy: str | None = None,
    resource_owner: str | None = None,
    caller_arn: str | None = None,
    context_entries: Sequence[Mapping[str, Any]] = (),
    resource_handling_option: str | None = None,
    max_items: int | None = None,
    marker: str | None = None,
) -> dict[str, Any]:
    """Tell what the policies of a user, group or role decide, with those given as text.

    Raises IamError NoSuchEntity, InvalidInput, PolicyEvaluation for a stored document that cannot be read.
    """
    kind, source = _source(call, policy_source_arn)
    caller, account_id = inputs.caller_of(caller_arn or policy_source_arn)
    if resource_policy is not None:
        inputs.check_caller_of_resource_policy(caller)
    grants, exclusions = _GRANTS[kind](source), inputs.Exclusions(policy_exclusion_list)
    boundaries = _given_boundary(permissions_boundary_policy_input_list)
    if not boundaries and not exclusions.has_boundary:
        boundaries = [
            Named(_name(of, kind.label, source.name), _compiled(document, of.key))
            for of, document in zip(grants.boundary_sources, grants.boundary, strict=True)
        ]
    facts = _caller_facts(kind, source, grants) if caller_arn in (None, policy_source_arn) else {}
    simulation = Simulation(
        caller=caller,
        account_id=account_id,
        owner=inputs.owner_of(resource_owner) if resource_owner else account_id,
        identity=[*_identity(kind, source, grants, exclusions), *_given(policy_input_list, "PolicyInputList")],
        boundaries=boundaries,
        resource=inputs.compiled_resource_policy(resource_policy) if resource_policy is not None else None,
        # Organizations of this installation have no service control policies: everything is allowed by them.
        scp=() if organization_of(call.account_id) else None,
        context={**facts, **inputs.context_of(context_entries)},
    )
    return _simulated(
        simulation,
        action_names=action_names,
        resource_arns=resource_arns or ("*",),
        resource_handling_option=resource_handling_option,
        marker=marker,
        max_items=max_items,
    )


def _keys_of(documents: Iterable[policy.CompiledPolicy]) -> dict[str, Any]:
    found: dict[str, str] = {}
    for document in documents:
        for key in document.context_keys():
            found.setdefault(key.lower(), key)
    return {"ContextKeyNames": list(found.values())}


@operation("GetContextKeysForCustomPolicy")
def get_context_keys_for_custom_policy(call: Call, *, policy_input_list: list[str]) -> dict[str, Any]:
    """List the condition keys that policies given as text ask for. Raises IamError InvalidInput."""
    del call
    return _keys_of(inputs.compiled(policy_input_list, "PolicyInputList"))


@operation("GetContextKeysForPrincipalPolicy", access=_of_source)
def get_context_keys_for_principal_policy(
    call: Call, *, policy_source_arn: str, policy_input_list: Sequence[str] = ()
) -> dict[str, Any]:
    """List the condition keys that the policies of a user, group or role ask for, and those given as text.

    Raises IamError NoSuchEntity, InvalidInput.
    """
    kind, source = _source(call, policy_source_arn)
    grants = _GRANTS[kind](source)
    own = [*_identity(kind, source, grants, inputs.Exclusions(())), *_given(policy_input_list, "PolicyInputList")]
    boundaries = [_compiled(document, "boundary") for document in grants.boundary]
    return _keys_of([*(each.policy for each in own), *boundaries])

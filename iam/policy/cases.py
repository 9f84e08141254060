"""Questions to the policy language as JSON values, for scripts and for corpora of cases."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from iam.policy.compiled import CompiledPolicy, compile_policy
from iam.policy.evaluate import PolicySet, evaluate
from iam.policy.findings import Finding, validate
from iam.policy.parser import Object
from iam.policy.requests import Request
from iam.policy.saving import INLINE, MANAGED, TRUST, PolicyRefused, check_for_saving, check_size
from iam.policy.summary import summarize

Json = Any
Case = Mapping[str, Json]

_compile = lru_cache(maxsize=4096)(compile_policy)

# The check that each operation makes.
_SAVING = {
    "CreatePolicy": MANAGED,
    "CreatePolicyVersion": MANAGED,
    "PutUserPolicy": INLINE,
    "PutGroupPolicy": INLINE,
    "PutRolePolicy": INLINE,
    "CreateRole": TRUST,
    "UpdateAssumeRolePolicy": TRUST,
}


def answer(case: Case, kind: str | None = None) -> dict[str, Json]:
    """Return the result of one case; `kind` is what a case without one asks for.

    A case that cannot be answered gives its id and the error."""
    result: dict[str, Json] = {"id": case.get("id")}
    asked = case.get("kind")
    ask = _KINDS.get(str(kind if asked is None else asked))
    if ask is None:
        return {**result, "error": f"There is no kind of case called {asked or kind}"}
    try:
        return {**result, **ask(case)}
    except ValueError as error:
        return {**result, "error": str(error)}
    except Exception as error:  # one case must not end the run of all the others
        return {**result, "error": f"{type(error).__name__}: {error}"}


def _evaluate(case: Case) -> dict[str, Json]:
    decision = evaluate(read_request(_member(case, "request", dict)), read_policies(_member(case, "policies", dict)))
    return {"decision": decision.decision.value, "matched": decision.matched}


_TYPE_NAMES: dict[type, str] = {dict: "an object", list: "a list", str: "a string"}


def _member(given: Case, name: str, *types: type, default: Json = None) -> Json:
    """Return a member of a case. Raises ValueError when it is missing, unless it may be, or of another type."""
    value = given.get(name)
    if value is None:
        value = default
    if value is None:
        raise ValueError(f"{name} is missing")
    if not isinstance(value, types):
        raise ValueError(f"{name} must be {' or '.join(_TYPE_NAMES[kind] for kind in types)}")
    return value


def read_request(given: Case) -> Request:
    """Return the request of a case."""
    context = _member(given, "context", dict, default={})
    return Request(
        principal=_member(given, "principal", str, dict),
        action=_member(given, "action", str),
        resource=_member(given, "resource", str, default="*"),
        resource_account=_member(given, "resource_account", str, default="") or None,
        context={key: _context_value(key, value) for key, value in context.items() if value is not None},
    )


def _context_value(key: str, value: Json) -> str | list[str]:
    return [_text(key, item) for item in value] if isinstance(value, list) else _text(key, value)


def _text(key: str, value: Json) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, bool | int | float):
        raise ValueError(f"The context key {key} must have a string or a list of strings")
    return json.dumps(value)


def read_policies(given: Case) -> PolicySet:
    """Return the policies of a case; documents are objects or texts."""
    boundaries = given.get("boundaries")
    resource = given.get("resource")
    return PolicySet(
        identity=_documents(given.get("identity")),
        boundaries=_documents(given.get("boundary") if boundaries in (None, []) else boundaries),
        session=_documents(given.get("session")),
        resource=None if resource is None else _document(resource),
        scp=_levels(given.get("scp")),
        rcp=_levels(given.get("rcp")),
        endpoint=_documents(given.get("endpoint")),
    )


def _document(given: Json) -> CompiledPolicy:
    if not isinstance(given, str | dict):
        raise ValueError(f"A policy document is an object or its text, not {json.dumps(given)[:40]}")
    compiled = _compile(given if isinstance(given, str) else json.dumps(given))
    if not isinstance(compiled.policy.tree.root, Object):
        raise ValueError("A policy document is an object")
    return compiled


def _documents(given: Json) -> Sequence[CompiledPolicy]:
    if given is None:
        return ()
    return tuple(_document(item) for item in (given if isinstance(given, list) else [given]))


def _levels(given: Json) -> Sequence[Sequence[CompiledPolicy]]:
    if given is not None and not isinstance(given, list):
        raise ValueError("scp and rcp are a list of documents for each level of the organization")
    return tuple(_documents(level) for level in given or ())


def _text_of(case: Case) -> str:
    document = _member(case, "policies", dict).get("document")
    if document is None:
        raise ValueError("document is missing")
    return document if isinstance(document, str) else json.dumps(document)


def _validate(case: Case) -> dict[str, Json]:
    request = _member(case, "request", dict, default={})
    if request.get("api") is not None:
        return _check_saving(_text_of(case), _member(request, "api", str))
    policy_type = _member(request, "policy_type", str, default="IDENTITY_POLICY")
    resource_type = _member(request, "resource_type", str, default="") or None
    findings = validate(_text_of(case), policy_type, resource_type)
    return {"findings": [_finding_as_json(finding) for finding in findings]}


def _finding_as_json(finding: Finding) -> dict[str, Json]:
    """Return what the API has of a finding, without the suggested edit."""
    members = finding.as_json()
    return {name: members[name] for name in ("type", "code", "message", "locations")}


def _summarize(case: Case) -> dict[str, Json]:
    policies = _member(case, "policies", dict)
    given = [policies["document"]] if "document" in policies else _member(policies, "identity", list)
    summary = summarize(compiled.policy for compiled in _documents(given))
    return {"summary": asdict(summary)}


def _check_saving(text: str, api: str) -> dict[str, Json]:
    operation = api.rpartition(":")[2]
    policy_type = _SAVING.get(operation)
    if policy_type is None:
        raise ValueError(f"{api} saves no policy document")
    try:
        check_for_saving(text, policy_type)
        check_size(text, operation)
    except PolicyRefused as refusal:
        return {"saved": False, "message": refusal.message}
    return {"saved": True, "message": ""}


_KINDS: dict[str, Callable[[Case], dict[str, Json]]] = {
    "evaluate": _evaluate,
    "summarize": _summarize,
    "validate": _validate,
}

"""Questions to the policy language as JSON values, for scripts and for corpora of cases."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from iam.policy.compiled import CompiledPolicy, compile_policy
from iam.policy.evaluate import PolicySet, evaluate
from iam.policy.findings import Finding, validate
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
    asked = case.get("kind") or kind
    ask = _KINDS.get(str(asked))
    if ask is None:
        return {**result, "error": f"There is no kind of case called {asked}"}
    try:
        return {**result, **ask(case)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return {**result, "error": f"{type(error).__name__}: {error}"}


def _evaluate(case: Case) -> dict[str, Json]:
    decision = evaluate(read_request(case["request"]), read_policies(case.get("policies") or {}))
    return {"decision": decision.decision.value, "matched": decision.matched}


def read_request(given: Case) -> Request:
    """Return the request of a case."""
    context = {key: _context_value(value) for key, value in (given.get("context") or {}).items() if value is not None}
    return Request(
        principal=given["principal"],
        action=given["action"],
        resource=given.get("resource") or "*",
        resource_account=given.get("resource_account"),
        context=context,
    )


def _context_value(value: Json) -> str | list[str]:
    if isinstance(value, list):
        return [_text(item) for item in value]
    return _text(value)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def read_policies(given: Case) -> PolicySet:
    """Return the policies of a case; documents are objects or texts."""
    boundaries = given.get("boundaries") or given.get("boundary")
    resource = given.get("resource")
    return PolicySet(
        identity=_documents(given.get("identity")),
        boundaries=_documents(boundaries),
        session=_documents(given.get("session")),
        resource=None if resource is None else _document(resource),
        scp=_levels(given.get("scp")),
        rcp=_levels(given.get("rcp")),
        endpoint=_documents(given.get("endpoint")),
    )


def _document(given: Json) -> CompiledPolicy:
    return _compile(given if isinstance(given, str) else json.dumps(given))


def _documents(given: Json) -> Sequence[CompiledPolicy]:
    if given is None:
        return ()
    return tuple(_document(item) for item in (given if isinstance(given, list) else [given]))


def _levels(given: Json) -> Sequence[Sequence[CompiledPolicy]]:
    return tuple(_documents(level) for level in given or ())


def _text_of(case: Case) -> str:
    document = case["policies"]["document"]
    return document if isinstance(document, str) else json.dumps(document)


def _validate(case: Case) -> dict[str, Json]:
    request = case.get("request") or {}
    if request.get("api"):
        return _check_saving(_text_of(case), request["api"])
    findings = validate(_text_of(case), request.get("policy_type") or "IDENTITY_POLICY", request.get("resource_type"))
    return {"findings": [_finding_as_json(finding) for finding in findings]}


def _finding_as_json(finding: Finding) -> dict[str, Json]:
    """Return what the API has of a finding, without the suggested edit."""
    members = finding.as_json()
    return {name: members[name] for name in ("type", "code", "message", "locations")}


def _summarize(case: Case) -> dict[str, Json]:
    policies = case["policies"]
    texts = [policies["document"]] if "document" in policies else policies["identity"]
    summary = summarize(_compile(text if isinstance(text, str) else json.dumps(text)).policy for text in texts)
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

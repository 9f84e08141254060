"""Choosing managed policies: `templates/policies/_picker.html` shows the table inside a form.

    picker = PolicyPicker(request, request.POST, "policy")                       # any number of policies
    picker = PolicyPicker(request, request.POST, "boundary", kind="radio")      # one of them

    if request.method == "POST" and not picker.is_moved and picker.check_number():
        … picker.values, the chosen ARNs
    render(… {"picker": picker}), {% include "policies/_picker.html" %}

Where `picker.is_moved`, a search or a page was asked for: show the form again (200), judging nothing.
"""

import re
from collections.abc import Iterable, Sequence

from console.components.pickers import Picker
from iam.operations.quotas import ATTACHED_POLICIES
from iam.queries import policies
from iam.queries.keyset import Cut
from iam.queries.policies import PolicyRecord, PolicyType

# The ARN of a managed policy, as far as an address has to know; whether it is one, the operation says.
ARN = r"[!-~]{1,2048}"
ARN_PATTERN = re.compile(ARN)


class PolicyPicker(Picker[PolicyRecord]):
    """The table of managed policies; the values are ARNs."""

    heading = "Permissions policies"
    noun = "policies"
    placeholder = "Search policies"
    action = "iam:ListPolicies"
    value_pattern = ARN_PATTERN
    types = (("", "All types"), *((kind.value, kind.label) for kind in PolicyType))

    def check_number(self) -> bool:
        """Whether no more policies are chosen than can be attached; sets `error` where there are."""
        if len(self.values) > ATTACHED_POLICIES:
            self.error = f"Select at most {ATTACHED_POLICIES} policies; {len(self.values)} are selected."
        return not self.error

    def list(self, wanted: Cut) -> Iterable[PolicyRecord]:
        return policies.list_policies(self.request.principal.account_id, wanted, self.search, self.type)

    def find(self, values: Sequence[str]) -> Iterable[PolicyRecord]:
        return policies.find_policies(self.request.principal.account_id, values)

    def count(self) -> tuple[int, int]:
        counts = policies.count_policies(self.request.principal.account_id, self.search, self.type)
        return counts.total, counts.matches

    def value(self, record: PolicyRecord) -> str:
        return record.arn

    def label(self, record: PolicyRecord) -> str:
        return record.name

    def key(self, record: PolicyRecord) -> Sequence[str]:
        return record.sort_key

"""What the simulator is asked: the same parameters in a form and in the address of a shared simulation.

Documents come by form alone. An address carries names, actions, resources and values of condition keys, never the text
of a policy: nobody else's policy can be put before a reader by a link, and no draft gets into histories and logs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import QueryDict

from console.components.refusals import LONGEST_ADDRESS
from console.policies.editor import LONGEST_DOCUMENT
from iam.policy import catalog

TYPES = ("string", "numeric", "boolean", "date", "ip", "binary")
PAGE = 100
# As many as one call of the API returns.
MOST_RESULTS = 1000
MOST_ACTIONS = 1000
MOST_RESOURCES = 50
MOST_KEYS = 100
MOST_DRAFTS = 20
_PLAIN = ("source", "caller", "owner", "scenario")
_TYPES_OF_KEYS = {"Numeric": "numeric", "Bool": "boolean", "Date": "date", "IPAddress": "ip", "Binary": "binary"}


@dataclass(frozen=True, slots=True)
class ContextRow:
    """A condition key with its values, one on a line."""

    key: str
    type: str
    values: str

    @property
    def entry(self) -> dict[str, object]:
        """The row as the API takes it; several values make a list."""
        values = _lines(self.values)
        is_list = len(values) > 1 or _is_multivalued(self.key)
        return {
            "ContextKeyName": self.key,
            "ContextKeyType": f"{self.type}List" if is_list else self.type,
            "ContextKeyValues": values,
        }


def type_of(key: str) -> str:
    """Return the type that values of a condition key have."""
    found = catalog.find_condition_key(key)
    return _TYPES_OF_KEYS.get(found.value_type, "string") if found else "string"


def _is_multivalued(key: str) -> bool:
    found = catalog.find_condition_key(key)
    return found is not None and found.is_multivalued


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _document(text: str) -> str:
    """Return a document as it was typed: browsers send lines with a carriage return."""
    return text.replace("\r\n", "\n")


@dataclass
class Asked:
    """The question as it stands; `wants_result` tells a run from a form that is only being filled in."""

    source: str = ""
    caller: str = ""
    owner: str = ""
    scenario: str = ""
    service: str = ""
    actions: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    context: list[ContextRow] = field(default_factory=list)
    # Documents, which no address has.
    edits: dict[str, str] = field(default_factory=dict)
    drafts: list[str] = field(default_factory=list)
    boundary: str = ""
    resource_policy: str = ""
    shown: int = PAGE
    wants_result: bool = False

    @property
    def has_documents(self) -> bool:
        """Whether anything would be lost in an address."""
        return bool(self.edits or any(self.drafts) or self.boundary or self.resource_policy)

    @property
    def share_query(self) -> str:
        """The question as part of an address, without documents; empty where an address cannot hold it."""
        pairs = [(name, value) for name in _PLAIN if (value := getattr(self, name))]
        pairs += [("actions", "\n".join(self.actions))] if self.actions else []
        pairs += [("resources", "\n".join(self.resources))] if self.resources else []
        pairs += [("without", key) for key in self.without]
        for row in self.filled:
            pairs += [("key", row.key), ("type", row.type), ("values", row.values)]
        query = urlencode([*pairs, ("run", "1")])
        return query if len(query) <= LONGEST_ADDRESS else ""

    @property
    def filled(self) -> list[ContextRow]:
        """The condition keys that have a value."""
        return [row for row in self.context if row.key and _lines(row.values)]

    @cached_property
    def offered(self) -> Mapping[str, catalog.Action]:
        """The actions of the service on view by their names in lower case."""
        found = catalog.actions_of(self.service) if catalog.find_service(self.service) else ()
        return {action.full_name.lower(): action for action in found}

    @property
    def ticked(self) -> frozenset[str]:
        """The actions that are chosen in the service on view."""
        return frozenset(self.offered).intersection(action.lower() for action in self.actions)

    @property
    def typed(self) -> str:
        """The other actions, one on a line."""
        return "\n".join(action for action in self.actions if action.lower() not in self.offered)


def read(data: QueryDict, *, is_form: bool) -> Asked:
    """Read a question. Raises BadRequest for more of anything than a page could have sent."""
    asked = Asked()
    for name in _PLAIN:
        setattr(asked, name, data.get(name, "").strip()[:2048])
    asked.actions = _unique([*_lines(data.get("actions", "")), *data.getlist("action")])
    asked.resources = _lines(data.get("resources", ""))
    asked.context = list(_context(data))
    asked.service = data.get("service", "").lower()[:64] or _first_service(asked.actions)
    listed = data.getlist("listed")
    left_out = [key for key in listed if key not in data.getlist("counts")]
    asked.without = list(dict.fromkeys(left_out + data.getlist("without")))
    asked.shown = _shown(data.get("show", ""))
    asked.wants_result = "run" in data or "show" in data
    if is_form:
        edited = zip(data.getlist("edited"), data.getlist("document"), strict=False)
        asked.edits = {key: _document(text) for key, text in edited}
        asked.drafts = [_document(text) for text in data.getlist("draft")]
        asked.boundary = _document(data.get("boundary", ""))
        asked.resource_policy = _document(data.get("resource_policy", ""))
    _check(asked)
    return asked


def _check(asked: Asked) -> None:
    documents: Sequence[str] = [*asked.edits.values(), *asked.drafts, asked.boundary, asked.resource_policy]
    is_bounded = (
        len(asked.actions) <= MOST_ACTIONS
        and len(asked.resources) <= MOST_RESOURCES
        and len(asked.context) <= MOST_KEYS
        and len(asked.without) <= 4 * MOST_KEYS
        and len(documents) <= MOST_DRAFTS + 2
        and all(len(document) <= LONGEST_DOCUMENT for document in documents)
    )
    if not is_bounded:
        raise BadRequest("The simulation asks for more than one page can show.")


def _unique(names: Sequence[str]) -> list[str]:
    """Return actions once each, whatever their letter case."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(name.lower(), name)
    return list(found.values())


def _context(data: QueryDict) -> Iterator[ContextRow]:
    rows = zip(data.getlist("key"), data.getlist("type"), data.getlist("values"), strict=False)
    for key, kind, values in rows:
        yield ContextRow(key.strip(), kind if kind in TYPES else "string", values)


def _first_service(actions: Sequence[str]) -> str:
    return actions[0].partition(":")[0].lower() if actions else ""


def _shown(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else PAGE
    return min(max(number, PAGE), MOST_RESULTS)

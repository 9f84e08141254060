"""What the documents promise is there, and what is there is documented."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def settings_read_from_the_environment() -> list[str]:
    source = (ROOT / "console" / "settings.py").read_text()
    return sorted(set(re.findall(r'environment\.\w+\("(\w+)"', source)))


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

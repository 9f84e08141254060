"""The user guide, as pages and as files."""

import re
from pathlib import Path

import pytest
from django.urls import reverse

from console.guide.chapters import FOLDER, NAMES, chapter


def test_every_file_is_a_chapter():
    assert {path.stem for path in FOLDER.glob("*.md")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_chapter_is_a_page(client, root, name):
    response = client.get(reverse("guide:chapter", args=[name]))
    page = response.content.decode()

    assert response.status_code == 200
    assert chapter(name).title in page
    assert ".md" not in re.findall(r'href="([^"]*)"', page)


@pytest.mark.parametrize("name", NAMES)
def test_links_and_pictures_lead_somewhere(name):
    text = (FOLDER / f"{name}.md").read_text()
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert (FOLDER / target).is_file(), target


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_headings_that_are_there(name):
    for target, heading in re.findall(r'href="/guide/([a-z-]+)/#([^"]*)"', chapter(name).body):
        assert f'id="{heading}"' in chapter(target).body


@pytest.mark.parametrize("name", NAMES)
def test_summary_has_no_marks(name):
    assert not re.search(r"[*`\n]|\]\(", chapter(name).summary)


def test_contents_lead_to_every_chapter(client, root):
    page = client.get(reverse("guide:contents")).content.decode()

    assert all(reverse("guide:chapter", args=[name]) in page for name in NAMES)


@pytest.mark.parametrize("name", ["nothing", "..", "README"])
def test_other_files_are_no_chapters(client, root, name):
    assert client.get(f"/guide/{name}/").status_code == 404


def test_help_panels_lead_to_chapters():
    templates = Path(__file__).parents[3] / "templates"
    panels = [path.read_text() for path in templates.rglob("*.html")]
    led_to = set(re.findall(r'{% help_panel "[^"]*" guide="([^"]*)"', "".join(panels)))

    assert led_to <= set(NAMES)
    assert {"users", "groups", "roles", "policies"} <= led_to

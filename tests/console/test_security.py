import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from console import errors
from iam.models import User

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/no-such-page/", "/users/"])
def test_every_response_has_a_strict_policy(client, path):
    headers = client.get(path).headers

    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_has_nothing_inline(template):
    source = template.read_text()

    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:|hx-on|hx-vals=['\"]js", source)
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", source))
    assert 'href="#"' not in source or "gallery" in template.parts


@pytest.mark.parametrize("name", ["400", "403", "404", "405", "500", "csrf"])
def test_error_page_needs_nothing_but_its_template(name):
    assert "<h1>" in render_to_string(f"errors/{name}.html")


@pytest.mark.django_db
def test_unknown_page_is_a_404_in_the_look(client):
    response = errors.not_found(client.request().wsgi_request, Exception())

    assert response.status_code == 404
    assert "Page not found" in response.content.decode()


def test_expired_form_says_what_to_do(rf):
    response = errors.csrf_failure(rf.post("/"), "no cookie")

    assert response.status_code == 403
    assert "reload the page" in response.content.decode()


def test_form_of_another_site_does_nothing_at_the_path_of_the_api(root, client):
    fields = "Action=CreateUser&Version=2010-05-08&UserName=mallory"

    response = client.post(
        "/", fields, "application/x-www-form-urlencoded", headers={"Origin": "https://other.example"}
    )

    assert response.status_code == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in response.content
    assert not User.objects.exists()

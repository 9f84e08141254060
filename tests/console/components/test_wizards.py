import re

import pytest

from tests.console.components import example


@pytest.fixture
def draft(signed_in):
    """The address of a fresh wizard, without its step."""
    return signed_in.get("/things/create/").headers["Location"].removesuffix("name/")


def answer(client, draft):
    client.post(f"{draft}name/", {"name": "bolt"})
    client.post(f"{draft}tags/", {"team": "blue", "tag-key": ["a", "b"], "tag-value": ["1", "2"]})


def test_every_start_has_answers_of_its_own(signed_in, draft):
    other = signed_in.get("/things/create/").headers["Location"].removesuffix("name/")

    signed_in.post(f"{draft}name/", {"name": "first"})
    signed_in.post(f"{other}name/", {"name": "second"})

    assert 'value="first"' in signed_in.get(f"{draft}name/").content.decode()
    assert 'value="second"' in signed_in.get(f"{other}name/").content.decode()


def test_valid_step_leads_to_the_next(signed_in, draft):
    response = signed_in.post(f"{draft}name/", {"name": "bolt"})

    assert response.headers["Location"] == f"{draft}tags/"


def test_invalid_step_stays_and_keeps_what_was_typed(signed_in, draft):
    response = signed_in.post(f"{draft}name/", {"name": "much-too-long"})

    assert response.status_code == 422
    assert 'value="much-too-long"' in response.content.decode()


def test_nobody_skips_ahead(signed_in, draft):
    assert signed_in.get(f"{draft}review/").headers["Location"] == f"{draft}name/"
    assert signed_in.post(f"{draft}review/").headers["Location"] == f"{draft}name/"
    assert example.created == []


def test_previous_keeps_what_is_not_valid_yet(signed_in, draft):
    signed_in.post(f"{draft}name/", {"name": "bolt"})

    response = signed_in.post(f"{draft}tags/", {"team": "much-too-long", "previous": "1"})

    assert response.headers["Location"] == f"{draft}name/"
    assert 'value="much-too-long"' in signed_in.get(f"{draft}tags/").content.decode()


def test_reload_keeps_repeated_values(signed_in, draft):
    answer(signed_in, draft)

    page = signed_in.get(f"{draft}tags/").content.decode()

    assert re.findall(r'name="tag-key" value="(\w*)"', page) == ["a", "b"]


def test_adding_a_row_judges_nothing(signed_in, draft):
    signed_in.post(f"{draft}name/", {"name": "bolt"})

    response = signed_in.post(f"{draft}tags/", {"team": "", "add-tag": "1"})

    assert response.status_code == 200
    assert "required." not in response.content.decode()
    assert response.content.decode().count('name="tag-key"') == 1


def test_finished_steps_are_links(signed_in, draft):
    answer(signed_in, draft)

    page = signed_in.get(f"{draft}review/").content.decode()

    assert f'<a href="{draft}name/">Name the thing</a>' in page
    assert "Step 3 of 4" in page
    assert "Create thing</button>" in page


def test_finishing_creates_once(signed_in, draft):
    answer(signed_in, draft)

    first = signed_in.post(f"{draft}review/")
    second = signed_in.post(f"{draft}review/")

    assert first.headers["Location"] == second.headers["Location"] == "/things/"
    assert example.created == ["bolt"]


def test_refusal_at_the_end_shows_the_review_again(signed_in, draft):
    signed_in.post(f"{draft}name/", {"name": "taken"})
    signed_in.post(f"{draft}tags/", {"team": "blue"})

    response = signed_in.post(f"{draft}review/")

    assert response.status_code == 422
    assert "The name taken exists already." in response.content.decode()


def test_unknown_step_is_not_found(signed_in, draft):
    assert signed_in.get(f"{draft}other/").status_code == 404


def test_forgotten_draft_leads_to_the_list_with_a_word(signed_in):
    response = signed_in.get("/things/create/00000000-0000-0000-0000-000000000000/name/", follow=True)

    assert response.redirect_chain[-1][0] == "/things/"
    assert "This wizard was finished or cancelled" in response.content.decode()

import base64
import re

import pytest

from console.components.tables import Cursor

DEEP = base64.urlsafe_b64encode(b"[" * 3000).decode().rstrip("=")
HALF_A_LETTER, NUL = Cursor.encode(["\ud800"]), Cursor.encode(["\x00"])


def rows(response):
    return re.findall(r'<th scope="row">([\w-]+)</th>', response.content.decode())


def follow(client, response, label):
    page = response.content.decode()
    found = re.search(rf'<a href="([^"]+)"[^>]*><span class="visually-hidden">{label}</span>', page)
    assert found, f"no link {label}"
    return client.get(found[1].replace("&amp;", "&"))


def test_pages_follow_each_other_and_back(signed_in):
    first = signed_in.get("/things/")
    second = follow(signed_in, first, "Next page")
    third = follow(signed_in, second, "Next page")
    back = follow(signed_in, third, "Previous page")

    assert rows(first) == [f"user-{number:02}" for number in range(20)]
    assert rows(second) == [f"user-{number:02}" for number in range(20, 40)]
    assert rows(third)[0] == "user-40"
    assert rows(back) == rows(second)


def test_last_page_has_no_next(signed_in):
    page = signed_in.get("/things/?q=user-4")

    assert len(rows(page)) == 10
    assert 'aria-disabled="true"><span class="visually-hidden">Next page' in page.content.decode()
    assert "10 matches" in page.content.decode()


def test_search_survives_paging_and_sorting(signed_in):
    page = signed_in.get("/things/?q=user&state=old").content.decode()

    assert re.search(r'href="/things/\?q=user&amp;sort=name&amp;state=old&amp;after=', page)
    assert 'href="/things/?q=user&amp;sort=-name&amp;state=old"' in page


def test_fragment_is_the_table_alone(signed_in):
    response = signed_in.get("/things/?q=user-4", headers={"HX-Request": "true"})

    content = response.content.decode()
    assert "<html" not in content
    assert 'id="example-table"' in content
    assert 'innerHTML:#live">10 matches' in content


@pytest.mark.parametrize(
    "nonsense",
    [
        "after=%00",
        "after=AAAA",
        f"after={DEEP}",
        f"after={HALF_A_LETTER}",
        f"before={NUL}",
        "before=e30",
        "page=x",
        "page=-1",
        "sort=drop",
        "state=new",
        "after=" + "A" * 5000,
    ],
)
def test_nonsense_in_the_address_is_not_given(signed_in, nonsense):
    assert rows(signed_in.get(f"/things/?{nonsense}"))[0] == "user-00"


def test_sorted_column_says_so(signed_in):
    page = signed_in.get("/things/?sort=-age").content.decode()

    assert page.count("aria-sort") == 1
    assert re.search(r'aria-sort="descending"><a class="sort" id="example-table-sort-age"', page)


def test_preferences_are_kept(signed_in):
    signed_in.post("/things/preferences/", {"page_size": "10", "columns": ["path"]})

    page = signed_in.get("/things/")
    assert len(rows(page)) == 10
    assert "Path</th>" in page.content.decode()
    assert "sort-age" not in page.content.decode()


def test_preferences_refuse_what_the_table_does_not_offer(signed_in):
    response = signed_in.post("/things/preferences/", {"page_size": "5000", "columns": ["secret"]})

    assert response.status_code == 422
    assert len(rows(signed_in.get("/things/"))) == 20


def test_cursor_carries_any_key():
    for key in (("ünï/+=", 3), (None, "x"), ("",)):
        assert Cursor.decode(Cursor.encode(key), is_backwards=True) == Cursor(key, True)

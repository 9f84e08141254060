"""The drift pages: what is different, and the dialogs that decide about it."""

import pytest
from django.test import Client

from iam.models import Change, Drift, Inventory
from iam.operations import drifts, inventories
from iam.operations.drifts import Values
from tests.factories import allow, make_account, make_user, policy_document, principal_of, root_of, sign_in

pytestmark = pytest.mark.django_db
RED, BLUE = [{"Key": "team", "Value": "red"}], [{"Key": "team", "Value": "<b>blue</b>"}]


@pytest.fixture
def account():
    account = make_account()
    make_user(account, "alice", Tags=RED)
    Change.objects.update(state=Change.State.VERIFIED)
    drifts.record(account.pk, ("user", "alice"), {"Tags": Values(None, RED, BLUE)})
    return account


@pytest.fixture
def client(account):
    return sign_in(Client(), root_of(account))


def test_list_shows_what_differs(client):
    page = client.get("/drift/").content.decode()

    assert 'href="/drift/details/user/alice"' in page
    assert "Tags" in page


@pytest.mark.parametrize(
    ("query", "is_shown"), [("q=ali", True), ("q=bob", False), ("kind=user", True), ("kind=role", False)]
)
def test_list_is_filtered(client, query, is_shown):
    assert ("/drift/details/user/alice" in client.get(f"/drift/?{query}").content.decode()) is is_shown


def test_ignored_is_in_its_own_list(client):
    Drift.objects.update(is_ignored=True)

    assert "/drift/details/" not in client.get("/drift/").content.decode()
    assert "/drift/details/user/alice" in client.get("/drift/?state=ignored").content.decode()


def test_pages_follow_each_other(client, account):
    for number in range(45):
        drifts.record(account.pk, ("role", f"role-{number:02}"), {"": Values(None, None, {"RoleName": "x"})})

    first = client.get("/drift/").context["page"]
    second = client.get(first.next_url).context["page"]
    third = client.get(second.next_url).context["page"]
    back = client.get(third.previous_url).context["page"]

    assert [len(page.rows) for page in (first, second, third)] == [20, 20, 6]
    assert [row.id for row in back.rows] == [row.id for row in second.rows]


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_the_same_number_of_queries(client, account, count, django_assert_max_num_queries):
    for number in range(count):
        drifts.record(account.pk, ("role", f"role-{number:02}"), {"": Values(None, None, {"RoleName": "x"})})

    with django_assert_max_num_queries(9):
        client.get("/drift/")


def test_details_show_both_sides_escaped(client):
    page = client.get("/drift/details/user/alice").content.decode()

    assert "red" in page
    assert "&lt;b&gt;blue" in page
    assert "<b>blue" not in page


def test_details_show_policies_line_by_line(client, account):
    ours = [{"PolicyName": "test", "PolicyDocument": policy_document(allow("s3:GetObject"))}]
    drifts.record(account.pk, ("user", "alice"), {"UserPolicyList": Values(None, ours, [])})

    page = client.get("/drift/details/user/alice").content.decode()

    assert "Only here: " in page
    assert "/css/policies" in page


def test_details_bear_whatever_a_backend_says(client, account):
    odd = {"Tags": ["x", None, 1], "Arn": 5, "UserPolicyList": [None, {"PolicyDocument": 3}], "LoginProfile": "x"}
    for member, value in (("", odd), ("Tags", odd["Tags"]), ("UserPolicyList", odd["UserPolicyList"]), ("X", "y")):
        drifts.record(account.pk, ("user", "alice"), {member: Values(value, None, value)})

        assert client.get("/drift/details/user/alice").status_code == 200


def test_details_of_what_is_equal_lead_to_the_list(client):
    assert client.get("/drift/details/user/bob").url == "/drift/"


def test_details_show_what_is_only_on_one_side(client, account):
    drifts.record(account.pk, ("role", "new"), {"": Values(None, None, {"RoleName": "New", "Arn": "arn:x"})})

    page = client.get("/drift/details/role/new").content.decode()

    assert "Only in its files" in page
    assert "New" in page


@pytest.mark.parametrize("decision", ["take-theirs", "put-back", "ignore"])
def test_dialog_asks_and_then_decides(client, decision):
    address = f"/drift/{decision}/?entity=user/alice"

    assert "alice" in client.get(address).content.decode()
    assert client.post(address).url == "/drift/"

    row = Drift.objects.get()
    assert {"take-theirs": bool(row.taking_at), "put-back": True, "ignore": row.is_ignored}[decision]


def test_dialog_about_nothing_leads_back(client):
    for words in ("", "?entity=user/nobody", "?entity=%00/x&entity=user", f"?entity=user/{'x' * 900}"):
        assert client.get(f"/drift/ignore/{words}").url == "/drift/"


def test_stranger_sees_and_decides_nothing(account):
    client = sign_in(Client(), principal_of(make_user(account, "mallory")))

    assert "alice" not in client.get("/drift/").content.decode()
    for address in ("/drift/details/user/alice", "/drift/ignore/?entity=user/alice", "/drift/import/"):
        assert client.get(address).status_code == 403
    client.post("/drift/ignore/?entity=user/alice")
    client.post("/drift/check/")
    assert not Drift.objects.get().is_ignored
    assert not Inventory.objects.exists()


def test_check_is_asked_for_and_watched(client, account):
    assert client.post("/drift/check/").url == "/drift/"
    assert Inventory.objects.get().requested_by == root_of(account).arn
    assert "Waiting for a worker" in client.get("/drift/").content.decode()
    assert client.get("/drift/progress/", headers={"HX-Request": "true"}).status_code == 200

    inventories.finish(Inventory.objects.get())

    answer = client.get("/drift/progress/", headers={"HX-Request": "true"})
    assert answer.status_code == 286
    assert "#drift-table" in answer.content.decode()


def test_import_shows_how_far_it_is(client, account):
    inventory = inventories.request(account.pk, "import")
    Inventory.objects.update(
        state="running",
        counts={"user": 50},
        totals={"user": 200},
        notes=[{"kind": "user", "name": "zed", "member": "Tags", "reason": "is no list"}],
    )

    page = client.get("/drift/import/").content.decode()

    assert "25 %" in page
    assert "is no list" in page
    assert inventory.purpose == "import"


def test_local_account_is_not_imported(client):
    client.post("/drift/import/")

    assert not Inventory.objects.exists()


def test_object_that_differs_has_a_chip_in_its_list(client, account):
    make_user(account, "bob")
    Change.objects.update(state=Change.State.VERIFIED)

    page = client.get("/users/").content.decode()

    assert page.count("Differs from its file") == 1
    assert '/drift/details/user/alice">Differs from its file' in page


def test_object_that_differs_has_a_chip(client):
    assert "Differs from its file" in client.get("/users/details/alice/").content.decode()

    Drift.objects.update(is_ignored=True)

    assert "Differs from" not in client.get("/users/details/alice/").content.decode()

"""What is done to a policy: attached, detached, made a boundary, deleted; its versions and their differences."""

import pytest
from django.urls import reverse

from console.policies.diff import compare
from iam.models import ManagedPolicy, Role, User
from iam.operations import perform
from tests.factories import allow, deny, make_policy, policy_document

WIDE = policy_document(allow("s3:*"))


def url_of(page, policy):
    return reverse(f"policies:{page}", args=[policy.arn])


def holders(policy):
    """Return who has a policy."""
    kinds = (policy.user_attachments, policy.group_attachments, policy.role_attachments)
    return [str(row) for kind in kinds for row in kind.all()]


@pytest.fixture
def versions(policy, root):
    """Reports with v1 (the default), v2, and v3."""
    perform(root, "CreatePolicyVersion", PolicyArn=policy.arn, PolicyDocument=WIDE)
    perform(root, "CreatePolicyVersion", PolicyArn=policy.arn, PolicyDocument=WIDE.replace(",", " ,"))
    return policy


def test_attach_attaches_to_users_groups_and_roles(policy, people, client):
    chosen = ["user|alice", "group|Developers", "role|Deploy"]

    response = client.post(url_of("attach", policy), {"entity": chosen, "next": "1"})

    assert response["Location"] == url_of("entities", policy)
    assert len(holders(policy)) == 3


@pytest.mark.parametrize("entity", [[], ["role|None"], ["robot|alice"], ["user|'; --"]])
def test_attach_of_nobody_is_refused(policy, people, client, entity):
    assert client.post(url_of("attach", policy), {"entity": entity, "next": "1"}).status_code == 422
    assert holders(policy) == []


def test_attach_shows_who_has_the_policy_already(attached, client):
    page = client.get(url_of("attach", attached)).content.decode()

    assert page.count("disabled>") == 3


def test_attach_leaves_out_kinds_that_may_not_be_listed(policy, people, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:ListUsers"))

    page = client.get(url_of("attach", policy)).content.decode()

    assert "iam:ListUsers" in page
    assert "role|Deploy" in page
    assert "user|alice" not in page


def test_attach_is_refused_without_permission(policy, people, signed_in_as, client):
    signed_in_as(allow("iam:Get*", "iam:List*"))

    response = client.post(url_of("attach", policy), {"entity": ["user|alice"], "next": "1"})

    assert response.status_code == 422
    assert "iam:AttachUserPolicy" in response.content.decode()
    assert holders(policy) == []


def test_entities_are_listed_and_filtered(attached, client):
    rows = client.get(url_of("entities", attached)).context["page"].rows
    roles = client.get(url_of("entities", attached), {"type": "role"}).context["page"].rows
    bounded = client.get(url_of("boundaries", attached)).context["page"].rows

    assert [row.entity.key for row in rows] == ["user|alice", "role|Deploy", "group|Developers"]
    assert [row.entity.key for row in roles] == ["role|Deploy"]
    assert [row.entity.key for row in bounded] == ["user|bob"]


def test_ticked_entities_are_detached(attached, client):
    url = url_of("detach-entities", attached) + "?entity=user|alice&entity=role|Deploy&entity=user|bob"

    assert "from 2 entities?" in client.get(url).content.decode()
    client.post(url)

    assert len(holders(attached)) == 1


def test_detach_page_has_the_attached_only(attached, client):
    page = client.get(url_of("detach", attached)).content.decode()
    client.post(url_of("detach", attached), {"entity": ["group|Developers"], "next": "1"})

    assert "user|bob" not in page
    assert len(holders(attached)) == 2


def test_dialogs_tell_nothing_without_permission(attached, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:ListEntitiesForPolicy"))

    for page in ("detach-entities", "remove-boundary", "change-boundary"):
        response = client.get(url_of(page, attached), {"entity": ["user|alice", "user|bob"]})
        assert response.status_code == 403
        # The page repeats its own address.
        assert "alice" not in response.content.decode().replace("%7Calice", "")


def test_boundary_is_set_changed_and_removed(account, attached, client):
    other = make_policy(account, "Other")
    client.post(url_of("set-boundary", attached), {"entity": ["role|Deploy"], "next": "1"})
    assert Role.objects.get(account=account).permissions_boundary == attached

    client.post(url_of("change-boundary", attached), {"entity": ["role|Deploy"], "boundary": other.arn, "next": "1"})
    assert Role.objects.get(account=account).permissions_boundary == other

    client.post(url_of("remove-boundary", attached) + "?entity=user|bob")
    assert User.objects.get(account=account, name="bob").permissions_boundary is None


def test_change_of_nobodys_boundary_leads_back(attached, client):
    assert client.get(url_of("change-boundary", attached))["Location"] == url_of("boundaries", attached)


def test_delete_refuses_what_limits_somebody(attached, client):
    page = client.get(url_of("delete", attached)).content.decode()
    client.post(url_of("delete", attached), {"confirm": "Reports"})

    assert "Reports is the permissions boundary of user bob" in page
    assert ManagedPolicy.objects.filter(pk=attached.pk).exists()


def test_delete_detaches_and_deletes_versions(account, attached, versions, root, client):
    perform(root, "DeleteUserPermissionsBoundary", UserName="bob")
    url = url_of("delete", attached)

    assert "alice" in client.get(url).content.decode()
    assert client.post(url, {"confirm": "reports"}).status_code == 422
    assert client.post(url, {"confirm": "Reports"})["Location"] == "/policies/"
    assert not ManagedPolicy.objects.filter(account=account).exists()


def test_delete_hides_who_has_the_policy(attached, root, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:ListEntitiesForPolicy"))

    assert "bob" not in client.get(url_of("delete", attached)).content.decode()


def test_delete_is_all_or_nothing(policy, people, root, signed_in_as, client):
    perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)
    signed_in_as(allow("iam:*"), deny("iam:DeletePolicy"))

    assert client.post(url_of("delete", policy), {"confirm": "Reports"}).status_code == 422
    assert len(holders(policy)) == 1


def test_several_are_deleted_together_and_aws_ones_stay(account, policy, aws_policy, client):
    other = make_policy(account, "Other")
    url = f"/policies/delete/?policy={policy.arn}&policy={other.arn}&policy={aws_policy.arn}"

    page = client.get(url).content.decode()
    assert client.post(url, {"confirm": "Reports"}).status_code == 422
    client.post(url, {"confirm": "delete"})

    assert "Delete 2 policies?" in page
    assert "1 AWS managed policy of your selection cannot be deleted" in page
    assert not ManagedPolicy.objects.filter(account=account).exists()


def test_aws_managed_alone_cannot_be_deleted(aws_policy, root, client):
    page = client.get("/policies/delete/", {"policy": aws_policy.arn}).content.decode()

    assert "AWS manages the selected policies" in page


def test_versions_open_in_place(versions, client):
    page = client.get(url_of("versions", versions), {"expand": "v2"})

    assert [row.version.version_id for row in page.context["rows"]] == ["v3", "v2", "v1"]
    assert "s3:*" in page.content.decode()


def test_default_version_is_set(versions, client):
    url = url_of("set-default", versions) + "?version=v2"

    assert "Set v2 as the default version of Reports?" in client.get(url).content.decode()
    client.post(url)

    assert versions.versions.get(is_default=True).number == 2


@pytest.mark.parametrize("version", ["v1", "v9", "x", ""])
def test_default_version_must_be_another_that_exists(versions, client, version):
    assert client.get(url_of("set-default", versions), {"version": version})["Location"] == url_of("versions", versions)


def test_versions_are_deleted_but_for_the_default(versions, client):
    url = url_of("delete-versions", versions) + "?version=v1&version=v3"

    page = client.get(url).content.decode()
    client.post(url)

    assert "v1 is the default version and stays" in page
    assert sorted(versions.versions.values_list("number", flat=True)) == [1, 2]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "from=v1&to=v2"),
        ("?version=v3", "from=v1&to=v3"),
        ("?version=v3&version=v2", "from=v2&to=v3"),
        ("?version=v2&version=v3&view=inline", "from=v2&to=v3&view=inline"),
    ],
)
def test_comparison_has_one_address(versions, client, query, expected):
    response = client.get(url_of("compare", versions) + query)

    assert response["Location"].endswith(f"?{expected}")


@pytest.mark.parametrize("view", ["split", "inline"])
def test_versions_are_compared(versions, client, view):
    page = client.get(url_of("compare", versions), {"from": "v1", "to": "v2", "view": view}).content.decode()

    assert "do not have the same meaning" in page
    assert "Removed: " in page
    assert "Added: " in page


def test_comparison_of_unknown_versions_is_not_found(versions, client):
    assert client.get(url_of("compare", versions), {"from": "v1", "to": "v8"}).status_code == 404


def test_comparison_notes_equal_meaning():
    one = policy_document(allow("s3:GetObject", "s3:PutObject"))
    other = policy_document(allow("S3:putobject", "s3:GetObject"))

    assert compare(one, other).note.startswith("Both versions have the same meaning")
    assert compare(one, one + "\n").note.startswith("The two versions differ in nothing but white space")
    assert compare(one, one).note == "The two versions are identical."
    assert compare(one, policy_document(allow("s3:GetObject", "s3:PutObject", Sid="Mine"))).note.endswith(
        "their Ids or Sids differ."
    )
    assert not compare(one, "{").is_same


def test_comparison_keeps_every_line_on_its_side():
    comparison = compare(policy_document(allow("s3:GetObject")), policy_document(deny("s3:GetObject"), allow("s3:*")))
    left = [side.number for side, _ in comparison.rows if side.number]
    right = [side.number for _, side in comparison.rows if side.number]

    assert left == list(range(1, len(left) + 1))
    assert right == list(range(1, len(right) + 1))
    assert len([row for row in comparison.inline if row[3]]) == comparison.added + comparison.removed


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, (["alice", "bob"], ["Developers"], ["Deploy"])),
        ({"PolicyUsageFilter": "PermissionsBoundary"}, (["bob"], [], [])),
        ({"PolicyUsageFilter": "PermissionsPolicy", "EntityFilter": "User"}, (["alice"], [], [])),
    ],
)
def test_entities_are_listed_as_the_api_does(attached, root, filters, expected):
    answer = perform(root, "ListEntitiesForPolicy", PolicyArn=attached.arn, **filters)

    kinds = ("User", "Group", "Role")
    assert tuple(sorted(row[f"{kind}Name"] for row in answer[f"Policy{kind}s"]) for kind in kinds) == expected

"""perform(): validation, authorization, transaction, event and outbox, in that order."""

import pytest
from django.db import connection

from iam.errors import IamError
from iam.models import Change, ChangeSet, Event, Group, User
from iam.operations import Step, perform, perform_change_set
from iam.operations.registry import OPERATIONS
from iam.operations.shapes import HIDDEN, operation_model
from iam.principals import anonymous_principal
from tests.factories import SOURCE, allow, deny, make_account, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db


def refusal(principal, operation, **parameters) -> IamError:
    with pytest.raises(IamError) as caught:
        perform(principal, operation, **parameters)
    return caught.value


def test_perform_returns_the_output_shape():
    account = make_account()

    answer = perform(root_of(account), "CreateUser", UserName="alice", Path="/team/")

    user = User.objects.get(account=account)
    assert answer["User"]["Arn"] == f"arn:aws:iam::{account.pk}:user/team/alice"
    assert answer["User"]["UserId"] == user.unique_id
    assert user.unique_id.startswith("AIDA")
    assert len(user.unique_id) == 21


def test_perform_refuses_an_unknown_operation():
    assert refusal(root_of(make_account()), "MakeCoffee").code == "InvalidAction"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {},
            "Value null at 'userName' failed to satisfy constraint: Member must not be null",
        ),
        (
            {"UserName": "x" * 65},
            "Value at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64",
        ),
        (
            {"UserName": "a b"},
            "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the "
            "following: +=,.@_-",
        ),
        (
            {"UserName": 7},
            "Value at 'userName' failed to satisfy constraint: Member must be a string",
        ),
        (
            {"UserName": "a", "Tags": [{"Key": "", "Value": ""}]},
            "Value at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal "
            "to 1",
        ),
        ({"UserName": "a", "Colour": "red"}, "Unknown parameter 'Colour'"),
    ],
)
def test_perform_names_the_fault_of_a_parameter(parameters, message):
    error = refusal(root_of(make_account()), "CreateUser", **parameters)

    assert error.code == "ValidationError"
    assert message in error.message
    assert not User.objects.exists()


def test_perform_wants_a_signature_and_tells_nobody_of_its_absence():
    error = refusal(anonymous_principal(SOURCE), "CreateUser", UserName="alice")

    assert error.code == "MissingAuthenticationToken"
    assert not Event.objects.exists()


def test_perform_counts_the_faults():
    error = refusal(root_of(make_account()), "CreateUser", UserName="x" * 65, Tags=[{"Key": "k"}], Path="x")

    assert error.message.startswith("2 validation errors detected: ")


def test_perform_refuses_a_user_without_permission():
    account = make_account()
    alice = make_user(account)

    error = refusal(principal_of(alice), "CreateUser", UserName="bob")

    assert error.code == "AccessDenied"
    assert error.message == (
        f"User: {alice.arn} is not authorized to perform: iam:CreateUser on resource: "
        f"arn:aws:iam::{account.pk}:user/bob because no identity-based policy allows the iam:CreateUser action"
    )
    assert not User.objects.filter(name="bob").exists()


def test_perform_says_when_a_policy_denies():
    alice = make_user(make_account(), statements=[allow("iam:*"), deny("iam:CreateUser")])

    error = refusal(principal_of(alice), "CreateUser", UserName="bob")

    assert error.message.endswith("with an explicit deny in an identity-based policy")


def test_perform_is_limited_to_the_resources_a_policy_names():
    account = make_account()
    pattern = f"arn:aws:iam::{account.pk}:user/team-a/*"
    alice = principal_of(make_user(account, statements=[allow("iam:CreateUser", resource=pattern)]))

    perform(alice, "CreateUser", UserName="bob", Path="/team-a/")

    assert refusal(alice, "CreateUser", UserName="carol", Path="/team-b/").code == "AccessDenied"


def test_perform_requires_tagging_for_tags_given_at_creation():
    alice = principal_of(make_user(make_account(), statements=[allow("iam:CreateUser")]))

    error = refusal(alice, "CreateUser", UserName="bob", Tags=[{"Key": "a", "Value": "b"}])

    assert "iam:TagUser" in error.message


def test_perform_honours_a_boundary_demanded_by_condition():
    account = make_account()
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    alice = principal_of(make_user(account, statements=[allow("iam:CreateUser", Condition=condition)]))

    without = refusal(alice, "CreateUser", UserName="bob")
    with_unknown = refusal(alice, "CreateUser", UserName="bob", PermissionsBoundary=boundary)

    assert without.code == "AccessDenied"
    # Authorized, and then told that the catalogue of this test holds no such policy.
    assert with_unknown.code == "NoSuchEntity"


def test_a_decision_reads_what_was_just_committed():
    account = make_account()
    alice = make_user(account, statements=[allow("iam:ListUsers")])
    assert perform(principal_of(alice), "ListUsers")["Users"]

    perform(root_of(account), "DeleteUserPolicy", UserName="alice", PolicyName="test")

    assert refusal(principal_of(alice), "ListUsers").code == "AccessDenied"


def test_change_set_performs_all_or_nothing():
    account = make_account()

    with pytest.raises(IamError) as caught:
        perform_change_set(
            root_of(account),
            [
                Step("CreateUser", {"UserName": "alice"}),
                Step("CreateGroup", {"GroupName": "Developers"}),
                Step(
                    "AttachUserPolicy",
                    {
                        "UserName": "alice",
                        "PolicyArn": "arn:aws:iam::aws:policy/Nothing",
                    },
                ),
            ],
        )

    assert (caught.value.code, caught.value.operation) == (
        "NoSuchEntity",
        "AttachUserPolicy",
    )
    assert not User.objects.exists()
    assert not Group.objects.exists()
    assert not Change.objects.exclude(operation="CreateAccount").exists()


def test_change_set_is_written_to_the_outbox_in_order():
    account = make_account()

    performed = perform_change_set(
        root_of(account),
        [
            Step("CreateUser", {"UserName": "alice"}),
            Step(
                "CreateLoginProfile",
                {"UserName": "alice", "Password": "Battery-Staple-7"},
            ),
        ],
        title="Create user alice",
    )

    change_set = ChangeSet.objects.get(pk=performed.change_set_id)
    changes = list(change_set.changes.order_by("id"))
    assert change_set.title == "Create user alice"
    assert change_set.actor_arn == f"arn:aws:iam::{account.pk}:root"
    assert [change.operation for change in changes] == [
        "CreateUser",
        "CreateLoginProfile",
    ]
    assert changes[0].entities == [["user", "alice"]]


def test_title_names_the_operation_and_its_entity():
    account = make_account()
    root = root_of(account)

    perform(root, "CreateUser", UserName="alice")
    perform_change_set(root, [Step("CreateUser", {"UserName": name}) for name in ("bob", "carol")])

    titles = ChangeSet.objects.filter(account=account, title__startswith="CreateUser").order_by("created_at")
    assert list(titles.values_list("title", flat=True)) == ["CreateUser alice", "CreateUser"]


def test_secrets_are_in_neither_event_nor_change():
    account = make_account()
    make_user(account)

    perform(
        root_of(account),
        "CreateLoginProfile",
        UserName="alice",
        Password="Battery-Staple-7",
    )
    secret = perform(root_of(account), "CreateAccessKey", UserName="alice")["AccessKey"]["SecretAccessKey"]

    event = Event.objects.get(account_id=account.pk, name="CreateLoginProfile")
    change = Change.objects.get(account=account, operation="CreateLoginProfile")
    assert event.request_parameters == {"UserName": "alice", "Password": HIDDEN}
    assert change.parameters == {"UserName": "alice", "Password": HIDDEN}
    key_event = Event.objects.get(account_id=account.pk, name="CreateAccessKey")
    assert key_event.response_elements["AccessKey"]["SecretAccessKey"] == HIDDEN
    assert secret not in str(list(Event.objects.values())) + str(list(Change.objects.values()))


def test_refused_call_is_recorded():
    account = make_account()
    alice = make_user(account)

    refusal(principal_of(alice), "DeleteUser", UserName="alice")

    event = Event.objects.get(account_id=account.pk, name="DeleteUser")
    assert event.error_code == "AccessDenied"
    assert event.user_identity["userName"] == "alice"
    assert event.source_ip == "192.0.2.7"
    assert not event.is_read_only


def test_read_leaves_an_event_and_no_change():
    account = make_account()
    before = Change.objects.count()

    perform(root_of(account), "ListUsers")

    assert Event.objects.get(account_id=account.pk, name="ListUsers").is_read_only
    assert Change.objects.count() == before


def test_event_history_refuses_to_be_rewritten():
    perform(root_of(make_account()), "ListUsers")

    with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM iam_event")


def test_every_operation_is_one_of_the_service_model():
    for name, operation in OPERATIONS.items():
        model = operation_model(operation.service, name)
        assert model.name == name


def test_create_user_takes_a_bounded_number_of_queries(django_assert_max_num_queries):
    account = make_account()
    alice = principal_of(make_user(account, statements=[allow("iam:*")]))

    with django_assert_max_num_queries(14):
        perform(alice, "CreateUser", UserName="bob")


def test_worker_is_woken_after_the_commit_and_not_before(django_capture_on_commit_callbacks):
    account = make_account()

    with django_capture_on_commit_callbacks() as after_commit:
        perform(root_of(account), "CreateUser", UserName="alice")

    assert len(after_commit) == 1


@pytest.mark.django_db(transaction=True)
def test_reading_needs_no_transaction(django_assert_num_queries):
    root = root_of(make_account())

    with django_assert_num_queries(2) as captured:
        perform(root, "ListUsers")

    event = Event.objects.latest("id")
    assert (event.name, event.is_read_only, event.response_elements) == ("ListUsers", True, None)
    assert 'INSERT INTO "iam_event"' in captured.captured_queries[1]["sql"]


@pytest.mark.django_db(transaction=True)
def test_refused_reading_is_recorded_too():
    user = make_user(make_account())

    error = refusal(principal_of(user), "ListUsers")

    event = Event.objects.latest("id")
    assert (event.name, event.error_code) == ("ListUsers", error.code)
    assert (error.code, error.operation) == ("AccessDenied", "ListUsers")


def test_reading_leaves_the_transaction_it_is_in_as_durable_as_it_was():
    root = root_of(make_account())

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = 'remote_write'")
        perform(root, "ListUsers")
        cursor.execute("SHOW synchronous_commit")
        setting = cursor.fetchone()

    assert setting == ("remote_write",)

"""Two who write at once, or one beside whom an administrator works, leave what the documents say."""

import pytest

from iam.models import Account, User
from iam.operations import perform, quotas
from iam.operations.mirroring import write_documents
from tests.factories import make_account, make_user, root_of
from tests.iam.operations.mirroring import documents
from tests.iam.operations.mirroring.conftest import as_mirror
from tests.iam.operations.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_who_write_the_same_leave_it_once():
    account = as_mirror(make_account())
    given = [documents.group(), *(documents.user(f"user-{number}", GroupList=["Developers"]) for number in range(5))]
    notes = []

    codes = at_once(*[lambda: notes.extend(write_documents(account.pk, given).notes) for _ in range(4)])

    assert (codes, notes) == ([""] * 4, [])
    assert sorted(User.objects.values_list("name", flat=True)) == [f"user-{number}" for number in range(5)]
    assert [user.memberships.count() for user in User.objects.all()] == [1] * 5
    assert quotas.usage(account.pk)["Users"] == 5


def test_administrators_create_and_delete_meanwhile():
    account = make_account()
    root = root_of(account)
    make_user(account, "gone")
    given = [documents.user(f"user-{number}") for number in range(20)]

    codes = at_once(
        lambda: write_documents(account.pk, given),
        lambda: perform(root, "DeleteUser", UserName="gone"),
        *[lambda number=number: perform(root, "CreateUser", UserName=f"new-{number}") for number in range(3)],
    )

    assert codes == [""] * 5
    count = User.objects.filter(account=Account.objects.get()).count()
    assert quotas.usage(account.pk)["Users"] == count == 23

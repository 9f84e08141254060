"""What stands around every page, read in one statement."""

from iam.operations import perform
from iam.operations.preferences import save_preferences
from iam.principals import root_principal
from iam.queries.frame import FrameRecord, read_frame
from tests.factories import make_account, root_of


def test_frame_of_nobody_s_account_is_empty(db):
    assert read_frame(root_principal("000000000000", "nobody@example.com")) == FrameRecord()


def test_frame_has_the_preferences_of_its_principal_alone(db):
    account = make_account()
    root, stranger = root_of(account), root_of(make_account())
    save_preferences(root, "users", {"page_size": 50})
    save_preferences(stranger, "users", {"page_size": 10})

    assert read_frame(root).preferences == {"users": {"page_size": 50}}


def test_frame_counts_what_moves_in_its_account_alone(db):
    root, stranger = root_of(make_account()), root_of(make_account())
    before = read_frame(root)
    perform(root, "CreateGroup", GroupName="admins")
    perform(stranger, "CreateGroup", GroupName="admins")

    after = read_frame(root)
    assert (after.moving, after.failed) == (before.moving + 1, 0)

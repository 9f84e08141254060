"""Carrying changes: order, errors that pass, refusals that hold back, and a lane for one worker at a time."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from iam import metrics
from iam.logs import ContextFilter
from iam.models import Account, Change, User
from iam.operations import Step, perform, perform_change_set
from iam.operations.accounts import reset_account
from iam.queries import lanes
from iam.queries.lanes import due_accounts, is_lane_taken, next_changes
from iam.sync import carrying, stopping, tasks
from iam.sync.backends.base import BackendError
from iam.sync.backends.local import folder_of
from iam.sync.lock import LaneLostError, lane_of
from tests.factories import make_account, make_group, make_policy, make_user, root_of
from tests.iam.sync.aws_accounts import administrator, connect

State = Change.State


class RefusingBackend:
    """A backend that refuses what touches one name, for good or for now, and takes everything else."""

    def __init__(self, name="", *, permanent=True, error=None):
        self.name = name
        self.error = error or BackendError("LimitExceeded", "Cannot exceed quota.", permanent=permanent)
        self.applied = []

    def prepare(self, changes):
        pass

    def apply(self, change):
        if ["user", self.name] in change.entities:
            raise self.error
        self.applied.append(change.pk)

    def verify(self, changes):
        pass

    def fetch(self):
        yield from ()


@pytest.fixture
def use(monkeypatch):
    """Return a function that gives every account another backend."""

    def use_backend(backend):
        monkeypatch.setattr(carrying, "backend_of", lambda account: backend)
        return backend

    return use_backend


def states(account):
    return list(Change.objects.filter(account=account).order_by("id").values_list("state", flat=True))


def in_five_minutes(account):
    Change.objects.filter(account=account).update(next_attempt_at=timezone.now())


def test_drain_brings_every_change_to_verified(account, assert_in_step):
    make_group(account, "Developers", members=[make_user(account, "alice")])
    make_policy(account, "ReadThings")

    assert carrying.drain(account.pk) is False

    assert set(states(account)) == {State.VERIFIED}
    assert_in_step(account)


def test_verified_change_tells_when_it_got_where(account):
    make_user(account)

    carrying.drain(account.pk)

    change = Change.objects.filter(account=account).latest("id")
    assert change.attempts == 1
    assert change.created_at <= change.sent_at <= change.applied_at <= change.verified_at


def test_deleted_and_renamed_entities_leave_no_file(account, assert_in_step, names_of):
    root = root_of(account)
    make_user(account, "alice")
    make_user(account, "bob")
    carrying.drain(account.pk)

    perform(root, "UpdateUser", UserName="alice", NewUserName="ALICE")
    perform(root, "UpdateUser", UserName="bob", NewUserName="robert")
    perform(root, "DeleteUser", UserName="ALICE")
    carrying.drain(account.pk)

    assert names_of(account) == {("account", account.pk), ("user", "robert")}
    assert_in_step(account)


def test_change_of_case_keeps_one_file_with_the_new_name(account, assert_in_step):
    make_user(account, "alice")
    carrying.drain(account.pk)

    perform(root_of(account), "UpdateUser", UserName="alice", NewUserName="Alice")
    carrying.drain(account.pk)

    assert [path.name for path in (folder_of(account.pk) / "users").iterdir()] == ["alice.json"]
    assert_in_step(account)


def test_names_that_mean_something_to_file_systems_are_names_like_others(account, assert_in_step):
    for name in (".", "..", ".writing", "=,.@+-", "a" * 64):
        make_user(account, name)

    carrying.drain(account.pk)

    assert_in_step(account)


def test_unwritable_folder_delays_and_loses_nothing(account, settings, assert_in_step):
    # Root may write everywhere, so a file stands where the folder has to be.
    (settings.DATA_DIR / "accounts").write_text("in the way")
    make_user(account, "alice")
    make_user(account, "bob")

    carrying.drain(account.pk)
    first, *others = Change.objects.filter(account=account).order_by("id")

    assert first.error_code in {"NotADirectoryError", "FileExistsError"}
    assert str(settings.DATA_DIR) in first.error_message
    assert first.next_attempt_at >= timezone.now() - timedelta(seconds=2)
    assert first.attempts >= 1
    assert {(change.state, change.attempts) for change in others} == {(State.PENDING, 0)}

    (settings.DATA_DIR / "accounts").unlink()
    in_five_minutes(account)
    carrying.drain(account.pk)

    assert set(states(account)) == {State.VERIFIED}
    assert not Change.objects.filter(account=account).exclude(error_code="").exists()
    assert_in_step(account)


def test_refusal_holds_back_what_touches_the_same_and_nothing_else(account, use):
    carrying.drain(account.pk)
    make_user(account, "alice")
    make_group(account, "Developers", members=[User.objects.get(name="alice")])
    make_user(account, "bob")
    use(RefusingBackend("alice"))

    carrying.drain(account.pk)

    assert states(account)[1:] == [State.FAILED, State.VERIFIED, State.PENDING, State.VERIFIED]
    refused = Change.objects.get(state=State.FAILED)
    assert (refused.error_code, refused.error_message, refused.attempts) == (
        "LimitExceeded",
        "Cannot exceed quota.",
        1,
    )
    assert Change.objects.get(state=State.PENDING).attempts == 0
    assert next_changes(account.pk, 10) == []


def test_held_change_holds_back_what_touches_its_other_entities(account, use):
    carrying.drain(account.pk)
    root = root_of(account)
    make_user(account, "alice")
    use(RefusingBackend("alice"))
    carrying.drain(account.pk)
    perform(root, "UpdateUser", UserName="alice", NewUserName="alicia")
    perform(root, "TagUser", UserName="alicia", Tags=[{"Key": "team", "Value": "red"}])

    carrying.drain(account.pk)

    assert states(account)[1:] == [State.FAILED, State.PENDING, State.PENDING]


def test_passing_error_stops_the_lane_so_that_nothing_overtakes(account, use):
    carrying.drain(account.pk)
    make_user(account, "alice")
    make_user(account, "bob")
    backend = use(RefusingBackend("alice", permanent=False))
    Change.objects.filter(account=account, state=State.PENDING).update(attempts=6)

    carrying.drain(account.pk)

    assert backend.applied == []
    assert states(account)[1:] == [State.PENDING, State.PENDING]
    assert [change.error_code for change in Change.objects.order_by("id")][1:] == ["LimitExceeded", ""]


def test_error_that_no_backend_declared_fails_the_change_alone(account, use):
    carrying.drain(account.pk)
    make_user(account, "alice")
    make_user(account, "bob")
    use(RefusingBackend("alice", error=ZeroDivisionError("a fault of ours")))

    carrying.drain(account.pk)

    assert states(account)[1:] == [State.FAILED, State.VERIFIED]
    refused = Change.objects.get(state=State.FAILED)
    assert (refused.error_code, refused.error_message) == ("InternalFailure", "ZeroDivisionError: a fault of ours")


def test_changed_file_is_not_verified(account, monkeypatch):
    carrying.drain(account.pk)
    make_user(account, "alice")
    verify = carrying.backend_of(account).verify

    def verify_after_somebody_wrote(self, changes):
        (folder_of(account.pk) / "users" / "alice.json").write_text("{}")
        verify.__func__(self, changes)

    monkeypatch.setattr("iam.sync.backends.local.LocalBackend.verify", verify_after_somebody_wrote)
    with lane_of(account.pk) as lane:
        carrying.carry_batch(account, lane)

    change = Change.objects.latest("id")
    assert (change.state, change.error_code, change.applied_at) == (State.PENDING, "NotVerified", None)


@pytest.mark.parametrize("state", [State.APPLYING, State.APPLIED])
def test_change_of_a_worker_that_died_is_carried_again(account, state, assert_in_step):
    make_user(account)
    Change.objects.filter(account=account).update(state=state, attempts=1)

    carrying.drain(account.pk)

    assert set(states(account)) == {State.VERIFIED}
    assert Change.objects.latest("id").attempts == 2
    assert_in_step(account)


def test_drain_leaves_a_lane_to_the_worker_that_has_it(account):
    make_user(account)

    with lane_of(account.pk) as lane:
        assert lane is not None
        assert carrying.drain(account.pk) is False

    assert set(states(account)) == {State.PENDING}


def test_lanes_of_two_accounts_are_two(account):
    with lane_of(account.pk) as first, lane_of(make_account().pk) as second:
        assert first is not None
        assert second is not None


def test_change_committed_while_the_lane_is_given_back_is_not_forgotten(account, monkeypatch):
    """The wake-up for it found the lane taken, so the worker that had it must look again."""
    make_user(account, "alice")
    carry = carrying.carry_batch
    late = []

    def carry_then_commit_another(account, lane):
        more = carry(account, lane)
        if not more and not late:
            late.append(make_user(account, "latecomer"))
            assert carrying.drain(account.pk) is False
        return more

    monkeypatch.setattr(carrying, "carry_batch", carry_then_commit_another)
    carrying.drain(account.pk)

    assert late
    assert set(states(account)) == {State.VERIFIED}


def test_lane_is_free_as_soon_as_it_is_given_back(account):
    """Else a change committed just then would seem to be carried, and wait for the sweep."""
    for _ in range(20):
        with lane_of(account.pk):
            assert is_lane_taken(account.pk)
            assert not is_lane_taken(make_account().pk)
        assert not is_lane_taken(account.pk)


def test_lane_ends_with_its_connection(account):
    with lane_of(account.pk) as lane:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s",
                [f"lane of {account.pk}"],
            )
        with pytest.raises(LaneLostError):
            lane.assert_held()
        with lane_of(account.pk) as another:
            assert another is not None


def test_worker_that_lost_its_lane_verifies_nothing(account, monkeypatch):
    make_user(account)
    with lane_of(account.pk) as lane:
        lane._session.close()
        with pytest.raises(LaneLostError):
            carrying.carry_batch(account, lane)

    assert State.VERIFIED not in states(account)


def test_long_queue_is_left_to_another_turn(account, monkeypatch):
    make_user(account)
    monkeypatch.setattr(carrying, "TURN_SECONDS", -1.0)

    assert carrying.drain(account.pk) is True

    assert set(states(account)) == {State.PENDING}


def test_batches_keep_the_order(account, use, monkeypatch):
    monkeypatch.setattr(carrying, "BATCH", 2)
    root = root_of(account)
    perform_change_set(root, [Step("CreateUser", {"UserName": f"user-{number}"}) for number in range(7)])
    backend = use(RefusingBackend())

    carrying.drain(account.pk)

    assert backend.applied == sorted(backend.applied)
    assert len(backend.applied) == 8


def test_two_workers_at_once_carry_each_change_once(account, use):
    perform_change_set(root_of(account), [Step("CreateUser", {"UserName": f"user-{number}"}) for number in range(40)])
    backend = use(RefusingBackend())

    def work():
        try:
            carrying.drain(account.pk)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(backend.applied) == len(set(backend.applied)) == 41
    assert set(Change.objects.values_list("attempts", flat=True)) == {1}


def test_reset_removes_what_never_reached_the_files(account, assert_in_step, names_of):
    make_user(account, "alice")
    carrying.drain(account.pk)
    perform(root_of(account), "DeleteUser", UserName="alice")

    reset_account(account.pk)
    carrying.drain(account.pk)

    assert names_of(account) == {("account", account.pk)}
    assert_in_step(account)


def test_sweep_wakes_a_worker_for_due_accounts_alone(account, monkeypatch):
    other = make_account()
    carrying.drain(other.pk)
    woken = []
    monkeypatch.setattr(tasks, "wake_worker", woken.append)

    tasks.sweep()

    assert due_accounts() == woken == [account.pk]


def test_number_of_queries_does_not_grow_with_the_batch(account, django_assert_num_queries, use):
    carrying.drain(account.pk)
    counts = []
    for size in (2, 20):
        perform_change_set(
            root_of(account),
            [Step("CreateUser", {"UserName": f"user-{size}-{number}"}) for number in range(size)],
        )
        with lane_of(account.pk) as lane, django_assert_num_queries(18) as queries:
            carrying.carry_batch(account, lane)
        counts.append(len(queries))
    assert counts[0] == counts[1]


class StoppedBackend(RefusingBackend):
    """A backend whose worker is asked to end while it applies a change."""

    def apply(self, change):
        super().apply(change)
        stopping.ask()


def test_worker_that_is_asked_to_end_finishes_one_change_and_leaves_the_rest(account, use, monkeypatch):
    monkeypatch.setattr(stopping, "_asked", bytearray(1))
    make_user(account, "alice")
    make_user(account, "bob")
    use(StoppedBackend())

    assert carrying.drain(account.pk) is True

    assert states(account) == [State.VERIFIED, State.PENDING, State.PENDING]
    assert set(Change.objects.filter(account=account, state=State.PENDING).values_list("attempts", flat=True)) == {0}
    assert not is_lane_taken(account.pk)


def test_lines_of_the_log_tell_which_change_they_are_about(account, use, caplog):
    make_user(account, "alice")
    use(RefusingBackend("alice", error=RuntimeError("A fault of ours")))
    caplog.handler.addFilter(ContextFilter())

    tasks.drain(account.pk)

    change = Change.objects.filter(account=account).latest("id")
    line = next(record for record in caplog.records if record.name == carrying.__name__)
    assert line.context == {
        "request_id": change.change_set.request_id,
        "change_set_id": change.change_set_id,
        "change_id": change.pk,
    }


def test_refused_and_postponed_changes_are_counted(account, use):
    other = make_account()
    make_user(account, "alice")
    make_user(other, "alice")
    use(RefusingBackend("alice"))
    carrying.drain(account.pk)
    use(RefusingBackend("alice", permanent=False))
    carrying.drain(other.pk)

    read = metrics.readings().get_sample_value

    assert read("iam_changes_refused_total", {"account_id": account.pk}) == 1
    assert read("iam_changes_postponed_total", {"account_id": other.pk}) == 1


def lane_sessions() -> list[int]:
    with connection.cursor() as cursor:
        # Tests that run beside this one have databases of their own, on the same server.
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'lane of %' AND datname = current_database()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def test_one_session_after_another_lane_is_the_same(account):
    with lane_of(account.pk):
        first = lane_sessions()
    with lane_of(make_account().pk):
        second = lane_sessions()

    assert first == second


def test_a_lane_that_ends_in_an_error_ends_its_session(account):
    with pytest.raises(ZeroDivisionError), lane_of(account.pk):
        raise ZeroDivisionError

    with lane_of(account.pk) as lane:
        assert lane is not None


def test_a_session_that_the_server_ended_while_it_rested_is_replaced(account):
    with lane_of(account.pk):
        resting = lane_sessions()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS pid", [resting])

    with lane_of(account.pk) as lane:
        assert lane is not None
        lane.assert_held()


def test_sweep_finds_what_was_lost_in_every_mirror(account, monkeypatch):
    monkeypatch.setattr(lanes, "ROWS_PER_QUERY", 1)
    carrying.drain(account.pk)
    mirrors = [connect(account, "http://127.0.0.1:9") for _ in range(3)]
    for number, mirror in enumerate(mirrors):
        perform(administrator(mirror, f"alice-{number}"), "CreateUser", UserName="bob")
    Change.objects.filter(account__kind=Account.Kind.AWS).update(state=State.FAILED)

    assert {mirror.account_id for mirror in mirrors} <= set(due_accounts())

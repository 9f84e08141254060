"""Whatever is done in whatever order, and however it is cut into batches, the files end as the tables."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iam.models import Change
from iam.sync import carrying
from iam.sync.lock import lane_of
from tests.factories import make_account
from tests.iam.sync.activity import KINDS, act

pytestmark = pytest.mark.django_db

DEED = st.tuples(st.sampled_from(KINDS), st.integers(0, 11), st.integers(0, 11))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(DEED, st.just("carry")), min_size=5, max_size=40), st.integers(1, 4))
def test_any_sequence_of_operations_ends_with_files_equal_to_documents(assert_in_step, monkeypatch, deeds, batch):
    monkeypatch.setattr(carrying, "BATCH", batch)
    account = make_account()
    for deed in deeds:
        if deed == "carry":
            with lane_of(account.pk) as lane:
                carrying.carry_batch(account, lane)
        else:
            act(account, *deed)

    carrying.drain(account.pk)

    assert set(Change.objects.filter(account=account).values_list("state", flat=True)) == {Change.State.VERIFIED}
    assert_in_step(account)

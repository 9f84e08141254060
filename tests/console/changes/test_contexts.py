"""How long things took and how long ago they were, in words."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from console.changes.contexts import ago, duration


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(seconds=-1), "0.00 s"),
        (timedelta(milliseconds=240), "0.24 s"),
        (timedelta(seconds=12.4), "12 s"),
        (timedelta(seconds=60), "1 min 0 s"),
        (timedelta(minutes=3, seconds=20), "3 min 20 s"),
        (timedelta(hours=2, minutes=5, seconds=9), "2 h 5 min"),
        (timedelta(days=3, hours=2), "3 d 2 h"),
    ],
)
def test_duration_has_two_units_at_most(time, words):
    assert duration(time) == words


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=61), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(days=12), "12 days ago"),
    ],
)
def test_ago_says_how_long_ago_it_was(time, words):
    assert re.sub("<[^>]+>", "", ago(timezone.now() - time)) == words

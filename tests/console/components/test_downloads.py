"""Credentials as CSV."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from console.components import downloads
from console.components.downloads import DownloadGoneError, csv_text, offer_csv, read_offer


class Request:
    """As much of a request as an offer needs."""

    def __init__(self):
        self.session = {}
        self.principal = SimpleNamespace(unique_id="AIDAALICE")


def test_values_are_quoted_only_where_they_must_be():
    text = csv_text(("User name", "Password"), [("alice", 'a,"b')])

    assert text == 'User name,Password\nalice,"a,""b"\n'


@pytest.mark.parametrize("name", ["=1+1", "+a", "-a", "@a"])
def test_names_cannot_be_formulas(name):
    assert csv_text(("User name",), [(name,)]) == f"User name\n'{name}\n"


@pytest.mark.parametrize("column", ["Password", "Secret access key"])
def test_secrets_are_exact_or_absent(column):
    assert csv_text((column,), [("a=b",)]) == f"{column}\na=b\n"
    assert "HYPERLINK" not in csv_text((column, "x"), [("=HYPERLINK(1)", "x")])


def test_offer_is_sealed_and_read_once():
    request = Request()
    word = offer_csv(request, "a.csv", ("Password",), [("hunter2",)])

    response = read_offer(request, word)

    assert "hunter2" not in word + str(request.session)
    assert response.content == b"Password\nhunter2\n"
    with pytest.raises(DownloadGoneError):
        read_offer(request, word)


def test_offer_is_for_who_was_shown_the_secret_alone():
    request = Request()
    word = offer_csv(request, "a.csv", ("Password",), [("hunter2",)])
    request.principal = SimpleNamespace(unique_id="AROAADMIN:alice")

    with pytest.raises(DownloadGoneError):
        read_offer(request, word)


@pytest.mark.parametrize("word", ["", "nonsense", "gAAAAA"])
def test_nonsense_is_gone(word):
    with pytest.raises(DownloadGoneError):
        read_offer(Request(), word)


def test_offer_is_gone_after_a_quarter_of_an_hour(monkeypatch):
    request = Request()
    word = offer_csv(request, "a.csv", ("Password",), [("hunter2",)])
    later = timezone.now() + timedelta(minutes=16)
    monkeypatch.setattr(downloads.timezone, "now", lambda: later)

    with pytest.raises(DownloadGoneError):
        read_offer(request, word)

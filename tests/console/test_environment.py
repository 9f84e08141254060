"""Settings as the environment says them."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from console import environment


@pytest.fixture
def secret_file(tmp_path, monkeypatch):
    """A file that the environment names."""
    path = tmp_path / "secret"
    path.write_text("one, two\n")
    monkeypatch.delenv("SECRET", raising=False)
    monkeypatch.setenv("SECRET_FILE", str(path))
    return path


def test_value_may_come_from_a_file(secret_file):
    assert environment.text("SECRET") == "one, two"
    assert environment.words("SECRET", []) == ["one", "two"]


def test_variable_counts_before_its_file(secret_file, monkeypatch):
    monkeypatch.setenv("SECRET", "three")

    assert environment.text("SECRET") == "three"


def test_file_that_is_not_there_is_refused_by_name(secret_file):
    secret_file.unlink()

    with pytest.raises(ImproperlyConfigured, match="SECRET_FILE"):
        environment.text("SECRET", "default")


@pytest.mark.parametrize("value", ["short", "with blanks in between", "ä" * 20])
def test_token_that_can_be_guessed_or_not_be_sent_is_refused_without_saying_it(monkeypatch, value):
    monkeypatch.setenv("TOKEN", value)

    with pytest.raises(ImproperlyConfigured, match="TOKEN") as refused:
        environment.token("TOKEN", shortest=16)

    assert value not in str(refused.value)


def test_choice_is_one_of_its_values(monkeypatch):
    assert environment.choice("FORMAT_OF_TEST", "lines", "json") == "lines"
    monkeypatch.setenv("FORMAT_OF_TEST", "xml")

    with pytest.raises(ImproperlyConfigured, match="FORMAT_OF_TEST must be one of lines, json; it is 'xml'"):
        environment.choice("FORMAT_OF_TEST", "lines", "json")

"""The CSV file of users, with and without faults."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.onboarding.files import HEADER, SAMPLE, FileFaultError, read_lines
from iam.operations.onboarding import NewUser


def users(text):
    return [line.user for line in read_lines(text)]


def faults(text):
    return [(line.number, fault) for line in read_lines(text) for fault in line.faults]


def test_all_columns():
    text = "User name,Groups,Console access,Tags\njane,Dev;Ops,yes,team=Blue; cost = 4711\n"

    assert users(text) == [NewUser("jane", ("Dev", "Ops"), True, (("team", "Blue"), ("cost", "4711")))]


@pytest.mark.parametrize(
    "text",
    [
        "user_name\njane\n",
        "USERNAME\r\njane\r\n",
        "\ufeffUser name\njane",
        "\n".join(["Tags;User name", "", ";jane", ";", ""]),
        "Groups\tUser name\tTags\n\tjane\t",
    ],
)
def test_spellings_of_the_same(text):
    assert users(text) == [NewUser("jane")]


def test_sample_file_has_no_fault():
    file = io.StringIO()
    csv.writer(file).writerows([HEADER, SAMPLE])

    assert users(file.getvalue()) == [
        NewUser("jane.doe", ("Developers", "Support"), True, (("team", "Blue"), ("cost-center", "4711")))
    ]
    assert faults(file.getvalue()) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (",Dev", "Enter a user name."),
        ("a b", "a b"),
        ("x" * 65, "65 characters"),
        ("jane,,maybe", "Console access is “maybe”"),
        ("jane,,,aws:x=y,more", "There are 5 values for 4 columns"),
        ("jane,,,=y", "Enter a key"),
        ("jane,,,k=1;K=2", "The key exists already"),
        ("jane," + ";".join(f"g{n}" for n in range(11)), "11 user groups"),
        ("jane,,," + ";".join(f"k{n}=v" for n in range(51)), "51 tags"),
        ("jane,,,<script>=1", "Use letters"),
    ],
)
def test_faults_of_a_line(line, fault):
    found = faults(f"User name,Groups,Console access,Tags\nfine\n{line}\n")

    assert {number for number, _ in found} == {3}
    assert fault in found[0][1]


def test_names_are_given_once_ignoring_case():
    assert faults("User name\njane\nbob\nJANE\n") == [
        (4, "“JANE” is in line 2 already. User names are unique, ignoring case.")
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must name the columns"),
        ("Groups\nDev\n", "must name the columns"),
        ("User name\n\n", "no users"),
        ("User name,Salary\njane,1\n", "“Salary”"),
        ("User name,User name\n", "twice"),
        ('User name\n"jane', "Line 2 cannot be read"),
        ("User name\n" + "x" * 20_001, "Line 2 has a value of over 20,000 characters"),
        ("User name\n" + "".join(f"u{n}\n" for n in range(1001)), "more than 1,000 users"),
        ("User name\0\njane\n", "“User name\0”"),
    ],
)
def test_faults_of_the_file(text, fault):
    with pytest.raises(FileFaultError, match=fault):
        read_lines(text)


@given(st.text(max_size=200))
def test_no_text_is_too_strange(text):
    for whole in (text, f"User name,Groups,Console access,Tags\n{text}"):
        try:
            lines = read_lines(whole)
        except FileFaultError:
            continue
        assert all(line.faults or line.user.name for line in lines)

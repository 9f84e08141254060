import pytest
from django.core.management import CommandError
from django.db import OperationalError

from iam.errors import IamError
from iam.management.refusals import refusals_told


def test_refusal_is_told_with_its_code():
    with pytest.raises(CommandError, match=r"^NoSuchEntity: No such account\.$"), refusals_told():
        raise IamError("NoSuchEntity", "No such account.")


def test_database_that_is_away_is_told_in_a_line():
    with pytest.raises(CommandError, match=r"^The database does not answer\. .*DATA_DIR"), refusals_told():
        raise OperationalError("couldn't get a connection after 10.00 sec")

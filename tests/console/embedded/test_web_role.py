"""The web server's database role can do its work, and cannot rewrite the event history."""

import boto3
import psycopg
import pytest

from console.embedded.postgres import WEB_ROLE, Postgres
from tests.console.embedded.test_servers import folder, running, start  # noqa: F401  fixtures


@pytest.fixture
def postgres(stack):
    return Postgres(stack.data_dir / "postgres", log=stack.data_dir / "unused.log")


@pytest.fixture
def web(postgres):
    with psycopg.connect(postgres.web_url, autocommit=True) as session:
        yield session


def test_the_web_server_works_with_its_own_role(stack, postgres):
    account = stack.new_account()
    session = boto3.Session(account.access_key_id, account.secret_access_key, region_name="us-east-1")
    session.client("sts", endpoint_url=stack.url).get_caller_identity()

    with psycopg.connect(postgres.url) as owner:
        users = owner.execute("SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'iam'").fetchall()

    assert (WEB_ROLE,) in users


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE iam_event SET name = 'x'",
        "DELETE FROM iam_event",
        "TRUNCATE iam_event",
        "INSERT INTO iam_event SELECT * FROM iam_event LIMIT 1",
        "ALTER TABLE iam_event DISABLE TRIGGER USER",
        "DROP TRIGGER events_are_append_only ON iam_event",
        "DROP TABLE iam_event",
        "SELECT setval('iam_event_id_seq', 1)",
        "INSERT INTO iam_eventlink SELECT * FROM iam_eventlink",
        "UPDATE iam_eventlink SET name = 'x'",
        "DELETE FROM iam_eventresource",
        "UPDATE iam_eventchain SET sequence = 0",
        "DELETE FROM iam_eventcursor",
        "CREATE TABLE other ()",
        "SET ROLE iam",
    ],
)
def test_the_web_server_cannot_rewrite_the_history(web, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        web.execute(statement)


def test_data_of_an_earlier_version_gets_the_role(folder, running):  # noqa: F811
    postgres = Postgres(folder / "postgres", log=folder / "postgres.log")
    start(postgres, running).kill()
    (postgres.data / "pg_hba.conf").write_text("local all iam scram-sha-256\n")
    postgres.prepare()
    postgres._run_as_superuser(postgres.data, f"DROP ROLE {WEB_ROLE}")
    (postgres.data / "pg_hba.conf").write_text("local all iam scram-sha-256\n")

    start(postgres, running)

    with psycopg.connect(postgres.web_url) as web:
        assert web.execute("SELECT current_user").fetchone() == (WEB_ROLE,)

"""The examples of docs/deploy name commands, options, settings and files that exist."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

from console.monitoring.doors import DOORS
from tests.product import OF_THE_TESTS

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "docs" / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "iam-console"}
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
README = (ROOT / "README.md").read_text()
COMMAND_LINES = README.replace("\\\n", " ")


def entries(unit: Path, name: str) -> list[str]:
    """Return the values of an entry of a unit, with continued lines joined."""
    text = unit.read_text().replace("\\\n", " ")
    return re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)


def image_command() -> list[str]:
    command = re.search(r"^CMD (\[.*\])$", (DEPLOY / "Dockerfile").read_text().replace("\\\n", " "), re.MULTILINE)
    assert command
    words: list[str] = yaml.safe_load(command[1])
    return words


COMMANDS = {
    **{f"compose {name}": service.get("command") or image_command() for name, service in OURS.items()},
    **{unit.name: shlex.split(entries(unit, "ExecStart")[0]) for unit in UNITS},
    **{line: shlex.split(line) for line in re.findall(r"^\$ (\.venv/bin/[gc]\w+ .*)$", COMMAND_LINES, re.MULTILINE)},
}


@cache
def help_of(*command: str) -> str:
    environ = {**os.environ, "COLUMNS": "200"}
    return subprocess.check_output([sys.executable, "-m", *command, "--help"], cwd=ROOT, env=environ, text=True)


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_command_and_its_options_exist(words):
    program, arguments = Path(words[0]).name, words[1:]
    options = {word.partition("=")[0] for word in arguments if word.startswith("--")}
    if program == "python":
        assert arguments[0] == "-m"
        assert (ROOT / arguments[1].replace(".", "/")).with_suffix(".py").exists()
        return
    told = help_of("granian")
    if program == "celery":
        assert arguments[:2] == ["-A", "console"]
        subcommand = next(word for word in arguments[2:] if not word.startswith("-"))
        told = help_of("celery") + help_of("celery", subcommand)

    assert program in {"granian", "celery"}
    assert {option for option in options if not re.search(rf"{option}\b", told)} == set()
    for word in arguments:
        assert not word.endswith(".json") or (ROOT / word).exists()


def test_image_has_every_folder_that_the_console_reads():
    copied = re.findall(r"^COPY (\S+) ", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)

    assert {"console", "iam", "templates", "static", "docs/guide", "manage.py", "requirements.lock"} == set(copied)
    assert all((ROOT / source).exists() for source in copied)


def test_images_are_named_without_a_registry():
    images = [service["image"] for service in COMPOSE["services"].values()]
    images += re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)

    assert all(re.fullmatch(r"[a-z-]+(/[a-z-]+)?(:[\w.-]+)?", image) for image in images)


def test_health_check_asks_a_door():
    asked = re.findall(r"127\.0\.0\.1:8000(/\w+)", str(COMPOSE["services"]["web"]["healthcheck"]["test"]))

    assert asked
    assert set(asked) <= set(DOORS)


def settings_of(service: dict) -> set[str]:
    return set(service["environment"])


@pytest.mark.parametrize("name", OURS)
def test_compose_sets_what_there_is(name):
    names = {setting.removesuffix("_FILE") for setting in settings_of(OURS[name])}

    assert {setting for setting in names if f"`{setting}`" not in README} == set()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit_sets_what_there_is(unit):
    names = {
        pair.partition("=")[0].removesuffix("_FILE") for line in entries(unit, "Environment") for pair in line.split()
    }

    assert len(names) >= 5
    assert {setting for setting in names if f"`{setting}`" not in README} == set()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit_has_the_credentials_that_it_reads(unit):
    given = {line.partition(":")[0] for line in entries(unit, "LoadCredential")}

    assert set(re.findall(r"%d/([\w-]+)", unit.read_text())) == given


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deploy") / "secrets"
    subprocess.run(["sh", DEPLOY / "make-secrets", folder], check=True)
    return folder


def test_secrets_that_compose_names_are_made(secrets):
    assert {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()} == {
        path.name for path in secrets.iterdir()
    }
    assert secrets.stat().st_mode & 0o077 == 0
    for service in COMPOSE["services"].values():
        read = set(re.findall(r"/run/secrets/([\w-]+)", str(service)))
        assert read <= set(service.get("secrets", []))


def test_secrets_that_are_there_stay(secrets):
    before = {path.name: path.read_text() for path in secrets.iterdir()}

    subprocess.run(["sh", DEPLOY / "make-secrets", secrets], check=True)

    assert {path.name: path.read_text() for path in secrets.iterdir()} == before


READ_SETTINGS = """
from django.conf import settings
from iam import sealing
from iam.queries.event_chain import history_key
assert sealing.unseal(sealing.seal("ready")) == "ready"
assert history_key()
print(settings.DATABASE_URL, settings.REDIS_URL, settings.METRICS_TOKEN, settings.TRUSTED_PROXIES)
"""


def test_web_server_of_compose_reads_its_settings(secrets, tmp_path):
    values = {"${PUBLIC_URL": "https://iam.example.com", "${ALLOWED_HOSTS": "iam.example.com"}
    environ = {name: value for name, value in os.environ.items() if name not in OF_THE_TESTS}
    for name, value in OURS["web"]["environment"].items():
        environ[name] = values.get(value.partition(":")[0], value).replace("/run/secrets", str(secrets))
    environ |= {
        "DATA_DIR": str(tmp_path),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
        "DJANGO_SETTINGS_MODULE": "console.settings",
    }

    told = subprocess.check_output([sys.executable, "-c", READ_SETTINGS], cwd=ROOT, env=environ, text=True).split()

    def word(name):
        return (secrets / name).read_text().strip()

    assert told == [
        f"postgresql://iam_web:{word('web-password')}@postgres/iam",
        f"redis://:{word('valkey-password')}@valkey:6379/0",
        word("metrics-token"),
        "1",
    ]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd")
def test_units_are_what_systemd_takes(tmp_path):
    for unit in UNITS:
        # The programs and the user are here, not where the example has them.
        text = unit.read_text().replace("/opt/iam-console", str(ROOT)).replace("User=iam-console", "User=root")
        (tmp_path / unit.name).write_text(text)

    verified = subprocess.run(
        ["systemd-analyze", "verify", *sorted(tmp_path.iterdir())], capture_output=True, text=True, check=False
    )

    assert (verified.returncode, verified.stderr) == (0, "")

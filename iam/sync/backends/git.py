"""A git history of a local account's files: one commit per change set, its actor as author."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from iam.sync.backends.base import BackendError

SECONDS = 60
# No git of ours runs longer, and one worker at a time writes here: an older lock was left by a kill.
STALE_AFTER = 2 * SECONDS


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit says about its change set."""

    change_set_id: str
    title: str
    actor_name: str
    actor_arn: str
    at: datetime

    @property
    def author(self) -> str:
        """The name for git, which refuses one of punctuation only."""
        return self.actor_name if any(character.isalnum() for character in self.actor_name) else self.actor_arn

    @property
    def message(self) -> str:
        """Subject and trailers."""
        return f"{self.title}\n\nChange-Set: {self.change_set_id}\nActor: {self.actor_arn}\n"


def record(folder: Path, commit: Commit, paths: Sequence[Path]) -> None:
    """Commit what differs at the paths, relative to the folder; nothing where they are committed already.

    Raises BackendError, never a permanent one.
    """
    if not (folder / ".git" / "HEAD").exists():
        _git(folder, "init", "--quiet", "--initial-branch=main")
    lock = folder / ".git" / "index.lock"
    if lock.exists() and time.time() - lock.stat().st_mtime > STALE_AFTER:
        lock.unlink(missing_ok=True)
    names = "".join(f"{path}\0" for path in paths)
    _git(folder, "update-index", "--add", "--remove", "-z", "--stdin", text=names)
    if not _git(folder, "diff", "--cached", "--name-only"):
        return
    identity = {
        "GIT_AUTHOR_NAME": commit.author,
        "GIT_AUTHOR_EMAIL": commit.actor_arn,
        "GIT_AUTHOR_DATE": commit.at.isoformat(),
        "GIT_COMMITTER_NAME": "IAM Console",
        "GIT_COMMITTER_EMAIL": "",
    }
    _git(folder, "commit", "--quiet", "--no-verify", "--file=-", text=commit.message, environment=identity)


def _git(folder: Path, *arguments: str, text: str = "", environment: Mapping[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            input=text,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            # The settings of whoever runs the worker must not change what is written.
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "LC_ALL": "C.UTF-8",
                **(environment or {}),
            },
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackendError("GitFailed", f"git {arguments[0]}: {error}", permanent=False) from error
    if done.returncode:
        raise BackendError("GitFailed", f"git {arguments[0]}: {done.stderr.strip()[:1000]}", permanent=False)
    return done.stdout

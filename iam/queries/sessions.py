"""Connections to the database beside Django's: they belong to one caller, and no pool hands them on."""

import os
import threading
from typing import Any

import psycopg
from django.db import connection

# Parameters that say how Django uses a connection, not where the server is.
_FOR_DJANGO = {"context", "cursor_factory", "options", "pool", "prepare_threshold"}


def connect(*, options: str, **parameters: Any) -> "psycopg.Connection[Any]":
    """Return a session of the server without transactions; `options` are added to those that the settings give."""
    ours = connection.get_connection_params()
    return psycopg.connect(
        **{name: value for name, value in ours.items() if name not in _FOR_DJANGO},
        options=f"{ours.get('options', '')} {options}".strip(),
        autocommit=True,
        **parameters,
    )


# By the number of the process: one that is forked must not talk on its parent's.
_kept: "dict[int, psycopg.Connection[Any]]" = {}
_lock = threading.Lock()
# Milliseconds. A network that drops a session says nothing, and would keep whoever asks for a quarter of an hour.
_SILENCE = 3000


def kept() -> "psycopg.Connection[Any]":
    """Return the session that this process keeps for short questions; threads may share it.

    Whoever asked in a connection of the pool would take the one that requests work with, and they would have to make do
    with another, whose statements are not planned yet. Raises psycopg.Error.
    """
    with _lock:
        session = _kept.get(os.getpid())
        if session is None or session.closed:
            session = _kept[os.getpid()] = connect(
                options="-c statement_timeout=2000", connect_timeout=2, tcp_user_timeout=_SILENCE
            )
        return session


def end_kept() -> None:
    """End the session that this process keeps, if it does."""
    if session := _kept.pop(os.getpid(), None):
        session.close()

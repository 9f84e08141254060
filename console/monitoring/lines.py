"""How lines of the log are written, as the environment says; the web server's own lines as well (`granian.json`)."""

import logging

from console import environment
from iam import logs


def formatter() -> logging.Formatter:
    """Return what writes lines for people, or JSON."""
    return logs.JsonFormatter() if environment.choice("LOG_FORMAT", "lines", "json") == "json" else logs.LineFormatter()

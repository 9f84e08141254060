"""`manage.py policy`: ask the policy language from scripts."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Any, TextIO

from django.core.management.base import BaseCommand

from iam.policy import cases

KINDS = {"validate": "validate", "simulate": "evaluate", "summarize": "summarize"}


class Command(BaseCommand):
    """Validate, simulate or summarise policies: a case as JSON on standard input, its result on standard output."""

    help = "Validate, simulate or summarise policies given as JSON on standard input."
    # Nothing here needs the database or the settings to be right.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", choices=KINDS, help="what to do with a case that does not say its kind")
        parser.add_argument("--jsonl", action="store_true", help="read one case per line, write one result per line")

    def handle(self, *args: Any, task: str, jsonl: bool, **options: Any) -> None:
        kind = KINDS[task]
        if isinstance(sys.stdin, TextIOWrapper):
            # What is no UTF-8 is one line's error, not the end of all.
            sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace")
        if jsonl:
            write_answers(sys.stdin, kind, self.stdout)
        else:
            self.stdout.write(json.dumps(answer_text(sys.stdin.read(), kind), indent=2))


def write_answers(lines: Iterable[str], kind: str, out: TextIO | Any) -> None:
    """Answer each line, in order; blank lines are skipped."""
    for line in lines:
        if line.strip():
            out.write(_answer_line(line, kind) + "\n")


def _answer_line(line: str, kind: str) -> str:
    try:
        case = json.loads(line)
    except (ValueError, RecursionError) as error:
        return json.dumps({"id": None, "error": f"The line is not JSON: {error}"})
    try:
        return json.dumps(_answer(case, kind))
    except RecursionError:
        return json.dumps({"id": None, "error": "The id is nested too deep"})


def _answer(case: Any, kind: str) -> dict[str, Any]:
    if isinstance(case, dict):
        return cases.answer(case, kind)
    return {"id": None, "error": "This is no case: an object is expected"}


def answer_text(text: str, kind: str) -> Any:
    """Answer one case, a list of cases, or, where a document suffices, the bare document as typed."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        if kind == "evaluate":
            return {"id": None, "error": f"The text is not JSON: {error}"}
        given = None
    if isinstance(given, list):
        return [_answer(case, kind) for case in given]
    if kind == "evaluate" or (isinstance(given, dict) and "policies" in given):
        return _answer(given, kind)
    return cases.answer({"policies": {"document": text}}, kind)

"""Rotating the keys that seal secrets: a new key in front, everything sealed anew, and the old keys given up later."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from iam import sealing
from iam.errors import IamError

# What was sealed and handed out, and stands in no row, is of no use any more after so long: the longest are the session
# tokens of GetSessionToken (STS API reference: 36 hours).
OUTSTANDING = timedelta(hours=36)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many sealed values there are, how many were sealed anew, and which rows open with no key at all."""

    values: int
    changed: int
    lost: list[str]


def add_key() -> None:
    """Put a new key in front of the others, which go on opening what they sealed.

    Raises IamError where the keys stand in the settings: they are rotated where they are kept.
    """
    _refuse_settings()
    with sealing.held(settings.SEALING_KEYS_FILE):
        sealing.write_keys(settings.SEALING_KEYS_FILE, [sealing.new_key(), *sealing.current_keys()])


def reseal() -> Resealed:
    """Seal with the newest key whatever another one sealed; it may be interrupted and begun again."""
    values, changed, lost = 0, 0, []
    for field in sealed_fields():
        for rows in _batches(field):
            for row, was_changed, is_open in rows:
                values += 1
                changed += was_changed
                if not is_open:
                    lost.append(f"{field.model.__name__} {row}")
    return Resealed(values, changed, lost)


def retire_old_keys(*, at_once: bool = False) -> int:
    """Forget all keys but the newest and return how many went; nothing in the tables is sealed with them any more.

    Raises IamError within 36 hours of the last rotation, unless `at_once`: session tokens and other sealed texts that
    were handed out end then. Raises IamError, too, while a value opens with no key.
    """
    _refuse_settings()
    rotated_at = datetime.fromtimestamp(settings.SEALING_KEYS_FILE.stat().st_mtime, UTC)
    if timezone.now() < rotated_at + OUTSTANDING and not at_once:
        until = (rotated_at + OUTSTANDING).strftime("%Y-%m-%d %H:%M UTC")
        raise IamError("InvalidInput", f"Session tokens that old keys sealed may be in use until {until}.")
    with sealing.held(settings.SEALING_KEYS_FILE):
        if lost := reseal().lost:
            raise IamError("InvalidInput", f"Values that open with no key: {', '.join(lost[:10])}.")
        old = sealing.current_keys()[1:]
        sealing.write_keys(settings.SEALING_KEYS_FILE, sealing.current_keys()[:1])
    return len(old)


def sealed_fields() -> Iterator["models.Field[object, object]"]:
    """Yield every column that holds sealed values, which their names tell."""
    for model in apps.get_app_config("iam").get_models():
        for field in model._meta.concrete_fields:
            if field.name.startswith("sealed_"):
                yield field


def _batches(field: "models.Field[object, object]") -> Iterator[list[tuple[object, bool, bool]]]:
    """Seal a column anew, a few hundred rows at a time; yield each row's key, and whether it changed and opens."""
    last = None
    while True:
        with transaction.atomic():
            rows = field.model._default_manager.exclude(**{field.name: None}).order_by("pk")
            if last is not None:
                rows = rows.filter(pk__gt=last)
            found = list(rows.select_for_update(of=("self",)).only("pk", field.name)[:_AT_ONCE])
            done = [(row.pk, *_reseal_row(row, field.name)) for row in found]
        if not found:
            return
        last = found[-1].pk
        yield done


def _reseal_row(row: models.Model, name: str) -> tuple[bool, bool]:
    sealed = bytes(getattr(row, name))
    if not sealed or sealing.is_newest(sealed):
        return False, True
    try:
        text = sealing.unseal(sealed)
    except ValueError:
        return False, False
    setattr(row, name, sealing.seal(text))
    row.save(update_fields=[name])
    return True, True


def _refuse_settings() -> None:
    if settings.SEALING_KEYS:
        raise IamError(
            "InvalidInput",
            "SEALING_KEYS says the keys: put a new one in front there, restart every process, and run this again "
            "without an option to seal everything anew.",
        )

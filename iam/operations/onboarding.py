"""Creating many users at once: asked for on a page, carried out by a worker as one change set, all or none.

AWS's console has nothing like it since 2023; the wizard there takes ten users. What is kept until the worker comes, and
the passwords until they are fetched, is sealed.
"""

import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import accumulate
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.models import Onboarding, OnboardingProgress
from iam.operations.kernel import Step, perform_change_set
from iam.operations.login_profiles import rules_for
from iam.operations.waking import nudge
from iam.principals import Principal, principal_from_text, principal_to_text

logger = logging.getLogger(__name__)

MOST_USERS = 1000
TASK = "iam.sync.onboard"
CHANGE_PASSWORD = "arn:aws:iam::aws:policy/IAMUserChangePassword"  # noqa: S105 - the ARN of a policy
# Passwords that nobody fetched by then are erased; the users need new ones.
CREDENTIALS_KEPT = timedelta(days=1)
KEPT = timedelta(days=7)
_ANNOUNCED_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be created; `tags` are keys and values."""

    name: str
    groups: tuple[str, ...] = ()
    has_console_access: bool = False
    tags: tuple[tuple[str, str], ...] = ()


def request_onboarding(
    principal: Principal,
    users: Sequence[NewUser],
    *,
    requires_reset: bool,
    attaches_change_password: bool,
    first: Callable[[], None],
) -> uuid.UUID:
    """Have a worker create users, and return the id under which to see how far it is.

    Users with console access get a generated password, which they have to change at the first sign-in where it
    `requires_reset`, with the policy that lets them where it is attached. `first` runs in the same transaction:
    a wizard ends its draft there. Raises IamError LimitExceeded for more than a thousand users.
    """
    if len(users) > MOST_USERS:
        raise IamError("LimitExceeded", f"Cannot exceed quota for UsersPerFile: {MOST_USERS}")
    request = {
        "principal": principal_to_text(principal),
        "users": [asdict(user) for user in users],
        "requires_reset": requires_reset,
        "attaches_change_password": attaches_change_password,
    }
    with transaction.atomic():
        first()
        row = Onboarding.objects.create(
            account_id=principal.account_id,
            requested_by=principal.unique_id,
            user_count=len(users),
            sealed_request=sealing.seal(json.dumps(request)),
            created_at=timezone.now(),
        )
        OnboardingProgress.objects.create(onboarding=row)
        transaction.on_commit(lambda: nudge(TASK))
    return row.pk


def carry_out_next() -> bool:
    """Create the users that wait longest; False where none do.

    The row stays locked meanwhile: no other worker takes it, and a dead one gives it back with nothing done.
    """
    with transaction.atomic():
        waiting = Onboarding.objects.filter(state=Onboarding.State.WAITING).order_by("created_at")
        row = waiting.select_for_update(skip_locked=True).first()
        if row is None:
            return False
        try:
            _carry_out(row)
        except IamError as error:
            row.state, row.error_code, row.error_message = Onboarding.State.FAILED, error.code, error.message
        except OperationalError:
            # The database is away, or two deadlocked: the next try may do.
            raise
        except Exception:
            # Nobody waits for ever, and nothing of it is done.
            logger.exception("The users of onboarding %s cannot be created", row.pk)
            row.state, row.error_code = Onboarding.State.FAILED, "ServiceFailure"
            row.error_message = "The users could not be created because of a fault. Try again."
        row.sealed_request = b""
        row.finished_at = timezone.now()
        row.save()
    return True


def _carry_out(row: Onboarding) -> None:
    request = json.loads(sealing.unseal(row.sealed_request))
    principal = principal_from_text(request["principal"])
    rules = rules_for(row.account_id)
    names = [user["name"] for user in request["users"]]
    passwords: dict[str, str] = {
        user["name"]: rules.generate() for user in request["users"] if user["has_console_access"]
    }
    by_user = [list(_steps(user, passwords, request)) for user in request["users"]]
    steps = [step for of_user in by_user for step in of_user]
    title = f"Create {len(names)} users" if len(names) > 1 else f"Create user {names[0]}"
    with _announced(row.pk, list(accumulate(map(len, by_user)))) as announce:
        row.change_set_id = perform_change_set(principal, steps, title=title, after_step=announce).change_set_id
    row.state = Onboarding.State.DONE
    if passwords:
        row.sealed_credentials = sealing.seal(json.dumps(passwords))


def _steps(user: dict[str, Any], passwords: dict[str, str], request: dict[str, Any]) -> Iterator[Step]:
    name = {"UserName": user["name"]}
    tags = [{"Key": key, "Value": value} for key, value in user["tags"]]
    yield Step("CreateUser", {**name, "Tags": tags or None})
    if password := passwords.get(user["name"]):
        reset = request["requires_reset"]
        yield Step("CreateLoginProfile", {**name, "Password": password, "PasswordResetRequired": reset})
        if reset and request["attaches_change_password"]:
            yield Step("AttachUserPolicy", {**name, "PolicyArn": CHANGE_PASSWORD})
    for group in user["groups"]:
        yield Step("AddUserToGroup", {**name, "GroupName": group})


@contextmanager
def _announced(onboarding_id: uuid.UUID, ends: Sequence[int]) -> Iterator[Callable[[int], None]]:
    """Give what takes the number of steps done and says now and then how many users that makes.

    It says so through a connection of its own: the change set is committed only when all users are there.
    """
    aside = connection.copy()
    users, told_at = 0, time.monotonic()

    def announce(steps: int) -> None:
        nonlocal users, told_at
        while users < len(ends) and ends[users] <= steps:
            users += 1
        if time.monotonic() - told_at < _ANNOUNCED_EVERY:
            return
        told_at = time.monotonic()
        with aside.cursor() as cursor:
            cursor.execute(
                "UPDATE iam_onboardingprogress SET done = %s WHERE onboarding_id = %s", [users, onboarding_id]
            )

    try:
        yield announce
    finally:
        aside.close()


def fetch_credentials(principal: Principal, onboarding_id: uuid.UUID) -> dict[str, str]:
    """Return the passwords by user name, this once, to who asked for the users.

    Raises IamError NoSuchEntity where there are none, or not any more.
    """
    with transaction.atomic():
        rows = Onboarding.objects.filter(account=principal.account_id, requested_by=principal.unique_id)
        row = rows.select_for_update().filter(pk=onboarding_id).exclude(sealed_credentials=b"").first()
        if row is None:
            raise IamError("NoSuchEntity", "The passwords were fetched already, or are older than a day.")
        passwords: dict[str, str] = json.loads(sealing.unseal(row.sealed_credentials))
        row.sealed_credentials, row.fetched_at = b"", timezone.now()
        row.save(update_fields=["sealed_credentials", "fetched_at"])
    return passwords


def forget() -> None:
    """Erase passwords that nobody fetched, and what is long over."""
    now = timezone.now()
    unfetched = Onboarding.objects.filter(finished_at__lt=now - CREDENTIALS_KEPT).exclude(sealed_credentials=b"")
    unfetched.update(sealed_credentials=b"")
    Onboarding.objects.filter(finished_at__lt=now - KEPT).delete()

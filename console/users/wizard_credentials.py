"""What new users need to get in, shown once: the page of the wizard's end, the CSV file, the e-mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import render

from console.components.downloads import offer_csv
from console.requests import ConsoleRequest
from console.signin.links import sign_in_url
from iam.operations import Step
from iam.operations.login_profiles import rules_for

ONE_USER = ("User name", "Password", "Console sign-in URL")
SEVERAL_USERS = ("User name", "Password", "Access key ID", "Secret access key", "Console login link")
DONE = {
    "CreateUser": "Created user",
    "CreateLoginProfile": "Created login profile",
    "CreateAccessKey": "Created access key",
    "AddUserToGroup": "Added user to group {GroupName}",
    "AttachUserPolicy": "Attached policy {PolicyArn}",
    "PutUserPolicy": "Added inline policy {PolicyName}",
}


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user who was just created, with the secrets that are shown once; empty is what was not asked for."""

    name: str
    sign_in_url: str
    password: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    done: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        """A `mailto:` draft with everything but the password."""
        text = (
            "Hello,\n\nyou now have access to the AWS Management Console.\n\n"
            f"Sign-in URL: {self.sign_in_url}\nUser name: {self.name}\n\n"
            "Your password will be sent to you separately.\n"
        )
        return f"mailto:?subject={quote('Welcome to Amazon Web Services')}&body={quote(text)}"

    @property
    def has_secrets(self) -> bool:
        """Whether there is something to show once."""
        return bool(self.password or self.access_key_id)


def passwords_for(account_id: str, names: Sequence[str], custom: str) -> dict[str, str]:
    """Return the password of each user: the one that was typed, or generated ones by the account's rules."""
    if custom:
        return dict.fromkeys(names, custom)
    rules = rules_for(account_id)
    return {name: rules.generate() for name in names}


def done_steps(steps: Sequence[Step], user_name: str) -> tuple[str, ...]:
    """Return what was done for a user, in words."""
    mine = [step for step in steps if step.parameters["UserName"] == user_name]
    return tuple(DONE[step.operation].format(**step.parameters) for step in mine)


def _csv(request: ConsoleRequest, users: Sequence[NewUser]) -> str:
    first = users[0]
    if len(users) == 1 and not first.access_key_id:
        row = (first.name, first.password, first.sign_in_url)
        return offer_csv(request, f"{first.name}_credentials.csv", ONE_USER, [row])
    rows = [(user.name, user.password, user.access_key_id, user.secret_access_key, user.sign_in_url) for user in users]
    return offer_csv(request, "new_user_credentials.csv", SEVERAL_USERS, rows)


def show_credentials(request: ConsoleRequest, users: Sequence[NewUser], progress: object) -> HttpResponse:
    """Show the secrets of new users, this once: a password on a page of its own, anything more as a table."""
    is_one_password = len(users) == 1 and not users[0].access_key_id
    template = "users/create/retrieve_password.html" if is_one_password else "users/create/credentials.html"
    context = {
        "users": users,
        "user": users[0],
        "progress": progress,
        "offer": _csv(request, users),
        "sign_in_url": sign_in_url(request.account),
        "has_passwords": any(user.password for user in users),
        "has_keys": any(user.access_key_id for user in users),
    }
    return render(request, template, context)

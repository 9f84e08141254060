"""A user's browser sessions on the Security credentials tab, and the dialog that ends them."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.account.sessions import Line, lines
from console.components.changing import Question, ask_for
from console.identities.access import refusal
from console.identities.readable import PASSWORD
from console.requests import ConsoleRequest
from console.users.access import crumbs, user_page
from iam.operations import console_sessions
from iam.queries.users import UserRecord


def sessions_of_user(request: ConsoleRequest, user: UserRecord) -> list[Line]:
    """Return where a user is signed in, nothing for those who may not read the login profile."""
    denied = refusal(request, PASSWORD, user.arn, user.context)
    return [] if denied else lines(request, request.principal.account_id, user.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def end_sessions(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Ask, then end all sessions of a user."""
    back = reverse("users:security-credentials", args=[user.name])
    question = Question(
        heading=f"End all sessions of {user.name}?",
        submit="End all sessions",
        steps=(),
        title="",
        done=f"Ended the sessions of {user.name}.",
        back=back,
        next=back,
        crumbs=crumbs(user.name, ("End sessions", "")),
        text=f"Every browser in which {user.name} is signed in shows the sign-in page next. Password, access keys and "
        "sessions of roles that programs use stay as they are.",
    )

    def act() -> None:
        console_sessions.end_all_of_user(request.principal, user.name)

    return ask_for(request, question, act)

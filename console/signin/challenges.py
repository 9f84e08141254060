"""Challenges for passkeys and security keys: each is for one browser session and one purpose, and counts once."""

import base64
import json
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from iam.operations.security_keys import KeyAnswer, Site, new_challenge, request_options
from iam.principals import Principal

CHALLENGE = "security-key-challenge"
LIFETIME_SECONDS = 300


def site() -> Site | None:
    """Return where people reach the console, None where browsers offer no keys: without TLS, or by an IP address.

    Never read from the request: what proxies make of its Host must not decide which keys fit.
    """
    parts = urlsplit(settings.PUBLIC_URL)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        is_secure = parts.scheme == "https" or host == "localhost"
        return Site(host, f"{parts.scheme}://{parts.netloc}") if is_secure else None
    return None


def is_here(request: HttpRequest) -> bool:
    """Whether the page that is asked for is at the address that keys answer to."""
    here = site()
    return here is not None and here.origin == f"{request.scheme}://{request.get_host()}"


def begin(request: HttpRequest, purpose: str) -> bytes:
    """Return a new challenge; it takes the place of any that the session had."""
    challenge = new_challenge()
    request.session[CHALLENGE] = {
        "purpose": purpose,
        "text": base64.b64encode(challenge).decode(),
        "at": timezone.now().timestamp(),
    }
    return challenge


def asking(request: HttpRequest, purpose: str, person: Principal) -> dict[str, object]:
    """Return the context of a page that asks for any of somebody's keys, with a new challenge (`mfa/_ask_key.html`).

    Without one where the page is not at the address that keys answer to.
    """
    here = site()
    if here is None or not is_here(request):
        return {"is_elsewhere": True, "elsewhere": here.origin if here else ""}
    options = request_options(here, person.account_id, person.user_pk, begin(request, purpose))
    return {"options": json.dumps(options)}


def answered(request: HttpRequest, purpose: str, text: str) -> KeyAnswer | None:
    """Return an answer with the challenge that it has to be an answer to, and use the challenge up.

    None where the session has no challenge for this purpose, or an old one.
    """
    stored = request.session.pop(CHALLENGE, None)
    here = site()
    if here is None or not stored or stored["purpose"] != purpose:
        return None
    if timezone.now().timestamp() - stored["at"] > LIFETIME_SECONDS:
        return None
    return KeyAnswer(here, base64.b64decode(stored["text"]), text)

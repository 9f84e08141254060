"""Where a request comes from, as events and conditions tell it."""

import ipaddress
import uuid

from django.conf import settings
from django.http import HttpRequest

from iam import logs
from iam.principals import Source


def source_of(request: HttpRequest) -> Source:
    """Return where a request comes from, looking through as many proxies as are ours."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        hops = [hop for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        if len(hops) >= settings.TRUSTED_PROXIES:
            address = hops[-settings.TRUSTED_PROXIES]
    return Source(
        ip=_address(address.strip()),
        user_agent=request.META.get("HTTP_USER_AGENT", "").replace("\0", ""),
        is_secure=request.is_secure(),
        request_id=logs.current_request_id() or uuid.uuid4(),
    )


def _address(text: str) -> str | None:
    """Return the address in `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1` or `[2001:db8::1]:443`."""
    host = text.partition("]")[0].removeprefix("[") if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None

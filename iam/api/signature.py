"""Signature Version 4: who signed a request, and whether that is true.

See the IAM User Guide, "AWS Signature Version 4 for API requests". The checks come in the order, and refuse in the
words, in which AWS's services do.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import parse_qsl, quote, unquote_plus

import botocore.session
from django.utils import timezone

from iam.errors import IamError

SERVICES = ("iam", "sts")
ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
SKEW = timedelta(minutes=15)
LONGEST_PRESIGNED = timedelta(days=7)
# As many characters as the last use of a key has for it.
LONGEST_REGION = 32

_BASIC_FORMAT = "%Y%m%dT%H%M%SZ"
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z", re.ASCII)
_HEADER_NAMES = re.compile(r"[!-:<-~]+(;[!-:<-~]+)*", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_SPACES = re.compile(" +")
_IN_HEADER = ("Credential", "Signature", "SignedHeaders")
_IN_QUERY = ("X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as its signature covers it: `headers` under lower-case names, `query` as it was sent."""

    method: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request says about its signature; `value` is not checked before `verify`."""

    access_key_id: str
    date: str
    region: str
    service: str
    at: str
    signed_headers: str
    value: str
    session_token: str | None

    @property
    def scope(self) -> str:
        """The credential scope: for what the key was derived."""
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


def find(request: Signed) -> Signature | None:
    """Return the signature of a request, None where it has none.

    Raises IamError MissingAuthenticationToken for credentials of another kind, IncompleteSignature, and
    SignatureDoesNotMatch or RequestExpired for a signature that cannot count here and now, whoever made it.
    """
    header = request.headers.get("authorization")
    in_query = "X-Amz-Algorithm=" in request.query or "X-Amz-Signature=" in request.query
    if header is not None and in_query:
        raise _mismatch("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
    if header is not None:
        return _in_header(request, header.strip())
    return _in_query(request) if in_query else None


def signing_key(signature: Signature, secret: str) -> bytes:
    """Return what a secret key becomes for the scope of a signature."""
    key = f"AWS4{secret}".encode()
    for part in (signature.date, signature.region, signature.service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def is_by(request: Signed, body: bytes, signature: Signature, key: bytes) -> bool:
    """Whether the signature was made with a signing key over exactly this request."""
    expected = hmac.digest(key, _string_to_sign(request, body, signature), "sha256").hex()
    return hmac.compare_digest(expected.encode(), signature.value.encode())


def verify(request: Signed, body: bytes, signature: Signature, key: bytes) -> None:
    """Raise IamError SignatureDoesNotMatch unless a signing key made the signature over exactly this request."""
    if not is_by(request, body, signature, key):
        raise _mismatch(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details."
        )


def _in_header(request: Signed, header: str) -> Signature:
    algorithm, _, rest = header.partition(" ")
    if not algorithm.startswith("AWS4-"):
        raise missing()
    parts: dict[str, str] = {}
    for part in filter(None, re.split(r"[,\s]+", rest)):
        name, equals, value = part.partition("=")
        if not equals:
            raise _incomplete(
                f"'{part}' not a valid key=value pair (missing equal-sign) in Authorization header: '{header}'."
            )
        if name in parts:
            raise _incomplete(f"Authorization header requires only one '{name}' parameter. Authorization={header}")
        parts[name] = value
    at = request.headers.get("x-amz-date") or request.headers.get("date")
    faults = [f"Authorization header requires '{name}' parameter." for name in _IN_HEADER if not parts.get(name)]
    if not at:
        faults.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if faults or not at:
        raise _incomplete(f"{' '.join(faults)} Authorization={header}")
    _check_date(at, not_after=SKEW)
    return _checked(
        request,
        algorithm=algorithm,
        credential=parts["Credential"],
        at=at,
        signed_headers=parts["SignedHeaders"],
        value=parts["Signature"],
        session_token=request.headers.get("x-amz-security-token"),
    )


def _in_query(request: Signed) -> Signature:
    query: dict[str, str] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True, errors="replace"):
        query.setdefault(name, value)
    faults = [
        f"AWS query-string parameters must include '{name}'."
        for name in ("X-Amz-Algorithm", *_IN_QUERY)
        if not query.get(name)
    ]
    if faults:
        raise _incomplete(f"{' '.join(faults)} Re-examine the query-string parameters.")
    seconds = query.get("X-Amz-Expires", str(int(SKEW.total_seconds())))
    if not _SECONDS.fullmatch(seconds) or not 1 <= int(seconds) <= LONGEST_PRESIGNED.total_seconds():
        raise _incomplete("X-Amz-Expires must be a number of seconds between 1 and 604800.")
    _check_date(query["X-Amz-Date"], not_after=timedelta(seconds=int(seconds)), is_presigned=True)
    return _checked(
        request,
        algorithm=query["X-Amz-Algorithm"],
        credential=query["X-Amz-Credential"],
        at=query["X-Amz-Date"],
        signed_headers=query["X-Amz-SignedHeaders"],
        value=query["X-Amz-Signature"],
        session_token=query.get("X-Amz-Security-Token"),
    )


def _check_date(at: str, *, not_after: timedelta, is_presigned: bool = False) -> None:
    try:
        # It takes a tenth of the time of strptime, which would take fewer digits, too.
        year, month, day, hour, minute, second = map(int, _DATE.fullmatch(at).groups())  # type: ignore[union-attr]
        signed = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (AttributeError, ValueError):
        raise _incomplete(
            f"Date must be in ISO-8601 'basic format'. Got '{at}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ) from None
    now = timezone.now().replace(microsecond=0)
    if signed > now + SKEW:
        raise _mismatch(
            f"Signature not yet current: {at} is still later than {_basic(now + SKEW)} ({_basic(now)} + 15 min.)"
        )
    if signed < now - not_after:
        if is_presigned:
            raise IamError("RequestExpired", "Request has expired.")
        raise _mismatch(f"Signature expired: {at} is now earlier than {_basic(now - SKEW)} ({_basic(now)} - 15 min.)")


def _basic(moment: datetime) -> str:
    return moment.strftime(_BASIC_FORMAT)


def _checked(
    request: Signed,
    *,
    algorithm: str,
    credential: str,
    at: str,
    signed_headers: str,
    value: str,
    session_token: str | None,
) -> Signature:
    if not _HEADER_NAMES.fullmatch(signed_headers):
        raise _incomplete(f"'{signed_headers}' is no list of header names.")
    names = set(signed_headers.split(";"))
    if "host" not in names:
        raise _mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    for name in request.headers:
        if name.startswith("x-amz-") and name not in names:
            spelled = "-".join(word.capitalize() for word in name.split("-"))
            raise _mismatch(f"'{spelled}' must be a 'SignedHeader' in the AWS Authorization.")
    if algorithm != ALGORITHM:
        raise _incomplete(f"Unsupported AWS 'algorithm': '{algorithm}' (only {ALGORITHM} for now). ")
    elements = credential.split("/")
    if len(elements) != 5:
        raise _incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{credential}'"
        )
    key_id, date, region, service, terminator = elements
    _check_scope(date, region, service, terminator, at)
    return Signature(key_id, date, region, service, at, signed_headers, value, session_token)


def _check_scope(date: str, region: str, service: str, terminator: str, at: str) -> None:
    faults = []
    if len(region) > LONGEST_REGION or not _regions().fullmatch(region):
        faults.append(f"Credential should be scoped to a valid region, not '{region}'. ")
    if service not in SERVICES:
        faults.append("Credential should be scoped to correct service: 'iam' or 'sts'. ")
    if terminator != TERMINATOR:
        faults.append(f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'. ")
    if date != at[:8]:
        faults.append(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{date}' != '{at[:8]}', from '{at}'."
        )
    if faults:
        raise _mismatch("".join(faults))


@cache
def _regions() -> re.Pattern[str]:
    """Return the pattern of AWS's regions: IAM knows no regions, but clients sign for the one they are set up for."""
    loader = botocore.session.get_session().get_component("data_loader")
    patterns = []
    for partition in loader.load_data("partitions")["partitions"]:
        patterns += [partition["regionRegex"].strip("^$"), *map(re.escape, partition["regions"])]
    return re.compile("|".join(patterns), re.ASCII)


def _string_to_sign(request: Signed, body: bytes, signature: Signature) -> bytes:
    headers = "".join(
        f"{name}:{_SPACES.sub(' ', request.headers.get(name, '')).strip()}\n"
        for name in signature.signed_headers.split(";")
    )
    canonical = "\n".join(
        (
            request.method,
            "/",
            _canonical_query(request.query),
            headers,
            signature.signed_headers,
            hashlib.sha256(body).hexdigest(),
        )
    )
    # Servers hand the bytes of a header over as latin-1.
    digest = hashlib.sha256(canonical.encode("latin-1", "replace")).hexdigest()
    return "\n".join((ALGORITHM, signature.at, signature.scope, digest)).encode()


def _canonical_query(query: str) -> str:
    """Return the parameters encoded alike and in order, without the signature itself."""
    if not query:
        return ""
    pairs = []
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if unquote_plus(name) != "X-Amz-Signature":
            pairs.append((_encoded(name), _encoded(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encoded(text: str) -> str:
    return quote(unquote_plus(text, "latin-1"), safe="-_.~", encoding="latin-1", errors="replace")


def missing() -> IamError:
    """Return the refusal of a request that is not signed at all."""
    return IamError("MissingAuthenticationToken", "Request is missing Authentication Token")


def _incomplete(message: str) -> IamError:
    return IamError("IncompleteSignature", message)


def _mismatch(message: str) -> IamError:
    return IamError("SignatureDoesNotMatch", message)

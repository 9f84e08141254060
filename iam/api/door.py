"""One request of an API client, from its bytes to the answer."""

import logging
from dataclasses import dataclass, replace

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, UnreadablePostError

from iam import logs
from iam.api import credentials, known_keys, parsing, signature, xml
from iam.api.known_keys import KnownKey
from iam.api.signature import Signature, Signed
from iam.authorization import AccessDenied
from iam.errors import IamError, OutdatedError
from iam.models.readings import Reading, Seen, nothing_unchecked
from iam.operations import perform, shapes
from iam.operations.answers import Pending
from iam.operations.authorization_messages import encoded
from iam.operations.registry import OPERATIONS, Operation
from iam.principals import Principal, Source, anonymous_principal
from iam.sources import source_of

logger = logging.getLogger(__name__)

# SAML metadata, the longest parameter, may have ten million characters, some of which take three when encoded.
LARGEST_BODY = 16 * 1024 * 1024
# Nobody vouches for these; the longest SAML assertion is shorter.
LARGEST_UNSIGNED_BODY = 512 * 1024
# No name, ARN or serial number has more characters.
LONGEST_READ = 2048
METHODS = ("GET", "HEAD", "POST")
# The headers that WSGI spells differently.
_PLAIN_HEADERS = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in XML, as a WSGI server wants it."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """What a request by a known key is going to read.

    With `is_kept` it may be judged by what an earlier one like it read (`seen`), and later ones by what it reads.
    """

    reads: tuple[Reading, ...] = ()
    is_kept: bool = False
    seen: Seen | None = None


_NOTHING_FORESEEN = _Foreseen()


class Conversation:
    """A request on its way; `service` is the one that it means, as far as that is known by now."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.source = source_of(request)
        self.signed = _signed(request)
        self.service = "iam"
        self._called: tuple[dict[str, str], Operation] | None = None

    def answer(self) -> str:
        """Carry the request out and return what it is answered. Raises IamError."""
        if self.signed.method not in METHODS:
            raise IamError("MethodNotAllowed", "The specified method is not allowed against this resource.")
        signed_by = signature.find(self.signed)
        if signed_by:
            self.service = signed_by.service
            self.source = replace(self.source, region=signed_by.region)
        body = self._body(signed_by)
        # Only now: a body may take its time, and until its end somebody may lose the key or what it permits.
        known = self._known(signed_by, body) if signed_by else None
        foreseen = self._foreseen(known, body) if known else _NOTHING_FORESEEN
        answered = self._judged_ahead(signed_by, foreseen.seen, body) if signed_by and foreseen.seen else None
        if answered is not None:
            return answered
        holder = self._signer(signed_by, known, foreseen, body) if signed_by else None
        parameters, operation = self._call(body, is_signed=holder is not None)
        logs.note(operation=operation.name)
        if operation.unsigned:
            principal = anonymous_principal(self.source)
        elif holder:
            principal = holder.principal
        else:
            raise signature.missing()
        return self._perform(principal, operation, parameters)

    def _perform(self, principal: Principal, operation: Operation, parameters: dict[str, str]) -> str:
        logs.note(account_id=principal.account_id)
        model = shapes.operation_model(self.service, operation.name)
        try:
            result = perform(principal, operation.name, **parsing.read(model.input_shape, parameters))
        except AccessDenied as error:
            reasons = encoded(error, principal)
            message = f"{error.message} Encoded authorization failure message: {reasons}"
            raise IamError(error.code, message) from None
        return xml.answer(self.service, operation.name, result, str(self.source.request_id))

    def _judged_ahead(self, signed_by: Signature, seen: Seen, body: bytes) -> str | None:
        """Return the answer to a request by what an earlier one read, where that is still so; None for all others.

        A refusal is none: it must come from what is read now.
        """
        holder = credentials.as_seen(seen, self.source)
        if holder.is_use_due(signed_by.service, signed_by.region):
            return None
        parameters, operation = self._call(body, is_signed=True)
        logs.note(operation=operation.name)
        try:
            with nothing_unchecked():
                return self._perform(holder.principal, operation, parameters)
        except (OutdatedError, IamError):
            return None

    def _known(self, signed_by: Signature, body: bytes) -> KnownKey | None:
        """Return what is known of the key that made the signature: for others nothing is to be read but the key.

        The time that takes might tell them what there is.
        """
        # A key that does not come with a token is refused with one.
        known = known_keys.find(signed_by) if signed_by.session_token is None else None
        return known if known and signature.is_by(self.signed, body, signed_by, known.signing_key) else None

    def _signer(
        self, signed_by: Signature, known: KnownKey | None, foreseen: _Foreseen, body: bytes
    ) -> credentials.Credentials:
        """Return the credentials that made the signature. Raises IamError where none did that count now."""
        try:
            holder = credentials.find(
                signed_by.access_key_id,
                signed_by.session_token,
                self.source,
                foreseen.reads,
                is_kept=foreseen.is_kept,
            )
        except IamError:
            known_keys.forget(signed_by)
            raise
        if not (known and holder.key and holder.key.sealed_secret == known.sealed_secret):
            signing_key = signature.signing_key(signed_by, holder.secret)
            signature.verify(self.signed, body, signed_by, signing_key)
            if holder.key:
                known = KnownKey(holder.principal.account_id, holder.key.sealed_secret, signing_key)
                known_keys.note(signed_by, known)
        elif holder.seen:
            known_keys.note(signed_by, replace(known, seen=holder.seen))
        holder.note_use(signed_by.service, signed_by.region)
        return holder

    def _foreseen(self, known: KnownKey, body: bytes) -> _Foreseen:
        """Return what the request is going to read, as far as it tells; whether it is in order is seen later."""
        try:
            parameters, operation = self._call(body, is_signed=True)
        except IamError:
            return _NOTHING_FORESEEN
        reads = tuple(operation.reads(known.account_id, parameters))
        is_sensible = all(
            len(value) <= LONGEST_READ and "\0" not in value for _statement, values in reads for value in values
        )
        if not is_sensible:
            return _NOTHING_FORESEEN
        if not parameters.keys() - {"Action", "Version"} <= operation.judged_ahead:
            return _Foreseen(reads)
        is_seen = known.seen is not None and known.seen.readings[1:] == reads
        return _Foreseen(reads, is_kept=True, seen=known.seen if is_seen else None)

    def _call(self, body: bytes, *, is_signed: bool) -> tuple[dict[str, str], Operation]:
        if self._called:
            return self._called
        parameters = parsing.parameters_of(self.signed.query.encode("latin-1"), body)
        if not is_signed and parameters.get("Version") == shapes.service_model("sts").api_version:
            self.service = "sts"
        self._called = parameters, self._operation(parameters)
        return self._called

    def _body(self, signed_by: Signature | None) -> bytes:
        meta = self.request.META
        length = meta.get("CONTENT_LENGTH") or ""
        if "HTTP_TRANSFER_ENCODING" in meta and not length:
            raise IamError("MissingContentLength", "You must provide the Content-Length HTTP header.")
        limit = LARGEST_UNSIGNED_BODY
        if signed_by and length.isdecimal() and (len(length) > 9 or int(length) > limit):
            # Who has no key must not make us read so much.
            credentials.find(signed_by.access_key_id, signed_by.session_token, self.source)
            limit = LARGEST_BODY
        try:
            body: bytes = self.request.read(limit + 1)
        except UnreadablePostError:
            raise IamError("IncompleteBody", "The request body ended before its Content-Length.") from None
        if len(body) > limit:
            raise IamError("RequestEntityTooLarge", f"The request body has more than {limit} bytes.")
        return body

    def _operation(self, parameters: dict[str, str]) -> Operation:
        name = parameters.get("Action")
        if not name:
            raise IamError("MissingAction", "Missing Action")
        version = parameters.get("Version", "NO_VERSION_SPECIFIED")
        operation = OPERATIONS.get(name)
        api_version = shapes.service_model(self.service).api_version
        if operation is None or operation.service != self.service or version != api_version:
            raise IamError("InvalidAction", f"Could not find operation {name} for version {version}")
        return operation


def _signed(request: HttpRequest) -> Signed:
    meta = request.META
    headers = {
        name[5:].lower().replace("_", "-"): value for name, value in meta.items() if name.startswith("HTTP_")
    } | {spelled: meta[name] for name, spelled in _PLAIN_HEADERS.items() if name in meta}
    return Signed(request.method or "", meta.get("QUERY_STRING", ""), headers)


def answer(request: HttpRequest) -> Answer:
    """Carry out a request and return its answer, an error included, as AWS would."""
    conversation = Conversation(request)
    source = conversation.source
    try:
        return _answer(source, 200, conversation.answer())
    except IamError as error:
        refusal = error
    except Pending as pending:
        refusal = pending.refusal()
    except (OperationalError, InterfaceError):
        logger.exception("Request %s failed: no database", source.request_id)
        refusal = IamError("ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
    # The last line: whatever we did wrong, a client of the API gets no page in HTML.
    except Exception:
        logger.exception("Request %s failed", source.request_id)
        refusal = IamError(
            "InternalFailure", "The request processing has failed because of an unknown error, exception or failure."
        )
    status, text = xml.refusal(conversation.service, refusal, str(source.request_id))
    return _answer(source, status, text)


def _answer(source: Source, status: int, text: str) -> Answer:
    content = text.encode()
    headers = [
        ("Content-Type", "text/xml"),
        ("Content-Length", str(len(content))),
        ("x-amzn-RequestId", str(source.request_id)),
        # It may hold a secret, and a presigned request is a GET, which browsers open.
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return Answer(status, headers, content)

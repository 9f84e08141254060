"""A proxy in front of an AWS endpoint that injects faults: seeded random ones, and those that a test asks for.

    with AwsProxy(moto, Faults(throttle=0.3, drop_after=0.05), seed=7) as proxy:
        proxy.next("CreateUser", Fault.DROP_AFTER)
        … endpoint_url=proxy.url …
        proxy.calls["CreateUser"], proxy.forwarded["CreateUser"]

`python -m tests.aws_proxy URL --throttle 0.3` runs it as a process, which prints its address.
"""

import argparse
import contextlib
import http.client
import random
import socket
import struct
import threading
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, fields
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

ERROR = (
    '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>{type}</Type><Code>{code}</Code>'
    "<Message>{message}</Message></Error><RequestId>00000000-0000-4000-8000-{number:012}</RequestId></ErrorResponse>"
)
OF_A_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Fault(StrEnum):
    """What may happen to a call; after the last three it has taken place."""

    THROTTLE = "throttle"
    DROP_BEFORE = "drop_before"
    ERROR_BEFORE = "error_before"
    UNAVAILABLE = "unavailable"
    DROP_AFTER = "drop_after"
    ERROR_AFTER = "error_after"
    DELAY = "delay"


AFTER = {Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.DELAY}
ERRORS = {
    Fault.THROTTLE: (400, "Sender", "Throttling", "Rate exceeded"),
    Fault.ERROR_BEFORE: (500, "Receiver", "ServiceFailure", "The service has failed before it did anything."),
    Fault.UNAVAILABLE: (503, "Receiver", "ServiceUnavailable", "Service is unable to handle request."),
    Fault.ERROR_AFTER: (500, "Receiver", "InternalFailure", "The service has failed after it did it."),
}


@dataclass(frozen=True)
class Faults:
    """How likely each fault is for a call, and how long a delay takes."""

    throttle: float = 0
    drop_before: float = 0
    error_before: float = 0
    unavailable: float = 0
    drop_after: float = 0
    error_after: float = 0
    delay: float = 0
    seconds: float = 0.2

    def choose(self, chance: random.Random) -> Fault | None:
        """Return the fault of one call, if any."""
        drawn = chance.random()
        for fault in Fault:
            drawn -= getattr(self, fault)
            if drawn < 0:
                return fault
        return None


class AwsProxy:
    """Answers at `url` for an endpoint. `calls` counts what was asked, `forwarded` what took place, by action.

    `last` has the parameters of the last call of each action, `session_names` those that roles were assumed with.
    """

    def __init__(self, target: str, faults: Faults | None = None, *, seed: int = 0, port: int = 0) -> None:
        self.target = urlsplit(target)
        self.faults = faults or Faults()
        self.calls: Counter[str] = Counter()
        self.forwarded: Counter[str] = Counter()
        self.injected: Counter[Fault] = Counter()
        self.last: dict[str, dict[str, str]] = {}
        self.session_names: set[str] = set()
        self._chance = random.Random(seed)
        self._asked_for: defaultdict[str, deque[Fault | None]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Call)
        self._server.proxy = self
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End, and let go of the port; connections that are open end with their callers."""
        self._server.shutdown()
        self._server.server_close()

    def next(self, action: str, *faults: Fault | None) -> None:
        """Give the next calls of an action these faults, None for a call that nothing happens to."""
        with self._lock:
            self._asked_for[action].extend(faults)

    def fault_of(self, parameters: dict[str, str]) -> Fault | None:
        """Count a call and say what happens to it."""
        action = parameters.get("Action", "")
        with self._lock:
            self.last[action] = parameters
            self.calls[action] += 1
            self.session_names.update(value for name, value in parameters.items() if name == "RoleSessionName")
            asked_for = self._asked_for[action]
            fault = asked_for.popleft() if asked_for else self.faults.choose(self._chance)
            if fault:
                self.injected[fault] += 1
            if fault is None or fault in AFTER:
                self.forwarded[action] += 1
            return fault


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: AwsProxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing where a caller has gone: they are killed on purpose."""


class _Call(BaseHTTPRequestHandler):
    """One connection of a caller, with one of its own to the endpoint."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        target = self.server.proxy.target
        assert target.hostname
        self.upstream = http.client.HTTPConnection(target.hostname, target.port, timeout=120)

    def finish(self) -> None:
        self.upstream.close()
        with contextlib.suppress(OSError):
            super().finish()

    def do_POST(self) -> None:
        """Take a call, in the query protocol."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        proxy, parameters = self.server.proxy, dict(parse_qsl(body.decode()))
        fault = proxy.fault_of(parameters)
        if fault is Fault.DELAY:
            time.sleep(proxy.faults.seconds)
        answer = self._forward(body) if fault is None or fault in AFTER else None
        if fault in {Fault.DROP_BEFORE, Fault.DROP_AFTER}:
            self._drop()
        elif fault in ERRORS:
            self._answer_error(fault)
        elif answer is None:
            self._drop()
        else:
            self._answer(*answer)

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes] | None:
        """Return what the endpoint answers, None where it is not there."""
        for attempt in (1, 2):
            is_fresh = self.upstream.sock is None
            try:
                self.upstream.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    self.upstream.putheader(name, value)
                self.upstream.endheaders(body)
                response = self.upstream.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.upstream.close()
                # The endpoint ended an idle connection; anything else may have taken place, and is not repeated.
                is_stale = isinstance(error, (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError))
                if is_fresh or attempt == 2 or not is_stale:
                    return None
            else:
                headers = [(name, value) for name, value in response.getheaders() if name.lower() not in OF_A_HOP]
                return response.status, headers, content
        return None

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def _answer_error(self, fault: Fault) -> None:
        status, kind, code, message = ERRORS[fault]
        number = sum(self.server.proxy.injected.values())
        content = ERROR.format(type=kind, code=code, message=message, number=number).encode()
        self._answer(status, [("Content-Type", "text/xml")], content)

    def _drop(self) -> None:
        """Reset the connection, as a caller sees it whose answer is lost."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def log_message(self, format: str, *arguments: Any) -> None:
        """Write no log."""


def main() -> None:
    """Run until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    for field in fields(Faults):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float, default=field.default)
    given = vars(parser.parse_args())
    target, port, seed = (given.pop(name) for name in ("target", "port", "seed"))
    with AwsProxy(target, Faults(**given), seed=seed, port=port) as proxy:
        print(proxy.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()

"""HTTP/1.1 on plain sockets: requests in, responses out, one thread a connection, keep-alive.

Why not http.server: the fault script needs the raw socket (resets, half answers, drips), and the
standard header parser alone costs more than a whole call here.  Loopback only, never the internet.
"""
from __future__ import annotations

import json
import re
import select
import socket
import ssl
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

MAX_HEAD_BYTES = 65536
MAX_BODY_BYTES = 4 << 20
BACKLOG = 256
TLS_HELLO = b"\x16"

REASONS = {
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 302: "Found", 303: "See Other",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 409: "Conflict", 410: "Gone",
    413: "Payload Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Entity",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout",
}


class BadRequest(Exception):
    """The bytes are no request that this server reads; the connection is closed after a 400."""


@dataclass
class Request:
    method: str
    target: str
    path: str  # decoded, without the query
    query: dict[str, list[str]]
    headers: dict[str, str]  # names in lower case
    body: bytes
    t_ms: float = field(default_factory=lambda: time.monotonic() * 1000)

    def arg(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    def flag(self, name: str) -> bool:
        return self.arg(name) == "true"

    def json(self) -> Any:
        """The body as JSON; ValueError when it is none."""
        return json.loads(self.body)


@dataclass
class Response:
    status: int
    body: bytes = b""
    content_type: str = "application/json;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)

    def head(self, keep: bool = True) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}"]
        if self.status != 204:
            lines.append(f"Content-Length: {len(self.body)}")
            if self.body:
                lines.append(f"Content-Type: {self.content_type}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if not keep:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def render(self, keep: bool = True) -> bytes:
        return self.head(keep) + (b"" if self.status == 204 else self.body)


def json_response(status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(status, json.dumps(value, ensure_ascii=False).encode(), headers=headers or {})


Route = tuple[str, str, Callable[..., Response]]


class Router:
    """Rows of (method, "/path/{name}", function); the names become keyword arguments."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, re.Pattern[str], Callable[..., Response]]] = []

    def add(self, method: str, pattern: str, call: Callable[..., Response]) -> None:
        shape = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
        self.rows.append((method, re.compile(shape), call))

    def find(self, request: Request) -> Callable[[], Response] | int:
        """The call to make, or 404 or 405."""
        status = 404
        for method, pattern, call in self.rows:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                names = match.groupdict()
                return lambda: call(request, **names)
            status = 405 if match else status
        return status


class Reader:
    """Takes requests from a socket; bytes of a pipelined next request stay in `pending`."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.pending = b""

    def _more(self) -> None:
        block = self.sock.recv(65536)
        if not block:
            raise ConnectionError("closed by the client")
        self.pending += block

    def _until(self, mark: bytes, cap: int) -> bytes:
        while mark not in self.pending:
            if len(self.pending) > cap:
                raise BadRequest("head too large")
            self._more()
        taken, self.pending = self.pending.split(mark, 1)
        return taken

    def _exactly(self, size: int) -> bytes:
        if not 0 <= size <= MAX_BODY_BYTES:
            raise BadRequest("body too large")
        while len(self.pending) < size:
            self._more()
        taken, self.pending = self.pending[:size], self.pending[size:]
        return taken

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while size := int(self._until(b"\r\n", 64).split(b";")[0], 16):
            parts.append(self._exactly(size))
            self._until(b"\r\n", 2)
            if sum(map(len, parts)) > MAX_BODY_BYTES:
                raise BadRequest("body too large")
        while self._until(b"\r\n", MAX_HEAD_BYTES):
            pass
        return b"".join(parts)

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks()
        return self._exactly(int(headers.get("content-length", "0")))

    def next(self) -> Request | None:
        """None when the client closed between two requests."""
        try:
            lines = self._until(b"\r\n\r\n", MAX_HEAD_BYTES).decode("latin-1").split("\r\n")
        except ConnectionError:
            return None
        try:
            method, target, version = lines[0].split(" ")
            if not version.startswith("HTTP/1."):
                raise ValueError("this is no HTTP/1 request")
            pairs = [line.split(":", 1) for line in lines[1:]]
            headers = {name.strip().lower(): value.strip() for name, value in pairs}
            raw_path, _, raw_query = target.partition("?")
            query = parse_qs(raw_query, keep_blank_values=True, max_num_fields=200)
            body = self._body(headers)
        except ValueError as exc:
            raise BadRequest(str(exc)) from exc
        return Request(method, target, unquote(raw_path), query, headers, body)


class Peer:
    """The client's end of a connection, for answers and for faults."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        """Makes the coming close an RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def wait(self, seconds: float) -> bool:
        """Waits; False as soon as the client (or the server's stop) ends the connection."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.sock], [], [], left)[0]:
                break
            try:
                if not _peek(self.sock):
                    return False
            except OSError:
                return False
            time.sleep(min(left, 0.005))  # a pipelined request is waiting: nothing to select on
        return True


Exchange = Callable[[Request, Peer], bool]  # answers one request; False closes the connection


class HttpServer:
    """Listens on loopback; `port` 0 takes a free one (see `url`).  With `tls` it speaks TLS, too, to
    clients that begin with it, in the context that `tls` chooses for each of them."""

    def __init__(self, exchange: Exchange, port: int = 0,
                 tls: Callable[[], ssl.SSLContext] | None = None) -> None:
        self.exchange = exchange
        self.tls = tls
        self.listener = _bound(port)
        self.listener.listen(BACKLOG)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.open: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.listens = True
        self.refused_until = 0.0
        self.stopped = False

    def start(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        with self.lock:
            self.stopped = True
            self._hang_up()
            self.changed.notify_all()
        _shut(self.listener)
        self.listener.close()

    def refuse(self, seconds: float) -> None:
        """Nobody listens for so long, or until listen(); the port stays ours."""
        with self.lock:
            self.refused_until = time.monotonic() + seconds
            if self.listens:  # a second shutdown would be inherited by every later connection
                _shut(self.listener)  # wakes who waits for one, too
            self.listens = False
            self._hang_up()

    def listen(self) -> None:
        with self.lock:
            self._listen()

    def _listen(self) -> None:
        if not self.listens:
            self.listener.listen(BACKLOG)
        self.listens = True
        self.changed.notify_all()

    def hang_up(self) -> None:
        """Ends every connection there is."""
        with self.lock:
            self._hang_up()

    def _hang_up(self) -> None:
        for sock in self.open:
            _shut(sock)

    def _accept(self) -> None:
        while not self.stopped:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                if not self._listens_again():
                    return
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.open.add(sock)
                if not self.listens:
                    _shut(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _listens_again(self) -> bool:
        """Waits until nobody is refused any more; False when the server was stopped."""
        with self.changed:
            while not self.stopped and not self.listens:
                left = self.refused_until - time.monotonic()
                if left > 0:
                    self.changed.wait(min(left, threading.TIMEOUT_MAX))
                else:
                    self._listen()
            return not self.stopped

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self.tls and _peek(sock) == TLS_HELLO:
                sock = self._secured(sock, self.tls())
            self._requests(sock)
        except BadRequest as exc:
            sock.sendall(Response(400, str(exc).encode(), "text/plain").render(keep=False))
        except (ConnectionError, TimeoutError, OSError):
            pass  # the client left in the middle: its right, and often the test's point
        except Exception:  # a bug of the sandbox: say so, keep serving the others
            traceback.print_exc(file=sys.stderr)
        finally:
            with self.lock:
                self.open.discard(sock)
            sock.close()

    def _secured(self, sock: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        with self.lock:
            self.open.discard(sock)
            secured = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            self.open.add(secured)
        try:
            secured.do_handshake()
        except OSError:  # the client said no
            with self.lock:
                self.open.discard(secured)
            secured.close()
            raise
        return secured

    def _requests(self, sock: socket.socket) -> None:
        reader = Reader(sock)
        peer = Peer(sock)
        while not self.stopped and (request := reader.next()):
            keep = self.exchange(request, peer)
            if not keep or request.headers.get("connection", "").lower() == "close":
                return


def _bound(port: int) -> socket.socket:
    """Bound to a port by its number: only then does the kernel leave it to a socket that does not listen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(probe.getsockname())
    return sock


def _peek(sock: socket.socket) -> bytes:
    """The next byte, which stays; of the wire, also where TLS is spoken; b"" when the client has left."""
    return socket.socket.recv(sock, 1, socket.MSG_PEEK)


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass

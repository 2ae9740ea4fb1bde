"""A page on this computer alone: served to its browser, under a name that is drawn at random, by the standard library.

Only the loopback device is listened to. A request must name this host and the secret in its path, and bring JSON; the
page may load nothing but its own two files, and talk to nobody else.
"""

import json
import secrets
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

import typer

_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "json": "application/json"}
_LARGEST, _PATIENCE = 2**16, 30.0
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'"
Answer = Callable[[Any], dict[str, Any]]


class Server(ThreadingHTTPServer):
    """Serves the page, and the answers by their names, of each one at a time."""

    daemon_threads = True

    def __init__(self, port: int, about: dict[str, Any], answers: dict[str, Answer]):
        self.secret = secrets.token_urlsafe(12)
        self.about, self.answers = about, answers
        self.turns = {name: threading.Lock() for name in answers}
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_port}/{self.secret}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = _PATIENCE
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The page and its parts."""
        name = self._asked_for()
        if name is None:
            return
        if name == "known.json":
            self._send(200, json.dumps(self.server.about), "json")
        elif (name or "explore.html") in ("explore.html", "explore.js", "explore.css"):
            text = files("jaxcollapse.cli").joinpath("templates", name or "explore.html").read_text(encoding="utf-8")
            self._send(200, text, (name or "explore.html").rpartition(".")[2])
        else:
            self._refuse(404, "there is no such page")

    def do_POST(self) -> None:
        """An answer."""
        name = self._asked_for()
        if name is None:
            return
        length = self.headers.get("Content-Length", "")
        if name not in self.server.answers:
            self._refuse(404, "there is no such answer")
        elif self.headers.get("Content-Type", "").partition(";")[0] != _TYPES["json"]:
            self._refuse(415, "a question is JSON")
        elif not length.isdigit() or int(length) > _LARGEST:
            self._refuse(413, f"a question has at most {_LARGEST} bytes")
        else:
            self._answer(name, self.rfile.read(int(length)))

    def _answer(self, name: str, question: bytes) -> None:
        try:
            asked = json.loads(question)
        except (ValueError, RecursionError):
            self._refuse(400, "a question is JSON")
            return
        try:
            with self.server.turns[name]:
                found = self.server.answers[name](asked)
        except typer.BadParameter as refusal:
            self._send(422, json.dumps({"refused": refusal.message, "of": str(refusal.param_hint or "")}), "json")
            return
        self._send(200, json.dumps(found, allow_nan=False), "json")

    def _asked_for(self) -> str | None:
        """What is asked for, behind the secret; None if that was refused."""
        port = self.server.server_port
        if self.headers.get("Host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            self._refuse(403, "this page is for this computer alone")
            return None
        _, secret, *rest = self.path.partition("?")[0].split("/") + [""]
        if not secrets.compare_digest(secret.encode(), self.server.secret.encode()) or len(rest) > 2:
            self._refuse(404, "there is no such page")
            return None
        return rest[0]

    def _refuse(self, status: int, why: str) -> None:
        self.close_connection = True  # what was sent with it is not read
        self._send(status, json.dumps({"refused": why, "of": ""}), "json")

    def _send(self, status: int, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{_TYPES[kind]}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the terminal is the user's."""

"""An address that events are sent to: a real HTTP server, in a thread of the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Heard:
    headers: dict[str, str]
    body: bytes


@dataclass
class Listener:
    """Answers with `answers` in turn, then with `answer`; remembers what it heard."""

    answer: int = 200
    answers: list[int] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    url: str = ""


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                # Whoever was sending it is gone, and will send it again.
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            listener.heard.append(Heard(headers, body))
            self.send_response(listener.answers.pop(0) if listener.answers else listener.answer)
            self.send_header("Location", listener.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()

"""The audit of dependencies, against a PyPI of our own."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests import audit

ADVISORY = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "fixed_in": ["9.9"],
    "link": "https://osv.example.com/1",
    "withdrawn": None,
}
#: What is known, by package; of one that is not in it nothing can be said.
Known = dict[str, list[dict[str, Any]]]


@pytest.fixture
def pypi() -> Iterator[tuple[str, Known]]:
    known: Known = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, name, _, _ = self.path.split("/")
            body = json.dumps({"vulnerabilities": known.get(name)}).encode()
            self.send_response(200 if name in known else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", known
        finally:
            server.shutdown()
            thread.join()


def test_what_is_needed_is_found_with_what_it_pulls_in() -> None:
    # when
    found = audit.installed(audit.required())

    # then: requests-hardened needs requests, and that urllib3; nothing of the tests is in it
    assert {"django", "requests-hardened", "urllib3", "celery", "kombu"} <= set(found)
    assert not {"pytest", "ruff", "saleor-referral-plugin"} & set(found)


def test_nothing_known_is_said(pypi: tuple[str, Known], capsys: pytest.CaptureFixture[str]) -> None:
    # given: and one that was taken back
    url, known = pypi
    withdrawn = ADVISORY | {"withdrawn": "2026-01-01T00:00:00Z"}
    known |= {name: [withdrawn] for name in audit.installed(["promise"])}

    # then
    assert audit.main(url, ["promise"]) == 0
    assert "Nothing is known against 2 packages." in capsys.readouterr().out


def test_what_is_known_fails_and_says_what_mends_it(
    pypi: tuple[str, Known], capsys: pytest.CaptureFixture[str]
) -> None:
    # given
    url, known = pypi
    versions = audit.installed(["promise"])
    known |= {name: [] for name in versions}
    known["six"] = [ADVISORY]

    # then
    assert audit.main(url, ["promise"]) == 1
    assert capsys.readouterr().err == (
        f"six {versions['six']}: PYSEC-2026-1, CVE-2026-1, mended in 9.9: "
        "https://osv.example.com/1\n"
    )


def test_where_nobody_can_be_asked_it_does_not_pass(
    pypi: tuple[str, Known], capsys: pytest.CaptureFixture[str]
) -> None:
    # when: a mirror that has the index alone, and nobody at all
    url, _ = pypi
    codes = [audit.main(url, ["promise"]), audit.main("http://127.0.0.1:1", ["promise"])]

    # then
    assert codes == [audit.NOT_POSSIBLE] * 2
    assert capsys.readouterr().err.count("NOT AUDITED") == 2

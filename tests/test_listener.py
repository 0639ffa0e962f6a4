"""The address that tests have events sent to."""

import socket
from urllib.parse import urlsplit

from tests.listener import listening


def test_what_a_sender_did_not_send_to_its_end_is_not_heard() -> None:
    with listening() as listener:
        # given: a sender that goes away in the middle
        port = urlsplit(listener.url).port
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.sendall(b"POST /hook HTTP/1.0\r\nContent-Length: 9\r\n\r\nhalf")
            # when
            sender.shutdown(socket.SHUT_WR)
            answer = sender.recv(100)
        # then: nothing is taken, and nobody is told that it was
        assert (answer, listener.heard) == (b"", [])

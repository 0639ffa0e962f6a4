"""A referral program as an app: told of orders by webhooks, it asks the API about each, finds whose
code was used, and makes that customer a gift card.

    python app.py PORT API TOKEN

It answers a webhook at once and works one after the other, with one connection to the API. What it
has dealt with it notes in the order's private metadata. It knows nothing of refunds, limits, holds
and books: it is the least that makes a gift card for a friend's order.
"""

import http.client
import json
import queue
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

ORDER = """query($id: ID!) {
  order(id: $id) {
    id voucherCode isPaid userEmail created
    subtotal { gross { amount currency } }
    done: privateMetafield(key: "referral")
  }
}"""
OWNER = """query($code: String!) {
  customers(first: 1, filter: {metadata: [{key: "referral_code", value: $code}]}) {
    edges { node { id email } }
  }
}"""
EARLIER = """query($email: String!) {
  orders(first: 2, filter: {customer: $email}) { edges { node { id } } }
}"""
CARD = """mutation($input: GiftCardCreateInput!) {
  giftCardCreate(input: $input) { giftCard { id } errors { field message code } }
}"""
DONE = """mutation($id: ID!, $input: [MetadataInput!]!) {
  updatePrivateMetadata(id: $id, input: $input) { errors { field message code } }
}"""
#: What a referrer gets for a friend's order.
REWARD = {"amount": "10", "currency": "USD"}


class Api:
    def __init__(self, address: str, token: str) -> None:
        self.address = urlsplit(address)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.connection = http.client.HTTPConnection(self.address.netloc)

    def __call__(self, document: str, **variables: Any) -> Any:
        body = json.dumps({"query": document, "variables": variables}).encode()
        try:
            answer = self._answer(body)
        except (OSError, http.client.HTTPException):
            # A server lets go of a connection that rests.
            self.connection.close()
            answer = self._answer(body)
        assert "errors" not in answer, answer
        return answer["data"]

    def _answer(self, body: bytes) -> Any:
        self.connection.request("POST", self.address.path, body, self.headers)
        return json.loads(self.connection.getresponse().read())


def deal_with(order_id: str, api: Api) -> bool:
    """Has it made a gift card?"""
    order = api(ORDER, id=order_id)["order"]
    if not order["isPaid"] or not order["voucherCode"] or order["done"]:
        return False
    owners = api(OWNER, code=order["voucherCode"])["customers"]["edges"]
    email = order["userEmail"]
    is_new = len(api(EARLIER, email=email)["orders"]["edges"]) == 1
    if owners and is_new and owners[0]["node"]["email"] != email:
        card = {
            "balance": REWARD,
            "isActive": True,
            "assignedTo": owners[0]["node"]["id"],
            "note": f"For {order_id}",
        }
        answer = api(CARD, input=card)["giftCardCreate"]
        assert not answer["errors"], answer
    api(DONE, id=order_id, input=[{"key": "referral", "value": "done"}])
    return bool(owners)


def main() -> None:
    port, address, token = sys.argv[1:]
    waiting: queue.Queue[str] = queue.Queue()

    class Webhooks(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            waiting.put(told["order"]["id"])
            self._answer(b"")

        def do_GET(self) -> None:
            """How many orders wait."""
            self._answer(str(waiting.unfinished_tasks).encode())

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    def work() -> None:
        api = Api(address, token)
        while True:
            order_id = waiting.get()
            try:
                deal_with(order_id, api)
            finally:
                waiting.task_done()

    threading.Thread(target=work, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", int(port)), Webhooks).serve_forever()


if __name__ == "__main__":
    main()

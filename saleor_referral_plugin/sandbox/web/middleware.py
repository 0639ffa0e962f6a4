"""Who is shopping, and what the browser may do."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from ..models import Customer
from ..store import as_uuid

GetResponse = Callable[[HttpRequest], HttpResponse]

#: Styles, scripts and pictures of our own and nothing else; no framing, no inline code.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def content_security_policy(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Content-Security-Policy"] = _POLICY
        return response

    return middleware


def current_customer(get_response: GetResponse) -> GetResponse:
    """Set `request.customer`, which GraphQL reads too; None for a guest. Anybody may shop
    as anybody: the sandbox has no passwords."""

    def middleware(request: HttpRequest) -> HttpResponse:
        customer_id = request.session.get("customer")
        found = (
            Customer.objects.filter(pk=as_uuid(customer_id), is_active=True).first()
            if customer_id
            else None
        )
        request.customer = found  # type: ignore[attr-defined]
        return get_response(request)

    return middleware

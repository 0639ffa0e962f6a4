"""What the shop remembers of a browser: in a signed cookie, nowhere else."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from ..models import Channel, Checkout, Customer, Order
from ..shop import ShopError
from ..store import as_uuid

P = ParamSpec("P")
Action = Callable[Concatenate[HttpRequest, P], HttpResponse | None]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def action(view: Action[P]) -> View[P]:
    """A button of a page: does its work and goes back to the page it was on, or where the
    view says. What the shop refuses is shown there."""

    @require_POST
    @wraps(view)
    def act(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except ShopError as error:
            messages.error(request, error.message, extra_tags=request.POST.get("topic", ""))
            response = None
        return response or HttpResponseRedirect(_page_before(request))

    return act


def _page_before(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if is_ours else "/"


def customer_of(request: HttpRequest) -> Customer | None:
    """Who is logged in; None for a guest."""
    found: Customer | None = getattr(request, "customer", None)
    return found


def channel_of(request: HttpRequest) -> Channel:
    """The channel chosen, or the first there is."""
    channels = Channel.objects.order_by("slug")
    chosen = channels.filter(pk=request.session.get("channel", "")).first()
    found = chosen or channels.first()
    if found is None:
        raise Channel.DoesNotExist("The shop has no channel: run the demo command first.")
    return found


def cart_of(request: HttpRequest) -> Checkout | None:
    """The browser's checkout, unless it has become an order or was never begun."""
    token = request.session.get("cart")
    if not token:
        return None
    return Checkout.objects.select_related("channel", "customer").filter(pk=as_uuid(token)).first()


def cart_token(request: HttpRequest) -> UUID:
    """The browser's checkout, by its token; a shop that looks for it may find it gone."""
    return as_uuid(request.session.get("cart"))


def order_of(request: HttpRequest) -> Order | None:
    """The order the event buttons act on."""
    order_id = request.session.get("order")
    return Order.objects.filter(pk=as_uuid(order_id)).first() if order_id else None

"""The shop window and the cart."""

from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from ...engine import claims, codes, selectors
from ...engine.money import say
from ...engine.store import get_store
from .. import shop
from ..models import Checkout, Customer
from ..pricing import bill_of
from ..store import as_uuid, checkout_facts_of
from .catalogue import PRODUCTS
from .visitor import action, cart_of, cart_token, channel_of, customer_of

#: So many of one thing fit into a cart.
MOST = 20


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The shop window. `?ref=` remembers a friend's code for the cart to come."""
    if code := request.GET.get(selectors.LINK_PARAMETER, "")[:64]:
        request.session["brought"] = code
        return redirect("home")
    channel = channel_of(request)
    cart = cart_of(request)
    claimed = _claims_on(cart)
    return render(
        request,
        "referral_sandbox/home.html",
        {
            "channel": channel,
            "products": [
                (product, product.prices[channel.currency])
                for product in PRODUCTS.values()
                if channel.currency in product.prices
            ],
            "cart": cart,
            "lines": list(cart.lines.all()) if cart else [],
            "bill": bill_of(cart) if cart else None,
            "claimed": str(claimed.open.code) if claimed.open else "",
            "gift_cards": list(cart.gift_cards.all()) if cart else [],
            "friend": _friends_code(request, cart, claimed),
        },
    )


def _claims_on(cart: Checkout | None) -> selectors.CheckoutClaims:
    nothing = selectors.CheckoutClaims()
    if cart is None:
        return nothing
    return selectors.claims_on([str(cart.pk)]).get(str(cart.pk), nothing)


@dataclass(frozen=True, slots=True)
class FriendsCode:
    """A code that is not on the cart: refused so far, or remembered from a link.

    worth     what it would take off the cart as it is now; empty when it would be refused
    sentence  why it would be refused now; empty before there is a cart
    """

    code: str
    worth: str = ""
    sentence: str = ""


def _friends_code(
    request: HttpRequest, cart: Checkout | None, claimed: selectors.CheckoutClaims
) -> FriendsCode | None:
    """Judged anew each time the page is shown, without trying it: a cart that has grown may
    now be large enough."""
    code = claimed.refusal.code.code if claimed.refusal else request.session.get("brought")
    if not code or (cart is not None and cart.voucher_code):
        return None
    shown = str(codes.find(code) or code)
    if cart is None:
        return FriendsCode(shown)
    decision = claims.preview(store=get_store(), facts=checkout_facts_of(cart), typed=code)
    if decision.refusal is not None:
        return FriendsCode(shown, sentence=decision.refusal.sentence)
    return FriendsCode(shown, worth=say(decision.discount) if decision.discount else "")


@action
def add(request: HttpRequest) -> None:
    """Put a product in the cart; the first one begins it."""
    product = PRODUCTS.get(request.POST.get("product", ""))
    channel = channel_of(request)
    if product is None or channel.currency not in product.prices:
        raise shop.ShopError("product", "We do not sell this here.")
    item = shop.Item(product.name, Decimal(product.prices[channel.currency]))
    cart = cart_of(request)
    if cart is not None:
        line = cart.lines.filter(name=item.name).first()
        if line is not None and line.quantity >= MOST:
            raise shop.ShopError("quantity", f"{MOST} are as many as we can send at once.")
        shop.add_item(cart.pk, item)
        return
    brought = request.session.get("brought")
    cart = shop.create_checkout(
        channel=channel.slug,
        items=[item],
        customer=customer_of(request),
        metadata={claims.METADATA_KEY: brought} if brought else None,
    )
    request.session["cart"] = str(cart.pk)


@action
def remove(request: HttpRequest) -> None:
    line = request.POST.get("line", "")
    if line.isdigit():
        shop.remove_line(cart_token(request), int(line))


@action
def set_email(request: HttpRequest) -> None:
    shop.set_email(cart_token(request), _email(request))


@action
def add_code(request: HttpRequest) -> None:
    """The promo-code box."""
    typed = request.POST.get("code", "").strip()[:64]
    if not typed:
        raise shop.ShopError("code", "Please enter a code.")
    shop.add_promo_code(cart_token(request), typed)


@action
def remove_code(request: HttpRequest) -> None:
    shop.remove_promo_code(cart_token(request), request.POST.get("code", ""))
    request.session.pop("brought", None)


@action
def complete(request: HttpRequest) -> HttpResponse | None:
    """Place the order. A guest's address may come along with it."""
    cart = cart_of(request)
    if cart is not None and cart.customer is None and request.POST.get("email"):
        judged = shop.set_email(cart.pk, _email(request))
        if judged.voucher_code != cart.voucher_code:
            return None  # the page says why, and the new total
    order = shop.complete_checkout(cart_token(request))
    for key in ("cart", "brought"):
        request.session.pop(key, None)
    request.session["order"] = str(order.pk)
    messages.success(request, "Thank you! Your order is placed.")
    return redirect("order", order.pk)


@action
def visit(request: HttpRequest) -> None:
    """Shop as somebody else, or in another channel."""
    if "channel" in request.POST:
        request.session["channel"] = request.POST["channel"]
        request.session.pop("cart", None)
    if "customer" in request.POST:
        customer = Customer.objects.filter(pk=as_uuid(request.POST["customer"])).first()
        _become(request, customer)


@action
def register(request: HttpRequest) -> HttpResponse:
    """Open an account and shop as its owner."""
    email = _email(request)
    if Customer.objects.filter(email=email).exists():
        raise shop.ShopError("email_taken", "There is an account with this e-mail address.")
    name = request.POST.get("name", "").strip()[:60]
    customer = shop.register(email=email, display_name=name)
    _become(request, customer)
    return redirect("account", customer.pk)


def _become(request: HttpRequest, customer: Customer | None) -> None:
    cart = cart_of(request)
    if customer is None:
        request.session.pop("customer", None)
        request.session.pop("cart", None)
        return
    request.session["customer"] = str(customer.pk)
    if cart is not None and cart.customer_id is None:
        shop.log_in(cart.pk, customer)
    elif cart is not None and cart.customer_id != customer.pk:
        request.session.pop("cart", None)


def _email(request: HttpRequest) -> str:
    email = request.POST.get("email", "").strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise shop.ShopError("email", "Please enter a full e-mail address.") from None
    return email

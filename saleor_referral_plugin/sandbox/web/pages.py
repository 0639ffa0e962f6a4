"""The pages besides the shop window: accounts, orders and the owner's page."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from ... import dashboard
from ...engine.codes import is_offer_code
from .. import administration
from ..models import Customer, Order
from ..movements import movements_of
from ..referrals import offer_seen, referral_of, referrer_seen, statuses_of
from .visitor import action, channel_of, customer_of

MOST_ORDERS = 100


@require_safe
def my_account(request: HttpRequest) -> HttpResponse:
    """The page of whoever is logged in; a guest is asked who they are."""
    customer = customer_of(request)
    if customer is None:
        return render(
            request, "referral_sandbox/log_in.html", {"offer": offer_seen(channel_of(request))}
        )
    return redirect("account", customer.pk)


@require_safe
def account(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """A customer's own page: what to share, and what came of it."""
    owner = get_object_or_404(Customer, pk=customer_id)
    return render(
        request,
        "referral_sandbox/account.html",
        {
            "owner": owner,
            "offer": offer_seen(channel_of(request)),
            "referrer": referrer_seen(owner),
            "gift_cards": owner.gift_cards.all(),
            "told": owner.messages.all()[:10],
        },
    )


@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """The owner's list of orders, and what each means for the program."""
    listed = list(
        Order.objects.select_related("channel", "customer")
        .prefetch_related("payments", "fulfilments")
        .order_by("-number")[:MOST_ORDERS]
    )
    seen = statuses_of(listed)
    rows = [(order, _state(order), seen.get(str(order.pk))) for order in listed]
    return render(request, "referral_sandbox/orders.html", {"rows": rows})


@require_safe
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """One order, what happened to it, and why it is a referral or not."""
    found = get_object_or_404(Order.objects.select_related("channel", "customer"), pk=order_id)
    request.session["order"] = str(found.pk)
    return render(
        request,
        "referral_sandbox/order.html",
        {
            "order": found,
            "lines": found.lines.all(),
            "state": _state(found),
            "moved": movements_of(found),
            "history": _history(found),
            "is_referred": is_offer_code(found.voucher_code),
            "referral": referral_of(found),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def program(request: HttpRequest) -> HttpResponse:
    """The plugin's page, with the fields and the words of Saleor's Dashboard."""
    saved = administration.plugin_page()
    values, wrong = saved.values, {}
    if request.method == "POST":
        values = _values_of(request)
        try:
            administration.save_plugin_page(values)
        except ValidationError as error:
            wrong = {name: found[0] for name, found in error.message_dict.items()}
        else:
            messages.success(request, "Saved.")
            return redirect("program")
    fields = [
        {
            "name": name,
            "kind": kind,
            "label": label,
            "help": help_text,
            "value": values.get(name, default),
            "wrong": wrong.get(name, ""),
        }
        for name, (kind, label, help_text, default) in dashboard.FIELDS.items()
        if kind != "output"
    ]
    status = 422 if wrong else 200
    shown = {
        "fields": fields,
        "is_active": saved.is_active,
        "summary": administration.plugin_summary(),
    }
    return render(request, "referral_sandbox/program.html", shown, status=status)


@action
def switch_plugin(request: HttpRequest) -> None:
    """The switch that Saleor's Dashboard has on every plugin's page."""
    administration.switch_plugin(request.POST.get("active") == "yes")


def _values_of(request: HttpRequest) -> dict[str, str | bool]:
    """The form's fields. A checkbox left empty sends nothing."""
    values: dict[str, str | bool] = {}
    for name, (kind, *_) in dashboard.FIELDS.items():
        if kind == "boolean":
            values[name] = name in request.POST
        elif kind != "output":
            values[name] = request.POST.get(name, "")[:1000]
    return values


def _state(order: Order) -> str:
    """The order in a few words."""
    moved = movements_of(order)
    sent = any(fulfilment.taken_back_at is None for fulfilment in order.fulfilments.all())
    words = []
    if order.cancelled_at:
        words.append("cancelled")
    if moved.charged_back:
        words.append("charged back")
    if moved.refunded:
        words.append("refunded" if moved.refunded >= moved.captured else "partly refunded")
    elif moved.paid_at:
        words.append("paid")
    elif moved.captured:
        words.append("partly paid")
    elif not order.cancelled_at:
        words.append("not paid")
    if sent:
        words.append("sent")
    return ", ".join(words)


def _history(order: Order) -> list[dict[str, Any]]:
    """What happened to the order, oldest first."""
    happened = [{"at": order.placed_at, "words": "Placed"}]
    happened += [
        {"at": payment.created_at, "words": payment.get_kind_display(), "amount": payment.amount}
        for payment in order.payments.all()
    ]
    for fulfilment in order.fulfilments.all():
        happened.append({"at": fulfilment.sent_at, "words": "Sent"})
        if fulfilment.taken_back_at:
            happened.append({"at": fulfilment.taken_back_at, "words": "Not sent after all"})
    if order.cancelled_at:
        happened.append({"at": order.cancelled_at, "words": "Cancelled"})
    return sorted(happened, key=lambda event: event["at"])

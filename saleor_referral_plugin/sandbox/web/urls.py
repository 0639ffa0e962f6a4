"""The shop's addresses."""

from pathlib import Path

from django.urls import path
from django.views.static import serve

from . import control, graphql, pages, storefront

_ASSETS = Path(__file__).resolve().parents[1] / "static" / "referral_sandbox"

urlpatterns = [
    path("", storefront.home, name="home"),
    path("cart/add/", storefront.add, name="cart-add"),
    path("cart/remove/", storefront.remove, name="cart-remove"),
    path("cart/email/", storefront.set_email, name="cart-email"),
    path("cart/code/", storefront.add_code, name="cart-code"),
    path("cart/code/remove/", storefront.remove_code, name="cart-code-remove"),
    path("cart/order/", storefront.complete, name="cart-order"),
    path("visit/", storefront.visit, name="visit"),
    path("register/", storefront.register, name="register"),
    path("account/", pages.my_account, name="my-account"),
    path("account/<uuid:customer_id>/", pages.account, name="account"),
    path("orders/", pages.orders, name="orders"),
    path("orders/<uuid:order_id>/", pages.order, name="order"),
    path("program/", pages.program, name="program"),
    path("program/switch/", pages.switch_plugin, name="plugin-switch"),
    path("clock/", control.move_clock, name="clock"),
    path("order-event/", control.order_event, name="order-event"),
    path("graphql/", graphql.graphql, name="graphql"),
    path("assets/<path:path>", serve, {"document_root": _ASSETS}, name="asset"),
]

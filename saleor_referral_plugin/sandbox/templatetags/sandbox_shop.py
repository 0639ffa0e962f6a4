"""How the shop writes amounts and people's addresses."""

from decimal import Decimal

from django import template
from prices import Money

from ...engine.money import say
from ..models import Message

register = template.Library()

_TOLD = {
    "referral_reward_issued": "A friend's order has proved good: {amount} is yours to spend.",
    "referral_reward_expired": "{amount} of your credit has expired.",
}
_TOLD_OF_COUPONS = {
    "referral_reward_issued": "A friend's order has proved good: you have a coupon, {code}.",
    "referral_reward_expiring": "Your coupon {code} will expire soon.",
    "referral_reward_expired": "Your coupon {code} has expired.",
}


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """`9.5|money:"EUR"` -> `€9.50`."""
    return say(Money(amount, currency))


@register.filter
def masked(email: str) -> str:
    """`ben@example.com` -> `b•••@example.com`."""
    name, _, host = email.partition("@")
    return f"{name[:1]}•••@{host}" if host else "•••"


@register.filter
def told(message: Message) -> str:
    """What a customer was told, as a sentence."""
    code = message.payload.get("code")
    if code is not None:
        return _TOLD_OF_COUPONS[message.event].format(code=code)
    sentence = _TOLD.get(message.event, message.event.replace("_", " "))
    amount = message.payload.get("amount")
    if amount is None:
        return sentence
    return sentence.format(amount=money(Decimal(amount), message.payload["currency"]))

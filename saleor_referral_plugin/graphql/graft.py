"""Our fields on the store's types, and what they cost."""

from typing import Any

import graphene
from django.core.exceptions import ImproperlyConfigured

from . import host
from .enums import DOC_CATEGORY, ReferralErrorCode
from .mutations import CheckoutReferralCodeApply, CheckoutReferralCodeRemove
from .types.claims import (
    CheckoutReferral,
    OrderReferral,
    load_checkout_referral,
    load_order_referral,
)
from .types.codes import ReferralCode, load_code
from .types.referrers import Referrer, load_referrer

QUERIES = {
    "referral_code": host.BaseField(
        ReferralCode,
        code=graphene.String(
            required=True,
            description="The referral code, in any letter case, with or without hyphen.",
        ),
        channel=graphene.String(required=True, description="Slug of the channel."),
        resolver=lambda _root, info, *, code, channel: load_code(info.context, code, channel),
        description=(
            "What a referral code gives in a channel. Null for every code that cannot be used "
            "there, whatever the reason."
        ),
        doc_category=DOC_CATEGORY,
    )
}

MUTATIONS = {
    "checkout_referral_code_apply": CheckoutReferralCodeApply.Field(),
    "checkout_referral_code_remove": CheckoutReferralCodeRemove.Field(),
}

#: Fields on types that the store has already.
FIELDS: dict[Any, dict[str, graphene.Field]] = {
    host.User: {
        "referral": host.BaseField(
            Referrer,
            resolver=lambda root, info: load_referrer(info.context, root),
            description=(
                "The customer as a referrer: code, link, balances, rewards and referrals. "
                "A customer becomes one by asking for this the first time.\n\n"
                "Requires one of the following permissions: "
                f"{host.OWNER.name}, {host.MANAGE_DISCOUNTS.name}."
            ),
        )
    },
    host.Checkout: {
        "referral": host.BaseField(
            CheckoutReferral,
            resolver=lambda root, info: load_checkout_referral(info.context, root),
            description=(
                "What referral codes do on the checkout, and why not. Null while none was tried, "
                "and after it was taken off."
            ),
        )
    },
    host.Order: {
        "referral": host.BaseField(
            OrderReferral,
            resolver=lambda root, info: load_order_referral(info.context, root),
            description=(
                "The referral that the order made. Null for an order without a referral code, "
                "and for the moment until a new order is settled."
            ),
        )
    },
    host.CheckoutError: {
        "referral_error_code": graphene.Field(
            ReferralErrorCode,
            description="Why a referral code was refused. Null for every other error.",
        )
    },
}

#: For a store that limits the cost of a query, in Saleor's form.
_PER_ROW = {"complexity": 1, "multipliers": ["first", "last"]}
COSTS: dict[str, dict[str, dict[str, Any]]] = {
    "Query": {"referralCode": {"complexity": 1}},
    "User": {"referral": {"complexity": 1}},
    "Checkout": {"referral": {"complexity": 1}},
    "Order": {"referral": {"complexity": 1}},
    "CheckoutReferral": {"missing": {"complexity": 1}},
    "OrderReferral": {"discount": {"complexity": 1}},
    "Referrer": {
        "balances": {"complexity": 1},
        "rewards": _PER_ROW,
        "referrals": _PER_ROW,
    },
    "Referral": {"referee": {"complexity": 1}, "rewards": {"complexity": 1}},
    "ReferralReward": {"findings": {"complexity": 1}, "referral": {"complexity": 1}},
    "ReferralCoupon": {"code": {"complexity": 1}, "isUsed": {"complexity": 1}},
}


def graft(*, query: Any, mutation: Any) -> None:
    """Put our fields on the store's types, before the store builds its schema. `query` and
    `mutation` are the roots, or classes they will inherit from."""
    for root, fields in ((query, QUERIES), (mutation, MUTATIONS)):
        _add(root, fields)
        for name, field in fields.items():
            # Classes that inherit from the root read its attributes, not its fields.
            setattr(root, name, field)
    for target, fields in FIELDS.items():
        _add(target, fields)


def _add(target: Any, fields: dict[str, graphene.Field]) -> None:
    for name, field in fields.items():
        if name in target._meta.fields:
            raise ImproperlyConfigured(f"{target._meta.name} has a field {name} already.")
        target._meta.fields[name] = field

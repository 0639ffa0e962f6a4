"""The sandbox's GraphQL schema: the little of a shop that referral documents touch, in
Saleor's shape, and our part grafted onto it the way it is in Saleor."""

from datetime import datetime
from typing import Any

import graphene
from django.core.exceptions import ValidationError

from ..engine import codes, rates
from ..engine.findings import Finding, FindingCode
from ..engine.store import get_store
from ..graphql.graft import graft
from . import shop
from .graphql_bases import BaseMutation, Permission, PermissionDenied
from .graphql_host import (
    Checkout,
    CheckoutError,
    ErrorCode,
    Order,
    User,
    checkout_by_id,
    client,
    find_checkout,
    may,
    order_by_id,
    resolve_id,
)
from .models import Checkout as CheckoutRow
from .models import Customer
from .models import Order as OrderRow


class Query(graphene.ObjectType):
    me = graphene.Field(User)
    user = graphene.Field(User, id=graphene.ID(required=True))
    checkout = graphene.Field(Checkout, id=graphene.ID(required=True))
    order = graphene.Field(Order, id=graphene.ID(required=True))

    @staticmethod
    def resolve_me(_root: None, info: Any) -> Customer | None:
        return getattr(info.context, "customer", None)

    @staticmethod
    def resolve_user(_root: None, info: Any, *, id: str) -> Customer | None:
        if not may(info.context, Permission.MANAGE_USERS):
            raise PermissionDenied(permissions=[Permission.MANAGE_USERS])
        return Customer.objects.filter(pk=resolve_id(id, "User")).first()

    @staticmethod
    def resolve_checkout(_root: None, _info: Any, *, id: str) -> CheckoutRow | None:
        return checkout_by_id(id)

    @staticmethod
    def resolve_order(_root: None, _info: Any, *, id: str) -> OrderRow | None:
        return order_by_id(id)


class PromoCodeMutation(BaseMutation):
    """A code typed into the promo-code box, or taken out of it."""

    checkout = graphene.Field(Checkout)

    class Arguments:
        id = graphene.ID()
        checkout_id = graphene.ID()
        promo_code = graphene.String(required=True)

    class Meta:
        abstract = True

    @classmethod
    def perform_mutation(
        cls,
        _root: None,
        info: Any,
        /,
        *,
        promo_code: str,
        id: str | None = None,
        checkout_id: str | None = None,
    ) -> Any:
        named = id or checkout_id
        if not named:
            error = "At least one of arguments is required: 'checkout_id', 'id'."
            raise ValidationError(error, code=ErrorCode.GRAPHQL_ERROR)
        checkout = find_checkout(cls, info, named, field="id" if id else "checkout_id")
        try:
            changed = cls.change(checkout, promo_code, client(info.context))
        except shop.ShopError as error:
            raise _validation_error(error) from error
        return cls(checkout=changed)

    @classmethod
    def change(cls, checkout: CheckoutRow, promo_code: str, who: str) -> CheckoutRow:
        raise NotImplementedError


class CheckoutAddPromoCode(PromoCodeMutation):
    class Meta:
        error_type_class = CheckoutError

    @classmethod
    def change(cls, checkout: CheckoutRow, promo_code: str, who: str) -> CheckoutRow:
        too_many = rates.count(rates.UNKNOWN_CODE, who, store=get_store(), cost=0)
        if too_many is not None and codes.find(promo_code):
            raise _too_many(too_many)
        try:
            return shop.add_promo_code(checkout.pk, promo_code)
        except shop.ShopError as error:
            if error.code == FindingCode.CODE_INVALID:
                too_many = rates.count(rates.UNKNOWN_CODE, who, store=get_store())
                if too_many is not None:
                    raise _too_many(too_many) from error
            raise


class CheckoutRemovePromoCode(PromoCodeMutation):
    class Meta:
        error_type_class = CheckoutError

    @classmethod
    def change(cls, checkout: CheckoutRow, promo_code: str, who: str) -> CheckoutRow:
        return shop.remove_promo_code(checkout.pk, promo_code)


def _too_many(finding: Finding) -> ValidationError:
    """Who has tried too many codes that are none learns of no other either."""
    params = {
        "referral_error_code": finding.code,
        "referral_retry_at": datetime.fromisoformat(finding.detail["retry_at"]),
    }
    code = ErrorCode.VOUCHER_NOT_APPLICABLE
    return ValidationError(
        {"promo_code": ValidationError(finding.sentence, code=code, params=params)}
    )


def _validation_error(error: shop.ShopError) -> ValidationError:
    """The shop's refusal as Saleor would put it. A code that is nobody's is Saleor's own
    refusal, not ours."""
    is_ours = error.code in list(FindingCode) and error.code != FindingCode.CODE_INVALID
    if not is_ours:
        return ValidationError(
            {"promo_code": ValidationError(error.message, code=ErrorCode.INVALID)}
        )
    refusal = ValidationError(
        # A message with params is formatted by Django.
        error.message.replace("%", "%%"),
        code=ErrorCode.VOUCHER_NOT_APPLICABLE,
        params={"referral_error_code": error.code},
    )
    return ValidationError({"promo_code": refusal})


class Mutation(graphene.ObjectType):
    checkout_add_promo_code = CheckoutAddPromoCode.Field()
    checkout_remove_promo_code = CheckoutRemovePromoCode.Field()


graft(query=Query, mutation=Mutation)
schema = graphene.Schema(query=Query, mutation=Mutation)

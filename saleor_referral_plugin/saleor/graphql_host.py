"""What Saleor's schema lends to ours; `graphql/host.py` says what each name promises."""

from collections.abc import Callable, Collection
from itertools import chain
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from prices import Money as Amount
from promise import Promise
from saleor.account.models import User as SaleorUser
from saleor.channel.models import Channel as SaleorChannel
from saleor.checkout.base_calculations import base_checkout_subtotal
from saleor.core.exceptions import PermissionDenied
from saleor.core.utils.url import validate_storefront_url
from saleor.discount import DiscountType
from saleor.giftcard.models import GiftCard as SaleorGiftCard
from saleor.graphql.account.dataloaders import UserByUserIdLoader
from saleor.graphql.account.types import User, is_newly_created_user
from saleor.graphql.app.dataloaders import AppByIdLoader
from saleor.graphql.app.types import App
from saleor.graphql.checkout.dataloaders import (
    CheckoutByTokenLoader,
    CheckoutLinesInfoByCheckoutTokenLoader,
)
from saleor.graphql.checkout.mutations.utils import get_checkout
from saleor.graphql.checkout.resolvers import resolve_checkout
from saleor.graphql.checkout.types import Checkout
from saleor.graphql.core.connection import CountableConnection
from saleor.graphql.core.context import SyncWebhookControlContext
from saleor.graphql.core.context import get_database_connection_name as database
from saleor.graphql.core.dataloaders import DataLoader
from saleor.graphql.core.enums import ErrorPolicyEnum, LanguageCodeEnum, OrderDirection
from saleor.graphql.core.fields import BaseField, ConnectionField, PermissionsField
from saleor.graphql.core.mutations import BaseMutation
from saleor.graphql.core.scalars import JSON, DateTime, PositiveDecimal
from saleor.graphql.core.types import (
    BaseEnum,
    BaseInputObjectType,
    BaseObjectType,
    CheckoutError,
    Error,
    ModelObjectType,
    Money,
    NonNullList,
)
from saleor.graphql.core.utils import WebhookEventInfo
from saleor.graphql.discount.dataloaders import (
    OrderDiscountsByOrderIDLoader,
    OrderLineDiscountsByOrderLineIDLoader,
)
from saleor.graphql.giftcard.types import GiftCard
from saleor.graphql.meta.inputs import MetadataInput
from saleor.graphql.meta.types import MetadataItem, ObjectWithMetadata
from saleor.graphql.order.dataloaders import OrderByIdLoader, OrderLinesByOrderIdLoader
from saleor.graphql.order.types import Order
from saleor.graphql.plugins.dataloaders import get_plugin_manager_promise
from saleor.graphql.utils import get_user_or_app_from_context
from saleor.order.models import Order as SaleorOrder
from saleor.permission.auth_filters import AuthorizationFilters
from saleor.permission.enums import (
    AccountPermissions,
    AppPermission,
    BasePermissionEnum,
    CheckoutPermissions,
    DiscountPermissions,
    GiftcardPermissions,
    OrderPermissions,
)
from saleor.webhook.event_types import WebhookEventAsyncType

from ..engine.facts import Channel, CustomerFacts, FittingCredit
from ..engine.money import total, zero
from ..engine.terms import Goods
from ..graphql.clients import address_of
from ..graphql.seen import CheckoutSeen, OrderSeen, chosen
from . import credits, promo_codes
from .checkouts import OpenCheckout
from .goods import is_among
from .store import may_be_account

try:
    from saleor.graphql.core.filters.where_input import (
        DateTimeFilterInput,
        GlobalIDFilterInput,
        StringFilterInput,
    )
except ImportError:
    # Where they were before Saleor 3.22.
    from saleor.graphql.core.types.filter_input import (
        DateTimeFilterInput,
        GlobalIDFilterInput,
        StringFilterInput,
    )

__all__ = [
    "JSON",
    "App",
    "BaseEnum",
    "BaseField",
    "BaseInputObjectType",
    "BaseMutation",
    "BaseObjectType",
    "Checkout",
    "CheckoutError",
    "ConnectionField",
    "CountableConnection",
    "DataLoader",
    "DateTime",
    "DateTimeFilterInput",
    "Error",
    "ErrorPolicyEnum",
    "GiftCard",
    "GlobalIDFilterInput",
    "LanguageCodeEnum",
    "MetadataInput",
    "MetadataItem",
    "ModelObjectType",
    "Money",
    "NonNullList",
    "ObjectWithMetadata",
    "Order",
    "OrderDirection",
    "PermissionDenied",
    "PermissionsField",
    "PositiveDecimal",
    "StringFilterInput",
    "User",
    "database",
]

AUTHENTICATED_USER = AuthorizationFilters.AUTHENTICATED_USER
MANAGE_APPS = AppPermission.MANAGE_APPS
MANAGE_CHECKOUTS = CheckoutPermissions.MANAGE_CHECKOUTS
MANAGE_DISCOUNTS = DiscountPermissions.MANAGE_DISCOUNTS
MANAGE_GIFT_CARD = GiftcardPermissions.MANAGE_GIFT_CARD
MANAGE_ORDERS = OrderPermissions.MANAGE_ORDERS
MANAGE_STAFF = AccountPermissions.MANAGE_STAFF
MANAGE_USERS = AccountPermissions.MANAGE_USERS
OWNER = AuthorizationFilters.OWNER

CHECKOUT_UPDATED = [
    WebhookEventInfo(
        type=WebhookEventAsyncType.CHECKOUT_UPDATED, description="A checkout was updated."
    )
]


class ChannelFactsBySlugLoader(DataLoader):
    context_key = "referral_channel_facts_by_slug"

    def batch_load(self, keys: Collection[str]) -> list[Channel | None]:
        rows = SaleorChannel.objects.using(self.database_connection_name).filter(
            slug__in=keys, is_active=True
        )
        found = {row.slug: Channel(row.slug, row.name, row.currency_code) for row in rows}
        return [found.get(slug) for slug in keys]


class CreditsByCheckoutLoader(DataLoader):
    """Of the customer who asks, whose checkouts these are."""

    context_key = "referral_credits_by_checkout"

    def batch_load(self, keys: Collection[Any]) -> list[list[FittingCredit]]:
        found = credits.on_checkouts(keys, self.context.user, using=self.database_connection_name)
        return [found[checkout.pk] for checkout in keys]


class GiftCardByIdLoader(DataLoader):
    context_key = "referral_gift_card_by_id"

    def batch_load(self, keys: Collection[int]) -> list[SaleorGiftCard | None]:
        found = SaleorGiftCard.objects.using(self.database_connection_name).in_bulk(keys)
        return [found.get(pk) for pk in keys]


# who asks ----------------------------------------------------------------------------------
def may(context: Any, permission: BasePermissionEnum) -> bool:
    requestor = get_user_or_app_from_context(context)
    return bool(requestor) and requestor.has_perm(permission)


def is_requestor(context: Any, user: Any) -> bool:
    # A webhook's payload is asked for by an app; there is no user at all.
    asking: Any = getattr(context, "user", None)
    return bool(asking) and asking.pk == user.pk


def user_ref(context: Any) -> str:
    asking: Any = getattr(context, "user", None)
    return str(asking.pk) if asking else ""


def requestor(context: Any) -> str:
    asking: Any = get_user_or_app_from_context(context)
    return f"{type(asking).__name__}:{asking.pk}" if asking else ""


def client(context: Any) -> str:
    if getattr(context, "app", None):
        return ""
    if asking := user_ref(context):
        return f"user:{asking}"
    # Saleor's own `get_client_ip` believes what anybody writes into a header.
    address = address_of(getattr(context, "META", {}), settings.REAL_IP_ENVIRON)  # type: ignore[misc]
    return f"address:{address}" if address else ""


def language(context: Any) -> str:
    asking: Any = getattr(context, "user", None)
    return asking.language_code if asking else ""


def customer(user: Any) -> CustomerFacts | None:
    if is_newly_created_user(user):
        return None
    return CustomerFacts(user_ref=str(user.pk), email=user.email)


def page_limit() -> int:
    return settings.GRAPHQL_PAGINATION_LIMIT  # type: ignore[misc]


# what is asked about -----------------------------------------------------------------------
def checkout(root: Any) -> CheckoutSeen:
    node = root.node
    return CheckoutSeen(
        str(node.pk), node.currency, node.voucher_code, node.discount, node.language_code
    )


def order(root: Any) -> OrderSeen:
    node = root.node
    return OrderSeen(str(node.pk), node.currency, node.voucher_code, node.language_code)


def load_goods(context: Any, root: Any, wanted: Goods) -> Promise:
    currency = root.node.currency

    def value_of(lines: list[Any]) -> Amount:
        if not lines:
            return zero(currency)
        channel = lines[0].channel
        counted = [x for x in lines if is_among(x.product, x.collections, wanted)]
        return base_checkout_subtotal(counted, channel, currency, include_voucher=False)

    return CheckoutLinesInfoByCheckoutTokenLoader(context).load(root.node.pk).then(value_of)


def load_discount(context: Any, root: Any) -> Promise:
    currency = root.node.currency

    def vouchers(discounts: list[Any]) -> Amount:
        return total(
            (
                Amount(discount.amount_value, currency)
                for discount in discounts
                if discount.type == DiscountType.VOUCHER
            ),
            currency,
        )

    def off_the_order(discounts: list[Any]) -> Amount | Promise:
        # One for some of the goods is written on their lines.
        lines = OrderLinesByOrderIdLoader(context).load(root.node.pk)
        return vouchers(discounts) or lines.then(off_the_lines)

    def off_the_lines(lines: list[Any]) -> Promise:
        keys = [line.pk for line in lines if line.voucher_code]
        found = OrderLineDiscountsByOrderLineIDLoader(context).load_many(keys)
        return found.then(lambda each: vouchers(list(chain.from_iterable(each))))

    return OrderDiscountsByOrderIDLoader(context).load(root.node.pk).then(off_the_order)


def load_channel(context: Any, slug: str) -> Promise:
    return ChannelFactsBySlugLoader(context).load(slug)


def load_order(context: Any, ref: str) -> Promise:
    return _load(OrderByIdLoader(context), UUID, ref).then(_without_calls)


def load_open_checkout(context: Any, ref: str) -> Promise:
    return _load(CheckoutByTokenLoader(context), UUID, ref).then(_without_calls)


def _without_calls(node: Any) -> Any:
    """As in Saleor's own lists: what is shown asks no app and no tax service."""
    return node and SyncWebhookControlContext(node=node, allow_sync_webhooks=False)


def load_user(context: Any, ref: str) -> Promise:
    return _load(UserByUserIdLoader(context), int, ref)


def load_app(context: Any, ref: str) -> Promise:
    return _load(AppByIdLoader(context), int, ref)


def load_gift_card(context: Any, ref: str) -> Promise:
    return _load(GiftCardByIdLoader(context), int, ref)


def _load(loader: Any, key: Callable[[str], Any], ref: str) -> Promise:
    try:
        return loader.load(key(ref))
    except ValueError:
        return Promise.resolve(None)


def order_emails(order_refs: Collection[str], database: str) -> dict[str, str]:
    orders = SaleorOrder.objects.using(database).filter(pk__in=order_refs)
    return {str(pk): email for pk, email in orders.values_list("pk", "user_email")}


def customer_emails(user_refs: Collection[str], database: str) -> dict[str, str]:
    keys = filter(may_be_account, user_refs)
    users = SaleorUser.objects.using(database).filter(pk__in=keys)
    return {str(pk): email for pk, email in users.values_list("pk", "email")}


def load_credits(context: Any, root: Any) -> Promise:
    user: Any = getattr(context, "user", None)
    if not user or root.node.user_id != user.pk:
        return Promise.resolve(None)
    return CreditsByCheckoutLoader(context).load(root.node)


# what is done ------------------------------------------------------------------------------
def find_checkout(mutation: Any, info: Any, global_id: str, field: str = "id") -> Any:
    try:
        return SyncWebhookControlContext(node=get_checkout(mutation, info, id=global_id))
    except ValidationError as error:
        if field == "id":
            raise
        # Saleor knows a checkout's id by that one name, or says nothing of a field.
        errors = error.update_error_dict({})
        raise ValidationError({field: [e for found in errors.values() for e in found]}) from error


def find_order(mutation: Any, info: Any, global_id: str) -> Any:
    orders = SaleorOrder.objects.non_draft()
    order = mutation.get_node_or_error(info, global_id, only_type=Order, qs=orders)
    return SyncWebhookControlContext(node=order)


def load_checkout(info: Any, global_id: str) -> Promise:
    return Promise.resolve(resolve_checkout(info, None, global_id))


def apply_code(info: Any, root: Any, code: str) -> None:
    promo_codes.apply(info, root.node, code)


def remove_code(info: Any, root: Any) -> bool:
    return promo_codes.remove(info, root.node)


def set_credits(info: Any, root: Any, applied: bool, only: Collection[str] | None) -> None:
    user, node = info.context.user, root.node
    if node.user_id is None or node.user_id != user.pk:
        raise PermissionDenied(permissions=[OWNER])
    codes = chosen(credits.of_customer(user, node.currency), only)
    manager = get_plugin_manager_promise(info.context).get()
    opened = OpenCheckout(node, manager)
    if applied:
        with transaction.atomic():
            opened.put_all(codes)
    else:
        opened.take_off_cards(codes)
    CreditsByCheckoutLoader(info.context).clear(node)
    opened.tell_others()


def check_redirect(url: str) -> None:
    validate_storefront_url(url)


def built_schema() -> Any:
    # Saleor builds its schema when this module is first imported: never before ours is in.
    from saleor.graphql.api import schema

    return schema

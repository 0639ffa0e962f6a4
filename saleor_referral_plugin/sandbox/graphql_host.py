"""What the sandbox's schema lends to ours; `graphql/host.py` says what each name promises.

Who asks is in the request: `customer`, the account that is logged in, and `permissions`,
the names of what the shop's staff may do. Neither has to be there. The shop's own language is
English; it knows nobody's.
"""

from collections.abc import Callable, Collection
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import graphene
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http.request import validate_host
from graphene.types.generic import GenericScalar
from graphql.language import ast
from prices import Money as Amount
from promise import Promise

from graphql import GraphQLError

from ..engine.facts import Channel as ChannelFacts
from ..engine.facts import CustomerFacts, FittingCredit
from ..engine.findings import Refused
from ..engine.money import round_money
from ..engine.sentences import LANGUAGES
from ..engine.terms import Goods
from ..graphql.clients import address_of
from ..graphql.seen import CheckoutSeen, OrderSeen, chosen
from ..models import Claim
from . import hooks, models, shop
from .graphql_bases import (
    PAGE_LIMIT,
    BaseEnum,
    BaseField,
    BaseInputObjectType,
    BaseMutation,
    BaseObjectType,
    ConnectionField,
    CountableConnection,
    DataLoader,
    Error,
    ModelObjectType,
    NonNullList,
    Permission,
    PermissionDenied,
    PermissionsField,
    WebhookEvent,
    may,
)
from .pricing import bill_of, by_end, goods_of
from .store import as_uuid

__all__ = [
    "BaseEnum",
    "BaseField",
    "BaseInputObjectType",
    "BaseMutation",
    "BaseObjectType",
    "ConnectionField",
    "CountableConnection",
    "DataLoader",
    "Error",
    "ModelObjectType",
    "NonNullList",
    "PermissionDenied",
    "PermissionsField",
    "may",
]

Found = TypeVar("Found")

AUTHENTICATED_USER = Permission.AUTHENTICATED_USER
MANAGE_APPS = Permission.MANAGE_APPS
MANAGE_CHECKOUTS = Permission.MANAGE_CHECKOUTS
MANAGE_DISCOUNTS = Permission.MANAGE_DISCOUNTS
MANAGE_GIFT_CARD = Permission.MANAGE_GIFT_CARD
MANAGE_ORDERS = Permission.MANAGE_ORDERS
MANAGE_STAFF = Permission.MANAGE_STAFF
MANAGE_USERS = Permission.MANAGE_USERS
OWNER = Permission.OWNER
CHECKOUT_UPDATED = [WebhookEvent("checkout_updated", "A checkout was updated.")]

DateTime = graphene.DateTime
LanguageCodeEnum = graphene.Enum(
    "LanguageCodeEnum", [(language.upper(), language) for language in LANGUAGES]
)


class ErrorPolicyEnum(graphene.Enum):
    IGNORE_FAILED = "ignore_failed"
    REJECT_EVERYTHING = "reject_everything"
    REJECT_FAILED_ROWS = "reject_failed_rows"


class PositiveDecimal(graphene.Float):
    """A number that is not below zero, exact on its way in."""

    @staticmethod
    def parse_value(value: Any) -> Decimal | None:
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            return None
        return number if number.is_finite() and number >= 0 else None

    @staticmethod
    def parse_literal(node: Any) -> Decimal | None:
        is_number = isinstance(node, ast.FloatValue | ast.IntValue)
        return PositiveDecimal.parse_value(node.value) if is_number else None


class OrderDirection(graphene.Enum):
    ASC = ""
    DESC = "-"


class DateTimeRangeInput(graphene.InputObjectType):
    gte = DateTime()
    lte = DateTime()


class DateTimeFilterInput(graphene.InputObjectType):
    eq = DateTime()
    one_of = NonNullList(DateTime)
    range = DateTimeRangeInput()


class GlobalIDFilterInput(graphene.InputObjectType):
    eq = graphene.ID()
    one_of = NonNullList(graphene.ID)


class StringFilterInput(graphene.InputObjectType):
    eq = graphene.String()
    one_of = NonNullList(graphene.String)


class JSON(GenericScalar):
    class Meta:
        description = "Any JSON value."


class MetadataInput(graphene.InputObjectType):
    key = graphene.String(required=True, description="Key of a metadata item.")
    value = graphene.String(required=True, description="Value of a metadata item.")


class MetadataItem(graphene.ObjectType):
    key = graphene.String(required=True, description="Key of a metadata item.")
    value = graphene.String(required=True, description="Value of a metadata item.")


class Metadata(GenericScalar):
    """A map of texts by keys."""


class ObjectWithMetadata(graphene.Interface):
    private_metadata = NonNullList(
        MetadataItem,
        required=True,
        description=("List of private metadata items. Requires staff permissions to access."),
    )
    private_metafield = graphene.String(
        key=graphene.String(required=True),
        description=(
            "A single key from private metadata. Requires staff permissions to access.\n\n"
            "Tip: Use GraphQL aliases to fetch multiple keys."
        ),
    )
    private_metafields = Metadata(
        keys=NonNullList(graphene.String),
        description=(
            "Private metadata. Requires staff permissions to access. Use `keys` to control which "
            "fields you want to include. The default is to include everything."
        ),
    )
    metadata = NonNullList(
        MetadataItem,
        required=True,
        description=("List of public metadata items. Can be accessed without permissions."),
    )
    metafield = graphene.String(
        key=graphene.String(required=True),
        description=(
            "A single key from public metadata.\n\nTip: Use GraphQL aliases to fetch multiple keys."
        ),
    )
    metafields = Metadata(
        keys=NonNullList(graphene.String),
        description=(
            "Public metadata. Use `keys` to control which fields you want to include. "
            "The default is to include everything."
        ),
    )


class Money(graphene.ObjectType):
    currency = graphene.String(required=True, description="Currency code.")
    amount = graphene.Float(required=True, description="Amount of money.")

    class Meta:
        description = "Represents amount of money in specific currency."

    @staticmethod
    def resolve_amount(root: Amount, _info: Any) -> Any:
        return round_money(root).amount


class TaxedMoney(graphene.ObjectType):
    """Every price of the sandbox is gross."""

    gross = graphene.Field(Money, required=True)

    @staticmethod
    def resolve_gross(root: Amount, _info: Any) -> Amount:
        return root


class Channel(ModelObjectType):
    slug = graphene.String(required=True)

    class Meta:
        model = models.Channel


class User(ModelObjectType):
    id = graphene.GlobalID(required=True)
    email = graphene.String(required=True)

    class Meta:
        model = models.Customer


class Checkout(ModelObjectType):
    id = graphene.ID(required=True)
    email = graphene.String()
    channel = graphene.Field(Channel, required=True)
    voucher_code = graphene.String()
    discount_name = graphene.String()
    discount = graphene.Field(Money)
    subtotal_price = graphene.Field(TaxedMoney, required=True)
    total_price = graphene.Field(TaxedMoney, required=True)

    class Meta:
        model = models.Checkout

    @staticmethod
    def resolve_id(root: models.Checkout, _info: Any) -> str:
        return graphene.Node.to_global_id("Checkout", root.pk)

    @staticmethod
    def resolve_discount_name(root: models.Checkout, _info: Any) -> str | None:
        return "A friend's discount" if root.voucher_code else None

    @staticmethod
    def resolve_discount(root: models.Checkout, _info: Any) -> Amount:
        return bill_of(root).discount

    @staticmethod
    def resolve_subtotal_price(root: models.Checkout, _info: Any) -> Amount:
        bill = bill_of(root)
        return bill.goods - bill.discount

    @staticmethod
    def resolve_total_price(root: models.Checkout, _info: Any) -> Amount:
        return bill_of(root).before_gift_cards


class Order(ModelObjectType):
    id = graphene.GlobalID(required=True)
    number = graphene.String(required=True)
    created = DateTime(required=True)
    channel = graphene.Field(Channel, required=True)
    user_email = graphene.String()
    voucher_code = graphene.String()
    subtotal = graphene.Field(TaxedMoney, required=True)
    total = graphene.Field(TaxedMoney, required=True)

    class Meta:
        model = models.Order

    @staticmethod
    def resolve_created(root: models.Order, _info: Any) -> Any:
        return root.placed_at

    @staticmethod
    def resolve_user_email(root: models.Order, _info: Any) -> str:
        return root.email

    @staticmethod
    def resolve_subtotal(root: models.Order, _info: Any) -> Amount:
        return Amount(root.goods - root.discount, root.currency)

    @staticmethod
    def resolve_total(root: models.Order, _info: Any) -> Amount:
        return Amount(root.total, root.currency)


class GiftCard(ModelObjectType):
    id = graphene.GlobalID(required=True)
    last_4_code_chars = graphene.String(required=True)
    initial_balance = graphene.Field(Money, required=True)
    current_balance = graphene.Field(Money, required=True)

    class Meta:
        model = models.GiftCard

    @staticmethod
    def resolve_last_4_code_chars(root: models.GiftCard, _info: Any) -> str:
        return root.code[-4:]

    @staticmethod
    def resolve_initial_balance(root: models.GiftCard, _info: Any) -> Amount:
        return Amount(root.initial, root.currency)

    @staticmethod
    def resolve_current_balance(root: models.GiftCard, _info: Any) -> Amount:
        return Amount(root.balance, root.currency)


class App(BaseObjectType):
    """The sandbox has none."""

    id = graphene.GlobalID(required=True)
    name = graphene.String()


class ErrorCode(StrEnum):
    GRAPHQL_ERROR = "graphql_error"
    INVALID = "invalid"
    NOT_FOUND = "not_found"
    VOUCHER_NOT_APPLICABLE = "voucher_not_applicable"


class CheckoutErrorCode(BaseEnum):
    class Meta:
        enum = ErrorCode


class CheckoutError(Error):
    code = CheckoutErrorCode(required=True, description="The error code.")


# who asks ----------------------------------------------------------------------------------
def is_requestor(context: Any, user: models.Customer) -> bool:
    asking = getattr(context, "customer", None)
    return asking is not None and asking.pk == user.pk


def user_ref(context: Any) -> str:
    asking = getattr(context, "customer", None)
    return str(asking.pk) if asking else ""


def requestor(context: Any) -> str:
    if asking := user_ref(context):
        return f"User:{asking}"
    # The sandbox has no list of apps: whoever holds a permission without an account is the one.
    return "App:1" if getattr(context, "permissions", ()) else ""


def client(context: Any) -> str:
    if asking := user_ref(context):
        return f"user:{asking}"
    address = address_of(getattr(context, "META", {}))
    return f"address:{address}" if address else ""


def language(_context: Any) -> str:
    return ""


def customer(user: models.Customer) -> CustomerFacts | None:
    return CustomerFacts(user_ref=str(user.pk), email=user.email)


def database(_context: Any) -> str:
    return DataLoader.database_connection_name


def page_limit() -> int:
    return PAGE_LIMIT


# what is asked about -----------------------------------------------------------------------
def checkout(root: models.Checkout) -> CheckoutSeen:
    currency = root.channel.currency
    return CheckoutSeen(str(root.pk), currency, root.voucher_code, Amount(root.discount, currency))


def order(root: models.Order) -> OrderSeen:
    return OrderSeen(str(root.pk), root.currency, root.voucher_code)


def load_goods(_context: Any, root: models.Checkout, wanted: Goods) -> Promise:
    return Promise.resolve(goods_of(root, wanted))


def load_discount(_context: Any, root: models.Order) -> Promise:
    return Promise.resolve(Amount(root.discount, root.currency))


class ChannelFactsBySlugLoader(DataLoader):
    context_key = "referral_channel_facts_by_slug"

    def batch_load(self, keys: Collection[str]) -> list[ChannelFacts | None]:
        rows = models.Channel.objects.in_bulk(keys)
        found = {slug: ChannelFacts(slug, row.name, row.currency) for slug, row in rows.items()}
        return [found.get(slug) for slug in keys]


class CreditsByCheckoutLoader(DataLoader):
    """Of the customer who asks, whose checkouts these are."""

    context_key = "referral_credits_by_checkout"

    def batch_load(self, keys: Collection[models.Checkout]) -> list[list[FittingCredit]]:
        return [_credits_on(checkout) for checkout in keys]


def _credits_on(checkout: models.Checkout) -> list[FittingCredit]:
    """One by one: the sandbox lists no checkouts."""
    applied = set(checkout.gift_cards.values_list("pk", flat=True))
    return [
        FittingCredit(str(card.pk), Amount(card.balance, card.currency), card.pk in applied)
        for card in by_end(shop.credits_for(checkout))
    ]


def load_channel(context: Any, slug: str) -> Promise:
    return ChannelFactsBySlugLoader(context).load(slug)


class ByIdLoader(DataLoader):
    rows: QuerySet[Model]

    def batch_load(self, keys: Collection[UUID]) -> list[Model | None]:
        found = self.rows.in_bulk(keys)
        return [found.get(key) for key in keys]


class OrderByIdLoader(ByIdLoader):
    context_key = "order_by_id"
    rows = models.Order.objects.select_related("channel")


class CheckoutByIdLoader(ByIdLoader):
    context_key = "checkout_by_id"
    rows = models.Checkout.objects.select_related("channel", "customer")


class UserByIdLoader(ByIdLoader):
    context_key = "user_by_id"
    rows = models.Customer.objects.all()


class GiftCardByIdLoader(ByIdLoader):
    context_key = "gift_card_by_id"
    rows = models.GiftCard.objects.all()


def load_order(context: Any, ref: str) -> Promise:
    return OrderByIdLoader(context).load(as_uuid(ref))


def load_open_checkout(context: Any, ref: str) -> Promise:
    return CheckoutByIdLoader(context).load(as_uuid(ref))


def load_user(context: Any, ref: str) -> Promise:
    return UserByIdLoader(context).load(as_uuid(ref))


def load_app(_context: Any, _ref: str) -> Promise:
    return Promise.resolve(None)


def load_gift_card(context: Any, ref: str) -> Promise:
    return GiftCardByIdLoader(context).load(as_uuid(ref))


def order_emails(order_refs: Collection[str], database: str) -> dict[str, str]:
    orders = models.Order.objects.using(database).filter(pk__in=order_refs)
    return {str(pk): email for pk, email in orders.values_list("pk", "email")}


def customer_emails(user_refs: Collection[str], database: str) -> dict[str, str]:
    customers = models.Customer.objects.using(database).filter(
        pk__in=[as_uuid(ref) for ref in user_refs]
    )
    return {str(pk): email for pk, email in customers.values_list("pk", "email")}


def load_credits(context: Any, root: models.Checkout) -> Promise:
    if root.customer_id is None or str(root.customer_id) != user_ref(context):
        return Promise.resolve(None)
    return CreditsByCheckoutLoader(context).load(root)


# what is done ------------------------------------------------------------------------------
def resolve_id(global_id: str, type_name: str) -> UUID:
    """The key in a global id of the given type; raises GraphQLError for any other."""
    expected = f"Invalid ID: {global_id}. Expected: {type_name}"
    try:
        named, key = graphene.Node.from_global_id(global_id)
        if named != type_name:
            raise GraphQLError(f"{expected}, received: {named}.")
        return UUID(key)
    except ValueError:
        raise GraphQLError(f"{expected}.") from None


def checkout_by_id(global_id: str) -> models.Checkout | None:
    found = models.Checkout.objects.select_related("channel", "customer")
    return found.filter(pk=resolve_id(global_id, "Checkout")).first()


def order_by_id(global_id: str) -> models.Order | None:
    found = models.Order.objects.select_related("channel")
    return found.filter(pk=resolve_id(global_id, "Order")).first()


def find_checkout(_mutation: Any, _info: Any, global_id: str, field: str = "id") -> models.Checkout:
    return _found(checkout_by_id, global_id, field)


def find_order(_mutation: Any, _info: Any, global_id: str) -> models.Order:
    return _found(order_by_id, global_id, "id")


def _found(by_id: Callable[[str], Found | None], global_id: str, field: str) -> Found:
    try:
        found = by_id(global_id)
    except GraphQLError as error:
        raise ValidationError(
            {field: ValidationError(str(error), code=ErrorCode.GRAPHQL_ERROR)}
        ) from error
    if found is None:
        message = f"Couldn't resolve to a node: {global_id}"
        raise ValidationError({field: ValidationError(message, code=ErrorCode.NOT_FOUND)})
    return found


def load_checkout(_info: Any, global_id: str) -> Promise:
    return Promise.resolve(checkout_by_id(global_id))


def apply_code(_info: Any, root: models.Checkout, code: str) -> None:
    with transaction.atomic():
        _lock(root)
        finding = hooks.code_typed(root, code, Claim.Source.API)
    if finding is not None:
        raise Refused(finding)


def remove_code(_info: Any, root: models.Checkout) -> bool:
    with transaction.atomic():
        _lock(root)
        return hooks.code_removed(root, root.voucher_code or "")


def _lock(root: models.Checkout) -> None:
    """Whoever changes the checkout now has to wait; what they changed before is seen."""
    root.refresh_from_db(from_queryset=models.Checkout.objects.select_for_update())


def set_credits(
    info: Any, root: models.Checkout, applied: bool, only: Collection[str] | None
) -> None:
    if root.customer_id is None or str(root.customer_id) != user_ref(info.context):
        raise PermissionDenied(permissions=[OWNER])
    with transaction.atomic():
        _lock(root)
        cards = chosen({str(card.pk): card for card in shop.credits_for(root)}, only)
        change = root.gift_cards.add if applied else root.gift_cards.remove
        change(*cards)
    CreditsByCheckoutLoader(info.context).clear(root)


def check_redirect(url: str) -> None:
    """The shop's own hosts alone."""
    if not validate_host(urlsplit(url).hostname or "", settings.ALLOWED_HOSTS):
        raise ValidationError(f"{url} is not allowed.")


def built_schema() -> graphene.Schema:
    from .schema import schema

    return schema

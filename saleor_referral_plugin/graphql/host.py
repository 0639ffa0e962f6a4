"""What the store's own schema lends to ours: base types, and answers only the store has.

The store's types must not be defined twice in one schema, so each store has a module of
this shape (`conf.settings.graphql_host`): Saleor's own types in `saleor/graphql_host.py`,
a small shop's equal ones in `sandbox/graphql_host.py`.

Base classes     BaseEnum, BaseField, BaseInputObjectType, BaseMutation, BaseObjectType,
                 ConnectionField, CountableConnection, DataLoader, Error, ModelObjectType,
                 NonNullList, PermissionsField
Types            App, Checkout, CheckoutError, DateTime, ErrorPolicyEnum, GiftCard, JSON,
                 LanguageCodeEnum, MetadataItem, Money, ObjectWithMetadata, Order, PositiveDecimal,
                 User
Inputs           DateTimeFilterInput, GlobalIDFilterInput, MetadataInput, OrderDirection,
                 StringFilterInput
Permissions      AUTHENTICATED_USER, MANAGE_APPS, MANAGE_CHECKOUTS, MANAGE_DISCOUNTS,
                 MANAGE_GIFT_CARD, MANAGE_ORDERS, MANAGE_STAFF, MANAGE_USERS, OWNER,
                 PermissionDenied
CHECKOUT_UPDATED the webhook events of a mutation that changes a checkout

database(context) -> str                     the database a request reads from
page_limit() -> int                          most rows of one page
may(context, permission) -> bool             has the requestor, user or app, the permission
is_requestor(context, user) -> bool          is it this very customer who asks
user_ref(context) -> str                     of the account that asks; empty: nobody or an app
requestor(context) -> str                    who asks, `User:<key>` or `App:<key>`; empty: nobody
client(context) -> str                       who asks, account or address, for rate limits; empty:
                                             an app, which speaks for many, or not known
language(context) -> str                     of the account that asks; empty: not known
customer(user) -> CustomerFacts | None       None for an account that is not really there
checkout(root) -> CheckoutSeen               the little we need of a checkout...
order(root) -> OrderSeen                     ...and of an order, without a query
load_goods(context, root, goods) -> Promise[Money]     value before vouchers of a checkout's goods
load_discount(context, root) -> Promise[Money]         what vouchers took off an order
load_channel(context, slug) -> Promise[Channel | None] an active channel
load_order(context, ref) -> Promise          the root of an Order; and likewise of the others;
load_open_checkout(context, ref) -> Promise  None for what is not there (any more)
load_user(context, ref) -> Promise
load_app(context, ref) -> Promise
load_gift_card(context, ref) -> Promise      ref: of a credit
order_emails(order_refs, database) -> dict[str, str]   whose orders these are
customer_emails(user_refs, database) -> dict[str, str] whose accounts these are
load_credits(context, root) -> Promise[list[FittingCredit] | None]
                                             the customer's credits that fit a checkout, those
                                             first that expire first; None for a checkout of
                                             nobody's or somebody else's
set_credits(info, root, applied, only) -> None
                                             put them on, or take them off, all that fit or those
                                             with certain refs; raises Refused, seen.DoesNotFit or
                                             PermissionDenied
check_redirect(url) -> None                  may a message lead there; ValidationError
load_checkout(info, global_id) -> Promise    the same for a query: None when there is none;
                                             GraphQLError for no id
find_checkout(mutation, info, global_id, field="id")
                                             the root of a Checkout; by the store's own rules
                                             ValidationError on the field when there is none
find_order(mutation, info, global_id)        the same for an Order
apply_code(info, root, code) -> None         claim a code, or raise engine.findings.Refused
remove_code(info, root) -> bool              take the code off; False when there is none
built_schema()                               the finished schema, ours included
"""

from importlib import import_module
from typing import Any

from ..conf import settings

_store: Any = import_module(settings.graphql_host)

BaseEnum = _store.BaseEnum
BaseField = _store.BaseField
BaseInputObjectType = _store.BaseInputObjectType
BaseMutation = _store.BaseMutation
BaseObjectType = _store.BaseObjectType
ConnectionField = _store.ConnectionField
CountableConnection = _store.CountableConnection
DataLoader = _store.DataLoader
Error = _store.Error
ModelObjectType = _store.ModelObjectType
NonNullList = _store.NonNullList
PermissionsField = _store.PermissionsField

App = _store.App
Checkout = _store.Checkout
CheckoutError = _store.CheckoutError
DateTime = _store.DateTime
ErrorPolicyEnum = _store.ErrorPolicyEnum
GiftCard = _store.GiftCard
JSON = _store.JSON
LanguageCodeEnum = _store.LanguageCodeEnum
MetadataItem = _store.MetadataItem
Money = _store.Money
ObjectWithMetadata = _store.ObjectWithMetadata
Order = _store.Order
PositiveDecimal = _store.PositiveDecimal
User = _store.User

DateTimeFilterInput = _store.DateTimeFilterInput
GlobalIDFilterInput = _store.GlobalIDFilterInput
MetadataInput = _store.MetadataInput
OrderDirection = _store.OrderDirection
StringFilterInput = _store.StringFilterInput

AUTHENTICATED_USER = _store.AUTHENTICATED_USER
MANAGE_APPS = _store.MANAGE_APPS
MANAGE_CHECKOUTS = _store.MANAGE_CHECKOUTS
MANAGE_DISCOUNTS = _store.MANAGE_DISCOUNTS
MANAGE_GIFT_CARD = _store.MANAGE_GIFT_CARD
MANAGE_ORDERS = _store.MANAGE_ORDERS
MANAGE_STAFF = _store.MANAGE_STAFF
MANAGE_USERS = _store.MANAGE_USERS
OWNER = _store.OWNER
PermissionDenied = _store.PermissionDenied
CHECKOUT_UPDATED = _store.CHECKOUT_UPDATED

database = _store.database
page_limit = _store.page_limit
may = _store.may
is_requestor = _store.is_requestor
user_ref = _store.user_ref
requestor = _store.requestor
client = _store.client
language = _store.language
customer = _store.customer
checkout = _store.checkout
order = _store.order
load_goods = _store.load_goods
load_discount = _store.load_discount
load_channel = _store.load_channel
load_order = _store.load_order
load_open_checkout = _store.load_open_checkout
load_user = _store.load_user
load_app = _store.load_app
load_gift_card = _store.load_gift_card
order_emails = _store.order_emails
customer_emails = _store.customer_emails
load_credits = _store.load_credits
set_credits = _store.set_credits
check_redirect = _store.check_redirect
find_checkout = _store.find_checkout
find_order = _store.find_order
load_checkout = _store.load_checkout
apply_code = _store.apply_code
remove_code = _store.remove_code
built_schema = _store.built_schema

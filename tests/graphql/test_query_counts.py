"""What an operation costs the database does not grow with what it lists."""

import json
import re
from typing import Any

import pytest

from saleor_referral_plugin.engine import deliveries, presets, webhooks
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import CapPeriod, ReferrerConditions
from saleor_referral_plugin.models import Referral
from tests.graphql import build
from tests.graphql.api import Api, global_id, operation
from tests.graphql.test_probing import statements
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop

#: Our tables, and no column of the sandbox shop's.
OURS = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE) \"?referral_(?!sandbox_)")
REFERRER = """referral {
  code link balances { currency } offer(channel: "default") { description }
  rewards(first: 2) { totalCount edges { node { findings { code } referral { status } } } }
  referrals(first: 2) { edges { node { findings { code } rewards { status } } } }
}"""
REFEREES = """{ me { referral { referrals(first: 50) {
  edges { node { referee { displayName } rewards { referral { status } } } }
} } } }"""


def all_queries(api: Api, document: str, variables: dict[str, Any], **who: Any) -> list[str]:
    """What is asked of the database, on whatever connection."""
    with api.on_this_connection(), statements() as asked:
        answer = api.ask(document, variables, **who)
    assert "errors" not in answer, answer["errors"]
    assert asked, "It was answered through connections that nobody watched."
    return asked


def our_queries(api: Api, document: str, variables: dict[str, Any], **who: Any) -> list[str]:
    """The queries that read our tables."""
    return [sql for sql in all_queries(api, document, variables, **who) if OURS.search(sql)]


def aliased(field: str, selection: str, ids: list[str]) -> str:
    """The same field for each id, in one document."""
    fields = [f'n{n}: {field}(id: "{key}") {{ {selection} }}' for n, key in enumerate(ids)]
    return f"{{ {' '.join(fields)} }}"


@pytest.fixture
def anna(shop: Shop) -> Customer:
    given.program(shop)
    anna = shop.register("anna@example.com")
    build.referrals(anna, 1)
    return anna


def test_my_referral_page(api: Api, anna: Customer) -> None:
    # given
    document, variables = operation("my-referral-page"), {"channel": "default", "first": 50}
    few = our_queries(api, document, variables, customer=anna)

    # when
    build.referrals(anna, 30, first=1)
    many = our_queries(api, document, variables, customer=anna)

    # then
    assert len(many) == len(few)
    assert len(many) == 10


def test_everything_below_a_list_of_referrals(api: Api, anna: Customer) -> None:
    # given
    few = our_queries(api, REFEREES, {}, customer=anna)

    # when
    build.referrals(anna, 30, first=1)
    many = our_queries(api, REFEREES, {}, customer=anna)

    # then
    assert len(many) == len(few)


def test_many_referrers(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    staff = ("MANAGE_DISCOUNTS", "MANAGE_USERS")
    one = aliased("user", REFERRER, [global_id("User", anna.user_ref)])
    few = our_queries(api, one, {}, permissions=staff)

    # when
    others = [shop.register(f"customer{number}@example.com") for number in range(8)]
    for number, customer in enumerate(others):
        build.referrals(customer, 3, first=10 + 3 * number)
    users = [global_id("User", customer.user_ref) for customer in others]
    many = our_queries(api, aliased("user", REFERRER, users), {}, permissions=staff)

    # then
    assert len(many) == len(few)


@pytest.mark.parametrize(
    "selection",
    [
        'programs(channel: "default") { isOpen code link progress { referrals } }',
        'programs(channel: "default") { group findings { code passed } }',
        'programs(channel: "default") { program { name promises { description } } }',
        "balances { currency expiring(days: 90) { expiresAt } }",
        "rewards(first: 5, where: {status: {eq: PENDING}}, sortBy: {field: EXPIRES_AT, "
        "direction: ASC}) { totalCount edges { node { programName occurrence } } }",
        "referrals(first: 5, where: {OR: [{status: {eq: QUALIFIED}}]}) "
        "{ totalCount edges { node { programName referee { displayName } } } }",
    ],
)
def test_whatever_is_asked_of_many_referrers(shop: Shop, api: Api, selection: str) -> None:
    # given: two programs, one of which asks something of referrers
    staff = ("MANAGE_DISCOUNTS", "MANAGE_USERS")
    asked = ReferrerConditions(has_bought=True)
    shop.run_program(presets.milestone().but(referrer=asked))
    shop.run_program(presets.refer_a_friend(), slug="other")
    customers = [shop.register(f"customer{number}@example.com") for number in range(6)]
    for number, customer in enumerate(customers):
        shop.share(customer, program="other")
        build.referrals(customer, 3, first=3 * number)
    ids = [global_id("User", customer.user_ref) for customer in customers]

    def queries(of: list[str]) -> list[str]:
        document = aliased("user", f"referral {{ {selection} }}", of)
        asked = all_queries(api, document, {}, permissions=staff)
        # Saleor asks for each account by itself; we count all their orders at once.
        return [sql for sql in asked if OURS.search(sql) or "COUNT(" in sql]

    # when
    few, many = queries(ids[:1]), queries(ids[1:])

    # then
    assert len(many) == len(few)


def test_a_leaderboard_costs_the_same_however_long_it_is(shop: Shop, api: Api) -> None:
    # given
    [ranking] = presets.ranking().rankings
    for_ever = ranking.but(period=CapPeriod.LIFE)
    shop.run_program(presets.ranking().but(rankings=(for_ever,)))
    customers = [shop.register(f"customer{number}@example.com") for number in range(8)]
    for number, customer in enumerate(customers):
        build.referrals(customer, 1, first=number)
    document = operation("leaderboard")

    # when
    few = our_queries(api, document, {"channel": "default", "first": 3}, customer=customers[0])
    many = our_queries(api, document, {"channel": "default", "first": 8}, customer=customers[0])

    # then
    assert len(many) == len(few)


def test_the_balances_of_many_referrers_are_three_questions(shop: Shop, api: Api) -> None:
    # given: three referrers with two credits each
    given.program(shop, hold_days="0")
    customers = [shop.register(f"customer{number}@example.com") for number in range(3)]
    for customer in customers:
        for friend in ("ben", "carl"):
            email = f"{friend}-of-{customer.email}"
            given.friends_order(shop, shop.share(customer), email=email).pay()
    document = aliased(
        "user",
        "referral { balances { available { amount } } }",
        [global_id("User", customer.user_ref) for customer in customers],
    )

    # when
    queries = all_queries(api, document, {}, permissions=("MANAGE_DISCOUNTS", "MANAGE_USERS"))

    # then
    asked = [
        [sql for sql in queries if f"FROM {table}" in sql]
        for table in (
            '"referral_ledgerentry"',
            '"referral_reward"',
            '"giftcard_giftcard"' if shop.name == "saleor" else '"referral_sandbox_giftcard"',
        )
    ]
    assert [len(found) for found in asked] == [1, 1, 1]


def test_many_checkouts(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    code = shop.share(anna)
    checkouts = [shop.checkout(email=f"friend{number}@example.com") for number in range(5)]
    for checkout in checkouts:
        assert checkout.enter_code(code).accepted
    ids = [api.checkout_id(checkout) for checkout in checkouts]
    selection = (
        "referral { claim { code findings { code } } offer { description } missing { amount } }"
    )

    # when
    queries = our_queries(api, aliased("checkout", selection, ids), {})

    # then
    assert len(queries) == 1


def test_credits_of_many_checkouts_are_two_questions(shop: Shop, api: Api) -> None:
    if shop.name != "saleor":
        pytest.skip("The sandbox shop lists no checkouts.")
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    for _ in range(4):
        shop.checkout(customer=anna)
    document = """{ me { checkouts(first: 10) { edges { node {
      referralCredits { available { amount } }
    } } } } }"""

    # when
    queries = all_queries(api, document, {}, customer=anna)

    # then
    assert len([sql for sql in queries if '"giftcard_giftcard"' in sql]) == 1
    assert len([sql for sql in queries if '"checkout_checkout_gift_cards"' in sql]) == 1


def test_a_typed_code_is_looked_up_once(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    variables = {
        "checkoutId": api.checkout_id(shop.checkout(email="ben@example.com")),
        "promoCode": shop.share(anna),
    }

    # when
    queries = our_queries(api, operation("add-promo-code"), variables)

    # then
    assert len([sql for sql in queries if 'FROM "referral_referralcode"' in sql]) == 1


def test_many_orders(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    code = shop.share(anna)
    orders = [
        given.friends_order(shop, code, email=f"friend{number}@example.com") for number in range(5)
    ]
    ids = [global_id("Order", order.ref) for order in orders]
    selection = (
        "referral { status claim { code } offer { description } discount { amount } "
        "findings { code } }"
    )

    # when
    queries = our_queries(api, aliased("order", selection, ids), {})

    # then
    assert len(queries) == 1


@pytest.mark.parametrize("typed", ["AAAAA-AAAAA", "nonsense", "the code"])
def test_a_code_costs_the_same_whether_it_is_one_or_not(
    shop: Shop, api: Api, anna: Customer, typed: str
) -> None:
    # given
    code = shop.share(anna) if typed == "the code" else typed

    # when
    variables = {"code": code, "channel": "default"}
    queries = our_queries(api, operation("what-a-code-gives"), variables)

    # then: it is looked up, and counted for the client and for the code
    assert len(queries) == 3


def test_what_many_decisions_answer(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    for number in range(6):
        given.friends_order(shop, code, email=f"friend{number}@example.com").pay()
    keys = Referral.objects.order_by("pk").values_list("pk", flat=True)
    ids = [global_id("Referral", key) for key in keys]

    def queries(selection: str, count: int) -> int:
        document = f"""mutation {{
          referralBulkReject(ids: {json.dumps(ids[:count])}, reason: "Known to us.") {{
            count results {{ referral {{ {selection} }} errors {{ code }} }}
          }}
        }}"""
        return len(our_queries(api, document, {}, permissions=("MANAGE_DISCOUNTS",)))

    queries("id", 6)

    # when
    more = [
        queries("id programName referee { displayName } rewards { status }", count)
        - queries("id", count)
        for count in (2, 6)
    ]

    # then: deciding is done one by one, answering is not
    assert more[0] == more[1] > 0


def test_a_page_of_events(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    webhooks.create("https://example.com/hook", now=get_store().now())
    webhooks.create("https://example.com/other", now=get_store().now())
    build.referrals(anna, 2, first=1)
    deliveries.spread(get_store().now())
    document = """{ referralEvents(first: 50) { totalCount edges { node {
      payload referrer { id } referral { id } reward { id } deliveries { endpoint { url } }
    } } } }"""
    staff = ("MANAGE_APPS", "MANAGE_DISCOUNTS")
    few = our_queries(api, document, {}, permissions=staff)

    # when
    build.referrals(anna, 10, first=3)
    deliveries.spread(get_store().now())
    many = our_queries(api, document, {}, permissions=staff)

    # then
    assert len(many) == len(few) == 8

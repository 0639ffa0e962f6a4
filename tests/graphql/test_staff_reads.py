"""What staff and apps read: lists with filters and search, and everything about one."""

from collections.abc import Collection
from typing import Any

import pytest

from saleor_referral_plugin.engine import presets, staff
from saleor_referral_plugin.engine.findings import Finding, FindingCode
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.people import email_key
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import Cap, CapPeriod, ProgramKind
from saleor_referral_plugin.models import Claim, Program, Referral, Referrer, Reward
from tests.graphql import build
from tests.graphql.api import Api, global_id, operation
from tests.graphql.test_query_counts import all_queries
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop

STAFF = ("MANAGE_DISCOUNTS",)
WITH_ORDERS = ("MANAGE_DISCOUNTS", "MANAGE_ORDERS")
WITH_USERS = ("MANAGE_DISCOUNTS", "MANAGE_USERS")
DENIED = "To access this path, you need one of the following permissions: "


@pytest.fixture
def anna(shop: Shop) -> Customer:
    """Five referrals of Anna's on the first five days of January, and two of Ben's on the next:
    the second is in review, the third was rejected for its referrer being the buyer."""
    given.program(shop)
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    made = build.referrals(anna, 5)
    build.referrals(ben, 2, first=5)
    Referral.objects.filter(pk=made[1].pk).update(status="in_review", earned_at=None)
    own = Finding(FindingCode.OWN_CODE, False).to_json()
    Referral.objects.filter(pk=made[2].pk).update(
        status="rejected", earned_at=None, findings=[own], channel="other", currency="EUR"
    )
    Referral.objects.filter(pk=made[3].pk).update(referee_email_key=email_key("cara@example.com"))
    Referrer.objects.filter(user_ref=anna.user_ref).update(display_name="Anna L.")
    return anna


def referrer_of(customer: Customer) -> Referrer:
    return Referrer.objects.get(user_ref=customer.user_ref)


def listed(api: Api, name: str, by: str = "createdAt", **asked: Any) -> tuple[list[int], int]:
    """Days of January, and how many there are in all."""
    [found] = [
        each
        for each in api.run(name, permissions=WITH_ORDERS, **asked).values()
        if isinstance(each, dict)
    ]
    days = [int(edge["node"][by][8:10]) for edge in found["edges"]]
    return days, found["totalCount"]


# lists ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("where", "days"),
    [
        ({}, [7, 6, 5, 4, 3, 2, 1]),
        ({"status": {"eq": "IN_REVIEW"}}, [2]),
        ({"status": {"oneOf": ["IN_REVIEW", "REJECTED"]}}, [3, 2]),
        ({"failedFinding": {"eq": "OWN_CODE"}}, [3]),
        ({"failedFinding": {"oneOf": ["OWN_CODE", "NOT_PAID"]}}, [3]),
        # All of the others have passed that.
        ({"failedFinding": {"eq": "NOT_PAID"}}, []),
        ({"failedFinding": {"oneOf": []}}, []),
        ({"channel": {"eq": "other"}}, [3]),
        ({"channel": {"eq": "\x00"}}, []),
        ({"currency": {"oneOf": ["EUR", "PLN"]}}, [3]),
        ({"orderNumber": {"eq": "5"}}, [6]),
        ({"orderNumber": {"oneOf": ["0", "6"]}}, [7, 1]),
        ({"earnedAt": {"eq": None}}, [3, 2]),
        ({"placedAt": {"range": {"gte": "2026-01-05T00:00:00Z"}}}, [7, 6, 5]),
        ({"AND": [{"status": {"eq": "QUALIFIED"}}, {"orderNumber": {"eq": "1"}}]}, []),
        ({"OR": [{"status": {"eq": "REJECTED"}}, {"orderNumber": {"eq": "0"}}]}, [3, 1]),
    ],
)
def test_referrals_are_filtered(
    api: Api, anna: Customer, where: dict[str, Any], days: list[int]
) -> None:
    # when
    found = listed(api, "staff-referrals", "placedAt", where=where)

    # then
    assert found == (days, len(days))


def test_referrals_are_filtered_by_what_they_belong_to(api: Api, anna: Customer) -> None:
    # given
    first = Referral.objects.earliest("placed_at")
    wheres = (
        {"referrer": {"eq": global_id("Referrer", first.referrer_id)}},
        {"order": {"eq": global_id("Order", first.order_ref)}},
        {"program": {"eq": global_id("ReferralProgram", first.program_id)}},
        {"terms": {"eq": global_id("ReferralTerms", first.terms_id)}},
        {"terms": {"eq": global_id("ReferralTerms", 0)}},
    )

    # when
    found = [listed(api, "staff-referrals", "placedAt", where=where)[0] for where in wheres]

    # then
    everything = [7, 6, 5, 4, 3, 2, 1]
    assert found == [[5, 4, 3, 2, 1], [1], everything, everything, []]


@pytest.mark.parametrize(
    ("search", "days"),
    [
        ("5", [6]),
        ("anna@example.com", [5, 4, 3, 2, 1]),
        ("  Anna@Example.com ", [5, 4, 3, 2, 1]),
        ("cara@example.com", [4]),
        ("nobody@example.com", []),
        ("anna l", [5, 4, 3, 2, 1]),
        ("%", []),
        ("\x00", []),
        ("", [7, 6, 5, 4, 3, 2, 1]),
        ("Zoe", []),
    ],
)
def test_referrals_are_searched(api: Api, anna: Customer, search: str, days: list[int]) -> None:
    # when
    found = listed(api, "staff-referrals", "placedAt", search=search)

    # then
    assert found == (days, len(days))


def test_a_code_finds_its_referrals_claims_and_referrer(
    shop: Shop, api: Api, anna: Customer
) -> None:
    # given
    code = shop.share(anna).lower().replace("-", " ")

    # when
    referrals = listed(api, "staff-referrals", "placedAt", search=code)
    claims = listed(api, "staff-claims", search=code)
    found = api.run("staff-referrers", permissions=STAFF, search=code)["referrers"]

    # then
    assert referrals == claims == ([5, 4, 3, 2, 1], 5)
    assert [edge["node"]["displayName"] for edge in found["edges"]] == ["Anna L."]


def test_who_may_not_see_the_numbers_of_orders_does_not_find_by_them(
    api: Api, anna: Customer
) -> None:
    # when
    found = api.run("staff-referrals", permissions=STAFF, search="5")["referrals"]

    # then
    assert found["totalCount"] == 0


@pytest.mark.parametrize(
    ("sort_by", "days"),
    [
        ({"field": "PLACED_AT", "direction": "ASC"}, [1, 2, 3, 4, 5, 6, 7]),
        # Those that have earned nothing count as the latest.
        ({"field": "EARNED_AT", "direction": "ASC"}, [1, 4, 5, 6, 7, 2, 3]),
        ({"field": "EARNED_AT", "direction": "DESC"}, [3, 2, 7, 6, 5, 4, 1]),
    ],
)
def test_a_root_connection_is_read_page_by_page(
    api: Api, anna: Customer, sort_by: dict[str, str], days: list[int]
) -> None:
    # given
    document = """query($first: Int, $last: Int, $after: String, $before: String,
                        $sortBy: ReferralSortingInput) {
      referrals(first: $first, last: $last, after: $after, before: $before, sortBy: $sortBy) {
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { node { placedAt } }
      }
    }"""

    def page(**window: Any) -> tuple[list[int], Any]:
        answer = api.ask(document, {"sortBy": sort_by, **window}, permissions=STAFF)
        found = answer["data"]["referrals"]
        return [int(edge["node"]["placedAt"][8:10]) for edge in found["edges"]], found["pageInfo"]

    # when
    forwards, backwards, info = [], [], None
    while info is None or info["hasNextPage"]:
        found, info = page(first=1, after=info and info["endCursor"])
        forwards += found
    info = None
    while info is None or info["hasPreviousPage"]:
        found, info = page(last=3, before=info and info["startCursor"])
        backwards = found + backwards

    # then
    assert forwards == backwards == days


@pytest.mark.parametrize(
    ("name", "where", "days"),
    [
        ("staff-rewards", {"status": {"eq": "ISSUED"}}, [3]),
        ("staff-rewards", {"isCut": True}, [4]),
        ("staff-rewards", {"isCut": False, "kind": {"eq": "POINTS"}}, [5]),
        ("staff-rewards", {"currency": {"eq": "USD"}}, [7, 6, 5, 4, 3, 2, 1]),
        ("staff-rewards", {"currency": {"oneOf": ["EUR"]}}, []),
        ("staff-rewards", {"beneficiary": {"eq": "REFEREE"}}, []),
        ("staff-claims", {"status": {"eq": "REFUSED"}}, [2]),
        ("staff-claims", {"source": {"oneOf": ["API", "STAFF"]}}, [1]),
        ("staff-claims", {"failedFinding": {"eq": "OWN_CODE"}}, [2]),
        ("staff-claims", {"createdAt": {"range": {"lte": "2026-01-02T00:00:00Z"}}}, [2, 1]),
        ("staff-ledger", {"kind": {"eq": "PROMISED"}}, [7, 6, 5, 4, 3, 2, 1]),
        ("staff-ledger", {"kind": {"eq": "DELIVERED"}}, []),
        ("staff-ledger", {"currency": {"eq": "EUR"}}, []),
    ],
)
def test_other_lists_are_filtered(
    api: Api, anna: Customer, name: str, where: dict[str, Any], days: list[int]
) -> None:
    # given
    rewards = Reward.objects.order_by("created_at")
    pks = list(rewards.values_list("pk", flat=True))
    Reward.objects.filter(pk=pks[2]).update(status="issued")
    Reward.objects.filter(pk=pks[3]).update(is_cut=True)
    Reward.objects.filter(pk=pks[4]).update(kind="points")
    claims = list(Claim.objects.order_by("created_at"))
    Claim.objects.filter(pk=claims[0].pk).update(source="api")
    own = Finding(FindingCode.OWN_CODE, False).to_json()
    Claim.objects.filter(pk=claims[1].pk).update(status="refused", findings=[own])

    # when
    found = listed(api, name, where=where)

    # then
    assert found == (days, len(days))


def test_other_lists_are_filtered_by_what_they_belong_to(api: Api, anna: Customer) -> None:
    # given
    first = Referral.objects.select_related("claim").earliest("placed_at")
    reward = first.rewards.get()
    Claim.objects.filter(pk=first.claim_id).update(account_ref=anna.user_ref)
    annas, user = global_id("Referrer", first.referrer_id), global_id("User", anna.user_ref)
    program = global_id("ReferralProgram", first.program_id)
    wheres = (
        ("staff-rewards", {"holder": {"eq": annas}}),
        ("staff-rewards", {"referral": {"eq": global_id("Referral", first.pk)}}),
        ("staff-rewards", {"program": {"eq": program}}),
        ("staff-claims", {"referrer": {"eq": annas}}),
        ("staff-claims", {"checkout": {"eq": global_id("Checkout", "checkout-0")}}),
        ("staff-claims", {"order": {"eq": global_id("Order", first.order_ref)}}),
        ("staff-claims", {"user": {"eq": user}}),
        ("staff-claims", {"program": {"eq": program}}),
        ("staff-ledger", {"holder": {"eq": annas}}),
        ("staff-ledger", {"reward": {"eq": global_id("ReferralReward", reward.pk)}}),
        ("staff-ledger", {"program": {"eq": program}}),
    )

    # when
    found = [len(listed(api, name, where=where)[0]) for name, where in wheres]

    # then
    assert found == [5, 1, 7, 5, 1, 1, 1, 7, 5, 1, 7]


def test_referrers_are_filtered(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    shop.run_program(presets.refer_a_friend(), slug="other")
    shop.invite(anna, group="gold", program="other")
    cleo = shop.register("cleo@example.com")
    shop.share(cleo, program="other")
    shop.block(cleo)
    other = global_id("ReferralProgram", Program.objects.get(slug="other").pk)
    keys = dict(Referrer.objects.values_list("pk", "user_ref"))
    names = {anna.user_ref: "Anna", cleo.user_ref: "Cleo"}
    wheres = (
        {"isBlocked": True},
        {"isBlocked": False},
        {"program": {"eq": other}},
        {"membership": {"program": other}},
        {"membership": {"program": other, "group": "gold"}},
        {"membership": {"program": other, "group": ""}},
    )

    def found_by(where: dict[str, Any]) -> list[str]:
        found = api.run("staff-referrers", permissions=STAFF, where=where)["referrers"]
        by_id = {global_id("Referrer", pk): names.get(user, "Ben") for pk, user in keys.items()}
        return sorted(by_id[edge["node"]["id"]] for edge in found["edges"])

    # when
    found = [found_by(where) for where in wheres]

    # then
    assert found == [["Cleo"], ["Anna", "Ben"], ["Cleo"], ["Anna"], ["Anna"], []]


@pytest.mark.parametrize("by", ["id", "userId", "code", "email"])
def test_a_referrer_is_found_by_any_of_these(shop: Shop, api: Api, anna: Customer, by: str) -> None:
    # given
    said = {
        "id": global_id("Referrer", referrer_of(anna).pk),
        "userId": global_id("User", anna.user_ref),
        "code": shop.share(anna),
        "email": "Anna+news@example.com",
    }[by]

    # when
    found = api.run("staff-referrer", permissions=WITH_USERS, **{by: said})["referrer"]

    # then
    assert found["displayName"] == "Anna L."
    assert found["user"]["email"] == "anna@example.com"
    assert [found[each]["totalCount"] for each in ("referrals", "rewards", "claims")] == [5, 5, 5]
    assert found["ledgerEntries"]["totalCount"] == 5


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "At least one of arguments is required: 'id', 'userId', 'code', 'email'."),
        (
            {"code": "A", "userId": "B"},
            "Argument 'userId' cannot be combined with 'code'",
        ),
        ({"id": "nonsense"}, "Invalid ID: nonsense. Expected: Referrer."),
    ],
)
def test_a_referrer_is_asked_for_by_one_thing(
    api: Api, anna: Customer, asked: dict[str, str], message: str
) -> None:
    # given
    document = """query($id: ID, $userId: ID, $code: String) {
      referrer(id: $id, userId: $userId, code: $code) { id }
    }"""

    # when
    answer = api.ask(document, asked, permissions=STAFF)

    # then
    assert answer["data"] == {"referrer": None}
    assert [error["message"] for error in answer["errors"]] == [message]


@pytest.mark.parametrize(
    "asked", [{"code": "NOBODYS"}, {"email": "nobody@example.com"}, {"email": " "}]
)
def test_a_referrer_that_is_not_there_is_null(
    api: Api, anna: Customer, asked: dict[str, str]
) -> None:
    # when
    found = api.run("staff-referrer", permissions=WITH_USERS, **asked)

    # then
    assert found == {"referrer": None}


# one thing, and why --------------------------------------------------------------------------
def test_a_referral_says_all_that_explains_it(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    order = given.friends_order(shop, code)
    order.pay()
    row = Referral.objects.get(order_ref=order.ref)
    by = f"User:{anna.user_ref}"
    staff.reject(row, by=by, reason="looked odd", store=get_store())
    shop.run_periodic_tasks()

    # when
    found = api.run("staff-referral", permissions=WITH_ORDERS, id=global_id("Referral", row.pk))[
        "referral"
    ]

    # then
    assert (found["status"], found["terms"]["version"]) == ("REVERSED", 1)
    assert found["order"]["userEmail"] == "ben@example.com"
    assert found["order"]["total"]["gross"]["amount"] == 90
    assert found["claim"]["typed"] == found["claim"]["code"] == code
    assert found["net"] == {"amount": 90, "currency": "USD"}
    [decision] = found["decisions"]
    assert (decision["kind"], decision["by"], decision["reason"]) == ("REJECT", by, "looked odd")
    failed = [finding for finding in found["findings"] if not finding["passed"]]
    assert [finding["code"] for finding in failed] == ["STAFF_DECISION", "STAFF_REASON"]
    assert failed[1]["audience"] == "STAFF"
    assert failed[1]["detail"] == {
        "by": by,
        "decision": "reject",
        "reason": "looked odd",
    }
    [reward] = found["rewards"]
    assert [entry["kind"] for entry in reward["ledgerEntries"]] == [
        *("PROMISED", "DELIVERED", "PROMISED", "TAKEN_BACK"),
    ]
    assert [entry["amount"]["amount"] for entry in reward["ledgerEntries"]] == [10, 10, -10, -10]


def test_who_decided_is_a_user_or_an_app_or_a_name(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    store, referrer = get_store(), referrer_of(anna)
    staff.block(referrer, by=f"User:{anna.user_ref}", reason="odd", store=store)
    staff.unblock(referrer, by="Cleo", reason="fine", store=store)
    staff.block(referrer, by="App:0", reason="odd again", store=store)
    staff.unblock(referrer, by="User:nobody", reason="fine again", store=store)
    document = """query($id: ID!) { referrer(id: $id) {
      decisions { by user { email } app { name } }
    } }"""

    # when
    answer = api.ask(
        document,
        {"id": global_id("Referrer", referrer.pk)},
        permissions=("MANAGE_DISCOUNTS", "MANAGE_APPS", "MANAGE_STAFF"),
    )

    # then
    assert "errors" not in answer, answer["errors"]
    decisions = answer["data"]["referrer"]["decisions"]
    assert [each["user"] for each in decisions] == [{"email": "anna@example.com"}, None, None, None]
    assert [each["app"] for each in decisions] == [None] * 4
    assert decisions[1]["by"] == "Cleo"


def test_the_gift_card_of_a_credit_is_the_shops_own(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    shop.run_periodic_tasks()
    reward = Reward.objects.get()
    document = """query($id: ID!) { referralReward(id: $id) {
      giftCard { currentBalance { amount } } ledgerBalance { available { amount } }
      holder { user { email } }
    } }"""

    # when
    answer = api.ask(
        document,
        {"id": global_id("ReferralReward", reward.pk)},
        permissions=(*WITH_USERS, "MANAGE_GIFT_CARD"),
    )

    # then
    assert answer["data"]["referralReward"] == {
        "giftCard": {"currentBalance": {"amount": 10}},
        "ledgerBalance": {"available": {"amount": 10}},
        "holder": {"user": {"email": "anna@example.com"}},
    }


# the books -----------------------------------------------------------------------------------
def test_the_books_add_up_to_what_the_shop_owes(shop: Shop, api: Api) -> None:
    # given: one credit issued, one pending, and one in another currency
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    given.friends_order(shop, code, email="cara@example.com").pay()
    shop.run_periodic_tasks()
    shop.configure(**given.PROGRAM | {"hold_days": "14"})
    given.friends_order(shop, code, email="dan@example.com").pay()
    shop.adjust(anna, "7", "EUR")
    shop.run_periodic_tasks()

    # when
    found = api.run("staff-ledger", permissions=STAFF, first=2)
    programs = api.run("staff-programs", permissions=STAFF, channel="default")["referralPrograms"]

    # then
    balances = {
        each["currency"]: {name: of["amount"] for name, of in each.items() if name != "currency"}
        for each in found["referralLedgerBalances"]
    }
    nothing = dict.fromkeys(("takenBack", "spent", "expired", "waived", "debt"), 0)
    assert balances == {
        "USD": {"promised": 20, "delivered": 10, "available": 10, "pending": 10} | nothing,
        "EUR": {"promised": 7, "delivered": 7, "available": 7, "pending": 0} | nothing,
    }
    assert len(found["referralLedgerEntries"]["edges"]) == 2
    [edge] = programs["edges"]
    program = edge["node"]
    assert program["inFlight"] == {
        "claims": 0,
        "referrals": 0,
        "rewards": 1,
        "pending": [{"amount": 10, "currency": "USD"}],
    }
    assert [each["promised"]["amount"] for each in program["ledgerBalances"]] == [7, 20]
    assert program["versions"]["totalCount"] == 2
    newest = program["versions"]["edges"][0]["node"]
    assert (newest["version"], newest["claimCount"], newest["referralCount"]) == (2, 1, 1)


# programs ------------------------------------------------------------------------------------
PROGRAM = """query($slug: String, $channel: String) {
  referralProgram(slug: $slug, channel: $channel) { slug isRunning offer { description } }
}"""


def test_staff_see_a_program_that_others_do_not(shop: Shop, api: Api) -> None:
    # given
    shop.run_program(presets.affiliate_commission(), slug="partners", kind=ProgramKind.PARTNER)
    Program.objects.create(slug="draft", name="Draft", created_at=get_store().now())

    def ask(slug: str, channel: str | None, *permissions: str) -> Any:
        asked = {"slug": slug, "channel": channel}
        return api.ask(PROGRAM, asked, permissions=permissions)["data"]["referralProgram"]

    # when
    staff = [ask(slug, None, *STAFF) for slug in ("partners", "draft", "none", "\x00")]
    in_channel = ask("partners", "default", *STAFF)
    others = ask("partners", "default")

    # then
    assert staff == [
        {"slug": "partners", "isRunning": True, "offer": None},
        {"slug": "draft", "isRunning": False, "offer": None},
        None,
        None,
    ]
    assert in_channel["offer"] is not None
    assert others is None


def test_whoever_is_no_staff_has_to_name_a_channel(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)

    # when
    answer = api.ask(PROGRAM, {"slug": "default"})

    # then
    assert answer["data"] == {"referralProgram": None}
    assert [error["message"] for error in answer["errors"]] == [f"{DENIED}MANAGE_DISCOUNTS"]


def test_programs_are_filtered_searched_and_sorted(shop: Shop, api: Api) -> None:
    # given
    now = get_store().now()
    for number, slug in enumerate(("one", "two", "three")):
        Program.objects.create(
            slug=slug,
            name=slug.title(),
            priority=number % 2,
            is_running=slug != "one",
            created_at=now,
        )
    Program.objects.filter(slug="three").update(kind="partner")

    def slugs(**asked: Any) -> list[str]:
        found = api.run("staff-programs", permissions=STAFF, **asked)["referralPrograms"]
        return [edge["node"]["slug"] for edge in found["edges"]]

    # then
    assert slugs() == ["two", "three", "one"]
    assert slugs(sortBy={"field": "NAME", "direction": "ASC"}) == ["one", "three", "two"]
    assert slugs(where={"isRunning": False}) == ["one"]
    assert slugs(where={"kind": {"eq": "PARTNER"}}) == ["three"]
    assert slugs(where={"slug": {"oneOf": ["one", "four"]}}) == ["one"]
    assert slugs(search="tHR") == ["three"]


# who may -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "where", "permission"),
    [
        ("referrals", '{orderNumber: {eq: "1"}}', "MANAGE_ORDERS"),
        ("referrals", "{OR: [{AND: [{failedFinding: {eq: OWN_CODE}}]}]}", "MANAGE_DISCOUNTS"),
        ("referrals", '{referrer: {eq: "UmVmZXJyZXI6MQ=="}}', "MANAGE_DISCOUNTS"),
        ("referrals", '{order: {eq: "T3JkZXI6MQ=="}}', "MANAGE_DISCOUNTS"),
        ("rewards", "{isCut: true}", "MANAGE_DISCOUNTS"),
        ("rewards", '{holder: {eq: "UmVmZXJyZXI6MQ=="}}', "MANAGE_DISCOUNTS"),
    ],
)
def test_a_referrer_learns_nothing_by_filters_that_are_for_staff(
    api: Api, anna: Customer, field: str, where: str, permission: str
) -> None:
    # when
    answer = api.ask(
        f"{{ me {{ referral {{ {field}(where: {where}) {{ totalCount }} }} }} }}", customer=anna
    )

    # then
    assert answer["data"]["me"]["referral"][field] is None
    assert [error["message"] for error in answer["errors"]] == [f"{DENIED}{permission}"]


def test_the_number_of_an_order_is_no_filter_for_who_may_not_see_it(
    api: Api, anna: Customer
) -> None:
    # when
    answer = api.ask(
        '{ referrals(where: {orderNumber: {eq: "1"}}) { totalCount } }', permissions=STAFF
    )

    # then
    assert answer["data"] == {"referrals": None}
    assert [error["message"] for error in answer["errors"]] == [f"{DENIED}MANAGE_ORDERS"]


# what it costs -------------------------------------------------------------------------------
def how_often(api: Api, name: str, permissions: Collection[str], **variables: Any) -> int:
    """How often the database is asked, once the account that asks is there."""
    api.ask("{ __typename }", permissions=permissions)
    return len(all_queries(api, operation(name), variables, permissions=permissions))


@pytest.mark.parametrize(
    "name", ["staff-referrals", "staff-rewards", "staff-referrers", "staff-ledger", "staff-claims"]
)
def test_a_long_page_asks_as_often_as_a_short_one(shop: Shop, api: Api, name: str) -> None:
    # given: rows of many referrers, with something to say in every field
    given.program(shop)
    store = get_store()
    for number in range(6):
        customer = shop.register(f"customer{number}@example.com")
        for referral in build.referrals(customer, 3, first=3 * number):
            staff.void(referral.rewards.get(), by="Cleo", reason="odd", store=store)
        shop.invite(customer, group="gold")
        shop.block(customer)

    # when
    few, many = (how_often(api, name, STAFF, first=first) for first in (2, 18))

    # then
    assert many == few


def test_one_referral_asks_as_often_however_much_there_is_to_say(shop: Shop, api: Api) -> None:
    # given: one with two later orders and many decisions, and one with one of either
    given.program(shop)
    anna = shop.register("anna@example.com")
    first, second, *_ = build.referrals(anna, 5)
    Referral.objects.filter(order_number__in=("2", "3")).update(follows=first)
    Referral.objects.filter(order_number="4").update(follows=second)
    store = get_store()
    for referral, times in ((first, 3), (second, 1)):
        for _ in range(times):
            staff.void(referral.rewards.get(), by="Cleo", reason="odd", store=store)
            staff.give_back(referral.rewards.get(), by="Cleo", reason="not odd", store=store)

    # when
    many, few = (
        how_often(api, "staff-referral", WITH_ORDERS, id=global_id("Referral", referral.pk))
        for referral in (first, second)
    )

    # then
    assert many == few


def test_many_programs_ask_as_often_as_few(shop: Shop, api: Api) -> None:
    # given
    budget = Cap(whole_program=True, amount=Amounts.of({"USD": 100}), period=CapPeriod.LIFE)
    number = Cap(whole_program=True, count=9, period=CapPeriod.CALENDAR_YEAR)
    for place in range(8):
        shop.run_program(presets.refer_a_friend().but(caps=(budget, number)), slug=f"p{place}")

    # when
    few, many = (
        how_often(api, "staff-programs", STAFF, first=first, channel="default") for first in (2, 8)
    )

    # then
    assert many == few

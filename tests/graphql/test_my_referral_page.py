"""What a customer's own referral page shows."""

from saleor_referral_plugin.models import Claim, ReferralCode, Referrer, Reward
from tests.graphql.api import Api
from tests.scenarios import given
from tests.scenarios.shop import Shop


def usd(amount: float) -> dict[str, object]:
    return {"amount": amount, "currency": "USD"}


def test_a_customer_has_a_code_and_a_link_the_first_time_they_ask(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, link_url="https://shop.example.com/us?utm=mail#top")
    anna = shop.register("anna@example.com")

    # when
    me = api.run("my-referral-page", customer=anna, channel="default")["me"]

    # then
    code = str(ReferralCode.objects.get(referrer__user_ref=anna.user_ref))
    assert me["referral"]["code"] == code
    assert me["referral"]["link"] == f"https://shop.example.com/us?utm=mail&ref={code}#top"
    assert me["referral"]["offer"] == {"description": "10% off your first order."}
    assert me["referral"]["credit"] == {
        "description": "$10.00 for each friend, 14 days after their order is paid."
    }
    assert me["referral"]["balances"] == []
    nothing = {
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "edges": [],
    }
    assert me["referral"]["rewards"] == nothing
    assert me["referral"]["referrals"] == nothing


def test_asking_again_gives_the_same_code(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    first = api.run("my-referral-page", customer=anna, channel="default")

    # when
    second = api.run("my-referral-page", customer=anna, channel="default")

    # then
    assert second == first
    assert ReferralCode.objects.count() == 1


def test_a_changed_email_address_is_followed(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    first = api.run("my-referral-page", customer=anna, channel="default")
    Referrer.objects.update(email_key="the key of another address")

    # when
    second = api.run("my-referral-page", customer=anna, channel="default")

    # then
    assert second == first
    assert not Referrer.objects.filter(email_key="the key of another address").exists()


def test_rewards_and_referrals_follow_the_friends_order(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna), email="ben@example.com")

    # when
    referral = api.run("my-referral-page", customer=anna, channel="default")["me"]["referral"]

    # then
    assert referral["rewards"]["edges"] == []
    [friend] = [edge["node"] for edge in referral["referrals"]["edges"]]
    assert friend["status"] == "ATTRIBUTED"
    assert friend["referee"] == {"displayName": "b***"}
    assert friend["findings"][0] == {
        "code": "NOT_PAID",
        "passed": False,
        "message": "The order is not fully paid yet.",
    }
    assert [finding["passed"] for finding in friend["findings"]].count(False) == 1

    # when
    order.pay()
    referral = api.run("my-referral-page", customer=anna, channel="default")["me"]["referral"]

    # then
    assert referral["balances"] == [
        {
            "currency": "USD",
            "available": usd(0),
            "pending": usd(10),
            "debt": usd(0),
            "earned": usd(10),
        }
    ]
    [reward] = [edge["node"] for edge in referral["rewards"]["edges"]]
    row = Reward.objects.get()
    assert row.hold_until is not None
    assert reward["status"] == "PENDING"
    assert reward["amount"] == usd(10)
    assert reward["holdUntil"] == row.hold_until.isoformat()
    assert (reward["issuedAt"], reward["expiresAt"]) == (None, None)
    assert {finding["passed"] for finding in reward["findings"]} == {True}

    # when
    shop.travel(days=14)
    referral = api.run("my-referral-page", customer=anna, channel="default")["me"]["referral"]

    # then
    assert referral["balances"] == [
        {
            "currency": "USD",
            "available": usd(10),
            "pending": usd(0),
            "debt": usd(0),
            "earned": usd(10),
        }
    ]
    [reward] = [edge["node"] for edge in referral["rewards"]["edges"]]
    row = Reward.objects.get()
    assert row.issued_at is not None
    assert row.expires_at is not None
    assert reward["status"] == "ISSUED"
    assert reward["issuedAt"] == row.issued_at.isoformat()
    assert reward["expiresAt"] == row.expires_at.isoformat()


def test_a_referral_without_an_order_spoils_nothing(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    given.friends_order(shop, code, email="ben@example.com")
    detached = given.friends_order(shop, code, email="carl@example.com")
    shop.decide(detached, "detach")

    # when
    referral = api.run("my-referral-page", customer=anna, channel="default")["me"]["referral"]

    # then
    friends = [edge["node"] for edge in referral["referrals"]["edges"]]
    assert [(f["status"], f["referee"]["displayName"]) for f in friends] == [
        ("REJECTED", "***"),
        ("ATTRIBUTED", "b***"),
    ]


def test_what_was_spent_is_no_longer_available_at_once(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna), email="ben@example.com").pay()
    [card] = shop.gift_cards(anna)
    shopping = shop.checkout(lines=["4.00"], customer=anna)
    assert shopping.enter_code(card.code).accepted

    # when
    assert shopping.complete().accepted

    # then: no periodic task has run
    referral = api.run("my-referral-page", customer=anna, channel="default")["me"]["referral"]
    assert referral["balances"] == [
        {
            "currency": "USD",
            "available": usd(6),
            "pending": usd(0),
            "debt": usd(0),
            "earned": usd(10),
        }
    ]


def test_each_currency_has_its_own_balance(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    given.friends_order(shop, code, email="ben@example.com").pay()
    given.friends_order(shop, code, email="cara@example.com", channel="euro").pay()

    # when
    referral = api.run("my-referral-page", customer=anna, channel="euro")["me"]["referral"]

    # then
    available = [balance["available"] for balance in referral["balances"]]
    assert available == [{"amount": 9, "currency": "EUR"}, {"amount": 10, "currency": "USD"}]
    assert referral["credit"] == {
        "description": "€9.00 for each friend, as soon as their order is paid."
    }
    assert referral["referrals"]["totalCount"] == 2


def test_where_the_program_does_not_run_it_offers_nothing(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, channels="default")
    anna = shop.register("anna@example.com")

    # when
    there = api.run("my-referral-page", customer=anna, channel="euro")["me"]["referral"]
    nowhere = api.run("my-referral-page", customer=anna, channel="no-channel")["me"]["referral"]

    # then
    assert (there["offer"], there["credit"]) == (None, None)
    assert (nowhere["offer"], nowhere["credit"]) == (None, None)
    assert there["code"] is not None


def test_a_stopped_program_keeps_the_page_and_offers_nothing(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    shop.configure(program_running=False)

    # when
    referral = api.run("my-referral-page", customer=anna, channel="default")["me"]["referral"]

    # then
    assert referral["code"] == code
    assert (referral["offer"], referral["credit"]) == (None, None)


def test_without_a_program_nobody_becomes_a_referrer(shop: Shop, api: Api) -> None:
    # given
    anna = shop.register("anna@example.com")

    # when
    me = api.run("my-referral-page", customer=anna, channel="default")["me"]

    # then
    assert me["referral"] is None
    assert Referrer.objects.count() == 0


def test_nobody_in_particular_sees_no_page(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)

    # when
    data = api.run("my-referral-page", channel="default")

    # then
    assert data == {"me": None}
    assert Referrer.objects.count() == 0
    assert Claim.objects.count() == 0

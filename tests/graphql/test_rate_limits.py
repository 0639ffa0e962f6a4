"""How often codes may be tried: by one client, of one code, wherever they come in."""

from datetime import timedelta
from typing import Any

import pytest

from saleor_referral_plugin.engine import rates
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import RateCount
from tests.graphql.api import Api, operation
from tests.scenarios import given
from tests.scenarios.shop import Shop

#: Unknown codes of one client before they have to wait.
TRIES = 30


@pytest.fixture
def code(shop: Shop) -> str:
    given.program(shop)
    return shop.share(shop.register("anna@example.com"))


def look_up(api: Api, code: str, **who: Any) -> dict[str, Any]:
    variables = {"code": code, "channel": "default"}
    return api.ask(operation("what-a-code-gives"), variables, **who)


def use_up(api: Api, **who: Any) -> None:
    for number in range(TRIES + 1):
        look_up(api, f"NOBODY-{number}", **who)


def is_limited(answer: dict[str, Any]) -> bool:
    return any("too many tries" in error["message"] for error in answer.get("errors", ()))


def test_who_tries_many_unknown_codes_has_to_wait_whatever_they_try_then(
    shop: Shop, api: Api, code: str
) -> None:
    # given
    for number in range(TRIES):
        assert "errors" not in look_up(api, f"NOBODY-{number}")

    # when
    unknown, known = look_up(api, "NOBODY-X"), look_up(api, code)

    # then: both answer alike
    [error] = known["errors"]
    assert known["data"] == {"referralCode": None}
    assert error["message"] == "There were too many tries; please try again later."
    retry_at = error["extensions"]["referral"].pop("retryAt")
    now = get_store().now()
    assert now.isoformat() < retry_at < (now + timedelta(minutes=10)).isoformat()
    assert error["extensions"]["referral"] == {"code": "TOO_MANY_TRIES"}
    unknown["errors"][0]["extensions"]["referral"].pop("retryAt")
    assert unknown["errors"] == known["errors"]

    # when
    shop.travel(hours=1)

    # then
    assert look_up(api, code)["data"]["referralCode"]["code"] == code


def test_codes_that_are_some_count_for_nothing(shop: Shop, api: Api, code: str) -> None:
    for _ in range(TRIES + 5):
        assert "errors" not in look_up(api, code)


def test_other_clients_are_not_concerned(shop: Shop, api: Api, code: str) -> None:
    # given
    use_up(api)

    # then
    assert is_limited(look_up(api, code))
    assert not is_limited(look_up(api, code, address="203.0.113.8"))
    assert not is_limited(look_up(api, code, customer=shop.register("ben@example.com")))


@pytest.mark.parametrize("forged", ["198.51.100.1", "198.51.100.1, 198.51.100.2", "127.0.0.1"])
def test_nobody_gets_round_it_by_a_header(shop: Shop, api: Api, code: str, forged: str) -> None:
    # given
    use_up(api)

    # then
    assert is_limited(look_up(api, code, HTTP_X_FORWARDED_FOR=forged))


def test_behind_a_proxy_it_is_the_client_that_counts(shop: Shop, api: Api, code: str) -> None:
    # given: what the proxy adds comes last, and before it whatever the client wrote
    one = {"address": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.9, 203.0.113.7"}
    use_up(api, **one)

    # then
    moved = {"address": "10.0.0.2", "HTTP_X_FORWARDED_FOR": "198.51.100.10, 203.0.113.7"}
    other = {"address": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.9, 203.0.113.8"}
    assert is_limited(look_up(api, code, **moved))
    assert not is_limited(look_up(api, code, **other))


def test_an_app_speaks_for_many(shop: Shop, api: Api, code: str) -> None:
    if shop.name != "saleor":
        pytest.skip("The sandbox shop has no apps.")
    use_up(api, app=True)
    assert not is_limited(look_up(api, code, app=True))


def test_one_code_cannot_be_asked_for_without_end(
    shop: Shop, api: Api, code: str, settings: Any
) -> None:
    # given
    settings.REFERRAL_RATE_LIMITS = {"same_code": "3 per minute"}
    for number in range(3):
        assert not is_limited(look_up(api, code, address=f"203.0.113.{number}"))

    # then: by anybody; and another code can
    assert is_limited(look_up(api, code.lower(), address="203.0.113.99"))
    assert not is_limited(look_up(api, "SOMETHING", address="203.0.113.99"))


def test_the_box_for_promo_codes_says_so_too(shop: Shop, api: Api, code: str) -> None:
    # given
    checkout = shop.checkout(email="ben@example.com")
    variables = {"checkoutId": api.checkout_id(checkout), "promoCode": code}
    use_up(api)

    # when
    answer = api.ask(operation("add-promo-code"), variables)

    # then
    [error] = answer["data"]["checkoutAddPromoCode"]["errors"]
    assert error.pop("referralRetryAt") > get_store().now().isoformat()
    assert error == {
        "message": "There were too many tries; please try again later.",
        "field": "promoCode",
        "code": "VOUCHER_NOT_APPLICABLE",
        "referralErrorCode": "TOO_MANY_TRIES",
    }
    assert checkout.shown_code is None

    # when: somebody else
    answer = api.ask(operation("add-promo-code"), variables, address="203.0.113.8")

    # then
    assert answer["data"]["checkoutAddPromoCode"]["errors"] == []


def test_tries_in_the_box_count(shop: Shop, api: Api, code: str) -> None:
    # given
    checkout_id = api.checkout_id(shop.checkout(email="ben@example.com"))
    for number in range(TRIES + 1):
        typed = {"checkoutId": checkout_id, "promoCode": f"NOBODY-{number}"}
        api.ask(operation("add-promo-code"), typed)

    # then
    assert is_limited(look_up(api, code))


def test_our_own_mutation_says_so_with_a_time(shop: Shop, api: Api, code: str) -> None:
    # given
    checkout = shop.checkout(email="ben@example.com")
    variables = {"id": api.checkout_id(checkout), "code": code}
    document = """mutation($id: ID!, $code: String!) {
      checkoutReferralCodeApply(id: $id, code: $code) { errors { field code retryAt } }
    }"""
    use_up(api)

    # when
    answer = api.ask(document, variables)

    # then
    [error] = answer["data"]["checkoutReferralCodeApply"]["errors"]
    assert error.pop("retryAt") > get_store().now().isoformat()
    assert error == {"field": "code", "code": "TOO_MANY_TRIES"}
    assert checkout.shown_code is None


def test_a_gift_card_is_not_kept_from_whoever_mistyped(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    [card] = shop.gift_cards(anna)
    checkout = shop.checkout(customer=anna)
    use_up(api, customer=anna)

    # when
    variables = {"checkoutId": api.checkout_id(checkout), "promoCode": card.code}
    answer = api.ask(operation("add-promo-code"), variables, customer=anna)

    # then
    assert answer["data"]["checkoutAddPromoCode"]["errors"] == []
    assert checkout.total == 90


def test_what_is_over_is_forgotten(shop: Shop, api: Api, code: str) -> None:
    # given
    look_up(api, "NOBODY")
    assert RateCount.objects.count() == 2

    # when
    shop.travel(days=1)

    # then
    assert RateCount.objects.count() == 0


def test_counts_hold_no_address_and_no_code(shop: Shop, api: Api, code: str) -> None:
    # given
    look_up(api, code)

    # then
    keys = " ".join(RateCount.objects.values_list("key", flat=True))
    assert "203.0.113.7" not in keys
    assert code.replace("-", "") not in keys


def test_two_processes_count_together(shop: Shop, api: Api, code: str, settings: Any) -> None:
    # given
    settings.REFERRAL_RATE_LIMITS = {"unknown_code": "2 per minute"}
    look_up(api, "NOBODY-1")

    # when: as if it were another process
    rates._limiter.cache_clear()
    look_up(api, "NOBODY-2")
    look_up(api, "NOBODY-3")

    # then
    assert is_limited(look_up(api, code))


def test_while_tries_cannot_be_counted_codes_work(
    shop: Shop, api: Api, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: the table is gone
    monkeypatch.setattr(rates, "_ADD", "INSERT INTO nowhere VALUES (%(key)s) RETURNING 1")
    checkout_id = api.checkout_id(shop.checkout(email="ben@example.com"))

    # when
    looked_up = look_up(api, code)
    typed = api.run("add-promo-code", checkoutId=checkout_id, promoCode=code)

    # then
    assert looked_up["data"]["referralCode"]["code"] == code
    assert typed["checkoutAddPromoCode"]["errors"] == []

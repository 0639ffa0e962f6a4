"""The code that storefronts show belongs to the program, not to a referrer. By itself it is
worth nothing."""

from tests.scenarios import given
from tests.scenarios.shop import Shop


def test_typed_by_hand_it_is_refused_and_changes_nothing(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    bens = shop.checkout(email="ben@example.com")
    code = shop.share(anna)
    assert bens.enter_code(code).accepted
    shown = bens.shown_code
    assert shown is not None
    assert code.replace("-", "") not in shown
    carls = shop.checkout(email="carl@example.com")

    # when
    answer = carls.enter_code(shown)

    # then
    assert (answer.accepted, answer.code) == (False, "code_invalid")
    assert (carls.shown_code, carls.discount, carls.total) == (None, 0, 100)

    # when
    assert carls.complete().accepted
    carls.placed.pay()

    # then
    assert carls.placed.total == 100
    assert shop.referral(carls.placed) is None

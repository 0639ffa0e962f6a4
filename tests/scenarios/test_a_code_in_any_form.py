"""Codes are read aloud, copied from e-mails and typed on phones."""

from tests.scenarios import given
from tests.scenarios.shop import Shop


def test_a_code_is_known_however_it_is_written(shop: Shop) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    bare = code.replace("-", "")

    for written in (
        code.lower(),
        f"  {' '.join(bare)} ",
        "-".join(bare),
        code.replace("0", "o").replace("1", "l"),
    ):
        # when
        answer = checkout.enter_code(written)

        # then
        assert answer.accepted, written
        assert checkout.discount == 10
        assert checkout.remove_code(written).accepted, written
        assert checkout.discount == 0


def test_a_code_nobody_has_is_refused(shop: Shop) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    unknown = code[:-1] + ("X" if code[-1] != "X" else "Y")
    checkout = shop.checkout(email="ben@example.com")

    # when
    answer = checkout.enter_code(unknown)

    # then
    assert not answer.accepted
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)

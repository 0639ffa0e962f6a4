"""The shop in a browser."""

import json
import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from saleor_referral_plugin.engine import codes
from saleor_referral_plugin.engine.presets import coupons_for_both
from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import Reward
from saleor_referral_plugin.sandbox import administration, clock, demo, shop
from saleor_referral_plugin.sandbox.models import Checkout, Customer, Order, PluginPage
from saleor_referral_plugin.sandbox.referrals import referrer_seen

pytestmark = pytest.mark.django_db(transaction=True)


class Browser:
    """Follows redirects and reads pages."""

    def __init__(self) -> None:
        self.client = Client()

    def see(self, path: str) -> str:
        return self._text(self.client.get(path, follow=True))

    def press(self, name: str, /, **form: object) -> str:
        return self._text(self.client.post(reverse(name), form, follow=True))

    @staticmethod
    def _text(response: HttpResponse) -> str:
        assert response.status_code == 200, response.status_code
        return unescape(response.content.decode())


@pytest.fixture
def open_shop() -> None:
    demo.open_shop(address="http://testserver/")


@pytest.fixture
def browser(open_shop: None) -> Iterator[Browser]:
    return Browser()


@pytest.fixture
def anna(open_shop: None) -> Customer:
    return shop.register(email="anna@example.com", display_name="Anna")


@pytest.fixture
def code(anna: Customer) -> str:
    page = referrer_seen(anna)
    assert page is not None
    return page.code


def told(page: str, css: str) -> list[str]:
    return [text.strip() for text in re.findall(rf'class="{css}"[^>]*>([^<]*)<', page)]


def test_a_friend_buys_from_link_to_reward(browser: Browser, anna: Customer, code: str) -> None:
    assert code in browser.see(f"/?ref={code}")
    assert "Friend's discount" in browser.press("cart-add", product="blanket")

    page = browser.press("cart-order", email="ben@example.com")
    assert "Thank you" in page
    assert "The order is not fully paid yet." in page

    order = Order.objects.get()
    page = browser.press("order-event", order=order.pk, event="pay", next=f"/orders/{order.pk}/")
    assert "$16.20" in page
    assert "On hold" in page

    browser.press("clock", days=14)
    page = browser.see(f"/account/{anna.pk}/")
    assert "Credited" in page
    assert "b•••@example.com" in page
    assert "ben@example.com" not in page
    assert "$16.20 is yours to spend" in page

    page = browser.press(
        "order-event", order=order.pk, event="refund_half", next=f"/orders/{order.pk}/"
    )
    assert "$8.10" in page
    assert "Promise reduced" in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [("nonsense", "This code is not valid."), ("", "Please enter a code.")],
)
def test_a_refusal_stands_beside_the_promo_box(browser: Browser, typed: str, said: str) -> None:
    browser.press("cart-add", product="blanket")
    page = browser.press("cart-code", code=typed, topic="promo")
    assert told(page, "refused") == [said]
    assert told(page, "flash error") == []


def test_a_refused_code_is_offered_again_when_the_cart_has_grown(
    browser: Browser, code: str
) -> None:
    browser.press("cart-add", product="mug")
    page = browser.press("cart-code", code=code, topic="promo")
    assert "Add $32.00 more" in page

    page = browser.press("cart-add", product="lamp")
    assert "Add $" not in page
    assert "takes $10.70 off this cart" in page

    page = browser.press("cart-code", code=code, topic="promo")
    assert "FRIEND" in page


def test_the_referrers_own_address_ends_the_discount_before_the_order(
    browser: Browser, code: str
) -> None:
    browser.press("cart-add", product="blanket")
    browser.press("cart-code", code=code, topic="promo")

    page = browser.press("cart-order", email="ANNA@example.com")

    assert not Order.objects.exists()
    assert told(page, "refused") == ["You cannot use your own referral code."]
    assert Checkout.objects.get().discount == 0


def test_a_gift_card_is_spent_in_the_same_box(browser: Browser, anna: Customer) -> None:
    from saleor_referral_plugin.sandbox.models import GiftCard

    GiftCard.objects.create(
        code="GIFTCARD0001",
        customer=anna,
        currency="USD",
        initial=10,
        balance=10,
        created_at=clock.now(),
    )
    browser.press("visit", customer=anna.pk)
    browser.press("cart-add", product="mug")
    page = browser.press("cart-code", code="gift-card-0001", topic="promo")
    assert "−$10.00" in page
    page = browser.press("cart-code-remove", code="GIFTCARD0001", topic="promo")
    assert "−$10.00" not in page


def test_a_coupon_is_shown_to_its_holder_and_used_in_the_same_box(
    browser: Browser, anna: Customer, code: str
) -> None:
    # given
    link = "http://testserver/"
    save_program(
        store=get_store(), terms=coupons_for_both(hold_days=0), is_running=True, link_url=link
    )
    browser.press("visit", customer="")
    browser.press("cart-add", product="mug")
    browser.press("cart-code", code=code, topic="promo")
    browser.press("cart-order", email="ben@example.com")
    shop.pay(Order.objects.get().pk)

    # when
    browser.press("visit", customer=anna.pk)
    page = browser.see(f"/account/{anna.pk}/")

    # then
    coupon = codes.show(Reward.objects.get(beneficiary="referrer").coupon_code or "")
    assert f"you have a coupon, {coupon}." in page
    assert "10% off an order" in page
    assert "1 coupon" in page
    assert "COUPON" not in page

    # when
    browser.press("cart-add", product="mug")
    page = browser.press("cart-code", code=coupon.lower(), topic="promo")

    # then
    assert coupon in page
    page = browser.press("cart-code-remove", code=coupon, topic="promo")
    assert coupon not in page


def test_an_account_is_opened_and_shows_its_code(browser: Browser) -> None:
    page = browser.press("register", name="Cleo", email="cleo@example.com")
    assert "Hello, Cleo" in page
    assert re.search(r"http://testserver/\?ref=\w{5}-\w{5}", page)
    page = browser.press("register", name="Other", email="CLEO@example.com")
    assert "There is an account" in page


@pytest.mark.parametrize("path", ["/account/", "/account/{}/"])
def test_who_may_refer_a_friend_reads_what_both_get(
    browser: Browser, anna: Customer, path: str
) -> None:
    page = browser.see(path.format(anna.pk))
    assert "“10% off your first order of $50.00 or more.”" in page
    assert "15% of each friend's goods, 14 days after their order is paid." in page

    browser.press("visit", channel="euro")
    assert "“10% off your first order of €45.00 or more.”" in browser.see(path.format(anna.pk))

    administration.save_plugin_page({"program_running": False})
    page = browser.see(path.format(anna.pk))
    assert "Referral codes cannot be used here at the moment." in page
    assert "off your first order" not in page


def test_the_owners_page_says_where_the_program_runs_and_what_it_gives(browser: Browser) -> None:
    page = browser.see("/program/")
    assert "<b>Running in default, euro.</b> New customers get 10% off orders from" in page

    browser.press("plugin-switch", active="no")
    page = browser.see("/program/")
    assert "<b>Not running: the plugin is not active.</b> It would run in default, euro." in page


def test_another_channel_has_other_prices(browser: Browser) -> None:
    assert "€109.00" in browser.press("visit", channel="euro")


def test_names_and_codes_are_escaped(browser: Browser) -> None:
    script = "<script>alert(1)</script>"
    shop.register(email="mallory@example.com", display_name=script)
    for page in ("/", f"/?ref={script}"):
        html = browser.client.get(page, follow=True).content.decode()
        assert script not in html
    assert "&lt;script&gt;alert(1)" in html


def test_pages_allow_nothing_but_the_shops_own_files(browser: Browser) -> None:
    for path in ("/", "/account/", "/orders/", "/program/", "/graphql/"):
        response = browser.client.get(path)
        assert "default-src 'none'" in response["Content-Security-Policy"]
        html = response.content.decode()
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|<style", html), path


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "///evil.example.com/",
        "/\\evil.example.com/",
        "https:evil.example.com",
        "javascript:alert(1)",
        "http://testserver@evil.example.com/",
        "http://testserver.evil.example.com/",
    ],
)
def test_a_button_leads_nowhere_else(browser: Browser, elsewhere: str) -> None:
    response = browser.client.post(reverse("visit"), {"customer": "", "next": elsewhere})
    assert response["Location"] == "/"


def test_a_button_writes_no_header_of_anybody_elses(browser: Browser) -> None:
    wanted = "/orders/\r\nX-Evil: 1"
    response = browser.client.post(reverse("visit"), {"customer": "", "next": wanted})
    assert response["Location"] == "/orders/%0D%0AX-Evil:%201"
    assert "X-Evil" not in response


@pytest.mark.parametrize("path", ["../models.py", "..%2fmodels.py", "%2fetc/passwd", "x/../../a"])
def test_assets_are_the_only_files(browser: Browser, path: str) -> None:
    response = browser.client.get(f"/assets/{path}")
    assert response.status_code in (400, 404)
    assert b"import" not in response.content


def test_buttons_need_the_forms_token(open_shop: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    for name in ("cart-add", "cart-code", "clock", "order-event", "visit", "program"):
        assert strict.post(reverse(name)).status_code == 403, name


@pytest.mark.parametrize("days", ["-1", "2", "1000000000", "x", ""])
def test_the_clock_moves_by_its_steps_only(browser: Browser, days: str) -> None:
    before = clock.now()
    page = browser.press("clock", days=days)
    assert told(page, "flash error")
    assert (clock.now() - before).days == 0


@pytest.mark.parametrize("event", ["reverse_refund", "chargeback", "refund", "nonsense"])
def test_what_cannot_happen_to_an_order_is_said(browser: Browser, event: str) -> None:
    browser.press("cart-add", product="mug")
    browser.press("cart-order", email="ben@example.com")
    page = browser.press("order-event", order=Order.objects.get().pk, event=event)
    assert bool(told(page, "flash error")) == (event != "nonsense")


def test_the_owners_page_says_what_is_wrong_and_saves_nothing(browser: Browser) -> None:
    administration.save_plugin_page(administration.plugin_page().values)
    saved = PluginPage.objects.get().values
    values = {name: value for name, value in saved.items() if not isinstance(value, bool)}

    response = browser.client.post(reverse("program"), {**values, "minimum_order": "a lot"})
    assert response.status_code == 422
    assert "Minimum order" in told(unescape(response.content.decode()), "refused")[0]
    assert PluginPage.objects.get().values == saved

    page = browser.press("program", **values, program_running="on", new_customers_only="on")
    assert "Saved." in page
    assert PluginPage.objects.get().values == saved


def test_the_plugin_is_switched_off_and_on(browser: Browser, code: str) -> None:
    browser.press("cart-add", product="blanket")
    browser.press("plugin-switch", active="no")
    assert "not valid" in browser.press("cart-code", code=code, topic="promo")
    browser.press("plugin-switch", active="yes")
    assert "FRIEND" in browser.press("cart-code", code=code, topic="promo")


def test_graphql_answers_as_the_customer(browser: Browser, anna: Customer) -> None:
    def ask(query: object, content_type: str = "application/json") -> HttpResponse:
        return browser.client.post("/graphql/", json.dumps(query), content_type=content_type)

    assert ask({"query": "{ me { email } }"}).json()["data"] == {"me": None}
    browser.press("visit", customer=anna.pk)
    assert ask({"query": "{ me { email } }"}).json()["data"] == {
        "me": {"email": "anna@example.com"}
    }


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ('{"query": "{ me { email } }"}', "text/plain", 415),
        ('{"query": "{ me { email } }"}', "application/x-www-form-urlencoded", 415),
        ("no json", "application/json", 400),
        ("[]", "application/json", 400),
        ('{"query": 5}', "application/json", 400),
        ('{"query": "{ me }", "variables": []}', "application/json", 400),
        ('{"query": "{ nonsense }"}', "application/json", 400),
    ],
)
def test_graphql_says_what_it_does_not_understand(
    browser: Browser, body: str, content_type: str, status: int
) -> None:
    response = browser.client.post("/graphql/", body, content_type=content_type)
    assert response.status_code == status
    assert response.json()["errors"][0]["message"]

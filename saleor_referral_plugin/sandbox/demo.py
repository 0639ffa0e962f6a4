"""The story of one referral, told while it happens: every amount is read back from the
shop and from the books."""

import textwrap
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from prices import Money

from ..engine import claims, selectors
from ..engine.money import say
from ..engine.store import get_store
from ..engine.verify import verify
from ..tasks import note_spending, sweep
from . import administration, shop
from .models import Channel, Customer, GiftCard, Order
from .pricing import bill_of
from .referrals import ReferrerSeen, referral_of, referrer_seen
from .web.catalogue import PRODUCTS

USD = "default"
HOLD_DAYS = 14
DATE = "%-d %B %Y"
WIDTH = 90

CHANNELS = (
    {"slug": USD, "name": "America", "currency": "USD", "shipping_price": Decimal(5)},
    {
        "slug": "euro",
        "name": "Europe",
        "currency": "EUR",
        "shipping_price": Decimal("4.90"),
        "tax_percent": Decimal(19),
    },
)

PROGRAM: dict[str, str | bool] = {
    "program_running": True,
    "referee_discount": "10%",
    "minimum_order": "50 USD, 45 EUR",
    "new_customers_only": True,
    "referrer_credit": "15%",
    "earned_when": "paid",
    "hold_days": str(HOLD_DAYS),
    "most_credit_amount": "500 USD, 450 EUR",
    "cap_period": "year",
    "credit_valid_days": "365",
}

Tell = Callable[[str], None]


class Story:
    """Tells what happens, numbered; `tell` writes one line."""

    def __init__(self, tell: Tell, *, bold: Callable[[str], str] = str) -> None:
        self._tell = tell
        self._bold = bold
        self._step = 0

    def step(self, title: str) -> None:
        self._step += 1
        self._tell("")
        self._tell(self._bold(f"{self._step:>2}  {title}"))

    def fact(self, what: str, value: str) -> None:
        self._tell(f"    {what:<26} {value}")

    def say(self, sentence: str) -> None:
        self._tell(f"    {sentence}")

    def paragraph(self, sentences: str) -> None:
        for line in textwrap.wrap(sentences, WIDTH):
            self.say(line)

    def books(self, customer: Customer) -> None:
        """The referrer's accounts, from the ledger."""
        referrer = selectors.referrers_of([str(customer.pk)])[str(customer.pk)]
        for account in selectors.accounts_of([referrer.pk], store=get_store())[referrer.pk]:
            parts = [f"to spend {say(account.available)}", f"on the way {say(account.pending)}"]
            if account.debt:
                parts.append(f"owed {say(account.debt)}")
            self.fact(f"{customer}'s books", ", ".join(parts))


def open_shop(*, address: str) -> None:
    """Channels and a program, unless they are there; what the owner changed since stays."""
    for channel in CHANNELS:
        Channel.objects.get_or_create(slug=channel["slug"], defaults=channel)
    if not administration.plugin_page().pk:
        administration.save_plugin_page({**PROGRAM, "link_url": address})


def tell_story(story: Story, *, address: str) -> Customer:
    """From share to credit to refund; the referrer it was about."""
    story.step("The owner sets up the program")
    administration.save_plugin_page({**PROGRAM, "link_url": address})
    program = administration.plugin_summary()
    story.fact("the page says", program.headline)
    story.paragraph(program.details)

    story.step("Anna asks for her code, and shares it")
    anna = _newcomer("Anna")
    page = _page_of(anna)
    story.fact("code", page.code)
    story.fact("link", page.link)

    story.step("Anna tries it on herself")
    own = shop.create_checkout(channel=USD, items=[_item("kettle")], customer=anna)
    story.fact("the shop says", _refusal(own.pk, page.code))

    story.step("Ben, who has never bought here, types it")
    ben = _free_address("ben")
    cart = shop.create_checkout(channel=USD, items=[_item("mug")], email=ben)
    story.fact("with a mug in the cart", _refusal(cart.pk, page.code))
    for slug in ("kettle", "blanket"):
        shop.add_item(cart.pk, _item(slug))
    typed = page.code.lower().replace("-", " ")
    cart = shop.add_promo_code(cart.pk, typed)
    bill = bill_of(cart)
    story.fact(f'with more, "{typed}"', f"accepted; the cart shows {cart.voucher_code}")
    story.fact("goods", say(bill.goods))
    story.fact("friend's discount", f"-{say(bill.discount)}")
    story.fact("shipping", say(bill.shipping))
    story.fact("to pay", say(bill.total))

    story.step("Ben orders and pays")
    first = shop.pay(shop.complete_checkout(cart.pk).pk)
    _tell_reward(story, first)
    story.books(anna)

    story.step(f"{HOLD_DAYS} days later the hold is over")
    _wait(HOLD_DAYS)
    _tell_reward(story, first)
    card = _card_of(anna)
    story.fact("gift card", f"{card} with {_on(card)}, until {card.expires_on:{DATE}}")
    story.books(anna)

    story.step("Ben sends half of it back")
    half = _share_of(first, Decimal("0.5"))
    first = shop.refund(first.pk, half.amount)
    story.fact("refunded", say(half))
    _tell_reward(story, first)
    story.fact("gift card", f"{card} with {_on(card)}")
    story.books(anna)

    story.step("Anna spends what is left")
    cart = shop.create_checkout(channel=USD, items=[_item("candle")], customer=anna)
    shop.add_promo_code(cart.pk, str(card))
    bill = bill_of(cart)
    story.fact("candles and shipping", say(bill.before_gift_cards))
    story.fact("paid by gift card", f"-{say(bill.gift_cards)}")
    shop.pay(shop.complete_checkout(cart.pk).pk)
    _wait(1)
    story.books(anna)

    story.step("Ben sends the rest back, too")
    first = shop.refund(first.pk)
    _tell_reward(story, first)
    story.say("It is spent: it cannot be taken back, and is owed until the next credit.")
    story.books(anna)

    story.step("Anna's link brings Clara")
    second = _buy("clara", page.code, "lamp", "board")
    _tell_reward(story, second)
    _wait(HOLD_DAYS)
    story.say(f"{HOLD_DAYS} days later the debt is paid first, and the rest is Anna's:")
    story.books(anna)

    story.step("Dora has just ordered, Emil has not paid yet")
    _tell_reward(story, _buy("dora", page.code, "blanket"))
    _buy("emil", page.code, "kettle", paid=False)
    story.books(anna)

    story.step("Do the books agree with the decisions and with the gift cards?")
    note_spending.delay()
    differences = [str(difference) for difference in verify(store=get_store())]
    story.say("; ".join(differences) if differences else "They do, to the cent.")
    return anna


def _newcomer(name: str) -> Customer:
    return shop.register(email=_free_address(name.lower()), display_name=name)


def _free_address(name: str) -> str:
    """The story may be told again in the same shop: then to people who are new to it."""
    for number in range(1, 1_000_000):
        address = f"{name}{number if number > 1 else ''}@example.com"
        if not (
            Customer.objects.filter(email=address).exists()
            or Order.objects.filter(email=address).exists()
        ):
            return address
    raise RuntimeError(f"Too many people called {name}.")


def _item(slug: str) -> shop.Item:
    product = PRODUCTS[slug]
    return shop.Item(product.name, product.prices["USD"])


def _page_of(customer: Customer) -> ReferrerSeen:
    page = referrer_seen(customer)
    if page is None:
        raise RuntimeError("The program was not saved.")
    return page


def _refusal(token: UUID, code: str) -> str:
    try:
        shop.add_promo_code(token, code)
    except shop.ShopError as error:
        return f'"{error.message}"'
    raise RuntimeError("The code was accepted, and should not have been.")


def _buy(name: str, code: str, *slugs: str, paid: bool = True) -> Order:
    cart = shop.create_checkout(
        channel=USD,
        items=[_item(slug) for slug in slugs],
        email=_free_address(name),
        metadata={claims.METADATA_KEY: code},
    )
    order = shop.complete_checkout(cart.pk)
    return shop.pay(order.pk) if paid else order


def _tell_reward(story: Story, order: Order) -> None:
    referral = referral_of(order)
    if referral is None or referral.reward is None:
        raise RuntimeError(f"Order {order} made no referral.")
    reward = referral.reward
    when = f", {reward.about_date} {reward.date:{DATE}}" if reward.date else ""
    story.fact(
        f"order {order}, {say(Money(order.total, order.currency))}",
        f"{referral.badge.words.lower()}: {reward.amount}, {reward.badge.words.lower()}{when}",
    )


def _card_of(customer: Customer) -> GiftCard:
    card = customer.gift_cards.first()
    if card is None:
        raise RuntimeError(f"{customer} was not credited.")
    return card


def _on(card: GiftCard) -> str:
    card.refresh_from_db()
    return say(Money(card.balance, card.currency))


def _share_of(order: Order, ratio: Decimal) -> Money:
    return Money(order.total * ratio, order.currency)


def _wait(days: int) -> None:
    shop.move_clock(days=days)
    note_spending.delay()
    sweep.delay()

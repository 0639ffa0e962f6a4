"""The plugin's page: its fields, how they are read, and what is said about mistakes.

The Dashboard knows text, checkbox and read-only fields only; numbers, choices and amounts
are read here. It shows one error, cut after two lines, so each says first which field and
what to write instead.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn
from urllib.parse import urlsplit

from babel.numbers import get_currency_precision, list_currencies
from django.core.exceptions import ValidationError

from .engine.money import Amounts
from .engine.programs import save_program
from .engine.store import Store
from .engine.terms import CapPeriod, EarnedWhen, Offer, Terms

#: Field name -> (kind, label, help text, value of a new shop), in the order shown.
FIELDS: dict[str, tuple[str, str, str, str | bool]] = {
    "summary": (
        "output",
        "Now",
        "Read-only; says what was saved last. Cut off? Click into it and press the End key.",
        "",
    ),
    "channels": (
        "string",
        "Channels",
        'Slugs of the channels it runs in, with commas: "default-channel, eu". Empty: all.',
        "",
    ),
    "referee_discount": (
        "string",
        "Friend's discount",
        'What the friend gets at checkout: "10%", or an amount per currency: "10 USD, 9 EUR".',
        "10%",
    ),
    "minimum_order": (
        "string",
        "Minimum order",
        'Least value of the goods, before the discount: "50 USD, 45 EUR". Empty: none.',
        "",
    ),
    "referrer_credit": (
        "string",
        "Referrer's credit",
        'Gift card for whoever shared the code: "10 USD, 9 EUR", or "5%" of the friend\'s goods '
        "(after discount, without tax and shipping).",
        "",
    ),
    "earned_when": (
        "string",
        "Earned when",
        'The friend\'s order is fully "paid", or "fulfilled": all of it sent. Write one of these.',
        "paid",
    ),
    "hold_days": (
        "string",
        "Days before crediting",
        "Whole days from earning to crediting, best as many as your return period. 0: at once.",
        "14",
    ),
    "most_credits": (
        "string",
        "Limit per referrer: number of credits",
        "A whole number, counted in the period below. Empty: no limit.",
        "",
    ),
    "most_credit_amount": (
        "string",
        "Limit per referrer: amount",
        'Per currency, in the period below: "500 USD, 450 EUR". The last credit is cut to what '
        "is left. Empty: no limit.",
        "",
    ),
    "cap_period": (
        "string",
        "Limit per referrer: period",
        '"month" or "year" (of the calendar, UTC), or "life".',
        "year",
    ),
    "credit_valid_days": (
        "string",
        "Days a credit stays valid",
        "Whole days until the gift card expires. Empty: never.",
        "365",
    ),
    "link_url": (
        "string",
        "Storefront address",
        'Where shared links lead: "https://shop.example.com/". "?ref=" and the code are added.',
        "",
    ),
    "program_running": (
        "boolean",
        "Program running",
        "Accept referral codes. Switch this off to pause; every promise already made is kept. "
        '(Not "Active" above: Saleor no longer lists an inactive plugin.)',
        False,
    ),
    "new_customers_only": (
        "boolean",
        "Only for new customers",
        "Refuse friends who have ordered before, also as guests.",
        True,
    ),
}

_CURRENCIES = list_currencies()
_DECIMAL_COMMA = re.compile(r"[0-9],[0-9]")
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]{3})\Z")


@dataclass(frozen=True, slots=True)
class Page:
    """The page as the owner filled it in, understood."""

    is_running: bool
    terms: Terms | None
    link_url: str


def defaults() -> dict[str, str | bool]:
    return {name: field[3] for name, field in FIELDS.items() if field[0] != "output"}


def read(values: Mapping[str, Any], *, store: Store) -> Page:
    """Understand the page's values. Raises ValidationError with one entry, keyed by the
    field, whose message starts with the field's label and says what to write."""
    values = {**defaults(), **{n: v for n, v in values.items() if v is not None}}
    is_running = _flag(values["program_running"])
    credit_text = str(values["referrer_credit"]).strip()
    discount_text = str(values["referee_discount"]).strip()
    if not (discount_text and credit_text):
        if is_running:
            empty = "referrer_credit" if discount_text else "referee_discount"
            _refuse(empty, "write what it gives before running the program")
        terms = None
    else:
        terms = Terms(
            channels=_channels(values, store),
            discount=_offer(values, "referee_discount"),
            minimum=_amounts(values, "minimum_order"),
            new_customers_only=_flag(values["new_customers_only"]),
            credit=_offer(values, "referrer_credit"),
            earned_when=_choice(values, "earned_when", EarnedWhen),
            hold_days=_number(values, "hold_days", 0, 366) or 0,
            cap_count=_number(values, "most_credits", 1, 1_000_000),
            cap_amount=_amounts(values, "most_credit_amount"),
            cap_period=_choice(values, "cap_period", CapPeriod),
            credit_valid_days=_number(values, "credit_valid_days", 1, 36_600),
        )
    return Page(is_running, terms, _url(values, "link_url"))


def save(values: Mapping[str, Any], *, active: bool, store: Store) -> None:
    """Save the page: validate it, make a new version of the terms if they changed, and put
    the offer in place. Raises ValidationError, and then nothing is saved."""
    page = read(values, store=store)
    save_program(
        store=store,
        terms=page.terms,
        is_running=active and page.is_running,
        link_url=page.link_url,
    )


def summary(values: Mapping[str, Any], *, store: Store, active: bool = True) -> str:
    """The page in one plain line. Its first words say whether and where the program runs:
    about 90 characters are seen without scrolling."""
    try:
        # A channel named here may have been switched off since; that stops nothing elsewhere.
        page = read({**values, "channels": ""}, store=store)
    except ValidationError as error:
        return f"Not running. {'; '.join(error.messages)}"
    terms = page.terms
    if terms is None:
        return "Not running: the friend's discount and the referrer's credit are not set."
    terms = replace(terms, channels=tuple(_slugs(values)))
    channels = store.channels()
    named = [c for c in channels if not terms.channels or c.slug in terms.channels]
    runs = [c for c in named if terms.runs_in(c.slug, c.currency)]
    not_in = [f"{c.slug} ({terms.why_not_in(c.slug, c.currency)})" for c in named if c not in runs]
    not_in += [f"{s} (not active)" for s in terms.channels if s not in {c.slug for c in channels}]
    where = ", ".join(c.slug for c in runs) if len(runs) <= 3 else f"{len(runs)} channels"
    currencies = {c.currency for c in runs}
    is_on = page.is_running and active and runs
    parts = [
        f"Running in {where}" if is_on else f"Not running; it would in {where or 'no channel'}",
        f", not in {'; '.join(not_in)}" if not_in else "",
        ". New customers get " if terms.new_customers_only else ". Friends get ",
        f"{_say(terms.discount, currencies)} off",
        f" orders from {_say_amounts(terms.minimum, currencies)}" if terms.minimum else "",
        f"; referrers get {_say(terms.credit, currencies)}",
        f", {terms.hold_days} days after" if terms.hold_days else ", as soon as",
        f" the order is {terms.earned_when.value}.",
    ]
    return "".join(parts)


def _say(offer: Offer, currencies: Collection[str]) -> str:
    return str(offer) if offer.percent is not None else _say_amounts(offer.amounts, currencies)


def _say_amounts(amounts: Amounts, currencies: Collection[str]) -> str:
    """Only in currencies the program runs in; all of them while it runs nowhere."""
    kept = {c: a for c, a in amounts.as_dict().items() if c in currencies} or amounts.as_dict()
    return " / ".join(f"{amount} {currency}" for currency, amount in kept.items())


# reading one field -------------------------------------------------------------------------


def _refuse(name: str, instead: str) -> NoReturn:
    label = FIELDS[name][1]
    raise ValidationError({name: ValidationError(f"{label}: {instead}.", code="invalid")})


def _flag(value: Any) -> bool:
    return value is True or str(value).strip().lower() == "true"


def _number(values: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    text = str(values[name]).strip()
    if not text and name != "hold_days":
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        _refuse(name, f'write a whole number from {least} to {most}, such as "30"')
    return int(text)


def _choice(values: Mapping[str, Any], name: str, enum: type) -> Any:
    text = str(values[name]).strip().lower()
    try:
        return enum(text)
    except ValueError:
        _refuse(name, "write " + " or ".join(f'"{item.value}"' for item in enum))  # type: ignore[attr-defined]


def _amounts(values: Mapping[str, Any], name: str) -> Amounts:
    text = str(values[name]).strip()
    amounts: dict[str, Decimal] = {}
    for part in filter(None, (piece.strip() for piece in re.split(r"[,;\n]", text))):
        match = _AMOUNT.match(part)
        if match is None and _DECIMAL_COMMA.search(text):
            _refuse(name, 'write decimals with a point, "9.50 EUR", and a comma between amounts')
        if match is None:
            or_percent = '"10%", or ' if name in ("referee_discount", "referrer_credit") else ""
            _refuse(name, f'write {or_percent}amounts like "10 USD, 9.50 EUR", not "{part[:20]}"')
        currency = match[2].upper()
        if currency not in _CURRENCIES:
            _refuse(name, f'"{currency}" is no currency; write it like "10 USD"')
        if currency in amounts:
            _refuse(name, f"write {currency} only once")
        amount = Decimal(match[1])
        digits = get_currency_precision(currency)
        if amount <= 0 or amount >= 10**9:
            _refuse(name, f'write an amount above 0 and below a billion, not "{part[:20]}"')
        if amount != round(amount, digits):
            _refuse(name, f"{currency} has {digits} decimal places; write fewer")
        amounts[currency] = amount
    return Amounts.of(amounts)


def _offer(values: Mapping[str, Any], name: str) -> Offer:
    text = str(values[name]).strip()
    if not text.endswith("%"):
        return Offer(amounts=_amounts(values, name))
    try:
        percent = Decimal(text[:-1].strip())
    except InvalidOperation:
        percent = Decimal(0)
    if not percent.is_finite() or not 0 < percent <= 100 or percent != round(percent, 2):
        _refuse(name, 'write a percentage above 0 and up to 100, such as "10%" or "7.5%"')
    return Offer(percent=percent)


def _slugs(values: Mapping[str, Any]) -> list[str]:
    return [s for s in re.split(r"[,;\s]+", str(values.get("channels") or "")) if s]


def _channels(values: Mapping[str, Any], store: Store) -> tuple[str, ...]:
    slugs = _slugs(values)
    known = {channel.slug for channel in store.channels()}
    for slug in slugs:
        if slug not in known:
            _refuse("channels", f'no channel "{slug[:30]}"; there is {", ".join(sorted(known))}')
    return tuple(sorted(set(slugs)))


def _url(values: Mapping[str, Any], name: str) -> str:
    text = str(values[name]).strip()
    if not text:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or len(text) > 500:
        _refuse(name, 'write a full address such as "https://shop.example.com/"')
    return text

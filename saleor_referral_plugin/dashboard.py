"""The plugin's page: its fields, how they are read, and what is said about mistakes.

The Dashboard knows text, checkbox and read-only fields only; numbers, choices and amounts
are read here. It shows one error, cut after two lines, so each says first which field and
what to write instead.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
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
        "What the program gives now",
        "Written by the plugin when you save.",
        "",
    ),
    "channels": (
        "string",
        "Channels",
        "Slugs of the channels the program runs in, with commas: default-channel, eu. "
        "Empty: all channels.",
        "",
    ),
    "referee_discount": (
        "string",
        "Friend's discount",
        'What the new customer gets: "10%", or an amount for each currency: "10 USD, 9 EUR".',
        "10%",
    ),
    "minimum_order": (
        "string",
        "Minimum order",
        'Least value of the goods before the discount: "50 USD, 45 EUR". Empty: none.',
        "",
    ),
    "referrer_credit": (
        "string",
        "Referrer's credit",
        'What the customer gets whose friend has bought: "10 USD, 9 EUR", or "5%" of the '
        "friend's goods without discount, tax and shipping.",
        "",
    ),
    "earned_when": (
        "string",
        "Earned when",
        '"paid": the friend\'s order is fully paid; "fulfilled": it has been sent in full.',
        "paid",
    ),
    "hold_days": (
        "string",
        "Days before crediting",
        "Whole days between earning and crediting; make it your return period.",
        "14",
    ),
    "most_credits": (
        "string",
        "Most credits for one referrer",
        "A whole number, counted per period below. Empty: no limit.",
        "",
    ),
    "most_credit_amount": (
        "string",
        "Most credit for one referrer",
        'An amount for each currency, per period below: "500 USD, 450 EUR". The last credit '
        "is cut to what is left. Empty: no limit.",
        "",
    ),
    "cap_period": (
        "string",
        "Period of these limits",
        '"month" or "year" (of the calendar, UTC), or "life".',
        "year",
    ),
    "credit_valid_days": (
        "string",
        "Days a credit stays valid",
        "A whole number. Empty: for ever.",
        "365",
    ),
    "link_url": (
        "string",
        "Link leads to",
        "Address of your storefront: https://shop.example.com/. The code is added as ?ref=.",
        "",
    ),
    "program_running": (
        "boolean",
        "Program running",
        "Take new referrals. Switching this off keeps every promise already made.",
        False,
    ),
    "new_customers_only": (
        "boolean",
        "Only for new customers",
        "A friend who has ordered before, as a guest too, is refused.",
        True,
    ),
}

_CURRENCIES = list_currencies()
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
    """The page in one plain line: what the program gives, and where."""
    try:
        page = read(values, store=store)
    except ValidationError as error:
        return f"Not running: {'; '.join(error.messages)}"
    terms = page.terms
    if terms is None:
        return "Not running: the friend's discount and the referrer's credit are not set."
    channels = store.channels()
    runs = [c.slug for c in channels if terms.runs_in(c.slug, c.currency)]
    not_priced = [
        f"{c.slug}: {terms.why_not_in(c.slug, c.currency)}"
        for c in channels
        if (not terms.channels or c.slug in terms.channels)
        and not terms.runs_in(c.slug, c.currency)
    ]
    who = "New customers" if terms.new_customers_only else "Customers"
    minimum = f" on orders from {terms.minimum}" if terms.minimum else ""
    credit = f"{terms.credit}{' of the order' if terms.credit.percent is not None else ''}"
    hold = f" {terms.hold_days} days after" if terms.hold_days else " as soon as"
    parts = [
        "" if page.is_running and active else "Not running. When it runs: ",
        f"{who} get {terms.discount} off{minimum}; the referrer gets {credit}{hold} "
        f"the order is {terms.earned_when.value}",
        f". Runs in {', '.join(runs) or 'no channel'}.",
    ]
    if not_priced:
        parts.append(f" Not in {'; '.join(not_priced)}.")
    return "".join(parts)


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
        if match is None:
            _refuse(name, f'write amounts like "10 USD, 9.50 EUR", not "{part[:20]}"')
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
        _refuse(name, 'write a percentage above 0 and up to 100, such as "10%"')
    return Offer(percent=percent)


def _channels(values: Mapping[str, Any], store: Store) -> tuple[str, ...]:
    slugs = [s for s in re.split(r"[,;\s]+", str(values["channels"]).strip()) if s]
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

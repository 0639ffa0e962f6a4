"""The plugin's page: its fields, how they are read, and what is said about mistakes.

The Dashboard knows text, checkbox and read-only fields only; numbers, choices and amounts
are read here. It shows one error, cut after two lines, so each says first which field and
what to write instead.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from babel.numbers import get_currency_precision, list_currencies
from django.core.exceptions import ValidationError
from django.db import transaction

from .engine.facts import Channel
from .engine.money import Amounts
from .engine.programs import (
    DEFAULT_PROGRAM,
    current_program,
    current_terms,
    is_address,
    save_program,
)
from .engine.store import Store
from .engine.terms import Cap, CapPeriod, EarnedWhen, Offer, ProgramKind, RewardRule, Span, Terms
from .models import Program

#: Field name -> (kind, label, help text, value of a new shop), in the order shown.
FIELDS: dict[str, tuple[str, str, str, str | bool]] = {
    "summary": (
        "output",
        "Now",
        "What the program gives, and where it does not run, as the page was saved last.",
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
        'What comes off the friend\'s goods: "10%", or an amount per currency: "10 USD, 9 EUR"; '
        'or "free shipping".',
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

PERIODS = (CapPeriod.CALENDAR_MONTH, CapPeriod.CALENDAR_YEAR, CapPeriod.LIFE)
Choice = TypeVar("Choice", bound=StrEnum)

#: Who has changed a program that was changed on the page.
PAGE = "the plugin's page"

#: So many characters of a read-only field are seen also in a narrow window.
SHORT = 60

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
            earned_when=_choice(values, "earned_when", (EarnedWhen.PAID, EarnedWhen.FULFILLED)),
            rewards=(_credit(values),),
            caps=_caps(values),
        )
    return Page(is_running, terms, _url(values, "link_url"))


@transaction.atomic
def save(values: Mapping[str, Any], *, active: bool, store: Store) -> None:
    """Save the page: validate it, make a new version of the terms if they changed, and put
    the offer in place. Raises ValidationError, and then nothing is saved.

    The API may have changed the same program since. What it says besides the page's fields
    stays; so do its terms, until the page's own are others than they were. A program that was
    closed there is opened there.
    """
    page = read(values, store=store)
    program = Program.objects.select_for_update().filter(slug=DEFAULT_PROGRAM).first()
    terms, kept = page.terms, dict[str, Any]()
    if program is not None:
        if program.closed_at is not None and page.is_running:
            _refuse("program_running", "it was closed by the API; open it there, or untick this")
        kept = {"name": program.name, "priority": program.priority}
        kept["kind"] = ProgramKind(program.kind)
        if _set_elsewhere(program, page):
            terms = None
    save_program(
        store=store,
        terms=terms,
        is_running=active and page.is_running,
        link_url=page.link_url,
        by=PAGE,
        **kept,
    )


def _set_elsewhere(program: Program, page: Page) -> bool:
    """Are the newest terms not the page's, and the page's what they were when it made some?"""
    newest = program.versions.first()
    pages = program.versions.filter(by=PAGE).first()
    if newest is None or newest.by == PAGE:
        return False
    return pages is not None and pages.terms == page.terms


def as_it_is(values: Mapping[str, Any], *, store: Store, active: bool = True) -> "Summary":
    """The page in plain words, or what the API has made of its program since."""
    said, program = summary(values, store=store, active=active), current_program()
    if program is None:
        if active and _flag(values.get("program_running")):
            # Its row is gone: the tables were emptied, or made anew.
            return Summary("Not running: the program is gone", "Save this page to make it again.")
        return said
    try:
        page = read({**values, "channels": ""}, store=store)
    except ValidationError:
        return said
    newest = current_terms(program)
    if page.terms is not None and newest is not None and newest.by != PAGE:
        terms = page.terms.but(channels=tuple(sorted(set(_slugs(values)))))
        if terms != newest.terms:
            details = (
                "Its terms are not those of this page, which come into force once you change a "
                "field of them and save."
            )
            return Summary(f"{_say_status(program)}, by terms set by the API", details)
    if program.is_running != (active and page.is_running):
        details = "Save this page to do as it says."
        if program.closed_at is not None:
            details = "Open it by the API, or untick the field below."
        return Summary(f"{_say_status(program)}, as the API has it", details)
    return said


def _say_status(program: Program) -> str:
    words = {
        Program.Status.OPEN: "Running",
        Program.Status.PAUSED: "Not running",
        Program.Status.CLOSED: "Closed",
    }
    return words[program.status]


@dataclass(frozen=True, slots=True)
class Summary:
    """What the page says of itself. In two parts, because the Dashboard cuts a read-only
    value after one line, and wraps the help text below it.

    headline  whether and where the program runs
    details   what it gives, and why it does not run where it does not
    """

    headline: str
    details: str


def summary(values: Mapping[str, Any], *, store: Store, active: bool = True) -> Summary:
    """The page in plain words."""
    try:
        # A channel named here may have been switched off since; that stops nothing elsewhere.
        page = read({**values, "channels": ""}, store=store)
    except ValidationError as error:
        return Summary("A field has to be corrected", " ".join(error.messages))
    if page.terms is None:
        return Summary("Not running: not filled in yet", _what_to_fill_in(values))
    terms = page.terms.but(channels=tuple(dict.fromkeys(_slugs(values))))
    runs, why_not = _where(terms, store.channels())
    names = ", ".join(channel.slug for channel in runs)
    where = f"It would run in {names}."
    if not runs:
        headline, where = "Not running in any channel", ""
    elif not active:
        headline = "Not running: the plugin is not active"
    elif not page.is_running:
        headline = f'Not running: "{FIELDS["program_running"][1]}" is not ticked'
    else:
        shown = _say_where(runs, why_not)
        headline, where = f"Running in {shown}", "" if names in shown else f"It runs in {names}."
    currencies = {channel.currency for channel in runs}
    details = (
        where,
        _say_offers(terms, currencies),
        _say_limits(terms, currencies),
        *(f"Not in {', '.join(slugs)}: {why}." for why, slugs in why_not.items()),
        _say_unsold(terms, store.channels()),
        "" if runs or why_not else "The shop has no active channel.",
    )
    return Summary(headline, " ".join(filter(None, details)))


def _what_to_fill_in(values: Mapping[str, Any]) -> str:
    values = {**defaults(), **{n: v for n, v in values.items() if v is not None}}
    empty = [
        f'"{FIELDS[name][1]}"'
        for name in ("referee_discount", "referrer_credit")
        if not str(values[name]).strip()
    ]
    return f'Fill in {" and ".join(empty)}, tick "{FIELDS["program_running"][1]}", and save.'


def _where(
    terms: Terms, channels: Collection[Channel]
) -> tuple[list[Channel], dict[str, list[str]]]:
    """The channels that the terms run in; and the others that the owner meant, by the reason
    why they do not."""
    runs: list[Channel] = []
    why_not: dict[str, list[str]] = {}
    for channel in channels:
        if terms.channels and channel.slug not in terms.channels:
            continue
        if why := terms.why_not_in(channel.slug, channel.currency):
            why_not.setdefault(why, []).append(channel.slug)
        else:
            runs.append(channel)
    active = {channel.slug for channel in channels}
    if gone := [slug for slug in terms.channels if slug not in active]:
        why_not["no such channel is active"] = gone
    return runs, why_not


def _say_where(runs: Collection[Channel], why_not: Mapping[str, Collection[str]]) -> str:
    """The channels by name as long as that is short enough for the field."""
    meant = len(runs) + sum(len(slugs) for slugs in why_not.values())
    partly = f"{len(runs)} of {_count(meant, 'channel')}" if len(runs) < meant else ""
    names = ", ".join(channel.slug for channel in runs)
    said = f"{partly}: {names}" if partly else names
    return said if len(said) <= SHORT else partly or _count(len(runs), "channel")


def _say_offers(terms: Terms, currencies: Collection[str]) -> str:
    [credit] = terms.rewards
    discount = _say_offer(terms.discount, currencies) if terms.discount else "nothing"
    off = "on" if terms.discount and terms.discount.free_shipping else "off"
    minimum, no_minimum = _say_amounts(terms.minimum, currencies)
    who = "New customers" if terms.new_customers_only else "Friends"
    orders = f"orders from {minimum}" if minimum else "their order"
    of_what = " of the friend's goods" if credit.worth.percent is not None else ""
    when = f"{credit.hold} after" if credit.hold else "as soon as"
    sentence = (
        f"{who} get {discount} {off} {orders}; referrers get "
        f"{_say_offer(credit.worth, currencies)}{of_what}, "
        f"{when} the order is {terms.earned_when.value}."
    )
    return f"{sentence} No minimum order in {no_minimum}." if no_minimum else sentence


def _say_limits(terms: Terms, currencies: Collection[str]) -> str:
    at_most, without = [], ""
    for cap in terms.caps:
        amount, no_amount = _say_amounts(cap.amount, currencies)
        at_most.append(_count(cap.count, "credit") if cap.count else amount)
        without = without or no_amount
    valid = terms.rewards[0].valid
    sentences = (
        f"Each referrer gets at most {' and '.join(filter(None, at_most))} {_say_period(terms)}."
        if any(at_most)
        else "",
        f"No limit to the amount in {without}." if without else "",
        f"A credit is valid for {valid}." if valid else "",
    )
    return " ".join(filter(None, sentences))


def _say_unsold(terms: Terms, channels: Collection[Channel]) -> str:
    """The currencies of amounts that lead nowhere, misspelt perhaps."""
    [credit] = terms.rewards
    all_amounts = [terms.minimum, credit.worth.amounts, *(cap.amount for cap in terms.caps)]
    if terms.discount is not None:
        all_amounts.append(terms.discount.amounts)
    named = {currency for amounts in all_amounts for currency in amounts.as_dict()}
    unsold = sorted(named - {channel.currency for channel in channels})
    return f"No active channel sells in {', '.join(unsold)}." if channels and unsold else ""


def _say_period(terms: Terms) -> str:
    period = terms.caps[0].period
    return "in all" if period is CapPeriod.LIFE else f"in a calendar {period.value}"


def _say_offer(offer: Offer, currencies: Collection[str]) -> str:
    return _say_amounts(offer.amounts, currencies)[0] if offer.amounts else str(offer)


def _say_amounts(amounts: Amounts, currencies: Collection[str]) -> tuple[str, str]:
    """The amounts in the currencies the program runs in, all of them while it runs nowhere;
    and which of these currencies were forgotten, if others were not."""
    named = amounts.as_dict()
    kept = [f"{a} {c}" for c, a in named.items() if c in currencies or not currencies]
    missing = sorted(set(currencies) - set(named)) if kept else []
    return " / ".join(kept), ", ".join(missing)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


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
        _refuse(name, f"write a whole number from {least} to {most}")
    return int(text)


def _choice(values: Mapping[str, Any], name: str, choices: Sequence[Choice]) -> Choice:
    text = str(values[name]).strip().lower()
    for choice in choices:
        if choice.value == text:
            return choice
    _refuse(name, "write " + " or ".join(f'"{choice.value}"' for choice in choices))


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
    if name == "referee_discount" and " ".join(text.lower().split()) == "free shipping":
        return Offer(free_shipping=True)
    if not text.endswith("%"):
        return Offer(amounts=_amounts(values, name))
    if _DECIMAL_COMMA.search(text):
        _refuse(name, 'write decimals with a point, such as "7.5%"')
    try:
        percent = Decimal(text[:-1].strip())
    except InvalidOperation:
        percent = Decimal(0)
    if not percent.is_finite() or not 0 < percent <= 100 or percent != round(percent, 2):
        _refuse(name, 'write a percentage above 0 and up to 100, such as "10%" or "7.5%"')
    return Offer(percent=percent)


def _credit(values: Mapping[str, Any]) -> RewardRule:
    valid_days = _number(values, "credit_valid_days", 1, 36_600)
    return RewardRule(
        worth=_offer(values, "referrer_credit"),
        hold=Span(days=_number(values, "hold_days", 0, 366) or 0),
        valid=None if valid_days is None else Span(days=valid_days),
    )


def _caps(values: Mapping[str, Any]) -> tuple[Cap, ...]:
    period = _choice(values, "cap_period", PERIODS)
    count = _number(values, "most_credits", 1, 1_000_000)
    amount = _amounts(values, "most_credit_amount")
    return (
        *((Cap(count=count, period=period),) if count else ()),
        *((Cap(amount=amount, period=period),) if amount else ()),
    )


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
    if not is_address(text):
        _refuse(name, 'write a full address such as "https://shop.example.com/"')
    return text

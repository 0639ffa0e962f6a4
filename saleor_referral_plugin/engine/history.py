"""What the books and the store know of a buyer and of a referrer, beyond the checkout or the
order at hand. Two queries, the books' and the store's: a shopper may be waiting.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from ..models import Referral
from . import rows
from .decide import Beneficiary
from .facts import Person
from .known_orders import KNOWN, LATE
from .people import person
from .store import Store

#: How many orders newer than the last sweep are looked through. With a sweep every minute
#: there are few; more wait only while a large shop is being indexed first.
RECENT = 20_000

#: NULL equals nothing: what is not known of the buyer finds nothing, and no credits are
#: counted where no referrer is asked for.
_BOOKS = """
SELECT (SELECT position FROM referral_bookmark WHERE name = %(known)s),
       ARRAY(SELECT order_ref FROM referral_knownorder WHERE email_key = %(email_key)s),
       EXISTS (SELECT FROM referral_referral
                WHERE program_id = %(program)s AND status = ANY(%(active)s)
                  AND order_ref <> %(except_ref)s
                  AND (referee_email_key = %(email_key)s OR referee_user_ref = %(user_ref)s)),
       ARRAY(SELECT ARRAY[currency, count(*)::text, sum(amount)::text] FROM referral_reward
              WHERE referrer_id = %(referrer)s AND beneficiary = %(beneficiary)s AND amount > 0
                AND referral_id IS DISTINCT FROM %(except_referral)s
                AND (%(start)s::timestamptz IS NULL
                     OR earned_at >= %(start)s AND earned_at < %(end)s)
              GROUP BY currency)
"""


@dataclass(frozen=True, slots=True)
class Credits:
    """Which credits of a referrer count: those in the window (its start included and its end
    not; None: for life), but for those of one referral."""

    referrer_id: int
    window: tuple[datetime, datetime] | None = None
    except_referral: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """`earlier_orders` and `referred_before` as in `facts.History`; `credits` are the number of
    credits and their sum, by currency."""

    earlier_orders: int = 0
    referred_before: bool = False
    credits: Mapping[str, tuple[int, Decimal]] = field(default_factory=dict)


def look_up(
    buyer: Person,
    *,
    store: Store,
    program_id: int,
    placed_before: datetime,
    except_ref: str = "",
    count_orders: bool = True,
    credits: Credits | None = None,
) -> Known:
    """How many of the buyer's orders stand that were placed before (0 unless they count),
    whether another order of theirs is a referral in the program, and the referrer's credits.

    Of somebody not known yet nothing is asked.
    """
    if not buyer.is_known and credits is None:
        return Known()
    start, end = (credits and credits.window) or (None, None)
    [(indexed_to, refs, referred_before, counted)] = rows.select(
        _BOOKS,
        {
            "known": KNOWN,
            "email_key": buyer.email_key,
            "user_ref": buyer.user_ref,
            "program": program_id,
            "active": list(Referral.ACTIVE),
            "except_ref": except_ref,
            "referrer": credits and credits.referrer_id,
            "except_referral": credits and credits.except_referral,
            "beneficiary": Beneficiary.REFERRER.value,
            "start": start,
            "end": end,
        },
    )
    known = Known(
        referred_before=referred_before,
        credits={currency: (int(count), Decimal(sum)) for currency, count, sum in counted},
    )
    if not count_orders or not buyer.is_known:
        return known
    named = set(refs)
    standing = store.standing_orders(
        refs=named,
        user_ref=buyer.user_ref,
        # Rows may become visible a little later than their timestamp says.
        changed_since=indexed_to and indexed_to - LATE,
        at_most=RECENT,
        placed_before=placed_before,
    )
    earlier = {
        order.ref
        for order in standing
        # Those that no sweep has seen yet are compared in memory: nothing is written while a
        # shopper waits.
        if order.ref in named or person(order.user_ref, order.email).is_same_as(buyer)
    }
    return replace(known, earlier_orders=len(earlier - {except_ref}))

"""What referrers choose for themselves: a code that says who they are, and the name under which
others see them."""

import re
import unicodedata
from datetime import timedelta

from django.db import IntegrityError, transaction

from ..models import Program, ReferralCode, Referrer
from . import codes
from .findings import Finding, FindingCode, Refused
from .readings import reads
from .store import Store

#: So many codes of one's own in so long, in all programs together.
CHANGES = 5
PERIOD = timedelta(days=30)
LONGEST_NAME = 40

WRITTEN = re.compile(r"[A-Z0-9]+([\s\-_]?[A-Z0-9]+)*")
#: Letters of any script with their marks; between them what names have.
_BETWEEN = frozenset(" .'’-")


@reads(gives=FindingCode.CODE_TAKEN)
def choose_code(referrer: Referrer, program: Program, wanted: str, *, store: Store) -> ReferralCode:
    """Make `wanted` the code a referrer shares in a program. The code before it works on, and
    can be chosen again; nobody else ever gets it.

    Raises Refused: CODE_UNFIT, CODE_TAKEN (by whomever, or a code of the shop's own),
    TOO_MANY_TRIES.
    """
    written = fit(wanted)
    code = codes.normalise(written)
    now, referrer = store.now(), codes.who_remains(referrer)
    with transaction.atomic():
        # One at a time: the number of changes is counted under the referrer's lock.
        Referrer.objects.select_for_update().get(pk=referrer.pk)
        mine = ReferralCode.objects.filter(referrer=referrer, program=program, is_active=True)
        chosen = mine.filter(code=code).first()
        if chosen is None:
            _check_rate(referrer, store)
            if store.code_is_taken(code, however_written=True):
                raise Refused(Finding(FindingCode.CODE_TAKEN, False))
            chosen = ReferralCode(
                referrer=referrer, program=program, code=code, written=written, created_at=now
            )
        if not _is_drawn(chosen):
            chosen.written = written
        mine.filter(replaced_at=None).exclude(code=code).update(replaced_at=now)
        chosen.replaced_at = None
        try:
            with transaction.atomic():
                chosen.save()
        except IntegrityError:
            # Undoes the replacement, too.
            raise Refused(Finding(FindingCode.CODE_TAKEN, False)) from None
    return chosen


@reads(gives=FindingCode.CODE_UNFIT)
def fit(wanted: str) -> str:
    """As it will be shown. Raises Refused: CODE_UNFIT."""
    written = wanted.strip().upper()
    bare = re.sub(r"[\s\-_]", "", written)
    can_be = WRITTEN.fullmatch(written) and codes.normalise(bare)
    # Nor what looks like a promo code of our offers.
    if not can_be or codes.is_rude(bare) or codes.is_offer_code(bare.replace("1", "I")):
        detail = {"least": codes.SHORTEST, "most": codes.LONGEST}
        raise Refused(Finding(FindingCode.CODE_UNFIT, False, detail))
    return re.sub(r"[\s_]", "-", written)


@reads(gives=FindingCode.TOO_MANY_TRIES)
def _check_rate(referrer: Referrer, store: Store) -> None:
    since = store.now() - PERIOD
    chosen = ReferralCode.objects.filter(referrer=referrer, created_at__gt=since)
    dates = list(chosen.exclude(written="").order_by("created_at").values_list("created_at"))
    if len(dates) >= CHANGES:
        again = dates[-CHANGES][0] + PERIOD
        raise Refused(Finding(FindingCode.TOO_MANY_TRIES, False, {"retry_at": again.isoformat()}))


def _is_drawn(code: ReferralCode) -> bool:
    return code.pk is not None and not code.written


@reads(gives=FindingCode.NAME_UNFIT)
def choose_name(referrer: Referrer, wanted: str) -> None:
    """The name that others may read beside a code or in a leaderboard; empty: none. Raises
    Refused: NAME_UNFIT."""
    name = " ".join(unicodedata.normalize("NFKC", wanted).split())
    letters = [sign for sign in name if sign not in _BETWEEN]
    # Category L is letters, M the marks on them.
    is_name = all(unicodedata.category(sign)[0] in "LM" for sign in letters)
    if len(name) > LONGEST_NAME or (name and not letters) or not is_name or _offends(name):
        raise Refused(Finding(FindingCode.NAME_UNFIT, False, {"most": LONGEST_NAME}))
    referrer.display_name = name
    Referrer.objects.filter(pk=referrer.pk).update(display_name=name)


def _offends(name: str) -> bool:
    """Word by word, and without accents."""
    plain = unicodedata.normalize("NFD", name).upper()
    words = re.split(r"[^A-Z]+", re.sub(r"[\u0300-\u036f]", "", plain))
    return any(codes.is_rude_word(word) for word in words)

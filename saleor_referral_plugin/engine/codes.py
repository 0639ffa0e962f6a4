"""Referral codes: drawn, readable aloud and unguessable; or chosen by their referrer. Never a
code of the store's own."""

import re
import secrets

from django.db import IntegrityError, transaction

from ..models import Program, ReferralCode, Referrer, Reward, TermsVersion
from .store import Store

#: Crockford base32: no I, L, O, U. https://www.crockford.com/base32.html
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10  # 50 bits
#: A referrer's own choice may have an U, and another length.
SHORTEST, LONGEST = 4, 20
_CHOSEN = frozenset(ALPHABET + "U")

#: What Crockford reads for letters that look like digits.
LOOK_ALIKES = str.maketrans("OIL", "011")
#: How digits are read as letters when looking for words.
_AS_LETTERS = str.maketrans("01345789", "OIEASTBG")

#: Stems that must not appear in a code read aloud, in English, German, French, Spanish,
#: Italian, Polish, Dutch and Portuguese. Short ones catch the longer.
_RUDE = re.compile(
    "|".join(
        "ANAL ANUS ARSE ARSCH ASS BAST BITCH BITE BOOB BUTT CABR CAZZ CHIE CHUJ CIPA CLIT "
        "COCK COJO CON COUILL CRAP CULO CUNT CYCK DAMN DICK DRECK DUPA DYKE ENCUL FAG FCK "
        "FEK FICK FIGA FODA FOTZ FOUT FREG FUC FUK GAY GEIL GODV HELL HEIL HOER HOLOC HOMO "
        "HURE HUR JEBA JODE JUD KACK KAK KIKE KKK KLOOT KONT KUR KUT LESB LUL MAMADA MERDA "
        "MERDE MIERDA MINCH MOFO NAZI NEGER NEGR NIGG NIQU NUTTE PEDE PEDO PENIS PIC PIMM PIPI "
        "PISD PISS PIZD POLLA POOP POPO PORN PORRA PTN PUS PUT PYKA RAPE RUCH SAU SCHEI SCHW "
        "SEX SHAG SHIT SLET SLUT SS STRONZ SUCA SUK TITS TROIA TWAT VAGIN VERGA VIAD WANK WICHS "
        "WHORE ZOB ZUP".split()
    )
)

#: Names of people in which a stem stands that means no harm there.
_HARMLESS = re.compile(
    "|".join(
        "ALESSANDRA ALESSANDRO ALESSIA ALESSIO ALISSA ANALIA BASTIAN BASTIEN BEATRIZ CASSANDRA "
        "CASSIE CLARISSA DICKSON ELISSA FAGAN GAYLE HANCOCK HELLA HELLEN HOMER HURLEY JESSE "
        "JESSICA JESSIE JUDE JUDITH JUDY KURT LARISSA LARSEN LULU MELISSA MICHELLE NIGGL OLSSON "
        "PICASSO PUTRI ROSSANA ROSSELLA RUSSELL SAUL SEBASTIAN SEBASTIANO SHELLY TESSA VANESSA "
        "YASSIN YASSINE ROSS TESS".split()
    )
)

#: The promo codes that carry the discounts in the store: FRIEND, FRIEND2, ...
_OFFER_CODE = re.compile(r"FRIEND[0-9]*\Z")


#: Phones and mail programs put dashes for hyphens, and break lines where nobody sees it: soft
#: hyphens, spaces of no width.
_NOT_READ = re.compile(r"[\s\-_\u00ad\u2010-\u2015\u2212\u200b-\u200d\u2060\ufeff]")


def normalise(typed: str) -> str:
    """`abcd-0l2m 3n` -> `ABCD012M3N`: letter case, spaces, hyphens and look-alikes do not
    count. What cannot be a code comes back empty; so does a promo code of our offers."""
    read = _NOT_READ.sub("", typed).upper()
    code = read.translate(LOOK_ALIKES)
    can_be = SHORTEST <= len(code) <= LONGEST and set(code) <= _CHOSEN
    return code if can_be and not _OFFER_CODE.match(read) else ""


def show(code: str) -> str:
    """The form in which people read and type a code that was drawn: two groups of five."""
    return f"{code[:5]}-{code[5:]}"


def is_rude(code: str) -> bool:
    code = _HARMLESS.sub(" ", code)
    as_letters = code.translate(_AS_LETTERS)
    return any(_RUDE.search(read) for read in (code, as_letters, as_letters.replace("V", "U")))


def is_rude_word(word: str) -> bool:
    """Of a name, whose parts mean nothing: is the whole word one of the stems?"""
    return _RUDE.fullmatch(word) is not None


def draw() -> str:
    """A random code that is fit to be read aloud."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if not is_rude(code):
            return code


def may_be_drawn(code: str) -> bool:
    """Has a normalised code the look of one that was drawn, and not chosen?"""
    return len(code) == LENGTH and set(code) <= set(ALPHABET)


def draw_free(store: Store) -> str:
    """A random code that is nobody's: no referral code, no coupon's, none of the store's own."""
    while True:
        code = draw()
        if not (store.code_is_taken(code) or _is_ours(code)):
            return code


def _is_ours(code: str) -> bool:
    return (
        ReferralCode.objects.filter(code=code).exists()
        or Reward.objects.filter(coupon_code=code).exists()
    )


def is_offer_code(code: str | None) -> bool:
    """Could this promo code be one of ours? Answered without the database, so that a
    checkout or an order without our code costs no query."""
    return bool(code) and _OFFER_CODE.match(code or "") is not None


def live_offer(code: str) -> TermsVersion | None:
    """The newest terms whose offer has this promo code; None for a code that is not ours. A
    retired one is free for the shop to use."""
    if not is_offer_code(code):
        return None
    return TermsVersion.objects.filter(offer_code=code, retired_at=None).first()


def free_offer_code(store: Store) -> str:
    """FRIEND for the first offer, FRIEND2 for the second; a number further on where the shop
    already uses that code, or an earlier offer did."""
    number = TermsVersion.objects.values("offer_code").distinct().order_by().count() + 1
    while True:
        code = "FRIEND" if number == 1 else f"FRIEND{number}"
        ours = TermsVersion.objects.filter(offer_code=code)
        if not store.code_is_taken(code) and not ours.exists():
            return code
        number += 1


def find(typed: str, *, of_blocked: bool = False) -> ReferralCode | None:
    """The live code a shopper typed, in whatever form; None if there is none. One query,
    whatever was typed: who tries codes learns nothing from what it takes. `of_blocked`: for
    staff, also one whose referrer they have blocked, which to anybody else is nobody's."""
    found = ReferralCode.objects.select_related("referrer", "program")
    if not of_blocked:
        found = found.filter(referrer__blocked_by=None)
    return found.filter(code=normalise(typed), is_active=True).first()


def code_of(referrer: Referrer, program: Program, *, store: Store) -> ReferralCode:
    """The code a referrer shares in a program, made the first time it is asked for. Who was merged
    into another shares the other's.

    Two requests at once get the same one: the database allows one live code each.
    """
    referrer = who_remains(referrer)
    existing = _live_code(referrer, program)
    while existing is None:
        code = draw_free(store)
        try:
            with transaction.atomic():
                existing = ReferralCode.objects.create(
                    referrer=referrer, program=program, code=code, created_at=store.now()
                )
        except IntegrityError:
            existing = _live_code(referrer, program)
    return existing


def who_remains(referrer: Referrer) -> Referrer:
    """Into whom staff have merged them, while that account is there; else they themselves."""
    if referrer.same_as is None or referrer.same_as.forgotten_at is not None:
        return referrer
    return referrer.same_as


def is_reserved(typed: str) -> bool:
    """True when the store must not use this as a voucher or gift card code of its own."""
    code = normalise(typed)
    if code:
        return _is_ours(code)
    # Also while its voucher is missing: it comes back.
    return live_offer(typed) is not None


def _live_code(referrer: Referrer, program: Program) -> ReferralCode | None:
    """Also one that has been stopped: whoever is not invited any more gets no other."""
    mine = ReferralCode.objects.filter(referrer=referrer, program=program)
    return mine.filter(replaced_at=None).first()

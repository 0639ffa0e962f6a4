"""Who somebody is, without keeping their address: normalised e-mail and keyed hash."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from functools import lru_cache

from email_normalize import Normalizer

from ..conf import settings
from .facts import Person

#: REFERRAL_HASH_KEY_ROTATION
PREPARE, ROTATE = "prepare", "rotate"
#: Of a hash, in characters.
LENGTH = 64

_PUNCTUATION = re.compile(r"[\W_]+")
_normalizer = Normalizer(skip_dns=True)


def normalise_email(email: str) -> str:
    """`A.b+x@GMail.com` -> `ab@gmail.com`. What follows a plus is dropped for any provider:
    nearly all deliver it to the same person; the rest is by the providers' published rules.

    Never asks the network. What is no e-mail address comes back lower-cased and trimmed,
    so that it still compares equal to itself.
    """
    name, at, domain = email.strip().lower().rpartition("@")
    cleaned = f"{name.partition('+')[0] or name}{at}{domain}"
    try:
        # A coroutine, but without DNS it never waits: its first step is its last.
        _normalizer.normalize(cleaned).send(None)
    except StopIteration as done:
        return str(done.value.normalized_address)
    except ValueError:
        pass
    return cleaned


def email_key(email: str | None) -> str | None:
    """The keyed hash (64 characters) under which an e-mail address is remembered."""
    return next(iter(email_keys(email)), None)


def email_keys(email: str | None) -> list[str]:
    """Every hash under which it may be remembered, first the one that is written: one, but for
    the time when the key changes; none where there is no address."""
    if not email or not email.strip():
        return []
    return [_hashed(email, keys) for keys in _ways()]


@lru_cache(maxsize=10_000)
def _hashed(email: str, keys: tuple[str, ...]) -> str:
    # Whoever claims a code is compared with everybody who has just ordered.
    return _keyed(normalise_email(email), keys)


def is_key_of(key: str | None, email: str | None) -> bool:
    """Is the address remembered so? None is for no address."""
    keys = email_keys(email)
    return key in keys if keys else key is None


def keyed(text: str) -> str:
    """A keyed hash (64 characters) of what need not be kept as it is."""
    return _keyed(text, _ways()[0])


def _keyed(text: str, keys: tuple[str, ...]) -> str:
    """By the first key, and that again by each behind it: so what was made with fewer can be
    made into what is made with all of them, by whoever has no e-mail address any more."""
    made = hmac.new(keys[0].encode(), text.encode(), hashlib.sha256).hexdigest()
    return _wrapped(made, keys)


def _wrapped(made: str, keys: tuple[str, ...]) -> str:
    """With the keys that are missing. A hash by more than one says by how many."""
    with_so_many = layers_of(made)
    for number, key in enumerate(keys[with_so_many:], with_so_many + 1):
        again = hmac.new(key.encode(), made.encode(), hashlib.sha256).hexdigest()
        made = f"{mark_of(number)}{again}"[:LENGTH]
    return made


def layers_of(made: str) -> int:
    """With how many keys a hash was made."""
    number, mark, _ = made.partition(":")
    return int(number) if mark else 1


def mark_of(number: int) -> str:
    """What a hash by so many keys begins with."""
    return f"{number}:" if number > 1 else ""


def _ways() -> tuple[tuple[str, ...], ...]:
    """The keys by which hashes are made; and those by which they are found besides."""
    keys = settings.hash_keys
    match settings.hash_key_rotation:
        case "":
            return (keys,)
        case rotation if rotation == PREPARE:
            return keys[:-1], keys
    return keys, keys[:-1]


def newest(key: str) -> str:
    """A hash that was remembered, as it is made with all keys there are."""
    return _wrapped(key, settings.hash_keys)


def remembered(user_ref: str | None, key: str | None) -> Person:
    """Somebody as the books know them, who is the same by either key."""
    if key is None or not settings.hash_key_rotation:
        return Person(user_ref, key)
    other = newest(key)
    return Person(user_ref, key, other if other != key else None)


def domain_of(email: str | None) -> str:
    """`Ben@Shop.Example.com` -> `shop.example.com`; empty where there is none."""
    return (email or "").strip().rpartition("@")[2].lower()


def party_keys(
    *,
    emails: Iterable[str | None] = (),
    phones: Iterable[tuple[str, str]] = (),
    addresses: Iterable[tuple[str, str, str]] = (),
) -> frozenset[str]:
    """Keyed hashes by which somebody is recognised as recipient or payer. A phone goes with a
    name, for a household may share one; an address is a name, a street with its number, and a
    postal code. Each makes one key, compared without letter case, spaces and punctuation. What
    is empty in part has no key."""
    keys: set[str | None] = {key for email in emails for key in email_keys(email)}
    keys |= {_party_key("phone", *named) for named in phones}
    keys |= {_party_key(*parts) for parts in addresses}
    return frozenset(key for key in keys if key)


def _party_key(*parts: str) -> str | None:
    plain = [_PUNCTUATION.sub("", part).casefold() for part in parts]
    return keyed("|".join(plain)) if all(plain) else None


def person(user_ref: str | int | None, *emails: str | None) -> Person:
    """Make a Person from what a store knows; the first e-mail that is set counts."""
    keys = email_keys(next((address for address in emails if address), None))
    return Person(None if user_ref is None else str(user_ref), *keys)

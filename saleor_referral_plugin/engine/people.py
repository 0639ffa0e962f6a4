"""Who somebody is, without keeping their address: normalised e-mail and keyed hash."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from functools import lru_cache

from email_normalize import Normalizer

from ..conf import settings
from .facts import Person

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
    """The keyed hash (hex, 64 characters) under which an e-mail address is remembered."""
    if not email or not email.strip():
        return None
    return _hashed(email, settings.hash_key)


@lru_cache(maxsize=10_000)
def _hashed(email: str, key: str) -> str:
    # Whoever claims a code is compared with everybody who has just ordered.
    return _keyed(normalise_email(email), key)


def keyed(text: str) -> str:
    """A keyed hash (hex, 64 characters) of what need not be kept as it is."""
    return _keyed(text, settings.hash_key)


def _keyed(text: str, key: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


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
    keys = {email_key(email) for email in emails}
    keys |= {_party_key("phone", *named) for named in phones}
    keys |= {_party_key(*parts) for parts in addresses}
    return frozenset(key for key in keys if key)


def _party_key(*parts: str) -> str | None:
    plain = [_PUNCTUATION.sub("", part).casefold() for part in parts]
    return _keyed("|".join(plain), settings.hash_key) if all(plain) else None


def person(user_ref: str | int | None, *emails: str | None) -> Person:
    """Make a Person from what a store knows; the first e-mail that is set counts."""
    email = next((address for address in emails if address), None)
    return Person(user_ref=None if user_ref is None else str(user_ref), email_key=email_key(email))

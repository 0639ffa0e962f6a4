"""System checks: what the owner should hear at start."""

from collections.abc import Collection
from ipaddress import ip_network
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from limits import parse

from .conf import RATE_LIMITS, settings
from .engine import tables
from .engine.people import PREPARE, ROTATE


@register()
def saleor_version_is_supported(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    from .apps import runs_in_saleor

    if not runs_in_saleor():
        return []
    from .saleor.versions import SUPPORTED, installed, is_supported

    if is_supported(installed()):
        return []
    return [
        Warning(
            f"The referral program is not made for Saleor {installed()}.",
            hint=f"Supported are {', '.join(SUPPORTED)}. The program stays switched off; set "
            "REFERRAL_ALLOW_UNTESTED_SALEOR = True to try it all the same.",
            id="referral.W001",
        )
    ]


@register()
def hash_keys_make_sense(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without a key that stays what it was nobody is recognised any more."""
    keys, rotation = settings.hash_keys, settings.hash_key_rotation
    wrong = ""
    if not keys or not all(isinstance(key, str) and key for key in keys):
        wrong = "REFERRAL_HASH_KEY must be a key, or a list of keys, and none may be empty."
    elif len(set(keys)) < len(keys):
        wrong = "REFERRAL_HASH_KEY names a key twice."
    elif rotation not in ("", PREPARE, ROTATE):
        wrong = f'REFERRAL_HASH_KEY_ROTATION is "{PREPARE}" or "{ROTATE}", or not set.'
    elif rotation and len(keys) < 2:
        wrong = "REFERRAL_HASH_KEY_ROTATION needs the old and the new key in REFERRAL_HASH_KEY."
    return [Error(wrong, id="referral.E004")] if wrong else []


@register()
def tries_can_be_counted(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What the settings say of rate limits makes sense."""
    wrong: list[CheckMessage] = []
    for name, limit in settings.rate_limits.items():
        if name not in RATE_LIMITS:
            hint = f"There are {', '.join(RATE_LIMITS)}."
            wrong.append(Error(f'No rate limit is named "{name}".', hint=hint, id="referral.E001"))
            continue
        try:
            parse(limit)
        except (TypeError, ValueError):
            hint = 'Write such as "30 per 10 minutes".'
            message = f'The rate limit "{name}" cannot be read: {limit!r}.'
            wrong.append(Error(message, hint=hint, id="referral.E002"))
    for network in settings.trusted_proxies:
        try:
            ip_network(network)
        except ValueError:
            hint = 'Write such as "10.0.0.0/8".'
            message = f"REFERRAL_TRUSTED_PROXIES has no network in {network!r}."
            wrong.append(Error(message, hint=hint, id="referral.E003"))
    return wrong


@register(Tags.database)
def tables_are_there(
    app_configs: Any, databases: Collection[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """By `manage.py check --database default`, and by `migrate` before it begins. A warning: an
    error would keep `migrate` from putting it right."""
    if "default" not in (databases or ()):
        return []
    trouble = tables.trouble()
    if not trouble:
        return []
    hint = "Until then the shop sells on, and no referral code is accepted."
    return [Warning(trouble, hint=hint, id="referral.W002")]

"""What may be set in the Django settings, with defaults; read here and nowhere else."""

from collections.abc import Sequence
from functools import lru_cache

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.dispatch import receiver

#: See `engine.rates` for what each of them counts.
RATE_LIMITS = {
    "unknown_code": "30 per 10 minutes",
    "same_code": "600 per minute",
    "code_choice": "30 per hour",
    "sign_up": "30 per hour",
    "sign_up_address": "3 per day",
}
PRIVATE_NETWORKS = (
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "::1/128",
    "fc00::/7",
)


@lru_cache(maxsize=1)
def _hash_keys() -> tuple[tuple[str, ...], str]:
    """The keys, oldest first, and which way they are changed, if they are."""
    # Asked for with every address; what is not set takes Django long to find out.
    rotation: str = getattr(django_settings, "REFERRAL_HASH_KEY_ROTATION", "")
    known = getattr(django_settings, "REFERRAL_HASH_KEY", None)
    if known is None:
        return (f"referral:{django_settings.SECRET_KEY}",), rotation
    return ((known,) if isinstance(known, str) else tuple(known)), rotation


@receiver(setting_changed)
def _forget_hash_keys(**_: object) -> None:
    _hash_keys.cache_clear()


class Settings:
    """Django settings of this app.

    REFERRAL_STORE     dotted path of the Store class; default: the real Saleor
    REFERRAL_HASH_KEY  key of the hashes that stand for e-mail addresses; default:
                       "referral:" and SECRET_KEY. Set it to that when SECRET_KEY rotates, or
                       old hashes no longer match. To change it, a list: the key there was, and
                       the new one behind it. A hash is made with the first, and again with
                       each of those behind it, so all of them stay.
    REFERRAL_HASH_KEY_ROTATION   while the last of them is new: "prepare", hashes are made
                       without it, and found with it, too; "rotate", they are made with it, and
                       found without it, too
    REFERRAL_RATE_LIMITS         how often somebody may try something, by name, in place of
                                 RATE_LIMITS below: {"unknown_code": "20 per minute"}
    REFERRAL_RATE_LIMIT_STORAGE  where tries are counted: an address of the `limits` library
                                 such as "redis://host:6379"; default: PostgreSQL
    REFERRAL_TRUSTED_PROXIES     networks of the shop's own proxies, whose word on where a
                                 request came from counts; default: private addresses
    REFERRAL_EVENTS_KEPT_DAYS    how long events are kept to be sent, and sent again; default: 30

    HTTP_IP_FILTER_ENABLED and HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS are Saleor's own, with its
    defaults: whether webhooks go into private networks (no), and to this very machine (no; where
    they do, without TLS, too).
    """

    @property
    def store(self) -> str:
        return getattr(
            django_settings,
            "REFERRAL_STORE",
            "saleor_referral_plugin.saleor.store.SaleorStore",
        )

    @property
    def graphql_host(self) -> str:
        """Module with the base types of the store's schema, beside the store itself."""
        return self.store.rpartition(".")[0].rpartition(".")[0] + ".graphql_host"

    @property
    def hash_keys(self) -> tuple[str, ...]:
        """Oldest first."""
        return _hash_keys()[0]

    @property
    def hash_key_rotation(self) -> str:
        return _hash_keys()[1]

    @property
    def rate_limits(self) -> dict[str, str]:
        return RATE_LIMITS | getattr(django_settings, "REFERRAL_RATE_LIMITS", {})

    @property
    def rate_limit_storage(self) -> str:
        return getattr(django_settings, "REFERRAL_RATE_LIMIT_STORAGE", "referral-postgresql://")

    @property
    def trusted_proxies(self) -> Sequence[str]:
        return getattr(django_settings, "REFERRAL_TRUSTED_PROXIES", PRIVATE_NETWORKS)

    @property
    def events_kept_days(self) -> int:
        return getattr(django_settings, "REFERRAL_EVENTS_KEPT_DAYS", 30)

    @property
    def http_ip_filter(self) -> bool:
        return getattr(django_settings, "HTTP_IP_FILTER_ENABLED", True)

    @property
    def http_to_loopback(self) -> bool:
        return getattr(django_settings, "HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS", False)


settings = Settings()

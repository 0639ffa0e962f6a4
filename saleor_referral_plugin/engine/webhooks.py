"""The addresses that events are sent to, as the owner sets them; and how a body is signed, as
Standard Webhooks says."""

import base64
import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import QuerySet
from standardwebhooks import Webhook

from ..conf import settings
from ..models import EventDelivery, WebhookEndpoint
from . import rows
from .event_types import EventType
from .spreading import IN_ORDER, WANTED, spread

#: More than anybody needs; each is a request for each event.
AT_MOST = 20
LONGEST_URL = 500
PREFIX = "whsec_"
#: How long the secret before still signs, too.
OLD_SECRET_FOR = timedelta(days=1)

#: What was sent already starts again.
_REPLAY = f"""
INSERT INTO referral_eventdelivery AS delivery (
       event_id, endpoint_id, subject, status, created_at, due_at, attempts, error)
SELECT event.id, endpoint.id, event.subject, 'pending', %(now)s, %(now)s, 0, ''
  FROM referral_event event
  JOIN referral_webhookendpoint endpoint ON endpoint.is_active AND {WANTED}
 WHERE (%(endpoint)s::bigint IS NULL OR endpoint.id = %(endpoint)s)
   AND (%(ids)s::bigint[] IS NULL OR event.id = ANY(%(ids)s))
   AND (%(since)s::timestamptz IS NULL OR event.happened_at >= %(since)s)
   AND (%(until)s::timestamptz IS NULL OR event.happened_at <= %(until)s)
 ORDER BY {IN_ORDER}
    ON CONFLICT (event_id, endpoint_id) DO UPDATE
   SET status = 'pending', created_at = excluded.created_at, due_at = excluded.due_at,
       attempts = 0, tried_at = NULL, response_status = NULL, error = ''
RETURNING 1
"""


class EndpointError(ValueError):
    """`field` of the input, `code` for machines: INVALID or TOO_MANY."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code


# endpoints -----------------------------------------------------------------------------------


def all_endpoints(*, using: str = "default") -> QuerySet[WebhookEndpoint]:
    """Those that the owner set; not the one that stands for the shop's apps."""
    return WebhookEndpoint.objects.using(using).exclude(url="")


def trouble() -> str:
    """What the owner must look at: where nothing is sent any more; empty: all is well."""
    stopped = all_endpoints().filter(is_active=True, stopped_at__isnull=False)
    hosts = sorted({urlsplit(url).netloc for url in stopped.values_list("url", flat=True)})
    if not hosts:
        return ""
    return f"Events are no longer sent to {', '.join(hosts)}: nothing was taken there for days."


def create(
    url: str, *, events: Collection[EventType] = (), is_active: bool = True, now: datetime
) -> WebhookEndpoint:
    """An endpoint with a secret of its own. Raises EndpointError for an address that nothing
    may be sent to, and where there are too many endpoints."""
    check_url(url)
    if all_endpoints().count() >= AT_MOST:
        message = f"There are {AT_MOST} endpoints already; delete one first."
        raise EndpointError("url", "TOO_MANY", message)
    return WebhookEndpoint.objects.create(
        url=url, events=_named(events), is_active=is_active, secret=draw_secret(), created_at=now
    )


@transaction.atomic
def update(
    endpoint: WebhookEndpoint,
    *,
    now: datetime,
    url: str | None = None,
    events: Collection[EventType] | None = None,
    is_active: bool | None = None,
) -> WebhookEndpoint:
    """Change what is given. With a new address, or said to be active (again), it is tried at
    once, and what waits for it is due. Raises EndpointError."""
    endpoint = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    if url is not None:
        check_url(url)
        endpoint.url = url
    if events is not None:
        endpoint.events = _named(events)
    if is_active is not None:
        endpoint.is_active = is_active
    if is_active or url is not None:
        endpoint.failing_since = endpoint.rests_until = endpoint.stopped_at = None
        endpoint.failures = 0
        waiting = endpoint.deliveries.filter(status=EventDelivery.Status.PENDING)
        waiting.update(due_at=now, created_at=now)
    endpoint.save()
    return endpoint


def rotate(endpoint: WebhookEndpoint, *, now: datetime) -> WebhookEndpoint:
    """A new secret. For a day bodies are signed with both."""
    endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, now + OLD_SECRET_FOR
    endpoint.secret = draw_secret()
    endpoint.save(update_fields=["secret", "old_secret", "old_secret_until"])
    return endpoint


def replay(
    *,
    now: datetime,
    ids: Collection[int] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    endpoint: WebhookEndpoint | None = None,
) -> int:
    """Send events again, with the same ids: those named, or those of a time, both ends
    included; to one endpoint, or to all that want them. Returns how many deliveries that is."""
    spread(now)
    found = rows.select(
        _REPLAY,
        {
            "now": now,
            "ids": None if ids is None else list(ids),
            "since": since,
            "until": until,
            "endpoint": endpoint and endpoint.pk,
        },
    )
    return len(found)


def check_url(url: str) -> None:
    """Raises EndpointError. Whether its name leads into a private network is seen, too,
    whenever something is sent: names change."""
    parts = urlsplit(url) if _is_url(url) else None
    if parts is None or not parts.hostname or len(url) > LONGEST_URL:
        raise EndpointError("url", "INVALID", "Enter an address such as https://example.com/hook.")
    if parts.username or parts.password:
        raise EndpointError("url", "INVALID", "A password cannot be part of the address.")
    is_here = _is_loopback(parts.hostname)
    if parts.scheme != "https" and not (is_here and settings.http_to_loopback):
        raise EndpointError("url", "INVALID", "The address must begin with https://.")
    if settings.http_ip_filter and _is_private(parts.hostname):
        if is_here and settings.http_to_loopback:
            return
        raise EndpointError("url", "INVALID", "Nothing is sent into a private network.")


def _is_url(url: str) -> bool:
    if not url.isprintable():
        # Such as NUL, which PostgreSQL does not take.
        return False
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


#: IPv6 addresses that stand for IPv4 ones: by 6to4, and by the translators of a network (NAT64).
_STAND_FOR_OTHERS = (
    ip_network("2002::/16"),
    ip_network("64:ff9b::/96"),
    ip_network("64:ff9b:1::/48"),
)


def _is_private(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    stands_for_another = any(address in network for network in _STAND_FOR_OTHERS)
    return stands_for_another or not address.is_global


def _named(events: Collection[EventType]) -> list[str]:
    wanted = set(events)
    return [each.value for each in EventType if each in wanted]


# signing -------------------------------------------------------------------------------------


def draw_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers_for(
    endpoint: WebhookEndpoint, message_id: str, body: str, *, now: datetime
) -> dict[str, str]:
    """What says whose a body is, and when it was sent."""
    valid = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_secret_until and now < endpoint.old_secret_until:
        valid.append(endpoint.old_secret)
    # The library takes any time for one in UTC.
    at = now.astimezone(UTC)
    signatures = (Webhook(secret).sign(message_id, at, body) for secret in valid)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }

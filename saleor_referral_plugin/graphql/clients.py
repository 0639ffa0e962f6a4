"""From where a request comes, as far as nobody but the shop's own servers could say so."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from ..conf import settings

_FORWARDED = "HTTP_X_FORWARDED_FOR"


def address_of(meta: Mapping[str, Any], real_ip_keys: Iterable[str] = ()) -> str:
    """The client's address; empty where there is none.

    A header that the operator vouches for (`real_ip_keys`, such as HTTP_CF_CONNECTING_IP) says
    it. Else it is whoever has connected or, where that is one of our own proxies, whoever that
    proxy says has connected to it: the last entry of X-Forwarded-For. The entries before are
    the client's to write. An IPv6 client owns a /64, and counts as one.
    """
    for key in real_ip_keys:
        if key not in ("REMOTE_ADDR", _FORWARDED) and (found := _read(meta.get(key, ""))):
            return _of_client(found)
    hops = [*str(meta.get(_FORWARDED, "")).split(","), str(meta.get("REMOTE_ADDR", ""))]
    found = ""
    for hop in reversed(hops):
        read = _read(hop)
        if not read:
            break
        found = read
        if not _is_ours(read):
            break
    return _of_client(found) if found else ""


def _read(text: Any) -> str:
    try:
        return str(ip_address(str(text).strip()))
    except ValueError:
        return ""


def _is_ours(address: str) -> bool:
    return any(ip_address(address) in ip_network(name) for name in settings.trusted_proxies)


def _of_client(address: str) -> str:
    parsed = ip_address(address)
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, 64), strict=False))

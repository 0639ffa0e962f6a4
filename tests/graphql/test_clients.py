"""Whose request it is, when headers can be forged."""

from typing import Any

import pytest

from saleor_referral_plugin import checks
from saleor_referral_plugin.graphql.clients import address_of

CLIENT = "203.0.113.7"


@pytest.mark.parametrize(
    ("remote", "forwarded", "found"),
    [
        (CLIENT, "", CLIENT),
        # Nobody forwards for a client who connects directly.
        (CLIENT, "198.51.100.1", CLIENT),
        ("10.0.0.1", CLIENT, CLIENT),
        ("10.0.0.1", f"198.51.100.1, {CLIENT}", CLIENT),
        ("10.0.0.1", f"198.51.100.1,{CLIENT} , 10.0.0.2", CLIENT),
        # A proxy that says nothing is itself the client.
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", f"{CLIENT}, nonsense", "10.0.0.1"),
        ("", "", ""),
        ("", CLIENT, ""),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "", CLIENT),
    ],
)
def test_the_address_is_what_our_own_servers_say(remote: str, forwarded: str, found: str) -> None:
    meta = {"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": forwarded}
    assert address_of(meta) == found


def test_a_header_that_the_operator_names_is_believed() -> None:
    # given
    meta = {"REMOTE_ADDR": "198.51.100.1", "HTTP_CF_CONNECTING_IP": CLIENT}

    # then
    assert address_of(meta, ["HTTP_CF_CONNECTING_IP"]) == CLIENT
    assert address_of(meta, ["REMOTE_ADDR"]) == "198.51.100.1"
    assert address_of(meta | {"HTTP_CF_CONNECTING_IP": "x"}, ["HTTP_CF_CONNECTING_IP"]) == (
        "198.51.100.1"
    )


def test_proxies_of_ones_own_are_named(settings: Any) -> None:
    # given
    meta = {"REMOTE_ADDR": "198.51.100.1", "HTTP_X_FORWARDED_FOR": CLIENT}
    assert address_of(meta) == "198.51.100.1"

    # when
    settings.REFERRAL_TRUSTED_PROXIES = ["198.51.100.0/24"]

    # then
    assert address_of(meta) == CLIENT


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("REFERRAL_RATE_LIMITS", {"unknown_code": "3 per hour"}, []),
        ("REFERRAL_RATE_LIMITS", {"unknown_code": "often"}, ["referral.E002"]),
        ("REFERRAL_RATE_LIMITS", {"unknown_code": 3}, ["referral.E002"]),
        ("REFERRAL_RATE_LIMITS", {"codes": "3 per hour"}, ["referral.E001"]),
        ("REFERRAL_TRUSTED_PROXIES", ["10.0.0.0/8", "::1/128"], []),
        ("REFERRAL_TRUSTED_PROXIES", ["the proxy"], ["referral.E003"]),
    ],
)
def test_settings_that_make_no_sense_are_said_at_start(
    settings: Any, name: str, value: Any, found: list[str]
) -> None:
    # given
    setattr(settings, name, value)

    # then
    assert [message.id for message in checks.tries_can_be_counted(None)] == found

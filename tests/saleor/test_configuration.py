"""The plugin's page, as the Dashboard reads and saves it."""

from typing import Any

import pytest
from saleor.channel.models import Channel
from saleor.discount.models import Voucher
from saleor.plugins.models import PluginConfiguration

from saleor_referral_plugin.engine import webhooks
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import Program, TermsVersion, WebhookEndpoint
from saleor_referral_plugin.plugin import ReferralPlugin
from tests.scenarios.saleor_shop import SaleorShop
from tests.scenarios.shop import ConfigurationError


def page(shop: SaleorShop) -> dict[str, Any]:
    plugin: dict[str, Any] = shop.api(
        """query($id: ID!) { plugin(id: $id) {
          name globalConfiguration { active configuration { name type value label helpText } }
        } }""",
        {"id": ReferralPlugin.PLUGIN_ID},
        shop.staff,
    )["plugin"]
    return plugin


def field(shop: SaleorShop, name: str) -> dict[str, Any]:
    fields = page(shop)["globalConfiguration"]["configuration"]
    return next(each for each in fields if each["name"] == name)


def value(shop: SaleorShop, name: str) -> str:
    return str(field(shop, name)["value"])


def test_the_plugin_is_listed_from_the_start_with_no_program_running(shop: SaleorShop) -> None:
    plugin = page(shop)

    assert plugin["name"] == "Referral program"
    assert plugin["globalConfiguration"]["active"] is True
    assert value(shop, "program_running") == "false"
    assert not Program.objects.exists()
    assert not Voucher.objects.exists()


def test_the_page_says_where_events_are_no_longer_sent(shop: SaleorShop) -> None:
    # given
    now = get_store().now()
    endpoint = webhooks.create("https://hooks.example.com/referrals", now=now)

    # when
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(stopped_at=now)

    # then
    said = "Events are no longer sent to hooks.example.com: nothing was taken there for days."
    assert field(shop, "summary")["helpText"].endswith(said)


def test_a_good_save_makes_a_version_and_says_what_the_program_gives(shop: SaleorShop) -> None:
    shop.configure(
        referee_discount="10%",
        referrer_credit="10 USD",
        minimum_order="50 USD",
        program_running=True,
    )

    assert TermsVersion.objects.count() == 1
    assert field(shop, "summary") == {
        "name": "summary",
        "type": "OUTPUT",
        "label": "Now",
        "value": "Running in 1 of 2 channels: default",
        "helpText": (
            "New customers get 10% off orders from 50 USD; referrers get 10 USD, 14 days after "
            "the order is paid. A credit is valid for 365 days. Not in euro: no referrer's credit "
            "in EUR."
        ),
    }


def test_saving_twice_makes_one_version_and_one_voucher(shop: SaleorShop) -> None:
    for _ in range(2):
        shop.configure(
            referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True
        )

    assert TermsVersion.objects.count() == 1
    assert Voucher.objects.count() == 1


def test_a_bad_value_is_refused_in_one_sentence_and_nothing_is_saved(shop: SaleorShop) -> None:
    with pytest.raises(ConfigurationError) as refused:
        shop.configure(referrer_credit="ten dollars", program_running=True)

    assert str(refused.value) == (
        'Referrer\'s credit: write "10%", or amounts like "10 USD, 9.50 EUR", not "ten dollars".'
    )
    assert not PluginConfiguration.objects.filter(identifier="referral").exists()
    assert not Program.objects.exists()
    assert page(shop)["globalConfiguration"]["active"] is True


def test_a_bad_value_leaves_an_earlier_page_as_it_was(shop: SaleorShop) -> None:
    shop.configure(referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True)

    with pytest.raises(ConfigurationError):
        shop.configure(hold_days="soon")

    assert value(shop, "hold_days") == "14"
    assert TermsVersion.objects.count() == 1


def test_switching_the_plugin_off_stops_claims_and_keeps_the_page(shop: SaleorShop) -> None:
    shop.configure(referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True)
    code = shop.share(shop.register("anna@example.com"))

    shop.switch_plugin(False)

    answer = shop.checkout(email="fay@example.com").enter_code(code)
    assert (answer.accepted, answer.code) == (False, "program_not_running")
    assert value(shop, "referee_discount") == "10%"
    assert value(shop, "summary") == "Not running: the plugin is not active"


def test_a_first_save_that_says_nothing_of_active_leaves_the_plugin_active(
    shop: SaleorShop,
) -> None:
    shop._update_plugin({"configuration": [{"name": "hold_days", "value": "7"}]})

    assert page(shop)["globalConfiguration"]["active"] is True
    assert value(shop, "hold_days") == "7"


def test_a_channel_opened_later_gets_the_offer(shop: SaleorShop) -> None:
    shop.configure(referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True)
    code = shop.share(shop.register("anna@example.com"))

    shop.api.mutate(
        "channelCreate",
        """mutation($input: ChannelCreateInput!) {
          channelCreate(input: $input) { channel { id } errors { field message } }
        }""",
        {
            "input": {
                "name": "Outlet",
                "slug": "outlet",
                "currencyCode": "USD",
                "defaultCountry": "US",
                "isActive": True,
            }
        },
        shop.staff,
    )

    shop.channels["outlet"] = Channel.objects.get(slug="outlet")
    shop.warehouse.channels.add(shop.channels["outlet"])
    checkout = shop.checkout(email="fay@example.com", channel="outlet")
    assert checkout.enter_code(code).accepted

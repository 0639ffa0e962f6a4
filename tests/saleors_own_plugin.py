"""For pytest, in Saleor's own tests: our plugin among those that they run with. Those that name
their plugins themselves get only these."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def referral_plugin_is_active(setup_dummy_gateways: Any, settings: Any) -> None:
    settings.PLUGINS = [*settings.PLUGINS, "saleor_referral_plugin.plugin.ReferralPlugin"]

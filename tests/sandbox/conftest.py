"""What the sandbox's tests share."""

import pytest

from tests.conftest import STORE

collect_ignore_glob = [] if STORE == "sandbox" else ["test_*.py"]


@pytest.fixture
def channels(db: None) -> None:
    """Two channels; the euro one has tax in its prices and charges for shipping."""
    from saleor_referral_plugin.sandbox.models import Channel

    Channel.objects.create(slug="default", name="Default", currency="USD")
    Channel.objects.create(
        slug="euro", name="Euro", currency="EUR", tax_percent=20, shipping_price=5
    )

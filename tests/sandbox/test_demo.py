"""`python -m saleor_referral_plugin.sandbox demo`."""

import io
import re
import socket

import pytest
from django.core.management import CommandError, call_command

from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.sandbox.models import Order

pytestmark = pytest.mark.django_db(transaction=True)


def tell() -> str:
    told = io.StringIO()
    call_command("demo", "--story-only", "--no-color", stdout=told)
    return told.getvalue()


def test_the_story_has_the_amounts_of_the_books() -> None:
    told = tell()

    # 10% of 202.00 off; 15% of what is left for the referrer, half of it after half a refund.
    for line in (
        r"the page says +Running in default, euro\n",
        r"Each referrer gets at most 450 EUR / 500 USD in a\n +calendar year\.",
        r'the shop says +"You cannot use your own referral code\."',
        r'with a mug in the cart +"Add \$32\.00 more to use this referral code',
        r"friend's discount +-\$20\.20",
        r"to pay +\$186\.80",
        r"order #\d+, \$186\.80 +counts: \$27\.27, on hold, credited on",
        r"gift card +\S+ with \$27\.27, until",
        r"Anna's books +to spend \$13\.64, on the way \$0\.00\n",
        r"paid by gift card +-\$13\.64",
        r"Anna's books +to spend \$0\.00, on the way \$0\.00, owed \$13\.64",
        r"Anna's books +to spend \$4\.59, on the way \$0\.00\n",
        r"They do, to the cent\.",
    ):
        assert re.search(line, told), f"{line}\n{told}"
    assert list(verify(store=get_store())) == []


def test_the_story_can_be_told_again_in_the_same_shop() -> None:
    first, second = tell(), tell()

    assert re.sub(r"#\d+", "#", first).count("$27.27") == second.count("$27.27")
    assert Order.objects.filter(email="ben2@example.com").exists()


def test_a_port_in_use_is_said_before_the_story() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CommandError, match=f"127.0.0.1:{port}.*--port {port + 1}"):
            call_command("demo", port=port)
    assert not Order.objects.exists()


def test_a_database_of_somebody_elses_is_not_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somewhere/else")
    with pytest.raises(CommandError, match="DATABASE_URL"):
        call_command("demo", "--fresh", "--story-only")

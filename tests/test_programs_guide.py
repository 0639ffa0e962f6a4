"""docs/programs.md keeps its word: its blocks are run in turn on the sandbox shop."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from saleor_referral_plugin.models import Program, Referral, Reward
from tests.scenarios import given
from tests.scenarios.shop import Shop

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "programs.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_block_of_the_guide_does_what_it_says(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    # given: an ambassador whose friend orders between the second block and the third
    anna = shop.register("anna@example.com")
    shop.sell("shirt", category="clothes", collections=("sale",))
    said: dict[str, Any] = {"user_ref": anna.user_ref, "order_ref": ""}
    first, invited, *others = BLOCK.findall(GUIDE.read_text(encoding="utf-8"))

    # when
    for block in (first, invited):
        exec(block, said)
    order = given.friends_order(shop, str(said["code"]))
    order.pay()
    said["order_ref"] = order.ref
    for block in others:
        exec(block, said)

    # then: 5 % of 90, replayed with 8 %, which then hold for the past, too
    changed, *printed = capsys.readouterr().out.splitlines()
    assert changed == "[('create', ''), ('pause', 'too many at once'), ('open', 'we are ready')]"
    assert printed[0].startswith("1 {'USD': Decimal('7.2")
    assert printed[0].endswith("{'USD': Decimal('4.5000')}")
    assert printed[1].endswith("Decimal('2.7000')}")
    assert printed[-4:] == [
        "year USD 5000 7.2000 0 4992.8000",
        "qualified",
        "0 0 {'USD': Decimal('12.2000')}",
        "[(1, 'a***@example.com', 1)]",
    ]
    assert Reward.objects.get(referral__order_ref=order.ref).amount == Decimal("7.2")
    assert Program.objects.count() == 5
    assert Reward.objects.get(rule="Adjustment").amount == 5
    assert Referral.objects.count() == 2

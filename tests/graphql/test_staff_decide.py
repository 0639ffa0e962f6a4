"""What staff and apps decide, by the API."""

from typing import Any

import pytest

from saleor_referral_plugin.models import Referral, StaffDecision
from tests.graphql import build
from tests.graphql.api import Api, global_id, operation
from tests.scenarios import given
from tests.scenarios.shop import Shop

STAFF = ("MANAGE_DISCOUNTS",)


def referral_in_review(shop: Shop) -> Referral:
    """A paid order of a friend, whose referrer was blocked before."""
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    shop.run_periodic_tasks()
    shop.block(anna)
    order.pay()
    return Referral.objects.get(order_ref=order.ref)


def approve(api: Api, referral_id: str, *, app: bool = False, reason: str = "Known to us.") -> Any:
    variables = {"id": referral_id, "reason": reason}
    answer = api.ask(operation("approve-referral"), variables, permissions=STAFF, app=app)
    assert "errors" not in answer, answer
    return answer["data"]["referralApprove"]


@pytest.mark.parametrize(("app", "kind"), [(False, "User"), (True, "App")])
def test_what_was_in_review_counts_and_it_is_written_down_who_said_so(
    shop: Shop, api: Api, app: bool, kind: str
) -> None:
    # given
    referral = referral_in_review(shop)
    assert referral.status == "in_review"
    referral_id = global_id("Referral", referral.pk)

    # when
    answer = approve(api, referral_id, app=app)

    # then
    assert answer == {"referral": {"id": referral_id, "status": "QUALIFIED"}, "errors": []}
    decision = StaffDecision.objects.get(kind="approve")
    assert (decision.by.split(":")[0], decision.reason) == (kind, "Known to us.")


def test_what_cannot_be_approved_is_said_and_nothing_changes(shop: Shop, api: Api) -> None:
    # given
    referral = referral_in_review(shop)
    referral_id = global_id("Referral", referral.pk)
    before = build.everything()

    # when
    blank = approve(api, referral_id, reason=" ")
    nobody = approve(api, global_id("Referral", 999_999))
    senseless = approve(api, "Anna")

    # then
    assert blank == {
        "referral": None,
        "errors": [{"field": "reason", "code": "REQUIRED", "message": "Say who decides, and why."}],
    }
    assert [error["code"] for error in nobody["errors"]] == ["NOT_FOUND"]
    assert [error["code"] for error in senseless["errors"]] == ["GRAPHQL_ERROR"]
    assert build.everything() == before

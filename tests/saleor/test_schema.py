"""Our part of the schema inside a real Saleor: all there, and nothing else changed."""

import json
import os
import re
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from saleor.app.models import App
from saleor.graphql import views
from saleor.graphql.api import schema as built
from saleor.graphql.core.mutations import validation_error_to_error_type
from saleor.graphql.core.types import CheckoutError
from saleor.graphql.core.validators.query_cost import validate_cost_map
from saleor.graphql.query_cost_map import COST_MAP
from saleor.permission.models import Permission

from saleor_referral_plugin.engine.findings import Finding, FindingCode
from saleor_referral_plugin.engine.rules import CLAIM_RULES
from saleor_referral_plugin.graphql.sdl import OURS, print_sdl
from saleor_referral_plugin.saleor import schema
from saleor_referral_plugin.saleor.errors import refusal_error
from tests.graphql.api import ROOT, Api, SaleorApi, global_id, operation
from tests.scenarios import given
from tests.scenarios.saleor_shop import SaleorShop
from tests.scenarios.shop import Shop

COMMITTED = (ROOT / "graphql" / "schema.graphql").read_text(encoding="utf-8")


@pytest.fixture
def api(shop: Shop) -> Api:
    return SaleorApi()


def printed() -> list[str]:
    """The whole schema as Saleor prints it."""
    said = StringIO()
    call_command("get_graphql_schema", stdout=said)
    return [line.rstrip() for line in said.getvalue().splitlines()]


def saleors_own() -> list[str]:
    """The schema file in Saleor's checkout: what it was without us."""
    path = Path(os.environ["SALEOR_CHECKOUT"], "saleor", "graphql", "schema.graphql")
    return [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()]


def test_our_part_is_what_is_committed() -> None:
    assert print_sdl(built) == COMMITTED


def test_saleor_prints_every_piece_of_it() -> None:
    # given
    pieces = re.split(r'\n\n(?=extend |type |enum |""")', COMMITTED.strip())
    extended = [piece for piece in pieces if piece.startswith("extend ")]
    defined = [f"{piece}\n" for piece in pieces if piece not in extended]
    fields = [piece.partition("{\n")[2].removesuffix("}") for piece in extended]

    # when
    whole = "\n".join(printed())

    # then
    assert [piece for piece in (*defined, *fields) if piece not in whole] == []


def test_the_schema_only_grows() -> None:
    # given: one of Saleor's scalars may stand elsewhere, where ours need it first
    before, after = Counter(saleors_own()), Counter(printed())

    # when
    gone, new = before - after, after - before

    # then
    assert list(gone) == []
    ours = {line.strip() for line in COMMITTED.splitlines()}
    assert [line for line in new if line.strip() and line.strip() not in ours] == []


def test_no_type_of_saleors_has_a_name_like_ours() -> None:
    # when
    heads = [line.split()[1] for line in saleors_own() if line.startswith(("type ", "enum "))]

    # then
    assert [name for name in heads if OURS.search(name)] == []


def test_introspection_and_federation_show_it(api: Api) -> None:
    # when
    types = api.ask("{ __schema { types { name fields { name type { name } } } } }")
    service = api.ask("{ _service { sdl } }")

    # then
    fields = {
        type_["name"]: {field["name"]: field["type"]["name"] for field in type_["fields"] or ()}
        for type_ in types["data"]["__schema"]["types"]
    }
    assert {"Referrer", "Referral", "ReferralErrorCode", "CheckoutReferral"} <= fields.keys()
    assert fields["User"]["referral"] == "Referrer"
    assert fields["CheckoutError"]["referralErrorCode"] == "ReferralErrorCode"
    assert "checkoutReferralCodeApply(" in service["data"]["_service"]["sdl"]


def test_introspection_is_cached_apart_from_that_of_a_saleor_without_us(api: Api) -> None:
    # given
    api.ask("{ shop { name } }")

    # when
    key = views.generate_cache_key("{ __schema { types { name } } }")

    # then
    assert key.endswith(f"-{schema.CACHE_SUFFIX}")
    assert key.count(schema.CACHE_SUFFIX) == 1


def test_lists_count_in_the_cost_of_a_query(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")

    def cost(first: int) -> int:
        variables = {"channel": "default", "first": first}
        answer = api.ask(operation("my-referral-page"), variables, customer=anna)
        return int(answer["extensions"]["cost"]["requestedQueryCost"])

    # then
    validate_cost_map(COST_MAP, built)
    # me, referral, balances; per reward itself, its findings, its coupon's code and whether that
    # is used, per referral itself and its referee.
    assert (cost(1), cost(50)) == (3 + 6, 3 + 300)


def test_too_late_is_an_error_and_changes_nothing() -> None:
    # given
    before = print_sdl(built)

    # when
    with pytest.raises(ImproperlyConfigured) as failure:
        schema.install()

    # then
    assert str(failure.value) == ("Saleor's schema was built before the referral fields were in.")
    assert print_sdl(built) == before


def test_every_refusal_travels_in_saleors_errors() -> None:
    for code in FindingCode:
        # given
        detail = dict.fromkeys(("missing", "minimum", "limit", "period"), "100%")
        finding = Finding(code, False, detail)

        # when
        [error] = validation_error_to_error_type(refusal_error(finding, "nl"), CheckoutError)

        # then
        field = built.get_type("CheckoutError").fields["referralErrorCode"]
        assert error.message == finding.sentence_in("nl")
        assert error.field == "promoCode"
        assert error.code == "voucher_not_applicable"
        assert field.type.serialize(error.referral_error_code) == code.name


@pytest.mark.parametrize("may", [True, False])
def test_an_app_sees_a_referrer_with_the_permission_only(shop: Shop, api: Api, may: bool) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    names = ["manage_users", "manage_discounts"] if may else ["manage_users"]
    app = App.objects.create(name="CRM", is_active=True)
    app.permissions.set(Permission.objects.filter(codename__in=names))
    _, token = app.tokens.create()

    # when
    answer = ask_as_app(
        token,
        "query($id: ID!) { user(id: $id) { referral { code } } }",
        {"id": global_id("User", anna.user_ref)},
    )

    # then
    assert answer["data"]["user"] == {"referral": {"code": code} if may else None}
    assert ("errors" in answer) is not may


def test_a_webhook_may_ask_for_it(shop: SaleorShop, api: Api) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(code).accepted
    subscription = """subscription {
      event {
        ... on CheckoutUpdated {
          checkout { referral { claim { code findings { passed } } missing { amount } } }
        }
      }
    }"""

    # when
    answer = shop.api(
        """mutation($id: ID!, $query: String!) {
          webhookDryRun(objectId: $id, query: $query) { payload errors { message } }
        }""",
        {"id": checkout.id, "query": subscription},
        shop.staff,
    )["webhookDryRun"]

    # then
    assert answer["errors"] == []
    referral = json.loads(answer["payload"])["checkout"]["referral"]
    assert referral == {
        "claim": {"code": code, "findings": [{"passed": True}] * len(CLAIM_RULES)},
        "missing": None,
    }


def ask_as_app(token: str, document: str, variables: dict[str, Any]) -> Any:
    from django.test import Client

    return (
        Client()
        .post(
            "/graphql/",
            {"query": document, "variables": variables},
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
        .json()
    )

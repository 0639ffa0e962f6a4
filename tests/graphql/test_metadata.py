"""Metadata on our objects: Saleor's fields to read it, mutations of our own to write it."""

from typing import Any

import pytest

from saleor_referral_plugin.models import Metadata, Program, Referral, Referrer, Reward
from tests.graphql.api import Api, global_id, operation
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop

STAFF = ("MANAGE_DISCOUNTS",)
CRM = [{"key": "crm", "value": "4711"}]
NOTE = [{"key": "note", "value": "likes tea"}]


def referrer_with_a_referral(shop: Shop) -> Customer:
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna), email="ben@example.com").pay()
    shop.run_periodic_tasks()
    return anna


def ids() -> dict[str, str]:
    """One of each kind of object."""
    rows = {
        "ReferralProgram": Program.objects.get(),
        "Referrer": Referral.objects.get().referrer,
        "Referral": Referral.objects.get(),
        "ReferralReward": Reward.objects.get(),
    }
    return {name: global_id(name, row.pk) for name, row in rows.items()}


def update(api: Api, **variables: Any) -> Any:
    answer = api.ask(operation("update-metadata"), variables, permissions=STAFF)
    return answer["data"]["referralMetadataUpdate"]


def delete(api: Api, **variables: Any) -> Any:
    answer = api.ask(operation("delete-metadata"), variables, permissions=STAFF)
    return answer["data"]["referralMetadataDelete"]


def read(api: Api, id: str) -> Any:
    variables = {"id": id, "key": "crm"}
    answer = api.ask(operation("referrer-metadata"), variables, permissions=STAFF)
    return answer["data"]["referrer"]


@pytest.mark.parametrize("type_name", ["ReferralProgram", "Referrer", "Referral", "ReferralReward"])
def test_staff_keep_their_own_data_beside_each_kind_of_object(
    shop: Shop, api: Api, type_name: str
) -> None:
    # given
    referrer_with_a_referral(shop)
    id = ids()[type_name]

    # when
    kept = update(api, id=id, metadata=CRM, privateMetadata=NOTE)

    # then
    assert kept == {"errors": [], "metadata": CRM, "privateMetadata": NOTE}
    field = {
        "ReferralProgram": "referralPrograms(first: 1) { edges { node { ...all } } }",
        "Referrer": "referrers(first: 1) { edges { node { ...all } } }",
        "Referral": f'referral(id: "{id}") {{ ...all }}',
        "ReferralReward": f'referralReward(id: "{id}") {{ ...all }}',
    }[type_name]
    fragment = (
        "fragment all on ObjectWithMetadata { metadata { key value } metafields"
        ' metafield(key: "crm") privateMetadata { key value } privateMetafields'
        ' privateMetafield(key: "note") }'
    )
    answer = api.ask(f"{{ {field} }} {fragment}", permissions=STAFF)
    assert "errors" not in answer
    [found] = answer["data"].values()
    found = found["edges"][0]["node"] if "edges" in found else found
    assert found == {
        "metadata": CRM,
        "metafields": {"crm": "4711"},
        "metafield": "4711",
        "privateMetadata": NOTE,
        "privateMetafields": {"note": "likes tea"},
        "privateMetafield": "likes tea",
    }


def test_keys_that_are_not_named_stay(shop: Shop, api: Api) -> None:
    # given
    referrer_with_a_referral(shop)
    id = ids()["Referrer"]
    update(api, id=id, metadata=CRM, privateMetadata=CRM)

    # when
    update(api, id=id, metadata=NOTE)
    update(api, id=id, metadata=[{"key": "crm", "value": "4712"}])

    # then
    assert read(api, id) == {
        "id": id,
        "metadata": [{"key": "crm", "value": "4712"}, *NOTE],
        "metafield": "4712",
        "privateMetadata": CRM,
        "privateMetafield": "4711",
    }

    # when
    left = delete(api, id=id, keys=["crm", "never there"], privateKeys=["crm"])

    # then
    assert left == {"errors": [], "metadata": NOTE, "privateMetadata": []}
    assert read(api, id)["metadata"] == NOTE


def test_what_was_never_kept_is_nothing_and_taking_it_away_no_error(shop: Shop, api: Api) -> None:
    # given
    referrer_with_a_referral(shop)
    id = ids()["Referral"]

    # when
    left = delete(api, id=id, keys=["crm"])

    # then
    assert left == {"errors": [], "metadata": [], "privateMetadata": []}
    assert not Metadata.objects.exists()


def test_the_referrer_reads_what_is_public_and_no_more(shop: Shop, api: Api) -> None:
    # given
    anna = referrer_with_a_referral(shop)
    update(api, id=ids()["Referrer"], metadata=CRM, privateMetadata=NOTE)

    # when
    public = api.ask("{ me { referral { metafields } } }", customer=anna)
    private = api.ask("{ me { referral { id privateMetafields } } }", customer=anna)

    # then
    assert public["data"]["me"]["referral"] == {"metafields": {"crm": "4711"}}
    assert private["data"]["me"]["referral"]["privateMetafields"] is None
    assert [error["message"] for error in private["errors"]] == [
        "To access this path, you need one of the following permissions: MANAGE_DISCOUNTS"
    ]


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"key": " ", "value": "x"}, "REQUIRED"),
        ({"key": "a\0b", "value": "x"}, "INVALID"),
        ({"key": "a", "value": "\0"}, "INVALID"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(
    shop: Shop, api: Api, item: dict[str, str], code: str
) -> None:
    # given
    referrer_with_a_referral(shop)
    id = ids()["Referrer"]

    # when
    refused = update(api, id=id, metadata=CRM, privateMetadata=[item])

    # then
    assert [(e["field"], e["code"]) for e in refused["errors"]] == [("metadata", code)]
    assert not Metadata.objects.exists()


@pytest.mark.parametrize(
    ("id", "code"),
    [
        (global_id("Referral", 987654), "NOT_FOUND"),
        (global_id("Order", 1), "GRAPHQL_ERROR"),
        ("nonsense", "GRAPHQL_ERROR"),
    ],
)
def test_beside_nothing_nothing_is_kept(shop: Shop, api: Api, id: str, code: str) -> None:
    # when
    kept, left = update(api, id=id, metadata=CRM), delete(api, id=id, keys=["crm"])

    # then
    for answer in (kept, left):
        assert [(e["field"], e["code"]) for e in answer["errors"]] == [("id", code)]
    assert not Metadata.objects.exists()


def test_it_goes_with_whoever_it_is_about(shop: Shop, api: Api) -> None:
    # given
    anna = referrer_with_a_referral(shop)
    for id in ids().values():
        update(api, id=id, metadata=CRM)
    variables = {"userId": global_id("User", anna.user_ref)}
    asked = {"permissions": ("MANAGE_USERS",)}
    told = api.ask(operation("personal-data"), variables, **asked)["data"]["referralPersonalData"]
    assert sorted(kept["type_name"] for kept in told["metadata"]) == [
        "Referral",
        "ReferralReward",
        "Referrer",
    ]

    # when
    reason = {"reason": "Asked for."}
    erased = api.ask(operation("erase-personal-data"), variables | reason, **asked)

    # then
    assert erased["data"]["referralPersonalDataErase"]["errors"] == []
    assert [kept.type_name for kept in Metadata.objects.all()] == ["ReferralProgram"]
    assert Referrer.objects.filter(forgotten_at__isnull=False).count() == 1

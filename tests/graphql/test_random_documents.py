"""Whatever is asked by whomever: an answer, or an error that says what was wrong; never trouble of
ours, and nothing changed by what is refused.

`make fuzz` asks more often; a failure prints the document.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphql import parse, validate
from saleor_referral_plugin.graphql.graft import FIELDS, MUTATIONS, QUERIES
from saleor_referral_plugin.graphql.host import built_schema
from saleor_referral_plugin.graphql.sdl import OURS
from tests.conftest import STORE
from tests.graphql import build
from tests.graphql.api import Api, global_id
from tests.graphql.random_documents import Document, Known, documents
from tests.graphql.test_everybodys_rights import ASKERS, Scene, camel
from tests.scenarios.shop import Shop

#: How many documents each of the two tests asks.
MANY = int(os.environ.get("REFERRAL_FUZZ", "250" if STORE == "sandbox" else "50"))
FUZZ = settings(
    max_examples=MANY,
    deadline=None,
    # The shop is the same for all of them: each is rolled back.
    suppress_health_check=list(HealthCheck),
    # The same with every run, but where more are asked for.
    derandomize="REFERRAL_FUZZ" not in os.environ,
)


def ids_of(scene: Scene) -> Iterator[str]:
    """Those of everything that is there, and one of each that is not."""
    yield from (scene.api.checkout_id(each) for each in (scene.claimed, scene.refused, scene.annas))
    yield global_id("Order", scene.order.ref)
    yield from (global_id("User", each.user_ref) for each in (scene.anna, scene.eve))
    for name, type_ in built_schema().get_type_map().items():
        model = getattr(
            getattr(getattr(type_, "graphene_type", None), "_meta", None), "model", None
        )
        if OURS.search(name) and model is not None:
            keys = model.objects.order_by("pk").values_list("pk", flat=True)[:4]
            yield from (global_id(name, key) for key in (*keys, 999_999))


def known_of(scene: Scene) -> Known:
    schema = built_schema()
    others = {
        target._meta.name: [camel(name) for name in names] for target, names in FIELDS.items()
    }
    return Known(
        schema,
        ours={name for name in schema.get_type_map() if OURS.search(name)},
        others={
            **others,
            "App": ["id"],
            "GiftCard": ["id"],
            "Money": ["amount", "currency"],
            "PageInfo": ["hasNextPage", "endCursor"],
        },
        ids=[*ids_of(scene)],
        words=(
            scene.code,
            scene.other_code,
            scene.token,
            "default",
            "launch",
            "USD",
            "anna@example.com",
        ),
    )


def ask(scene: Scene, asker: str, said: str, document: Document) -> dict[str, Any]:
    """The answer, of which nothing is trouble of ours."""
    assert validate(built_schema(), parse(said)) == []
    answer = scene.ask(asker, said, document.variables)
    assert scene.api.trouble(answer) == []
    return answer


@pytest.fixture
def scene(shop: Shop, api: Api) -> Scene:
    scene = Scene(shop, api)
    scene.introduce()
    return scene


def test_whatever_is_asked_there_is_an_answer(scene: Scene) -> None:
    before = build.everything()
    roots = [*map(camel, QUERIES), "me", "user", "checkout", "order"]

    @FUZZ
    @given(asker=st.sampled_from(ASKERS), drawn=documents(known_of(scene), "Query", roots))
    def asked(asker: str, drawn: tuple[str, Document]) -> None:
        _, document = drawn
        with scene.api.on_this_connection(), transaction.atomic():
            # when
            ask(scene, asker, document.as_("query"), document)
            after = build.everything()
            transaction.set_rollback(True)
        # then: but for the code that a customer gets by asking for their own
        assert {**after, "Referrer": []} == {**before, "Referrer": []}

    asked()


def test_whatever_is_refused_changes_nothing(scene: Scene) -> None:
    before = build.everything()
    names = [*map(camel, MUTATIONS)]

    @FUZZ
    @given(asker=st.sampled_from(ASKERS), drawn=documents(known_of(scene), "Mutation", names))
    def asked(asker: str, drawn: tuple[str, Document]) -> None:
        name, document = drawn
        with scene.api.on_this_connection(), transaction.atomic():
            # when: with the reason why it was not done
            said = f"{document.said.removesuffix('}')} refusals: errors {{ code }} }}"
            answer = ask(scene, asker, document.as_("mutation", said), document)
            after = build.everything()
            transaction.set_rollback(True)
        # then
        done = (answer.get("data") or {}).get(name)
        if done is None or done["refusals"]:
            assert without_refusals(after) == without_refusals(before)

    asked()


def without_refusals(books: dict[str, list[dict[str, object]]]) -> dict[str, Any]:
    """That a code was refused is written down, on purpose; so is what was answered to a key."""
    claims = [claim for claim in books["Claim"] if claim["status"] != "refused"]
    return {**books, "Claim": claims, "AnsweredRequest": []}

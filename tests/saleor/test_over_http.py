"""The API over a real socket, from the server that Saleor itself is run by."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.graphql import test_api_guide as guide
from tests.graphql.over_http import HttpApi, served
from tests.graphql.test_everybodys_rights import (
    ANONYMOUS,
    APP_WITH,
    APP_WITHOUT,
    EMPTY_HERE,
    OWNER,
    STAFF_WITH,
    Scene,
    rule_of,
    shown_to,
)
from tests.scenarios.shop import Shop


@pytest.fixture
def http_api(shop: Shop, settings: Any) -> Iterator[HttpApi]:
    settings.ALLOWED_CLIENT_HOSTS = ["localhost"]
    with served() as api:
        yield api


def test_every_answer_of_the_guide_is_the_real_one_over_http(
    shop: Shop, http_api: HttpApi, settings: Any
) -> None:
    guide.test_every_answer_of_the_guide_is_the_real_one(shop, http_api, settings)


def test_everybody_sees_over_http_what_they_may_and_nothing_else(
    shop: Shop, http_api: HttpApi
) -> None:
    # given
    scene = Scene(shop, http_api)
    askers = (ANONYMOUS, OWNER, STAFF_WITH, APP_WITH, APP_WITHOUT)

    # when
    shown = {asker: shown_to(scene, asker) for asker in askers}

    # then
    wrong = [
        f"{asker} {'sees' if field in shown[asker] else 'does not see'} {field}"
        for asker in askers
        for field, may in sorted(rule_of().items())
        if field not in EMPTY_HERE and (field in shown[asker]) != (asker in may)
    ]
    assert wrong == []

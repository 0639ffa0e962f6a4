"""A change of the schema that breaks clients of the last release is found."""

import pytest

from tests import typescript
from tests.released_schema import breaking, last_release

STORE = "type Query { shop: String } type Mutation { sell: String } scalar DateTime"
OURS = """
extend type Query { referralCode(code: String!): ReferralCode }
extend type Mutation { referralApprove(id: ID!): ReferralCode }
enum ReferralStatusEnum { OPEN USED }
type ReferralCode { code: String! status: ReferralStatusEnum usedAt: DateTime }
"""


def test_the_last_release_is_the_highest_version_not_the_latest_word() -> None:
    tags = ["v0.9.0", "v0.10.0", "v0.2.11", "backup", "v1.0.0-rc.1"]
    assert last_release(tags) == "v0.10.0"
    assert last_release(["backup"]) is None


@pytest.mark.skipif(not typescript.is_possible(), reason="There is no npm here.")
@pytest.mark.parametrize(
    ("this", "becomes", "said"),
    [
        ("usedAt: DateTime", "usedAt: DateTime! since: DateTime", []),
        ("OPEN USED", "OPEN USED GONE", []),
        ("(id: ID!)", "(id: ID!, reason: String)", []),
        (" usedAt: DateTime", "", ["FIELD_REMOVED: ReferralCode.usedAt was removed."]),
        (
            "code: String! status",
            "code: String status",
            ["FIELD_CHANGED_KIND: ReferralCode.code changed type from String! to String."],
        ),
        (
            "OPEN USED",
            "OPEN",
            ["VALUE_REMOVED_FROM_ENUM: USED was removed from enum type ReferralStatusEnum."],
        ),
        (
            "(id: ID!)",
            "(id: ID!, reason: String!)",
            [
                "REQUIRED_ARG_ADDED: A required arg reason on Mutation.referralApprove was added.",
            ],
        ),
    ],
)
def test_what_a_client_may_use_must_stay(this: str, becomes: str, said: list[str]) -> None:
    # given
    assert this in OURS

    # when
    found = breaking(OURS, OURS.replace(this, becomes), STORE)

    # then
    assert found == said

from collections.abc import Collection
from typing import Any

import graphene

from graphql import GraphQLError

from ...engine.findings import Refused
from ...models import Reward
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError, refusal, wrong
from ..ids import key_in
from ..seen import DoesNotFit
from ..types.credits import CheckoutReferralCredits, load_credits


class CheckoutReferralCreditsUpdate(host.BaseMutation):
    checkout = graphene.Field(host.Checkout, description="The checkout as it is now.")
    credits = graphene.Field(
        CheckoutReferralCredits, description="The customer's credits that fit it."
    )

    class Arguments:
        id = graphene.ID(required=True, description="The checkout's ID.")
        applied = graphene.Boolean(
            required=True,
            description="Whether to put the credits on the checkout or to take them off.",
        )
        rewards = host.NonNullList(
            graphene.ID,
            description=(
                "IDs of the rewards whose credits are meant; the others stay as they are. All that "
                "fit, if not given."
            ),
        )

    class Meta:
        description = (
            "Turns the customer's credits, all or some, on or off for a checkout of theirs.\n\n"
            f"Requires one of the following permissions: {host.AUTHENTICATED_USER.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.AUTHENTICATED_USER,)
        auto_permission_message = False
        webhook_events_info = host.CHECKOUT_UPDATED

    @classmethod
    def perform_mutation(
        cls,
        _root: Any,
        info: Any,
        /,
        *,
        id: str,
        applied: bool,
        rewards: Collection[str] | None = None,
    ) -> Any:
        checkout = host.find_checkout(cls, info, id)
        only = None if rewards is None else _by_credit(rewards)
        try:
            host.set_credits(info, checkout, applied, only)
        except Refused as refused:
            raise refusal(refused, "applied", host.checkout(checkout).language) from refused
        except DoesNotFit as unfit:
            reward = (only or {})[unfit.ref]
            message = f"No credit that this checkout can be paid with: {reward}"
            raise wrong("rewards", "NOT_FOUND", message) from unfit
        return cls(checkout=checkout)

    @staticmethod
    def resolve_credits(root: Any, info: Any) -> Any:
        return load_credits(info.context, root.checkout) if root.checkout else None


def _by_credit(rewards: Collection[str]) -> dict[str, str]:
    """The rewards by the refs of their credits, whose ever they are; one that has none by a ref
    that fits no checkout."""
    try:
        keys = {key_in(reward, "ReferralReward"): reward for reward in rewards}
    except GraphQLError as error:
        raise wrong("rewards", "GRAPHQL_ERROR", str(error)) from error
    refs = dict(Reward.objects.filter(pk__in=keys).values_list("pk", "credit_ref"))
    return {refs.get(key) or "": reward for key, reward in keys.items()}

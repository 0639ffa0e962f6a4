"""What people decided: who, when and why."""

from typing import Any

import graphene
from promise import Promise

from ...models import StaffDecision
from .. import host
from ..enums import DOC_CATEGORY, ReferralDecisionKindEnum


class ReferralDecision(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the decision.")
    kind = ReferralDecisionKindEnum(required=True, description="What was decided.")
    reason = graphene.String(required=True, description="Why.")
    created_at = host.DateTime(required=True, description="When.")
    by = graphene.String(
        required=True,
        description="Who, as it was written down: `User:` or `App:` and their key, or a name.",
    )
    user = host.PermissionsField(
        host.User,
        description="The user who decided. Null for an app, or for somebody who is none.",
        permissions=[host.MANAGE_STAFF, host.MANAGE_USERS],
    )
    app = host.PermissionsField(
        host.App,
        description="The app that decided. Null for a user, or for somebody who is none.",
        permissions=[host.MANAGE_APPS],
    )
    detail = graphene.String(
        description=(
            "What an `ADJUST` gave, such as `10 USD`; what a `VOID` withdrew; the key of the order "
            "that a `DETACH` took away; the name of an `ACTION`; the keys of the program, and the "
            "group, of an `INVITE`; the key of the referrer that a `MERGE` left."
        )
    )

    class Meta:
        description = "What a person, or an app, decided of a referral, a reward or a referrer."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = StaffDecision

    @staticmethod
    def resolve_created_at(root: StaffDecision, _info: Any) -> Any:
        return root.at

    @staticmethod
    def resolve_user(root: StaffDecision, info: Any) -> Promise | None:
        return _load(root.by, "User", host.load_user, info.context)

    @staticmethod
    def resolve_app(root: StaffDecision, info: Any) -> Promise | None:
        return _load(root.by, "App", host.load_app, info.context)

    @staticmethod
    def resolve_detail(root: StaffDecision, _info: Any) -> str | None:
        return root.of or None


def _load(by: str, kind: str, load: Any, context: Any) -> Promise | None:
    named, _, ref = by.partition(":")
    return load(context, ref) if named == kind else None


def decisions_field() -> graphene.Field:
    return host.PermissionsField(
        host.NonNullList(ReferralDecision),
        description="What people decided of it, oldest first.",
        permissions=[host.MANAGE_DISCOUNTS],
    )

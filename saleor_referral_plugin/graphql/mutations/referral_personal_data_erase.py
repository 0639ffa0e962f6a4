from typing import Any

import graphene
from django.core.exceptions import ValidationError

from graphql import GraphQLError

from ...engine import personal_data
from ...engine.store import get_store
from .. import host
from ..enums import DOC_CATEGORY, ReferralErrorCode
from ..errors import ReferralError, deciding, wrong
from ..staff import whose
from .staff import forget_what_was_read, reason_argument


class ReferralPersonalDataErase(host.BaseMutation):
    erased = host.JSON(description="Of how many rows of each kind the person was taken out.")

    class Arguments:
        user_id = graphene.ID(description="ID of the person's account.")
        email = graphene.String(description="Their e-mail address. Either this or an account.")
        reason = reason_argument()

    class Meta:
        description = (
            "Erases one person's data, for good. As a referrer they are forgotten as when an "
            "account is deleted: their codes stop working, and what is left of their credit is "
            "written off. As a referee they can no longer be told from anybody else, and count as "
            "a new customer. The totals of the books stay. What the shop's own orders say is "
            "erased there.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_USERS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_USERS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(
        cls,
        _root: Any,
        info: Any,
        /,
        *,
        reason: str,
        user_id: str | None = None,
        email: str | None = None,
    ) -> Any:
        if "\0" in reason:
            raise wrong("reason", "INVALID", "There is a character in it that cannot be stored.")
        try:
            person = whose(info.context, user_id, email)
        except GraphQLError as error:
            code = ReferralErrorCode.GRAPHQL_ERROR.value
            raise ValidationError(str(error), code=code) from error
        by = host.requestor(info.context)
        with deciding():
            done = personal_data.erase(person, by=by, reason=reason, store=get_store())
        forget_what_was_read(info.context)
        return cls(erased=done.erased)

from typing import Any

import graphene
from django.core.exceptions import ValidationError

from ...engine import rates, waitlist
from ...engine.findings import Refused
from ...engine.store import get_store
from .. import host
from ..enums import DOC_CATEGORY, ReferralErrorCode
from ..errors import ReferralError, refusal
from ..types.sign_ups import ReferralSignUp


class ReferralSignUpConfirm(host.BaseMutation):
    sign_up = graphene.Field(
        ReferralSignUp, description="The sign-up, which counts from now on, and its own code."
    )

    class Arguments:
        token = graphene.String(
            required=True, description="The token from the message to the address."
        )

    class Meta:
        description = "Confirms that an address on a waiting list is real. Again: the same."
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, token: str) -> Any:
        store = get_store()
        found = waitlist.confirm(token, store=store)
        try:
            rates.check(
                rates.UNKNOWN_CODE, host.client(info.context), store=store, cost=found is None
            )
        except Refused as refused:
            raise refusal(refused, "token", host.language(info.context)) from refused
        if found is None:
            error = ValidationError(
                "This token is nobody's.", code=ReferralErrorCode.NOT_FOUND.value
            )
            raise ValidationError({"token": error})
        return cls(sign_up=found)

from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import graphene
from django.core.exceptions import ValidationError

from graphql import GraphQLError

from ...engine import rates, waitlist
from ...engine.findings import FindingCode, Refused
from ...engine.people import email_key
from ...engine.programs import is_address
from ...engine.store import get_store
from ...engine.terms import ProgramKind
from ...models import Program, SignUp
from .. import host
from ..enums import DOC_CATEGORY, ReferralErrorCode
from ..errors import ReferralError, refusal
from ..ids import key_in

#: What apps that send messages are told.
EVENT = "referral_sign_up_requested"
#: What a refusal is about, if not the address.
FIELDS = {FindingCode.CODE_INVALID: "code", FindingCode.PROGRAM_NOT_RUNNING: "program"}


class ReferralSignUpCreateInput(host.BaseInputObjectType):
    program = graphene.ID(required=True, description="The ID of the program.")
    email = graphene.String(required=True, description="The address to sign up.")
    code = graphene.String(description="The code of whoever recommended it.")
    redirect_url = graphene.String(
        required=True,
        description=(
            "Where the message to the address leads: a page of the storefront, which gets the "
            "token as the parameter `token`."
        ),
    )

    class Meta:
        description = "Fields required to sign up."
        doc_category = DOC_CATEGORY


class ReferralSignUpCreate(host.BaseMutation):
    class Arguments:
        input = ReferralSignUpCreateInput(required=True, description="Fields required to sign up.")

    class Meta:
        description = (
            "Puts an address on the waiting list of a program and sends it a message to confirm. "
            "The answer is the same for an address that is on the list already."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, input: dict[str, Any]) -> Any:
        store = get_store()
        language = host.language(info.context)
        email, url = input["email"].strip(), input["redirect_url"]
        try:
            if not is_address(url):
                # The store asks where it leads, and not by what: there is "javascript:", too.
                raise ValidationError("Enter an address such as https://shop.example.com/waiting.")
            host.check_redirect(url)
        except ValidationError as error:
            raise _error("redirect_url", error.messages[0], ReferralErrorCode.INVALID) from error
        program = _waiting_list(input["program"])
        try:
            rates.check(rates.SIGN_UP, host.client(info.context), store=store)
            rates.check(rates.SIGN_UP_ADDRESS, email_key(email) or "", store=store)
            signed_up = _sign_up(email, program, input.get("code") or "")
        except Refused as refused:
            field = FIELDS.get(refused.finding.code, "email")
            raise refusal(refused, field, language) from refused
        token = waitlist.token_of(signed_up)
        payload = {"token": token, "confirm_url": _with_token(url, token), "program": program.name}
        store.tell("", EVENT, payload, email=email)
        return cls()


def _sign_up(email: str, program: Program, code: str) -> SignUp:
    store = get_store()
    try:
        return waitlist.sign_up(email, program=program, store=store, code=code)
    except Refused as refused:
        if refused.finding.code is not FindingCode.OWN_CODE:
            raise
    # To say so would tell anybody whose code it is.
    return waitlist.sign_up(email, program=program, store=store)


def _waiting_list(global_id: str) -> Program:
    try:
        key = key_in(global_id, "ReferralProgram")
    except GraphQLError as error:
        raise _error("program", str(error), ReferralErrorCode.GRAPHQL_ERROR) from error
    program = Program.objects.filter(pk=key, kind=ProgramKind.WAITLIST.value).first()
    if program is None:
        raise _error("program", "There is no such waiting list.", ReferralErrorCode.NOT_FOUND)
    return program


def _error(field: str, message: str, code: Any) -> ValidationError:
    return ValidationError({field: ValidationError(message, code=code.value)})


def _with_token(url: str, token: str) -> str:
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode({"token": token}))))
    return urlunsplit(parts._replace(query=query))

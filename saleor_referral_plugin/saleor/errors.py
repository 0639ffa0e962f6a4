"""How a refusal reaches the shopper: an ordinary error of Saleor's own mutations."""

from django.core.exceptions import ValidationError
from saleor.checkout.error_codes import CheckoutErrorCode

from ..engine.findings import Finding


def refusal_error(finding: Finding) -> ValidationError:
    """The sentence for the shopper under a code that Saleor's error types know, and ours
    beside it as `referralErrorCode`."""
    return ValidationError(
        {
            "promo_code": ValidationError(
                finding.sentence,
                code=CheckoutErrorCode.VOUCHER_NOT_APPLICABLE.value,
                params={"referral_error_code": finding.code.value},
            )
        }
    )

"""System checks: what the owner should hear at start."""

from typing import Any

from django.core.checks import CheckMessage, Warning, register


@register()
def saleor_version_is_supported(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    from .apps import runs_in_saleor

    if not runs_in_saleor():
        return []
    from .saleor.versions import SUPPORTED, installed, is_supported

    if is_supported(installed()):
        return []
    return [
        Warning(
            f"The referral program is not made for Saleor {installed()}.",
            hint=f"Supported are {', '.join(SUPPORTED)}. The program stays switched off; set "
            "REFERRAL_ALLOW_UNTESTED_SALEOR = True to try it all the same.",
            id="referral.W001",
        )
    ]

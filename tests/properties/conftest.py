"""How long properties are looked for: few examples each, so that the whole run stays short,
and no deadline on a busy machine. `HYPOTHESIS_EXAMPLES=5000` looks for longer."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "referral",
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("referral")

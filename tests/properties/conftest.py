"""How long properties are looked for: no deadline on a busy machine, and few examples where
each one writes to the database (said there)."""

from hypothesis import HealthCheck, settings

settings.register_profile("referral", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("referral")

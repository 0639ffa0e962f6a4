"""What may be set in the Django settings, with defaults; read here and nowhere else."""

from django.conf import settings as django_settings


class Settings:
    """Django settings of this app.

    REFERRAL_STORE     dotted path of the Store class; default: the real Saleor
    REFERRAL_HASH_KEY  key of the hashes that stand for e-mail addresses; default: derived
                       from SECRET_KEY. Set it when SECRET_KEY rotates, or old hashes no
                       longer match.
    """

    @property
    def store(self) -> str:
        return getattr(
            django_settings,
            "REFERRAL_STORE",
            "saleor_referral_plugin.saleor.store.SaleorStore",
        )

    @property
    def graphql_host(self) -> str:
        """Module with the base types of the store's schema, beside the store itself."""
        return self.store.rpartition(".")[0].rpartition(".")[0] + ".graphql_host"

    @property
    def hash_key(self) -> str:
        return getattr(
            django_settings,
            "REFERRAL_HASH_KEY",
            f"referral:{django_settings.SECRET_KEY}",
        )


settings = Settings()

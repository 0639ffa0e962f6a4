"""What is read of the books, batched: one query per kind, however long the list."""

from collections.abc import Collection
from typing import Any

from promise import Promise

from ..engine import selectors
from ..engine.ledger import Account
from ..engine.store import get_store
from ..models import Referral, ReferralCode, Referrer, Reward, TermsVersion
from . import host
from .pages import CountLoader, PageLoader


class ReferrerByUserRefLoader(host.DataLoader):
    context_key = "referral_referrer_by_user_ref"

    def batch_load(self, keys: Collection[str]) -> list[Referrer | None]:
        found = selectors.referrers_of(keys, using=self.database_connection_name)
        return [found.get(ref) for ref in keys]


class LiveCodeByReferrerLoader(host.DataLoader):
    context_key = "referral_live_code_by_referrer"

    def batch_load(self, keys: Collection[int]) -> list[ReferralCode | None]:
        found = selectors.live_codes_of(keys, using=self.database_connection_name)
        return [found.get(pk) for pk in keys]


class AccountsByReferrerLoader(host.DataLoader):
    context_key = "referral_accounts_by_referrer"

    def batch_load(self, keys: Collection[int]) -> list[list[Account]]:
        found = selectors.accounts_of(keys, store=get_store(), using=self.database_connection_name)
        return [found[pk] for pk in keys]


class RunningTermsLoader(host.DataLoader):
    """The terms that new claims are made under, by the program's slug."""

    context_key = "referral_running_terms"

    def batch_load(self, keys: Collection[str]) -> list[TermsVersion | None]:
        found = selectors.running_terms(keys, using=self.database_connection_name)
        return [found.get(slug) for slug in keys]


class ClaimsByCheckoutLoader(host.DataLoader):
    context_key = "referral_claims_by_checkout"

    def batch_load(self, keys: Collection[str]) -> list[selectors.CheckoutClaims | None]:
        found = selectors.claims_on(keys, using=self.database_connection_name)
        return [found.get(ref) for ref in keys]


class ReferralByOrderLoader(host.DataLoader):
    context_key = "referral_referral_by_order"

    def batch_load(self, keys: Collection[str]) -> list[Referral | None]:
        found = selectors.referrals_of(keys, using=self.database_connection_name)
        return [found.get(ref) for ref in keys]


class ReferralByIdLoader(host.DataLoader):
    context_key = "referral_referral_by_id"

    def batch_load(self, keys: Collection[int]) -> list[Referral | None]:
        found = Referral.objects.using(self.database_connection_name).in_bulk(keys)
        return [found.get(pk) for pk in keys]


class RewardsByReferralLoader(host.DataLoader):
    context_key = "referral_rewards_by_referral"

    def batch_load(self, keys: Collection[int]) -> list[list[Reward]]:
        rewards: dict[int, list[Reward]] = {pk: [] for pk in keys}
        found = Reward.objects.using(self.database_connection_name).filter(referral__in=keys)
        for reward in found.order_by("pk"):
            rewards[reward.referral_id or 0].append(reward)
        return [rewards[pk] for pk in keys]


class ReferrerByIdLoader(host.DataLoader):
    context_key = "referral_referrer_by_id"

    def batch_load(self, keys: Collection[int]) -> list[Referrer | None]:
        found = Referrer.objects.using(self.database_connection_name).in_bulk(keys)
        return [found.get(pk) for pk in keys]


class CouponUsedLoader(host.DataLoader):
    """Has an order used the coupon? By reward."""

    context_key = "referral_coupon_used"

    def batch_load(self, keys: Collection[int]) -> list[bool]:
        using = self.database_connection_name
        used = selectors.used_coupons(keys, store=get_store(), using=using)
        return [pk in used for pk in keys]


class OrderEmailLoader(host.DataLoader):
    context_key = "referral_order_email"

    def batch_load(self, keys: Collection[str]) -> list[str]:
        # A sign-up has no order, and a referral that was detached from its order no longer.
        refs = [ref for ref in keys if Referral.is_order(ref)]
        found = host.order_emails(refs, self.database_connection_name)
        return [found.get(ref, "") for ref in keys]


def load_channel(context: Any, slug: str) -> Promise:
    """The active channel a client named, or None: PostgreSQL cannot even be asked for NUL."""
    return Promise.resolve(None) if "\x00" in slug else host.load_channel(context, slug)


class ReferralPageLoader(PageLoader):
    context_key = "referral_referral_page"
    model = Referral
    parent = "referrer"
    newest_by = ("placed_at", "pk")


class ReferralCountLoader(CountLoader):
    context_key = "referral_referral_count"
    model = Referral
    parent = "referrer"


class RewardPageLoader(PageLoader):
    context_key = "referral_reward_page"
    model = Reward
    parent = "holder"
    newest_by = ("created_at", "pk")


class RewardCountLoader(CountLoader):
    context_key = "referral_reward_count"
    model = Reward
    parent = "holder"

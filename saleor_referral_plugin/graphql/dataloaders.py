"""What is read of the books, batched: one query per kind, however long the list."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from promise import Promise

from ..engine import books, ranking, selectors
from ..engine.facts import ReferrerFacts
from ..engine.ledger import Account
from ..engine.milestones import Standing
from ..engine.store import get_store
from ..models import (
    Claim,
    Event,
    EventDelivery,
    Program,
    ProgramChange,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
    SignUp,
    TermsVersion,
    WebhookEndpoint,
)
from . import host
from .pages import CountLoader, PageLoader
from .root_pages import RootCountLoader, RootPageLoader


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


class AccountClaimLoader(host.DataLoader):
    """The open claim on an account itself, by the account's ref."""

    context_key = "referral_account_claim"

    def batch_load(self, keys: Collection[str]) -> list[Claim | None]:
        found = selectors.account_claims(keys, using=self.database_connection_name)
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


class NewestTermsLoader(host.DataLoader):
    """The newest terms of every program, those first that go before. A shop has few: they are
    loaded together, under the one key there is."""

    context_key = "referral_newest_terms"

    def batch_load(self, keys: Collection[str]) -> list[list[TermsVersion]]:
        return [selectors.newest_terms(using=self.database_connection_name)] * len(keys)

    def load_all(self) -> Promise:
        return self.load("all")


class TermsByProgramLoader(host.DataLoader):
    """The newest terms of a program, whatever becomes of it; None while it has none."""

    context_key = "referral_terms_by_program"

    def batch_load(self, keys: Collection[int]) -> list[TermsVersion | None]:
        versions = TermsVersion.objects.using(self.database_connection_name)
        newest = versions.filter(program__in=keys).order_by("program", "-version")
        found = {version.program_id: version for version in newest.distinct("program")}
        return [found.get(pk) for pk in keys]


class TermsVersionByIdLoader(host.DataLoader):
    context_key = "referral_terms_version_by_id"

    def batch_load(self, keys: Collection[int]) -> list[TermsVersion | None]:
        found = TermsVersion.objects.using(self.database_connection_name).in_bulk(keys)
        return [found.get(pk) for pk in keys]


class ProgramChangePageLoader(PageLoader):
    context_key = "referral_program_change_page"
    model = ProgramChange
    parent = "program"
    newest_by = "at"


class ProgramChangeCountLoader(CountLoader):
    context_key = "referral_program_change_count"
    model = ProgramChange
    parent = "program"


class ProgramByIdLoader(host.DataLoader):
    context_key = "referral_program_by_id"

    def batch_load(self, keys: Collection[int]) -> list[Program | None]:
        found = Program.objects.using(self.database_connection_name).in_bulk(keys)
        return [found.get(pk) for pk in keys]


class CodeInProgramLoader(host.DataLoader):
    """The code a referrer shares, by (referrer, program)."""

    context_key = "referral_code_in_program"

    def batch_load(self, keys: Collection[selectors.Pair]) -> list[ReferralCode | None]:
        found = selectors.codes_in(keys, using=self.database_connection_name)
        return [found.get(pair) for pair in keys]


class GroupInProgramLoader(host.DataLoader):
    """The group a referrer is in, by (referrer, program); None for who is no member."""

    context_key = "referral_group_in_program"

    def batch_load(self, keys: Collection[selectors.Pair]) -> list[str | None]:
        found = selectors.groups_of(keys, using=self.database_connection_name)
        return [found.get(pair) for pair in keys]


class ReferrerFactsLoader(host.DataLoader):
    """What programs may ask of a referrer, by user ref."""

    context_key = "referral_referrer_facts"

    def batch_load(self, keys: Collection[str]) -> list[ReferrerFacts | None]:
        found = get_store().referrer_facts(keys, using=self.database_connection_name)
        return [found.get(ref) for ref in keys]


class StandingLoader(host.DataLoader):
    context_key = "referral_standing"

    def batch_load(self, keys: Sequence[books.Counting]) -> list[Standing]:
        return books.standings_of(keys, using=self.database_connection_name)


class ExpiringLoader(host.DataLoader):
    """What runs out, by (referrer, days)."""

    context_key = "referral_expiring"

    def batch_load(self, keys: Collection[tuple[int, int]]) -> list[list[selectors.Expiry]]:
        store = get_store()
        now = store.now()
        found = {
            days: selectors.expiring_of(
                [referrer for referrer, asked in keys if asked == days],
                now=now,
                until=now + timedelta(days=days),
                store=store,
                using=self.database_connection_name,
            )
            for days in {days for _, days in keys}
        }
        return [found[days][referrer] for referrer, days in keys]


class PublicNameLoader(host.DataLoader):
    """How others may see a referrer: by the name they chose, or the first letter of their
    address."""

    context_key = "referral_public_name"

    def batch_load(self, keys: Collection[int]) -> list[str]:
        database = self.database_connection_name
        # Of a masked address, not the provider either: it may be somebody's own.
        found = ranking.names_of(keys, using=database)
        named = {pk: name.partition("@")[0] for pk, name in found.items()}
        nameless = Referrer.objects.using(database).filter(
            pk__in=[pk for pk, name in named.items() if not name], user_ref__isnull=False
        )
        refs = {pk: ref or "" for pk, ref in nameless.values_list("pk", "user_ref")}
        emails = host.customer_emails(list(refs.values()), database) if refs else {}
        return [named[pk] or mask(emails.get(refs.get(pk, ""), "")) for pk in keys]


class SignUpNameLoader(host.DataLoader):
    """What others may see of who has signed up."""

    context_key = "referral_sign_up_name"

    def batch_load(self, keys: Collection[int]) -> list[str]:
        signed_up = SignUp.objects.using(self.database_connection_name).filter(pk__in=keys)
        shown = dict(signed_up.values_list("pk", "shown_as"))
        return [shown[pk].partition("@")[0] for pk in keys]


def mask(email: str) -> str:
    """`anna@example.com` -> `a***`."""
    return f"{email[:1].lower()}***"


class ReferralPageLoader(PageLoader):
    context_key = "referral_referral_page"
    model = Referral
    parent = "referrer"
    newest_by = "placed_at"


class ReferralCountLoader(CountLoader):
    context_key = "referral_referral_count"
    model = Referral
    parent = "referrer"


class RewardPageLoader(PageLoader):
    context_key = "referral_reward_page"
    model = Reward
    parent = "holder"
    newest_by = "created_at"


class RewardCountLoader(CountLoader):
    context_key = "referral_reward_count"
    model = Reward
    parent = "holder"


class RewardByIdLoader(host.DataLoader):
    context_key = "referral_reward_by_id"

    def batch_load(self, keys: Collection[int]) -> list[Reward | None]:
        found = Reward.objects.using(self.database_connection_name).in_bulk(keys)
        return [found.get(pk) for pk in keys]


class EndpointByIdLoader(host.DataLoader):
    context_key = "referral_endpoint_by_id"

    def batch_load(self, keys: Collection[int]) -> list[WebhookEndpoint | None]:
        found = WebhookEndpoint.objects.using(self.database_connection_name).in_bulk(keys)
        return [found.get(pk) for pk in keys]


class DeliveriesByEventLoader(host.DataLoader):
    context_key = "referral_deliveries_by_event"

    def batch_load(self, keys: Collection[int]) -> list[list[EventDelivery]]:
        deliveries: dict[int, list[EventDelivery]] = {pk: [] for pk in keys}
        found = EventDelivery.objects.using(self.database_connection_name).filter(event__in=keys)
        for delivery in found.order_by("endpoint_id"):
            deliveries[delivery.event_id].append(delivery)
        return [deliveries[pk] for pk in keys]


class EventPageLoader(RootPageLoader):
    context_key = "referral_event_page"
    model = Event
    newest_by = "happened_at"


class EventCountLoader(RootCountLoader):
    context_key = "referral_event_count"
    model = Event

"""What is read of the books, batched: one query per kind, however long the list."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, Model, QuerySet
from promise import Promise

from ..engine import books, budgets, metadata, ranking, selectors, totals
from ..engine.facts import ReferrerFacts
from ..engine.ledger import Account
from ..engine.milestones import Standing
from ..engine.store import get_store
from ..models import (
    Action,
    Claim,
    Event,
    EventDelivery,
    LedgerEntry,
    Membership,
    Metadata,
    Program,
    ProgramChange,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
    SignUp,
    StaffDecision,
    TermsVersion,
    WebhookEndpoint,
)
from . import host
from .pages import CountLoader, PageLoader


class RowByIdLoader(host.DataLoader):
    model: type[Model]

    def load_if(self, key: int | None) -> Promise | None:
        """What a relation that may be empty leads to."""
        return None if key is None else self.load(key)

    def batch_load(self, keys: Collection[int]) -> list[Model | None]:
        found = self._rows().in_bulk(keys)
        return [found.get(pk) for pk in keys]

    def _rows(self) -> QuerySet[Model]:
        return self.model._default_manager.using(self.database_connection_name)


class RowsByParentLoader(host.DataLoader):
    """All rows of each parent, oldest first: for what is never many."""

    model: type[Model]
    parent: str

    def batch_load(self, keys: Collection[int]) -> list[list[Model]]:
        rows: dict[int, list[Model]] = {pk: [] for pk in keys}
        found = self.model._default_manager.using(self.database_connection_name).filter(
            **{f"{self.parent}__in": keys}
        )
        for row in found.order_by("pk"):
            rows[getattr(row, f"{self.parent}_id")].append(row)
        return [rows[pk] for pk in keys]


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


class ReferralByIdLoader(RowByIdLoader):
    context_key = "referral_referral_by_id"
    model = Referral


class RewardsByReferralLoader(RowsByParentLoader):
    context_key = "referral_rewards_by_referral"
    model = Reward
    parent = "referral"


class MetadataLoader(host.DataLoader):
    context_key = "referral_metadata"

    def batch_load(self, keys: Collection[metadata.Key]) -> list[Metadata]:
        found = metadata.of(keys, using=self.database_connection_name)
        return [found[key] for key in keys]


class RewardByCreditRefLoader(host.DataLoader):
    context_key = "referral_reward_by_credit_ref"

    def batch_load(self, keys: Collection[str]) -> list[Reward | None]:
        rewards = Reward.objects.using(self.database_connection_name)
        found = rewards.in_bulk(keys, field_name="credit_ref")
        return [found.get(ref) for ref in keys]


class ReferrerByIdLoader(RowByIdLoader):
    context_key = "referral_referrer_by_id"
    model = Referrer


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


class ProgramChangePageLoader(PageLoader):
    context_key = "referral_program_change_page"
    model = ProgramChange
    parent = "program"
    newest_by = "at"


class ProgramChangeCountLoader(CountLoader):
    context_key = "referral_program_change_count"
    model = ProgramChange
    parent = "program"


class ProgramByIdLoader(RowByIdLoader):
    context_key = "referral_program_by_id"
    model = Program


class ProgramBySlugLoader(host.DataLoader):
    context_key = "referral_program_by_slug"

    def batch_load(self, keys: Collection[str]) -> list[Program | None]:
        programs = Program.objects.using(self.database_connection_name)
        found = programs.in_bulk(keys, field_name="slug")
        return [found.get(slug) for slug in keys]


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


# what staff and apps read --------------------------------------------------------------------
class RewardByIdLoader(RowByIdLoader):
    context_key = "referral_reward_by_id"
    model = Reward


class TermsByIdLoader(RowByIdLoader):
    context_key = "referral_terms_by_id"
    model = TermsVersion


class ClaimByIdLoader(RowByIdLoader):
    context_key = "referral_claim_by_id"
    model = Claim

    def _rows(self) -> QuerySet[Model]:
        return super()._rows().select_related("code")


class DecisionByIdLoader(RowByIdLoader):
    context_key = "referral_decision_by_id"
    model = StaffDecision


class DecisionsByReferralLoader(RowsByParentLoader):
    context_key = "referral_decisions_by_referral"
    model = StaffDecision
    parent = "referral"


class DecisionsByRewardLoader(RowsByParentLoader):
    context_key = "referral_decisions_by_reward"
    model = StaffDecision
    parent = "reward"


class DecisionsByReferrerLoader(RowsByParentLoader):
    context_key = "referral_decisions_by_referrer"
    model = StaffDecision
    parent = "referrer"


class ActionsByReferralLoader(RowsByParentLoader):
    context_key = "referral_actions_by_referral"
    model = Action
    parent = "referral"


class LaterOrdersByReferralLoader(RowsByParentLoader):
    context_key = "referral_later_orders_by_referral"
    model = Referral
    parent = "follows"


class EntriesByRewardLoader(RowsByParentLoader):
    context_key = "referral_entries_by_reward"
    model = LedgerEntry
    parent = "reward"


class MembershipsByReferrerLoader(RowsByParentLoader):
    context_key = "referral_memberships_by_referrer"
    model = Membership
    parent = "referrer"


class CodesByReferrerLoader(RowsByParentLoader):
    context_key = "referral_codes_by_referrer"
    model = ReferralCode
    parent = "referrer"


class ReferralByClaimLoader(host.DataLoader):
    """The referral that came of a claim."""

    context_key = "referral_referral_by_claim"

    def batch_load(self, keys: Collection[int]) -> list[Referral | None]:
        made = Referral.objects.using(self.database_connection_name).filter(claim__in=keys)
        found = {referral.claim_id: referral for referral in made}
        return [found.get(pk) for pk in keys]


class ClaimsOfTermsLoader(host.DataLoader):
    """How many claims were made under some terms."""

    context_key = "referral_claims_of_terms"

    def batch_load(self, keys: Collection[int]) -> list[int]:
        return _counted(Claim, self.database_connection_name, keys)


class ReferralsOfTermsLoader(host.DataLoader):
    context_key = "referral_referrals_of_terms"

    def batch_load(self, keys: Collection[int]) -> list[int]:
        return _counted(Referral, self.database_connection_name, keys)


def _counted(model: type[Model], using: str, terms: Collection[int]) -> list[int]:
    rows = model._default_manager.using(using).filter(terms__in=terms).order_by()
    found = dict(rows.values_list("terms").annotate(Count("pk")))
    return [found.get(pk, 0) for pk in terms]


class BudgetsLoader(host.DataLoader):
    """Of programs, by the newest of their terms."""

    context_key = "referral_budgets"

    def batch_load(self, keys: Collection[TermsVersion]) -> list[list[budgets.Budget]]:
        now, using = get_store().now(), self.database_connection_name
        return budgets.budgets_in(list(keys), now=now, using=using)


class OpenLoader(host.DataLoader):
    """What of a program is not decided yet, by program."""

    context_key = "referral_open"

    def batch_load(self, keys: Collection[int]) -> list[selectors.Open]:
        now, using = get_store().now(), self.database_connection_name
        found = selectors.open_in(keys, now=now, using=using)
        return [found[pk] for pk in keys]


class TotalsByProgramLoader(host.DataLoader):
    context_key = "referral_totals_by_program"

    def batch_load(self, keys: Collection[int]) -> list[list[totals.Totals]]:
        found = totals.totals_of_programs(keys, using=self.database_connection_name)
        return [found[pk] for pk in keys]


class TotalsByRewardLoader(host.DataLoader):
    context_key = "referral_totals_by_reward"

    def batch_load(self, keys: Collection[int]) -> list[totals.Totals | None]:
        found = totals.totals_of_rewards(keys, using=self.database_connection_name)
        return [found.get(pk) for pk in keys]


class ReferrerPageLoader(PageLoader):
    context_key = "referral_referrer_page"
    model = Referrer


class ReferrerCountLoader(CountLoader):
    context_key = "referral_referrer_count"
    model = Referrer


class ClaimPageLoader(PageLoader):
    context_key = "referral_claim_page"
    model = Claim
    parent = "code__referrer"
    with_their = ("code",)


class ClaimCountLoader(CountLoader):
    context_key = "referral_claim_count"
    model = Claim
    parent = "code__referrer"


class EntryPageLoader(PageLoader):
    context_key = "referral_entry_page"
    model = LedgerEntry
    parent = "holder"


class EntryCountLoader(CountLoader):
    context_key = "referral_entry_count"
    model = LedgerEntry
    parent = "holder"


class ProgramPageLoader(PageLoader):
    context_key = "referral_program_page"
    model = Program
    newest_by = "priority"


class ProgramCountLoader(CountLoader):
    context_key = "referral_program_count"
    model = Program


class TermsPageLoader(PageLoader):
    context_key = "referral_terms_page"
    model = TermsVersion
    parent = "program"
    newest_by = "version"


class TermsCountLoader(CountLoader):
    context_key = "referral_terms_count"
    model = TermsVersion
    parent = "program"


class EndpointByIdLoader(RowByIdLoader):
    context_key = "referral_endpoint_by_id"
    model = WebhookEndpoint


class DeliveriesByEventLoader(RowsByParentLoader):
    context_key = "referral_deliveries_by_event"
    model = EventDelivery
    parent = "event"


class EventPageLoader(PageLoader):
    context_key = "referral_event_page"
    model = Event
    newest_by = "happened_at"


class EventCountLoader(CountLoader):
    context_key = "referral_event_count"
    model = Event

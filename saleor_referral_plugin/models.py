"""The books. References to the store's objects are plain strings, never foreign keys: the
store's migrations and deletions must not reach into ours.

What must hold for the ledger whatever code runs is in `migrations/sql/`: triggers and
deferred constraints of PostgreSQL.
"""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from .engine.decide import ReferralStatus
from .engine.event_types import EventType
from .engine.terms import AfterIssue, Beneficiary, CreditUse, ProgramKind, RewardKind, Terms


def choices_of(enum: type) -> list[tuple[str, str]]:
    return [(item.value, item.name.replace("_", " ").capitalize()) for item in enum]  # type: ignore[attr-defined]


def money_field(**options: Any) -> models.DecimalField:
    """An amount in major units; its currency is in a column beside it."""
    return models.DecimalField(max_digits=20, decimal_places=4, **options)


class Program(models.Model):
    """One offer of the shop. Its rules are versions of terms; the newest takes new claims.
    Where two programs overlap, the one with the higher priority goes before.

    Open, it takes codes (`is_running`); closed, it takes none any more; neither, it takes none
    for now. Claims made before keep their promise. Only a closed one is archived: lists leave it
    out."""

    class Status(models.TextChoices):
        OPEN = "open"
        PAUSED = "paused"
        CLOSED = "closed"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(
        max_length=16, choices=choices_of(ProgramKind), default=ProgramKind.CUSTOMER.value
    )
    priority = models.IntegerField(default=0)
    is_running = models.BooleanField(default=False)
    link_url = models.URLField(blank=True, max_length=500)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="referral_closed_is_not_open",
                condition=Q(closed_at__isnull=True) | Q(is_running=False),
            ),
            models.CheckConstraint(
                name="referral_archived_is_closed",
                condition=Q(archived_at__isnull=True) | Q(closed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def status(self) -> Status:
        if self.is_running:
            return self.Status.OPEN
        return self.Status.PAUSED if self.closed_at is None else self.Status.CLOSED


class TermsVersion(models.Model):
    """One immutable version of a program's terms, and the promo code that carries its
    discount in the store; versions that differ only in what the voucher does not say share
    one. PostgreSQL refuses to change the rules of a version."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    rules = models.JSONField()
    offer_code = models.CharField(max_length=32)
    created_at = models.DateTimeField()
    by = models.CharField(max_length=255, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("program_id", "-version")
        constraints = [
            models.UniqueConstraint(fields=("program", "version"), name="referral_terms_version")
        ]

    def __str__(self) -> str:
        return f"{self.program_id} v{self.version}"

    @cached_property
    def terms(self) -> Terms:
        return Terms.from_json(self.rules)


class ProgramChange(models.Model):
    """What somebody changed of a program: who, when and why. Never changed and never deleted
    (PostgreSQL sees to it), not even with the program. `was` is what it had before of what was
    changed, `version` the terms' as of then; of a program that was deleted, all that it was."""

    class Kind(models.TextChoices):
        CREATE = "create"
        UPDATE = "update"
        OPEN = "open"
        PAUSE = "pause"
        CLOSE = "close"
        ARCHIVE = "archive"
        UNARCHIVE = "unarchive"
        DELETE = "delete"
        RETROACTIVE_RUN = "retroactive_run"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    program = models.ForeignKey(
        Program, on_delete=models.DO_NOTHING, db_constraint=False, related_name="changes"
    )
    slug = models.SlugField()
    version = models.PositiveIntegerField(null=True)
    was = models.JSONField(default=dict)
    by = models.CharField(max_length=255, blank=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()


class Job(models.Model):
    """Work on a program that takes long, and how far it has come. `done` of `total` orders;
    `total` is None until they are counted.

    Who works on it says so every few seconds (`seen_at`). One that nobody works on any more is
    taken up again: `attempts` counts how often, and tells who works on it from who did.

    `rules` are a replay's draft; the others are about `version`. A run was confirmed by a
    `preview`."""

    class Kind(models.TextChoices):
        REPLAY = "replay"
        RETROACTIVE_PREVIEW = "retroactive_preview"
        RETROACTIVE_RUN = "retroactive_run"

    class Status(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        SUCCESS = "success"
        FAILED = "failed"
        CANCELLED = "cancelled"

    #: Not at an end yet.
    GOING_ON = (Status.PENDING, Status.RUNNING)

    kind = models.CharField(max_length=32, choices=Kind.choices)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    program = models.ForeignKey(Program, on_delete=models.CASCADE, related_name="jobs")
    version = models.ForeignKey(
        TermsVersion, on_delete=models.CASCADE, null=True, related_name="jobs"
    )
    rules = models.JSONField(null=True)
    preview = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="runs")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    result = models.JSONField(null=True)
    message = models.TextField(blank=True)
    by = models.CharField(max_length=255, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=("created_at",),
                condition=Q(status__in=("pending", "running")),
                name="job_going_on",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=("program",),
                condition=Q(kind="retroactive_run", status__in=("pending", "running")),
                name="job_one_run_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Referrer(models.Model):
    """A customer who has asked for a code, or holds a reward; without an account, a guest who
    holds one. This row's lock serialises all that moves the customer's credit. After erasure
    both references are empty and the books remain. `display_name` is what they chose that others
    may read; empty: nothing. `blocked_by`: staff have blocked them. `same_as`: of one person's
    accounts that staff have merged, each names the one that remains, that one itself included."""

    user_ref = models.CharField(max_length=64, null=True, unique=True)
    email_key = models.CharField(max_length=64, null=True, db_index=True)
    display_name = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True, blank=True)
    blocked_by = models.ForeignKey(
        "StaffDecision", on_delete=models.PROTECT, null=True, related_name="+"
    )
    same_as = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("email_key",),
                condition=Q(user_ref__isnull=True),
                name="referral_one_row_per_guest",
            )
        ]
        indexes = [
            models.Index(fields=("-created_at", "-id"), name="referrer_newest"),
            models.Index(
                fields=("display_name",), condition=~Q(display_name=""), name="referrer_named"
            ),
        ]


class Membership(models.Model):
    """A referrer who was invited to a program, or put into one of its groups."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="members")
    referrer = models.ForeignKey(Referrer, on_delete=models.PROTECT, related_name="memberships")
    group = models.CharField(max_length=32, blank=True)
    since = models.DateTimeField()
    by = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("program", "referrer"), name="referral_member_once")
        ]


class ReferralCode(models.Model):
    """What a referrer shares. `code` is the form in which codes are compared (see
    `engine.codes.normalise`), `written` how a referrer wrote one that they chose themselves.

    One that was replaced by a newer one, at `replaced_at`, is shown no more and works on: its
    links are out there. One that is not active is nobody's: of somebody who is gone, or not invited
    to the program any more. `made_for` is whose it was before they were merged into the referrer
    of now."""

    referrer = models.ForeignKey(Referrer, on_delete=models.PROTECT, related_name="codes")
    made_for = models.ForeignKey(
        Referrer, on_delete=models.PROTECT, null=True, related_name="codes_before"
    )
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="codes")
    code = models.CharField(max_length=32, unique=True)
    written = models.CharField(max_length=32, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("referrer", "program"),
                condition=Q(replaced_at__isnull=True),
                name="referral_one_code_each",
            )
        ]

    def __str__(self) -> str:
        """As people read and type it."""
        return self.written or f"{self.code[:5]}-{self.code[5:]}"


class Claim(models.Model):
    """A code bound to a checkout, or the refusal to bind it; claimed after the order, bound to
    that, and to no checkout.

    Claimed on an account it is bound to that, too, until a checkout of the account's has become
    an order; each claim on a checkout that comes of it has its account, terms and `created_at`.

    The buyer's keys are those last judged: when the checkout's buyer is still the same,
    nothing needs asking again."""

    class Status(models.TextChoices):
        OPEN = "open"
        WITHDRAWN = "withdrawn"
        REFUSED = "refused"
        USED = "used"

    class Source(models.TextChoices):
        PROMO_CODE = "promo_code"
        METADATA = "metadata"
        API = "api"
        AFTER_ORDER = "after_order"
        STAFF = "staff"
        ACCOUNT = "account"

    checkout_ref = models.CharField(max_length=64, null=True, db_index=True)
    order_ref = models.CharField(max_length=64, null=True)
    account_ref = models.CharField(max_length=64, null=True)
    code = models.ForeignKey(ReferralCode, on_delete=models.PROTECT, related_name="claims")
    terms = models.ForeignKey(TermsVersion, on_delete=models.PROTECT, related_name="claims")
    typed = models.CharField(max_length=255)
    source = models.CharField(max_length=16, choices=Source.choices)
    status = models.CharField(max_length=16, choices=Status.choices)
    buyer_user_ref = models.CharField(max_length=64, null=True)
    buyer_email_key = models.CharField(max_length=64, null=True)
    findings = models.JSONField(default=list)
    created_at = models.DateTimeField()
    judged_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("checkout_ref",),
                condition=Q(status="open"),
                name="referral_one_open_claim",
            ),
            models.UniqueConstraint(
                fields=("account_ref",),
                condition=Q(status="open", checkout_ref__isnull=True),
                name="referral_one_open_account_claim",
            ),
        ]
        indexes = [
            models.Index(
                fields=("buyer_email_key",), condition=Q(status="open"), name="referral_claim_of"
            ),
            models.Index(fields=("-created_at", "-id"), name="claim_newest"),
            models.Index(fields=("status", "-created_at", "-id"), name="claim_by_status"),
            models.Index(
                fields=("order_ref",), condition=Q(order_ref__isnull=False), name="claim_of_order"
            ),
        ]


class SignUp(models.Model):
    """Somebody on a program's waiting list. Their address is kept as a keyed hash, and masked
    as others may see it."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="sign_ups")
    person = models.ForeignKey(Referrer, on_delete=models.PROTECT, related_name="sign_ups")
    shown_as = models.CharField(max_length=255)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    rejected_at = models.DateTimeField(null=True)
    rejected_by = models.CharField(max_length=255, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("program", "person"), name="referral_sign_up_once")
        ]


class Referral(models.Model):
    """Referrer and referee bound by one order, under the terms of its claim; or, where the
    terms count later orders, one of those, which `follows` the first.

    Before there is anything to buy, a sign-up takes the order's place. One that staff have
    detached from its order has none any more.

    `referee_forgotten_at`: who the referee is was erased, whatever the order still says.
    `decided_by` is what a person decided and nobody has undone. `group` is the referrer's in the
    program when it first qualified, and `net` what of the order's goods stood when it was last
    settled, without discount, tax and shipping. `goods` says of each line whether the program is
    about it, where the terms name goods."""

    #: In place of an order's ref, and a key behind it. No store's ref has a colon.
    SIGN_UP, DETACHED = "sign-up:", "detached:"

    #: Not decided yet.
    OPEN = (ReferralStatus.ATTRIBUTED.value, ReferralStatus.IN_REVIEW.value)
    ACTIVE = (*OPEN, ReferralStatus.QUALIFIED.value)

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="referrals")
    terms = models.ForeignKey(TermsVersion, on_delete=models.PROTECT, related_name="referrals")
    referrer = models.ForeignKey(Referrer, on_delete=models.PROTECT, related_name="referrals")
    claim = models.OneToOneField(
        Claim, on_delete=models.PROTECT, null=True, related_name="referral"
    )
    sign_up = models.OneToOneField(
        SignUp, on_delete=models.PROTECT, null=True, related_name="referral"
    )
    follows = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="later_orders"
    )
    group = models.CharField(max_length=32, blank=True)
    net = money_field(default=0)
    goods = models.JSONField(default=dict)
    order_ref = models.CharField(max_length=64, unique=True)
    order_number = models.CharField(max_length=64)
    channel = models.CharField(max_length=250)
    currency = models.CharField(max_length=3)
    referee_user_ref = models.CharField(max_length=64, null=True)
    referee_email_key = models.CharField(max_length=64, null=True)
    referee_forgotten_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=16, choices=choices_of(ReferralStatus))
    findings = models.JSONField(default=list)
    placed_at = models.DateTimeField()
    earned_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField()
    look_again_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "StaffDecision", on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ("-placed_at", "-pk")
        indexes = [
            models.Index(fields=("referrer", "-placed_at", "-id"), name="referral_mine"),
            models.Index(fields=("referrer", "program", "earned_at"), name="referral_counted"),
            models.Index(
                fields=("look_again_at",),
                condition=Q(look_again_at__isnull=False),
                name="referral_due",
            ),
            models.Index(fields=("-placed_at", "-id"), name="referral_newest"),
            models.Index(fields=("status", "-placed_at", "-id"), name="referral_by_status"),
            models.Index(
                fields=("program", "earned_at"),
                include=("referrer",),
                condition=Q(status="qualified", follows__isnull=True),
                name="referral_ranked",
            ),
            models.Index(fields=("order_number",), name="referral_by_number"),
            models.Index(fields=("referee_email_key",), name="referral_by_referee"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=("program", "referee_email_key"),
                condition=Q(
                    status__in=("attributed", "in_review", "qualified"), follows__isnull=True
                ),
                name="referral_one_referrer_per_email",
            ),
            models.UniqueConstraint(
                fields=("program", "referee_user_ref"),
                condition=Q(
                    status__in=("attributed", "in_review", "qualified"), follows__isnull=True
                ),
                name="referral_one_referrer_per_account",
            ),
        ]

    @property
    def has_order(self) -> bool:
        return self.is_order(self.order_ref)

    @staticmethod
    def is_order(ref: str) -> bool:
        return ":" not in ref


class Action(models.Model):
    """Something a referee has done besides ordering, as the shop or an app recorded it."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="actions")
    name = models.CharField(max_length=32)
    at = models.DateTimeField()
    by = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("referral", "name"), name="referral_action_once")
        ]


class Reward(models.Model):
    """What one beneficiary gets: for a referral, or (without one) for a milestone, a place in a
    ranking or by a person's decision, which `occurrence` names. `amount` is the last decision's,
    in a currency or in a unit of points; `holder` is whose it is: the referrer, or the referee.
    `valid_for` is how long an issued credit can be spent, and `remind` how long before its end its
    holder is told: a span and its time zone. `is_cut`: a limit left less than the terms promise, or
    nothing; `is_cut_by_budget`: one that all share would alone. `voided_by`: staff have withdrawn
    it. `changed_at` is since when it has its status and its amount; null: since it was made.
    `coupon` is what a coupon gives, and `coupon_code` what its holder enters, normalised; neither
    changes once it is issued."""

    class Status(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        ISSUED = "issued"
        VOIDED = "voided"
        CLAWED_BACK = "clawed_back"
        EXPIRED = "expired"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="rewards")
    referral = models.ForeignKey(
        Referral, on_delete=models.PROTECT, null=True, related_name="rewards"
    )
    holder = models.ForeignKey(Referrer, on_delete=models.PROTECT, related_name="rewards")
    beneficiary = models.CharField(max_length=16, choices=choices_of(Beneficiary))
    rule = models.CharField(max_length=32)
    occurrence = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=16, choices=choices_of(RewardKind))
    currency = models.CharField(max_length=16)
    amount = money_field()
    status = models.CharField(max_length=16, choices=Status.choices)
    earned_at = models.DateTimeField(null=True, blank=True)
    hold_until = models.DateTimeField(null=True, blank=True)
    valid_for = models.JSONField(null=True)
    use = models.CharField(
        max_length=16, choices=choices_of(CreditUse), default=CreditUse.ON_REQUEST.value
    )
    remind = models.JSONField(null=True)
    after_issue = models.CharField(
        max_length=8, choices=choices_of(AfterIssue), default=AfterIssue.DEBT.value
    )
    issued_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    credit_ref = models.CharField(max_length=64, null=True, unique=True)
    coupon = models.JSONField(null=True)
    coupon_code = models.CharField(max_length=32, null=True, unique=True)
    remind_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.CharField(max_length=255, blank=True)
    sent_note = models.TextField(blank=True)
    is_cut = models.BooleanField(default=False)
    is_cut_by_budget = models.BooleanField(default=False)
    voided_by = models.ForeignKey(
        "StaffDecision", on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = [
            models.Index(fields=("holder", "program", "earned_at"), name="reward_caps"),
            models.Index(fields=("holder", "-created_at", "-id"), name="reward_mine"),
            models.Index(fields=("program", "beneficiary", "earned_at"), name="reward_budget"),
            models.Index(fields=("status", "-created_at", "-id"), name="reward_by_status"),
            models.Index(
                fields=("expires_at",), condition=Q(status="issued"), name="reward_expiry"
            ),
            models.Index(
                fields=("remind_at",), condition=Q(status="issued"), name="reward_reminders"
            ),
            models.Index(
                fields=("hold_until",),
                condition=Q(status="pending", referral__isnull=True),
                name="reward_milestone_due",
            ),
            models.Index(fields=("program",), condition=Q(is_cut=True), name="reward_cut"),
            models.Index(fields=("-created_at", "-id"), name="reward_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=("referral", "beneficiary", "rule"), name="reward_once"),
            models.UniqueConstraint(
                fields=("program", "holder", "rule", "occurrence"),
                condition=Q(referral__isnull=True),
                name="reward_milestone_once",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="reward_not_negative"),
        ]


class FreedRoom(models.Model):
    """Room under the limits that a reward has given up, until those have been looked at again
    that were cut. `earned_at` is when it counted; `seen` the last reward that was looked at, of
    all that were cut in the program."""

    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="freed")
    earned_at = models.DateTimeField()
    seen = models.BigIntegerField(default=0)


class BudgetUse(models.Model):
    """What the rewards of one day, in UTC, come to that count towards the limits that all referrers
    share: a number, and an amount in major units. PostgreSQL adds a row with each reward (see
    migrations/sql/0002_budget_use.sql), negative where it was taken back; the sweep makes one of
    them (`is_sum`), and who wants to know adds all of them up."""

    # Nothing is looked up by the program alone, and to check it would lock it for each reward.
    program = models.ForeignKey(
        Program,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="budget_use",
    )
    beneficiary = models.CharField(max_length=16, choices=choices_of(Beneficiary))
    currency = models.CharField(max_length=16)
    day = models.DateField()
    number = models.IntegerField()
    amount = money_field()
    is_sum = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(fields=("program", "beneficiary", "day"), name="budget_use"),
            models.Index(fields=("id",), condition=Q(is_sum=False), name="budget_use_added"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=("program", "beneficiary", "currency", "day"),
                condition=Q(is_sum=True),
                name="budget_use_once",
            ),
        ]


class StaffDecision(models.Model):
    """What a person decided of one referral, one reward or one referrer: who, when and why.
    Never changed and never deleted (PostgreSQL sees to it): it is undone by another row. What
    it is about points back at the one that is in force.

    `of` says what an ADJUST gave; what a DETACH took the referral from: an order's ref; which
    action of a referee an ACTION recorded, or its UNDO took back; to which program somebody was
    invited or was not after all, and into which group: "4:gold"; into whom somebody was merged.
    """

    class Kind(models.TextChoices):
        APPROVE = "approve"
        REJECT = "reject"
        OVERRIDE = "override"
        ATTACH = "attach"
        DETACH = "detach"
        VOID = "void"
        ADJUST = "adjust"
        ISSUE_AGAIN = "issue_again"
        BLOCK = "block"
        UNBLOCK = "unblock"
        MERGE = "merge"
        UNMERGE = "unmerge"
        SEND = "send"
        ACTION = "action"
        INVITE = "invite"
        UNINVITE = "uninvite"
        UNDO = "undo"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    referral = models.ForeignKey(
        Referral, on_delete=models.PROTECT, null=True, related_name="staff_decisions"
    )
    reward = models.ForeignKey(
        Reward, on_delete=models.PROTECT, null=True, related_name="staff_decisions"
    )
    referrer = models.ForeignKey(
        Referrer, on_delete=models.PROTECT, null=True, related_name="staff_decisions"
    )
    of = models.CharField(max_length=64, blank=True)
    by = models.CharField(max_length=255)
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                name="staff_decision_of_one_thing",
                condition=Q(referral__isnull=False, reward__isnull=True, referrer__isnull=True)
                | Q(referral__isnull=True, reward__isnull=False, referrer__isnull=True)
                | Q(referral__isnull=True, reward__isnull=True, referrer__isnull=False),
            )
        ]


class LedgerEntry(models.Model):
    """One line of the books, never changed and never deleted (PostgreSQL sees to it).

    PROMISED    what the decision says more (or less) than it said before
    DELIVERED   put in the holder's hands
    TAKEN_BACK  taken out of them again
    OFFSET      a debt paid by another reward: two entries that cancel out
    SPENT       used on an order (or, positive, given back by one)
    EXPIRED     ran out unused (positive when what ran out is taken back after all)
    WAIVED      no longer deserved, spent, and let go (positive when it is deserved after all)

    For each reward: sum(PROMISED) is the decision; sum(DELIVERED, TAKEN_BACK, OFFSET, WAIVED)
    is what was delivered; the balance is delivered plus spent plus expired, less offsets.
    """

    class Kind(models.TextChoices):
        PROMISED = "promised"
        DELIVERED = "delivered"
        TAKEN_BACK = "taken_back"
        OFFSET = "offset"
        SPENT = "spent"
        EXPIRED = "expired"
        WAIVED = "waived"

    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="entries")
    holder = models.ForeignKey(Referrer, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    currency = models.CharField(max_length=16)
    amount = money_field()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        indexes = [
            models.Index(fields=("holder", "currency"), name="ledger_balance"),
            models.Index(fields=("-created_at", "-id"), name="ledger_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                name="ledger_sign",
                condition=~Q(amount=0)
                & (
                    Q(kind="delivered", amount__gt=0)
                    | Q(kind="taken_back", amount__lt=0)
                    | Q(kind__in=("promised", "offset", "spent", "expired", "waived"))
                ),
            )
        ]


class Effect(models.Model):
    """Something to carry out for a reward after the books were written. A row is locked while
    it is carried out and done only with its result, in one transaction."""

    class Kind(models.TextChoices):
        CREDIT = "credit"
        TELL = "tell"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    key = models.CharField(max_length=128)
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="effects")
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=("due_at",), condition=Q(done_at__isnull=True), name="effect_due")
        ]
        constraints = [models.UniqueConstraint(fields=("reward", "key"), name="effect_once")]


class WebhookEndpoint(models.Model):
    """Where the owner wants events sent; one without an address stands for the shop's apps, as
    long as one of them listens. `events` are the types that are wanted, empty: all.

    `stopped_at`: it has failed for so long that nothing is sent until the owner says so; what
    happens meanwhile waits. `failing_since` and `failures` are of the tries since it last took
    something, and `rests_until` is when the next one is. A secret that was replaced signs, too,
    for a while."""

    url = models.CharField(max_length=500, blank=True)
    events = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    secret = models.CharField(max_length=128, blank=True)
    old_secret = models.CharField(max_length=128, blank=True)
    old_secret_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    last_success_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    rests_until = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=("url",), condition=Q(url=""), name="webhook_endpoint_of_apps"
            )
        ]


class Event(models.Model):
    """Something that happened, for whoever listens: written by PostgreSQL itself where a status
    changes (see `migrations/sql/0002_events.sql`), in the same transaction, and only where an
    endpoint wants it.

    Events of one `subject` (a referral with its claim and its rewards) are told in order; those
    of one statement, which began at `noted_at`, happened together. `data` is what was true then,
    without anything that says who somebody is. `spread_at`: since then every endpoint has a
    delivery of it."""

    type = models.CharField(max_length=32, choices=choices_of(EventType))
    happened_at = models.DateTimeField()
    noted_at = models.DateTimeField()
    subject = models.CharField(max_length=32)
    program = models.ForeignKey(Program, on_delete=models.CASCADE, related_name="+")
    referrer = models.ForeignKey(Referrer, on_delete=models.CASCADE, related_name="+")
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, null=True, related_name="+")
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, null=True, related_name="+")
    reward = models.ForeignKey(Reward, on_delete=models.CASCADE, null=True, related_name="+")
    data = models.JSONField(default=dict)
    spread_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=("happened_at",), name="event_at"),
            models.Index(
                fields=("id",), condition=Q(spread_at__isnull=True), name="event_to_spread"
            ),
        ]


class EventDelivery(models.Model):
    """One event on its way to one endpoint. Those of one subject go by their keys: a later one
    waits for an earlier. While it is tried, `due_at` is when another may try, should nothing be
    heard of it any more."""

    class Status(models.TextChoices):
        PENDING = "pending"
        SUCCESS = "success"
        FAILED = "failed"

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    subject = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    response_status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=("event", "endpoint"), name="event_delivery_once")
        ]
        indexes = [
            models.Index(
                fields=("endpoint", "due_at"),
                condition=Q(status="pending"),
                name="event_delivery_due",
            ),
            models.Index(
                fields=("endpoint", "subject", "id"),
                condition=Q(status="pending"),
                name="event_delivery_order",
            ),
        ]


class KnownOrder(models.Model):
    """Who has ordered before, by keyed hash: also guests, also before this app came. Of one that
    `is_forgotten` it was erased, whatever the order still says."""

    order_ref = models.CharField(max_length=64, primary_key=True)
    email_key = models.CharField(max_length=64, null=True, db_index=True)
    is_forgotten = models.BooleanField(default=False)


class Erasure(models.Model):
    """That one person's data was erased: when, who did it and why, and of how many rows of each
    kind. Not whose."""

    at = models.DateTimeField()
    by = models.CharField(max_length=255)
    reason = models.TextField()
    erased = models.JSONField()


class Metadata(models.Model):
    """What others keep beside one of our objects, which is named by its type in the API."""

    type_name = models.CharField(max_length=32)
    object_id = models.BigIntegerField()
    public = models.JSONField(default=dict)
    private = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("type_name", "object_id"), name="metadata_once")
        ]


class UnsettledOrder(models.Model):
    """An order that could not be settled, until it can."""

    order_ref = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(db_index=True)
    last_error = models.TextField(blank=True)


class Bookmark(models.Model):
    """How far something that goes through all rows has come: in time, or in keys (`last`)."""

    name = models.CharField(max_length=32, primary_key=True)
    position = models.DateTimeField(null=True)
    last = models.BigIntegerField(null=True)


class RateCount(models.Model):
    """How often somebody has tried something in the window that ends then."""

    key = models.CharField(max_length=128, primary_key=True)
    count = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True)


class AnsweredRequest(models.Model):
    """What was answered to somebody's request with a key of their own choice, so that the same
    request is carried out once. `asked` is a hash of what it was; `answer` is empty only within the
    transaction that carries it out."""

    by = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    asked = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("by", "key"), name="referral_answered_once")]

"""Who may see and do what: every field and mutation of ours, asked for by everybody.

The documents are made from the schema, so a field without a rule here fails, as does a rule for
a field that is not there.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from prices import Money

from saleor_referral_plugin.engine import (
    changes,
    chosen,
    deliveries,
    jobs,
    metadata,
    presets,
    staff,
    waitlist,
    webhooks,
)
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import (
    Cap,
    CapPeriod,
    Coupon,
    Group,
    LaterOrders,
    Milestone,
    Milestones,
    Offer,
    ProgramKind,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.graphql.graft import FIELDS, MUTATIONS, QUERIES
from saleor_referral_plugin.graphql.host import built_schema
from saleor_referral_plugin.graphql.sdl import OURS
from saleor_referral_plugin.models import (
    Action,
    EventDelivery,
    Membership,
    Program,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
    SignUp,
    TermsVersion,
    WebhookEndpoint,
)
from tests.graphql import build
from tests.graphql.api import Api, global_id
from tests.graphql.test_before_buying import put_voucher_on
from tests.scenarios import given
from tests.scenarios.shop import Shop

# who asks -----------------------------------------------------------------------------------
ANONYMOUS, OWNER, OTHER = "anonymous", "customer", "other customer"
STAFF_WITHOUT, STAFF_WITH = "staff without", "staff with"
APP_WITHOUT, APP_WITH = "app without", "app with"
STAFF_ALONE, APP_ALONE = "staff with discounts alone", "app with discounts alone"
ASKERS = (
    *(ANONYMOUS, OWNER, OTHER, STAFF_WITHOUT, STAFF_WITH, APP_WITHOUT, APP_WITH),
    *(STAFF_ALONE, APP_ALONE),
)

#: Enough to see an account at all, and no more.
WITHOUT = ("MANAGE_USERS",)
ALONE = ("MANAGE_DISCOUNTS",)
WITH = (
    *("MANAGE_APPS", "MANAGE_CHECKOUTS", "MANAGE_DISCOUNTS", "MANAGE_GIFT_CARD"),
    *("MANAGE_ORDERS", "MANAGE_STAFF", "MANAGE_USERS"),
)

EVERYBODY = frozenset(ASKERS)
STAFF = frozenset({STAFF_WITH, APP_WITH, STAFF_ALONE, APP_ALONE})
#: Of what the shop has itself: staff who may see that, too.
STAFF_WITH_MORE = frozenset({STAFF_WITH, APP_WITH})
MINE_OR_STAFF = STAFF | {OWNER}
#: Who looks after accounts.
OF_USERS = frozenset({STAFF_WITHOUT, APP_WITHOUT, STAFF_WITH, APP_WITH})
MINE = frozenset({OWNER})
ACCOUNTS = frozenset({OWNER, OTHER, STAFF_WITHOUT, STAFF_WITH, STAFF_ALONE})

# what they may see --------------------------------------------------------------------------
_CONNECTION = "edges pageInfo totalCount"
RULES: dict[frozenset[str], dict[str, str]] = {
    EVERYBODY: {
        "Query": "referralCode referralProgram referralSignUp checkoutReferralPreview",
        "Checkout": "referral",
        "Order": "referral",
        "CheckoutError": "referralErrorCode referralRetryAt",
        "CheckoutReferral": "claim refusal offer discount missing conflict",
        "CheckoutReferralConflict": "voucherCode voucherDiscount referralDiscount better",
        "CheckoutReferralPreview": ("isAccepted findings offer discount missing conflict"),
        "OrderReferral": "status claim offer discount findings",
        # Their fields are of what was decided, seen by whoever may decide.
        "ReferralBulkResult": "referral errors",
        "ReferralRewardBulkResult": "reward errors",
        "ReferralClaim": "id code status source createdAt judgedAt findings",
        "ReferralCode": "code displayName offer promises",
        "ReferralError": "code field message path retryAt",
        "ReferralFinding": "code passed message",
        "ReferralLeaderboard": "name period startsAt endsAt prizes places",
        "ReferralMilestone": "description referrals revenue reward kind group",
        "ReferralMilestones": "name period highestOnly steps",
        "ReferralOffer": (
            "description percentage amount freeShipping minimum discountedOrders newCustomersOnly"
        ),
        "ReferralPlace": "rank displayName referrals isOwn",
        "ReferralPlaceCountableConnection": _CONNECTION,
        "ReferralPlaceCountableEdge": "node cursor",
        "ReferralPrize": "description number worth kind",
        "ReferralProgram": (
            "id slug name kind isRunning offer promises claimsUntil ordersUntil milestones "
            "leaderboards metadata metafield metafields"
        ),
        "ReferralPromise": (
            "description beneficiary kind percentage amount coupon earnedWhen holdDays validDays"
        ),
        "ReferralSignUp": "programName confirmedAt code link referrals rank",
    },
    STAFF_WITH_MORE | MINE: {
        # Whoever may see the account at all.
        "User": "referral referralClaim"
    },
    MINE_OR_STAFF: {
        "Referee": "displayName",
        "Referral": (
            "id status programName referee placedAt earnedAt findings rewards "
            "metadata metafield metafields"
        ),
        "ReferralBalance": "currency available pending debt earned expiring",
        "ReferralCountableConnection": _CONNECTION,
        "ReferralCountableEdge": "node cursor",
        "ReferralCoupon": "description code percentage amounts freeShipping minimums isUsed",
        "ReferralCredit": "description percentage amount earnedWhen holdDays",
        "ReferralExpiry": "amount expiresAt",
        "ReferralReward": (
            "id status beneficiary kind rule occurrence programName amount createdAt earnedAt "
            "holdUntil issuedAt expiresAt findings referral coupon metadata metafield metafields"
        ),
        "ReferralRewardCountableConnection": _CONNECTION,
        "ReferralRewardCountableEdge": "node cursor",
        "Referrer": (
            "id displayName code link offer credit balances programs rewards referrals "
            "metadata metafield metafields"
        ),
        "ReferrerProgram": "program isOpen findings group code link progress",
        "ReferrerProgress": (
            "name period endsAt referrals revenue reached next missingReferrals missingRevenue"
        ),
    },
    MINE: {
        "Checkout": "referralCredits",
        "CheckoutReferralCredit": "reward balance isApplied",
        "CheckoutReferralCredits": "available applied items",
        # Of whoever asks: the others have brought nobody.
        "ReferralLeaderboard": "own",
    },
    STAFF: {
        "Query": (
            "referral referralClaims referralLedgerBalances referralLedgerEntries referralPrograms "
            "referralReward referralRewards referrals referrer referrers referralJob referralJobs "
            "referralProgramPresets referralProgramPreview referralProgramRulesSchema"
        ),
        "Referral": (
            "referrer program terms claim channel currency net group follows laterOrders settledAt "
            "lookAgainAt decisions actions"
            " privateMetadata privateMetafield privateMetafields"
        ),
        "ReferralAction": "name createdAt by",
        "ReferralBudget": "beneficiary group period startsAt endsAt number amounts",
        "ReferralBudgetAmount": "currency limit promised delivered left",
        "ReferralBudgetNumber": "limit promised delivered left",
        "ReferralClaim": "typed program terms referrer referral",
        "ReferralClaimCountableConnection": _CONNECTION,
        "ReferralClaimCountableEdge": "node cursor",
        "ReferralDecision": "id kind reason createdAt by detail",
        "ReferralFinding": "detail audience",
        "ReferralLedgerBalance": (
            "currency promised delivered takenBack spent expired waived available pending debt"
        ),
        "ReferralLedgerEntry": "id kind amount createdAt reward holder",
        "ReferralLedgerEntryCountableConnection": _CONNECTION,
        "ReferralLedgerEntryCountableEdge": "node cursor",
        "ReferralMembership": "program group createdAt by",
        "ReferralProgram": (
            "status priority linkUrl createdAt archivedAt version rules versions changes budgets "
            "inFlight ledgerBalances privateMetadata privateMetafield privateMetafields"
        ),
        "ReferralProgramCountableConnection": _CONNECTION,
        "ReferralProgramCountableEdge": "node cursor",
        "ReferralProgramInFlight": "claims referrals rewards pending",
        "ReferralReward": (
            "holder program isCut sentBy sentNote voidedBy decisions ledgerBalance ledgerEntries "
            "privateMetadata privateMetafield privateMetafields"
        ),
        "ReferralTerms": (
            "id version rules offerCode createdAt retiredAt claimCount referralCount"
        ),
        "ReferralTermsCountableConnection": _CONNECTION,
        "ReferralTermsCountableEdge": "node cursor",
        "Referrer": (
            "createdAt blockedBy decisions memberships codes claims ledgerEntries "
            "privateMetadata privateMetafield privateMetafields"
        ),
        "ReferrerCode": "id code programName isActive createdAt replacedAt",
        "ReferrerCountableConnection": _CONNECTION,
        "ReferrerCountableEdge": "node cursor",
        "ReferralHolderChange": "referrerId amount",
        "ReferralJob": (
            "id kind status program version rules done total replay change message by createdAt "
            "updatedAt startedAt finishedAt"
        ),
        "ReferralJobCountableConnection": _CONNECTION,
        "ReferralJobCountableEdge": "node cursor",
        "ReferralReplay": "orders qualified different wouldGive gave differences",
        "ReferralReplayedOrder": "orderId status wouldGive gave",
        "ReferralRetroactiveChange": "referrals promises holders greatest",
        "ReferralPreset": "preset description kind options rules",
        "ReferralPresetOption": "name description default schema",
        "ReferralProgramPreview": "rules isNewVersion channels warnings errors",
        "ReferralProgramPreviewChannel": "channel currency whyNot offer promises milestones",
        "ReferralProgramWarning": "code channel message",
        "ReferralProgramChange": "id kind version was by reason createdAt",
        "ReferralProgramChangeCountableConnection": _CONNECTION,
        "ReferralProgramChangeCountableEdge": "node cursor",
    },
    OF_USERS: {"Query": "referralPersonalData"},
    STAFF_WITH_MORE: {
        "Referee": "user",
        "Referral": "orderNumber order",
        "ReferralClaim": "checkout order user",
        "Query": "referralEvents referralWebhookEndpoints",
        "ReferralDecision": "user app",
        "ReferralEvent": "id type happenedAt referrer referral reward payload deliveries",
        "ReferralEventCountableConnection": _CONNECTION,
        "ReferralEventCountableEdge": "node cursor",
        "ReferralEventDelivery": (
            "id endpoint status attempts createdAt triedAt nextAttemptAt responseStatus error"
        ),
        "ReferralWebhookEndpoint": (
            "id url events isActive createdAt lastSuccessAt failingSince stoppedAt oldSecretUntil"
        ),
        "ReferralReward": "giftCard",
        "Referrer": "user",
    },
}

#: All there is of a kind, at the root.
LISTS = (
    *("referralClaims", "referralLedgerBalances", "referralLedgerEntries", "referralPrograms"),
    *("referralRewards", "referrals", "referrers"),
)

# what they may do ---------------------------------------------------------------------------
#: What staff and apps decide.
DECISIONS = """
    referralActionCreate referralActionDelete referralApprove referralAttach referralBalanceAdjust
    referralBulkApprove referralBulkReject referralDecisionUndo referralDetach referralOverride
    referralReject referralRewardBulkMarkAsSent referralRewardBulkVoid referralRewardIssueAgain
    referralRewardMarkAsNotSent referralRewardMarkAsSent referralRewardRestore referralRewardVoid
    referrerBlock referrerInvite referrerMerge referrerUnblock referrerUninvite referrerUnmerge
"""
MUTATION_RULES = {
    "checkoutReferralCodeApply": EVERYBODY,
    "checkoutReferralCodeRemove": EVERYBODY,
    "checkoutReferralCreditsUpdate": MINE,
    "orderReferralCodeApply": ACCOUNTS,
    "referralClaimCreate": ACCOUNTS,
    "referralClaimDelete": ACCOUNTS,
    "referralCodeUpdate": ACCOUNTS,
    "referralEventReplay": STAFF_WITH_MORE,
    "referralJobCancel": STAFF,
    "referralMetadataDelete": STAFF,
    "referralMetadataUpdate": STAFF,
    "referralPersonalDataErase": OF_USERS,
    "referralProgramArchive": STAFF,
    "referralProgramClose": STAFF,
    "referralProgramCreate": STAFF,
    "referralProgramDelete": STAFF,
    "referralProgramOpen": STAFF,
    "referralProgramPause": STAFF,
    "referralProgramUnarchive": STAFF,
    "referralProgramUpdate": STAFF,
    "referralReplayCreate": STAFF,
    "referralRetroactivePreviewCreate": STAFF,
    "referralRetroactiveRunCreate": STAFF,
    "referralSignUpConfirm": EVERYBODY,
    "referralSignUpCreate": EVERYBODY,
    "referralWebhookEndpointCreate": STAFF_WITH_MORE,
    "referralWebhookEndpointDelete": STAFF_WITH_MORE,
    "referralWebhookEndpointSecretRotate": STAFF_WITH_MORE,
    "referralWebhookEndpointUpdate": STAFF_WITH_MORE,
    "referrerUpdate": ACCOUNTS,
    **dict.fromkeys(DECISIONS.split(), STAFF),
}


def rule_of() -> dict[str, frozenset[str]]:
    return {
        f"{type_name}.{field}": may
        for may, types in RULES.items()
        for type_name, fields in types.items()
        for field in fields.split()
    }


def fields_of_ours() -> set[str]:
    """All that the schema has of ours, but for what mutations answer."""
    types = built_schema().get_type_map()
    payloads = {name[:1].upper() + name[1:] for name in MUTATION_RULES}
    found = {
        f"{name}.{field}"
        for name, type_ in types.items()
        if OURS.search(name) and name not in payloads and is_object(type_)
        for field in type_.fields
    }
    extended = {"Query": QUERIES} | {target._meta.name: names for target, names in FIELDS.items()}
    return found | {
        f"{type_name}.{camel(name)}" for type_name, names in extended.items() for name in names
    }


def is_object(type_: Any) -> bool:
    return hasattr(type_, "fields") and hasattr(type_, "interfaces")


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def test_every_field_and_mutation_has_a_rule_and_no_rule_is_for_nothing() -> None:
    assert set(rule_of()) == fields_of_ours()
    assert set(MUTATION_RULES) == {camel(name) for name in MUTATIONS}


# documents made from the schema -------------------------------------------------------------
ARGUMENTS = {
    "channel": '"default"',
    "days": "3660",
    "first": "9",
    "key": '"crm"',
    "source": '"mail"',
}
#: Of our own types those that others lead to.
BOOKS = ("Referral", "ReferralReward", "Referrer")
#: Never null, as Saleor has it: whoever may not see it sees nothing of what it is on.
ASKED_ALONE = ("privateMetadata",)
#: Of the store's own types as much as is needed to see something.
OF_THE_STORE = {
    "App": "id",
    "Checkout": "id",
    "GiftCard": "id",
    "MetadataItem": "key",
    "Money": "amount",
    "Order": "id",
    "PageInfo": "hasNextPage",
    "User": "id",
}


def named(type_: Any) -> Any:
    while hasattr(type_, "of_type"):
        type_ = type_.of_type
    return type_


def arguments(field: Any) -> str:
    known = [f"{name}: {ARGUMENTS[name]}" for name in field.args if name in ARGUMENTS]
    return f"({', '.join(known)})" if known else ""


def selection(type_: Any, above: tuple[str, ...] = (), nodes: set[str] | None = None) -> str:
    """Everything of ours below a type; what has an id and leads back to others, once."""
    if nodes is None:
        nodes = {type_.name} if leads_on(type_) else set()
    parts = []
    for name, field in type_.fields.items():
        below = named(field.type)
        if name in ASKED_ALONE:
            continue
        if below.name in OF_THE_STORE:
            parts.append(f"{name}{{{OF_THE_STORE[below.name]}}}")
        elif not hasattr(below, "fields"):
            parts.append(name + arguments(field))
        elif below.name in nodes:
            parts.append(f"{name}{arguments(field)}{{id}}")
        elif OURS.search(below.name) and below.name not in above:
            if leads_on(below):
                nodes.add(below.name)
            beneath = selection(below, (*above, type_.name), nodes)
            parts.append(f"{name}{arguments(field)}{{{beneath}}}")
    return " ".join(parts)


def leads_on(type_: Any) -> bool:
    below = [named(field.type) for field in type_.fields.values()]
    return "id" in type_.fields and any(
        OURS.search(each.name) and is_object(each) for each in below
    )


def seen_in(type_: Any, value: Any) -> Iterator[str]:
    """The fields that have a value."""
    if isinstance(value, list):
        for each in value:
            yield from seen_in(type_, each)
    elif isinstance(value, dict) and hasattr(type_, "fields"):
        for name, below in value.items():
            if name in type_.fields and below is not None:
                yield f"{type_.name}.{name}"
                yield from seen_in(named(type_.fields[name].type), below)


# the shop they ask in -----------------------------------------------------------------------
FAR = datetime(2099, 1, 1, tzinfo=UTC)


def all_kinds_of_terms() -> Terms:
    """So many settings that every field has something to say."""
    [ranking] = presets.ranking().rankings
    return presets.refer_a_friend(hold_days=0).but(
        claims_until=FAR,
        orders_until=FAR,
        minimum=Amounts.of({"USD": 50}),
        rewards=(
            RewardRule(worth=Offer(amounts=Amounts.of({"USD": 10})), valid=Span(days=60)),
            RewardRule(name="share", worth=Offer(percent=Decimal(1)), hold=Span(days=14)),
            RewardRule(name="friend", to="referee", worth=Offer(amounts=Amounts.of({"USD": 1}))),
            RewardRule(
                name="coupon",
                kind=RewardKind.COUPON,
                coupon=Coupon(
                    discount=Offer(amounts=Amounts.of({"USD": 5})), minimum=Amounts.of({"USD": 20})
                ),
            ),
            RewardRule(
                name="another",
                kind=RewardKind.COUPON,
                coupon=Coupon(discount=Offer(percent=Decimal(5))),
            ),
        ),
        later_orders=LaterOrders(),
        milestones=(
            Milestones(
                period=CapPeriod.CALENDAR_YEAR,
                steps=(
                    Milestone(count=1, worth=Offer(amounts=Amounts.of({"USD": 20})), group="gold"),
                    Milestone(count=9, worth=Offer(amounts=Amounts.of({"USD": 50})), group="top"),
                ),
            ),
            Milestones(
                name="revenue",
                steps=(
                    Milestone(
                        revenue=Amounts.of({"USD": 5000}),
                        worth=Offer(amounts=Amounts.of({"USD": 50})),
                    ),
                ),
            ),
        ),
        rankings=(ranking,),
        caps=(
            Cap(whole_program=True, count=1000, period=CapPeriod.CALENDAR_YEAR),
            Cap(whole_program=True, amount=Amounts.of({"USD": 9000}), period=CapPeriod.LIFE),
        ),
        groups=(
            Group(name="top", caps=(Cap(whole_program=True, count=9, period=CapPeriod.LIFE),)),
        ),
    )


def endpoint_with_a_past() -> WebhookEndpoint:
    """It was stopped: nothing is sent to it, and what happens waits."""
    endpoint = webhooks.create("https://example.com/hook", now=FAR)
    endpoint.last_success_at = endpoint.failing_since = endpoint.stopped_at = FAR
    endpoint.old_secret_until = FAR
    endpoint.save()
    return endpoint


class Scene:
    """One of everything, and the documents that ask for it."""

    def __init__(self, shop: Shop, api: Api) -> None:
        self.api = api
        self.endpoint = endpoint_with_a_past()
        shop.run_program(all_kinds_of_terms())
        amounts = presets.refer_a_friend(friend_saves={"USD": 5})
        shop.run_program(amounts.but(discount=Offer(amounts=Amounts.of({"USD": 5}))), slug="other")
        shop.run_program(presets.waitlist(), slug="launch", kind=ProgramKind.WAITLIST)
        Program.objects.update(link_url="https://shop.example.com/")
        self.anna = shop.register("anna@example.com")
        self.eve = shop.register("eve@example.com")
        self.code = shop.share(self.anna)
        self.order = given.friends_order(shop, self.code, email="ben@example.com")
        self.order.pay()
        shop.run_periodic_tasks()
        chosen.choose_name(Referrer.objects.get(user_ref=self.anna.user_ref), "Anna")
        self.claimed = shop.checkout(email="cara@example.com")
        assert self.claimed.enter_code(self.code).accepted
        self.refused = shop.checkout(lines=["20.00"], email="dan@example.com")
        assert not self.refused.enter_code(self.code).accepted
        self.displaced = shop.checkout(email="emil@example.com")
        assert self.displaced.enter_code(self.code).accepted
        put_voucher_on(shop, self.displaced, "4.00")
        self.annas = shop.checkout(customer=self.anna)
        # Only now: it would go on the checkout by itself.
        assert shop.claim_on_account(self.anna, shop.share(self.eve)).accepted
        self.other_code = shop.share(self.anna, program="other")
        self.token = self._signed_up()
        self._looked_at(shop)
        deliveries.spread(get_store().now())
        EventDelivery.objects.update(tried_at=FAR, response_status=500, error="It answered 500.")
        self.jobs = self._worked()

    def _looked_at(self, shop: Shop) -> None:
        """What only staff see."""
        shop.travel(hours=1)
        store, now = get_store(), get_store().now()
        given.order_without_code(shop, "ben@example.com").pay()
        shop.claim_for(given.order_without_code(shop, "kim@example.com"), self.code)
        shop.claim_on_account(shop.register("ivy@example.com"), self.code)
        hal = shop.register("hal@example.com")
        given.friends_order(shop, self.code, email=hal.email, customer=hal).pay()
        by = f"User:{hal.user_ref}"
        referral = Referral.objects.get(order_ref=self.order.ref)
        Action.objects.create(referral=referral, name="reviewed", at=now, by="the shop")
        staff.reject(referral, by=by, reason="looked odd", store=store)
        staff.undo(referral, by="App:1", reason="it is not", store=store)
        anna = Referrer.objects.get(user_ref=self.anna.user_ref)
        given_back = staff.adjust(
            *(anna, Money(5, "USD")),
            program=referral.program,
            by=by,
            reason="for the trouble",
            store=store,
        )
        staff.void(given_back, by=by, reason="twice", store=store)
        Reward.objects.filter(pk=given_back.pk).update(sent_by="Cleo", sent_note="Parcel 7")
        gus = Referrer.objects.create(created_at=now, user_ref=None)
        staff.block(gus, by="Cleo", reason="too many", store=store)
        ReferralCode.objects.create(
            referrer=gus, program=referral.program, code="ONCE", created_at=now, replaced_at=now
        )
        Membership.objects.update(by="Cleo")
        TermsVersion.objects.filter(program__slug="launch").update(retired_at=now)
        self.referral, self.reward = referral, referral.rewards.order_by("pk")[0]
        for key in (
            metadata.Key("Referral", referral.pk),
            metadata.Key("ReferralReward", self.reward.pk),
            metadata.Key("Referrer", anna.pk),
            metadata.Key("ReferralProgram", referral.program_id),
        ):
            metadata.update(key, public={"crm": "1"}, private={"crm": "2"})

    def _signed_up(self) -> str:
        store = get_store()
        program = Program.objects.get(slug="launch")
        first = waitlist.sign_up("first@example.com", program=program, store=store)
        token = waitlist.token_of(first)
        waitlist.confirm(token, store=store)
        code = waitlist.code_of(SignUp.objects.get(), store=store)
        second = waitlist.sign_up(
            "second@example.com", program=program, store=store, code=str(code)
        )
        waitlist.confirm(waitlist.token_of(second), store=store)
        return token

    def _worked(self) -> dict[str, str]:
        """A replay, a preview that moves something, and one that was cancelled."""
        store = get_store()
        program = Program.objects.get(slug="default")
        terms = all_kinds_of_terms()
        extra = RewardRule(name="extra", worth=Offer(amounts=Amounts.of({"USD": 12})))
        more = terms.but(rewards=(*terms.rewards, extra))
        made = {"replay": jobs.ask_for_replay(program, more, by="Cleo", store=store)}
        changes.update(program, terms=more, by="Cleo", reason="More.", store=store)
        for name in ("preview", "cancelled", "pending"):
            made[name] = jobs.ask_for_preview(program, by="Cleo", store=store)
        jobs.cancel(made["cancelled"], by="Cleo", store=store)
        for name in ("replay", "preview"):
            jobs.work_on(made[name].pk, store=store)
        return {name: global_id("ReferralJob", job.pk) for name, job in made.items()}

    def ask(
        self, asker: str, document: str, variables: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        who: dict[str, Any] = {
            ANONYMOUS: {},
            OWNER: {"customer": self.anna},
            OTHER: {"customer": self.eve},
            STAFF_WITHOUT: {"permissions": WITHOUT},
            STAFF_WITH: {"permissions": WITH},
            APP_WITHOUT: {"permissions": WITHOUT, "app": True},
            APP_WITH: {"permissions": WITH, "app": True},
            STAFF_ALONE: {"permissions": ALONE},
            APP_ALONE: {"permissions": ALONE, "app": True},
        }[asker]
        return self.api.ask(document, variables, **who)

    def introduce(self) -> None:
        """Let everybody be there before what they do is rolled back: Saleor looks at who asks on
        another connection."""
        for asker in ASKERS:
            self.ask(asker, "{ __typename }")

    def documents(self, asker: str) -> list[str]:
        types = built_schema().get_type_map()

        def of(type_name: str, *above: str) -> str:
            return selection(types[type_name], above)

        def checkout(found: Any) -> str:
            return f'checkout(id: "{self.api.checkout_id(found)}")'

        user = global_id("User", self.anna.user_ref)
        account = "me" if asker == OWNER else f'user(id: "{user}")'
        preview = [
            f'checkoutReferralPreview(id: "{self.api.checkout_id(each)}", code: "{self.code}")'
            f"{{{of('CheckoutReferralPreview')}}}"
            for each in (self.claimed, self.refused, self.displaced)
        ]
        code = [
            f'referralCode(code: "{each}", channel: "default"){{{of("ReferralCode")}}}'
            for each in (self.code, self.other_code)
        ]
        program = [
            f'referralProgram(slug: "{slug}", channel: "default"){{{of("ReferralProgram")}}}'
            for slug in ("default", "other")
        ]
        return [
            *code,
            *program,
            *preview,
            f'referralJob(id: "{self.jobs["preview"]}"){{{of("ReferralJob")}}}',
            f"referralJobs(first: 20){{{of('ReferralJobCountableConnection')}}}",
            f"referralProgramPresets{{{of('ReferralPreset')}}}",
            "referralProgramPreview(input: {rules: {discount: {amounts: {USD: 5}}}})"
            f"{{{of('ReferralProgramPreview')}}}",
            "referralProgramRulesSchema",
            f'referralSignUp(token: "{self.token}"){{{of("ReferralSignUp")}}}',
            f"referralWebhookEndpoints{{{of('ReferralWebhookEndpoint')}}}",
            # What is below the books is asked for elsewhere.
            f"referralEvents(first: 20){{{of('ReferralEventCountableConnection', *BOOKS)}}}",
            "referralEvents(first: 20){edges{node{referrer{id} referral{id} reward{id}}}}",
            f"{account}{{referral{{{of('Referrer')}}}}}",
            f'referralPersonalData(userId: "{user}")',
            f"{account}{{referralClaim{{{of('ReferralClaim')}}}}}",
            *(
                f"{checkout(each)}{{referral{{{of('CheckoutReferral')}}}}}"
                for each in (self.claimed, self.refused, self.displaced)
            ),
            f"{checkout(self.annas)}{{referralCredits{{{of('CheckoutReferralCredits')}}}}}",
            f'order(id: "{global_id("Order", self.order.ref)}")'
            f"{{referral{{{of('OrderReferral')}}}}}",
            *(
                f"{name}{arguments(field)}{{{of(named(field.type).name)}}}"
                for name, field in types["Query"].fields.items()
                if name in LISTS
            ),
            f'referral(id: "{global_id("Referral", self.referral.pk)}"){{{of("Referral")}}}',
            f'referralReward(id: "{global_id("ReferralReward", self.reward.pk)}")'
            f"{{{of('ReferralReward')}}}",
            f'referrer(code: "{self.code}"){{{of("Referrer")}}}',
            *(
                f"{node}{{privateMetadata{{key}}}}"
                for node in (
                    f'referral(id: "{global_id("Referral", self.referral.pk)}")',
                    f'referralReward(id: "{global_id("ReferralReward", self.reward.pk)}")',
                    f'referrer(code: "{self.code}")',
                    'referralProgram(slug: "default", channel: "default")',
                )
            ),
        ]


def shown_to(scene: Scene, asker: str) -> set[str]:
    root = built_schema().get_type_map()["Query"]
    seen: set[str] = set()
    for document in scene.documents(asker):
        answer = scene.ask(asker, f"{{{document}}}")
        unexpected = [
            error["message"]
            for error in answer.get("errors", ())
            if "need one of the following permissions" not in error["message"]
        ]
        assert unexpected == [], document
        seen.update(seen_in(root, answer["data"]))
    return seen


#: Fields of errors and of mutations, which these documents make none of (the tests of each
#: mutation do), and one of two of which one is always empty.
EMPTY_HERE = {
    "ReferralCredit.percentage",
    # Of no app that is there.
    "ReferralDecision.app",
    "CheckoutError.referralErrorCode",
    "CheckoutError.referralRetryAt",
    "ReferralError.code",
    "ReferralError.field",
    "ReferralError.message",
    "ReferralError.path",
    "ReferralError.retryAt",
    "ReferralBulkResult.referral",
    "ReferralBulkResult.errors",
    "ReferralRewardBulkResult.reward",
    "ReferralRewardBulkResult.errors",
    # Of a program that nobody is shown; the tests of archiving see it.
    "ReferralProgram.archivedAt",
}


def test_everybody_sees_what_they_may_and_nothing_else(shop: Shop, api: Api) -> None:
    # given
    scene = Scene(shop, api)
    rules = rule_of()

    # when
    shown = {asker: shown_to(scene, asker) for asker in ASKERS}

    # then
    wrong = [
        f"{asker} {'sees' if field in shown[asker] else 'does not see'} {field}"
        for asker in ASKERS
        for field, may in sorted(rules.items())
        if field not in EMPTY_HERE and (field in shown[asker]) != (asker in may)
    ]
    assert wrong == []


#: What somebody who may ask is told who is not the one to get it.
WELL_REFUSED = {"NOT_FOUND", "OWN_CODE", "ORDER_NOT_YOURS"}
#: What staff are told of a referral that counts already, and of its credit that was issued.
WELL_REFUSED |= {
    "ATTACHED_ALREADY",
    "NOTHING_TO_UNDO",
    "NOT_CUSTOM",
    "NOT_OPEN",
    "NOT_REFUSED",
    "NO_ORDER",
    "NO_SUCH_ACTION",
    "SAME_REFERRER",
    "STILL_THERE",
    "IN_USE",
    "JOB_OVER",
    "PROGRAM_NOT_CLOSED",
    "RUN_DONE",
}


def _mutations(scene: Scene) -> dict[str, Callable[[str], str]]:
    """A document for each asker, so that none is in another's way."""
    other = global_id("ReferralProgram", Program.objects.get(slug="other").pk)
    launch = global_id("ReferralProgram", Program.objects.get(slug="launch").pk)
    order = global_id("Order", scene.order.ref)
    endpoint = global_id("ReferralWebhookEndpoint", scene.endpoint.pk)
    checkout, annas = scene.api.checkout_id(scene.claimed), scene.api.checkout_id(scene.annas)
    number = {asker: place for place, asker in enumerate(ASKERS)}
    return {
        "checkoutReferralCodeApply": lambda _: f'(id: "{checkout}", code: "{scene.code}")',
        "checkoutReferralCodeRemove": lambda _: f'(id: "{checkout}")',
        "checkoutReferralCreditsUpdate": lambda _: f'(id: "{annas}", applied: true)',
        "orderReferralCodeApply": lambda _: f'(id: "{order}", code: "{scene.code}")',
        "referralClaimCreate": lambda _: f'(code: "{scene.other_code}")',
        "referralClaimDelete": lambda _: "",
        "referralMetadataDelete": lambda _: f'(id: "{other}", keys: ["crm"])',
        "referralMetadataUpdate": lambda _: (
            f'(id: "{other}", metadata: [{{key: "crm", value: "3"}}])'
        ),
        "referralEventReplay": lambda _: '(input: {since: "2020-01-01T00:00:00Z"})',
        "referralWebhookEndpointCreate": lambda _: '(input: {url: "https://example.com/"})',
        "referralWebhookEndpointDelete": lambda _: f'(id: "{endpoint}")',
        "referralWebhookEndpointSecretRotate": lambda _: f'(id: "{endpoint}")',
        "referralWebhookEndpointUpdate": lambda _: f'(id: "{endpoint}", input: {{events: []}})',
        "referralCodeUpdate": lambda asker: f'(input: {{code: "MINE-{number[asker]}"}})',
        "referralProgramCreate": lambda asker: (
            f'(input: {{slug: "new-{number[asker]}", name: "New", preset: PARTNER}}, '
            'reason: "New.")'
        ),
        "referralProgramUpdate": lambda _: (
            f'(id: "{other}", input: {{name: "Sun"}}, reason: "So.")'
        ),
        **{
            f"referralProgram{done}": lambda _: f'(id: "{other}", reason: "Because.")'
            for done in ("Archive", "Close", "Delete", "Open", "Pause", "Unarchive")
        },
        "referralJobCancel": lambda _: f'(id: "{scene.jobs["pending"]}")',
        "referralReplayCreate": lambda _: f'(input: {{program: "{other}", preset: PARTNER}})',
        "referralRetroactivePreviewCreate": lambda _: f'(program: "{other}")',
        "referralRetroactiveRunCreate": lambda _: (
            f'(preview: "{scene.jobs["preview"]}", reason: "For all.")'
        ),
        "referralPersonalDataErase": lambda _: '(email: "dan@example.com", reason: "Asked for.")',
        "referralSignUpConfirm": lambda _: f'(token: "{scene.token}")',
        "referralSignUpCreate": lambda asker: (
            f'(input: {{program: "{launch}", email: "new{number[asker]}@example.com", '
            'redirectUrl: "http://localhost/"})'
        ),
        "referrerUpdate": lambda _: '(input: {displayName: "Somebody"})',
        **_decisions(scene),
    }


def _decisions(scene: Scene) -> dict[str, Callable[[str], str]]:
    referral = global_id("Referral", Referral.objects.get(order_ref=scene.order.ref).pk)
    reward = global_id("ReferralReward", scene.referral.rewards.get(rule="credit").pk)
    referrer = global_id("Referrer", Referrer.objects.get(user_ref=scene.anna.user_ref).pk)
    other = global_id("ReferralProgram", Program.objects.get(slug="other").pk)
    order, user = global_id("Order", scene.order.ref), global_id("User", scene.anna.user_ref)

    def on(row: str) -> Callable[[str], str]:
        return lambda asker: f'(id: "{row}", reason: "Known to us.", idempotencyKey: "{asker}")'

    return {
        "referralActionCreate": lambda _: f'(id: "{referral}", name: "host")',
        "referralActionDelete": lambda _: f'(id: "{referral}", name: "host", reason: "No.")',
        "referralApprove": on(referral),
        "referralAttach": lambda _: (
            f'(input: {{order: "{order}", code: "{scene.code}"}}, reason: "She told us.")'
        ),
        "referralBalanceAdjust": lambda _: (
            f'(id: "{referrer}", input: {{amount: 5, currency: "USD"}}, reason: "For the trouble.")'
        ),
        "referralBulkApprove": lambda _: f'(ids: ["{referral}"], reason: "Known to us.")',
        "referralBulkReject": lambda _: f'(ids: ["{referral}"], reason: "Known to us.")',
        "referralDecisionUndo": on(referral),
        "referralDetach": on(referral),
        "referralOverride": on(referral),
        "referralReject": on(referral),
        "referralRewardBulkMarkAsSent": lambda _: f'(ids: ["{reward}"])',
        "referralRewardBulkVoid": lambda _: f'(ids: ["{reward}"], reason: "Known to us.")',
        "referralRewardIssueAgain": on(reward),
        "referralRewardMarkAsNotSent": on(reward),
        "referralRewardMarkAsSent": lambda _: f'(id: "{reward}")',
        "referralRewardRestore": on(reward),
        "referralRewardVoid": on(reward),
        "referrerBlock": on(referrer),
        "referrerInvite": lambda _: (
            f'(input: {{user: "{user}", program: "{other}"}}, reason: "Known to us.")'
        ),
        "referrerMerge": lambda _: (
            f'(id: "{referrer}", into: "{referrer}", reason: "Known to us.")'
        ),
        "referrerUnmerge": on(referrer),
        "referrerUnblock": on(referrer),
        "referrerUninvite": lambda _: (
            f'(id: "{referrer}", program: "{other}", reason: "Known to us.")'
        ),
    }


def test_everybody_does_what_they_may_and_nothing_else(shop: Shop, api: Api) -> None:
    # given: one shop for all of them, as it takes long to fill
    scene = Scene(shop, api)
    scene.introduce()
    documents = _mutations(scene)
    before = build.everything()
    wrong = []

    # when
    for name, may in MUTATION_RULES.items():
        for asker in ASKERS:
            document = f"mutation {{ {name}{documents[name](asker)} {{ errors {{ code }} }} }}"
            with scene.api.on_this_connection(), transaction.atomic():
                answer = scene.ask(asker, document)
                after = build.everything()
                transaction.set_rollback(True)
            is_refused = answer["data"][name] is None
            if is_refused is (asker in may):
                wrong.append(f"{asker} {'may not' if is_refused else 'may'} {name}")
            elif is_refused:
                # then: for that reason, and nothing has changed
                [error] = answer["errors"]
                assert "need one of the following permissions" in error["message"]
                assert after == before, (name, asker)
            else:
                codes = {error["code"] for error in answer["data"][name]["errors"]}
                assert codes <= WELL_REFUSED, answer

    # then
    assert wrong == []

"""Are the books right? Against the oracle, against the shop, and by what must always hold
(DESIGN: "What must always hold"; the numbers below are its numbers)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from saleor_referral_plugin.engine import ledger
from saleor_referral_plugin.engine.findings import FindingCode
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import (
    Claim,
    Effect,
    Event,
    EventDelivery,
    FreedRoom,
    Referral,
    Reward,
    UnsettledOrder,
)
from saleor_referral_plugin.sandbox.models import Customer, Order
from tests.torture import audit, oracle, world
from tests.torture.oracle import ADJUSTMENT, Deserved


@dataclass(frozen=True)
class Wrong:
    """What is not as it should be, and of which rewards or orders."""

    sentence: str
    reward: int | None = None
    order: str | None = None

    def __str__(self) -> str:
        return self.sentence


def everything_wrong(heard: Iterable[str] | None) -> Iterator[Wrong]:
    """`heard`: the ids of the events that the listener got, in order; None: there is none."""
    for difference in verify(store=get_store()):
        yield Wrong(str(difference), reward=difference.reward_id)
    yield from _stuck()
    yield from _unlike_the_oracle()
    yield from _undelivered()
    yield from _against_a_rule()
    yield from _not_told()
    if heard is not None:
        yield from _not_heard(heard)


def what_there_is() -> str:
    """How much was judged."""
    entries = {pk: sums for _, pk, _, sums in ledger.summed(ledger.LedgerEntry.objects.all())}
    reached = FindingCode.CAP_REACHED.value
    cut = Referral.objects.filter(findings__contains=[{"code": reached, "passed": False}])
    rewards = Reward.objects.exclude(amount=0)
    counted = {
        "orders placed": Order.objects.count(),
        "with a code": Order.objects.exclude(voucher_code=None).count(),
        "refused claims": Claim.objects.filter(status=Claim.Status.REFUSED).count(),
        "rewards given": rewards.count(),
        "of them coupons": rewards.filter(kind="coupon").count(),
        "for friends": rewards.filter(rule="milestones").count(),
        "cut by a limit": cut.count(),
        "taken back": Reward.objects.filter(status=Reward.Status.CLAWED_BACK).count(),
        "expired": Reward.objects.filter(status=Reward.Status.EXPIRED).count(),
        "in debt": sum(sums.owed < 0 for sums in entries.values()),
        "ledger entries": ledger.LedgerEntry.objects.count(),
        "events": Event.objects.count(),
    }
    said = _rows("SELECT kind, count(*) FROM referral_staffdecision GROUP BY 1 ORDER BY 1")
    decided = ", ".join(f"{kind} {count}" for kind, count in said)
    return ", ".join(f"{number} {what}" for what, number in counted.items()) + f"; {decided}"


def _rows(statement: str, *params: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall()


# nothing is stuck ------------------------------------------------------------------------------


def _stuck() -> Iterator[Wrong]:
    now = get_store().now()
    for effect in Effect.objects.filter(done_at=None):
        sentence = f"Effect {effect.key} of reward {effect.reward_id} waits: {effect.last_error}"
        yield Wrong(sentence, reward=effect.reward_id)
    for referral in Referral.objects.filter(look_again_at__lte=now):
        ref = referral.order_ref
        yield Wrong(f"Order {ref} should have been looked at again.", order=ref)
    for unsettled in UnsettledOrder.objects.all():
        ref = unsettled.order_ref
        yield Wrong(f"Order {ref} was never settled: {unsettled.last_error}", order=ref)
    for reward in Reward.objects.filter(status=Reward.Status.PENDING, hold_until__lte=now):
        yield Wrong(f"Reward {reward.pk} is held beyond {reward.hold_until}.", reward=reward.pk)
    for reward in Reward.objects.filter(status=Reward.Status.ISSUED, expires_at__lt=now):
        yield Wrong(f"Reward {reward.pk} should have expired.", reward=reward.pk)
    if freed := FreedRoom.objects.count():
        yield Wrong(f"Nobody has looked who gets the room that {freed} rewards have given up.")
    if unspread := Event.objects.filter(spread_at=None).count():
        yield Wrong(f"{unspread} events have no deliveries yet.")
    waiting = EventDelivery.objects.exclude(endpoint__url=audit.KEPT)
    for status, count in _counted(waiting.exclude(status=EventDelivery.Status.SUCCESS), "status"):
        yield Wrong(f"{count} deliveries are {status}.")


def _counted(rows: Any, column: str) -> list[tuple[str, int]]:
    found: dict[str, int] = defaultdict(int)
    for value in rows.values_list(column, flat=True):
        found[value] += 1
    return list(found.items())


# 1 and 2: what was promised was delivered, once, and the shop says the same -------------------


def _undelivered() -> Iterator[Wrong]:
    sums = {pk: entries for _, pk, _, entries in ledger.summed(ledger.LedgerEntry.objects.all())}
    there = (Reward.Status.ISSUED, Reward.Status.EXPIRED)
    for reward in Reward.objects.order_by("pk").iterator():
        entries = sums.get(reward.pk, ledger.NOTHING)
        if reward.amount and reward.status not in there:
            yield Wrong(f"Reward {reward.pk} of {reward.amount} is {reward.status}.", reward.pk)
        if entries.owed > 0:
            yield Wrong(f"Reward {reward.pk}: {entries.owed} was never delivered.", reward.pk)
        if entries.owed < 0 and entries.balance:
            left = f"{-entries.owed} too much, and {entries.balance} is left"
            yield Wrong(f"Reward {reward.pk}: {left}.", reward.pk)


#: In the shop: what is left on the cards and coupons of each reward, and what stands of what was
#: paid with them. In the books: what was handed over and not taken away again.
_HANDED_OVER = """
WITH card AS (
     SELECT split_part(key, '-', 2)::bigint AS reward, balance + coalesce((
            SELECT sum(used.amount) FROM referral_sandbox_giftcarduse used
              JOIN referral_sandbox_order o ON o.id = used.order_id
             WHERE used.card_id = card.id AND o.cancelled_at IS NULL), 0) AS worth
       FROM referral_sandbox_giftcard card WHERE key LIKE 'reward-%%'
     UNION ALL
     SELECT split_part(key, '-', 2)::bigint, (is_active OR used_on_id IS NOT NULL)::int
       FROM referral_sandbox_coupon),
shop AS (SELECT reward, sum(worth) AS worth FROM card GROUP BY 1),
books AS (
     SELECT reward_id AS reward, sum(entry.amount) AS worth FROM referral_ledgerentry entry
       JOIN referral_reward reward ON reward.id = entry.reward_id
      WHERE entry.kind IN ('delivered', 'taken_back', 'expired') AND reward.kind <> 'points'
      GROUP BY 1)
SELECT reward, coalesce(shop.worth, 0), coalesce(books.worth, 0)
  FROM shop FULL JOIN books USING (reward)
 WHERE coalesce(shop.worth, 0) <> coalesce(books.worth, 0)
"""


# by the oracle ---------------------------------------------------------------------------------


def _unlike_the_oracle() -> Iterator[Wrong]:
    rewards = Reward.objects.exclude(amount=0)
    given = {
        (order_ref, rule): amount
        for order_ref, rule, amount in rewards.exclude(referral=None).values_list(
            "referral__order_ref", "rule", "amount"
        )
    }
    statuses = dict(Referral.objects.values_list("order_ref", "status"))
    found = list(oracle.deserved())
    yield from _only_one_of_rivals(found, statuses)
    limited: list[tuple[Deserved, Decimal]] = []
    for order in found:
        if order.may_wait and statuses.get(order.order_ref) == "in_review":
            order.rewards = {}
        for rule in ("credit", "points", "coupon"):
            amount = given.pop((order.order_ref, rule), Decimal(0))
            right = order.rewards.get(rule, Decimal(0))
            if (order.program, rule) == (world.LIMITED, "credit") and amount <= right:
                limited.append((order, amount))
            elif amount != right:
                sentence = f"{amount} as {rule} instead of {right}: order {order.order_ref}"
                yield Wrong(sentence, order=order.order_ref)
    for (ref, rule), amount in given.items():
        yield Wrong(f"{amount} as {rule} for nothing: order {ref}", order=ref)
    yield from _limits_not_kept(limited)
    yield from _wrong_besides(found)


def _only_one_of_rivals(found: list[Deserved], statuses: dict[str, str]) -> Iterator[Wrong]:
    """Which of them it is depends on what staff saw: the books say."""
    rivals: dict[tuple[str, str], list[Deserved]] = defaultdict(list)
    for order in found:
        if order.rivals is not None:
            rivals[order.rivals].append(order)
    for orders in rivals.values():
        if len(orders) == 1:
            continue
        good = [order for order in orders if statuses.get(order.order_ref) == "qualified"]
        if len(good) > 1:
            refs = ", ".join(order.order_ref for order in good)
            yield Wrong(f"The same friend was recommended more than once: {refs}")
        for order in orders:
            if order not in good:
                order.rewards = {}


def _wrong_besides(found: list[Deserved]) -> Iterator[Wrong]:
    """What belongs to no order."""
    by_staff, for_friends = oracle.given_by_staff(), oracle.for_friends(found)
    for reward in Reward.objects.filter(referral=None).order_by("pk"):
        if reward.rule == ADJUSTMENT:
            right = by_staff.pop(reward.pk, Decimal(0))
        else:
            right = for_friends.pop(reward.holder_id, Decimal(0))
        if reward.amount != right:
            sentence = f"{reward.amount} as {reward.rule} instead of {right}: reward {reward.pk}"
            yield Wrong(sentence, reward.pk)
    for holder, amount in for_friends.items():
        if amount:
            yield Wrong(f"{amount} for friends was never given to referrer {holder}.")
    for pk, amount in by_staff.items():
        yield Wrong(f"{amount} of staff was never given.", pk)


# 3: limits -------------------------------------------------------------------------------------


def _limits_not_kept(limited: list[tuple[Deserved, Decimal]]) -> Iterator[Wrong]:
    """Nothing above a limit, and nothing cut where there is room."""
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for order, credit in limited:
        sums[order.referrer_id] += credit
    referrers = Customer.objects.filter(email__startswith="referrer").count()
    left = world.budget(referrers) - sum(sums.values(), Decimal(0))
    if left < 0:
        yield Wrong(f"The budget is exceeded by {-left}.")
    for referrer_id, given in sums.items():
        if given > world.LIMIT:
            yield Wrong(f"Referrer {referrer_id} got {given}, more than {world.LIMIT}.")
    for order, credit in limited:
        room = min(left, world.LIMIT - sums[order.referrer_id])
        if credit < order.rewards.get("credit", 0) and room > 0:
            ref, right = order.order_ref, order.rewards["credit"]
            yield Wrong(f"Order {ref}: {credit} of {right}, though {room} is free.", order=ref)


# 1, 4, 5, 6, 7 and 8, by the rows alone --------------------------------------------------------

_OWN_ORDERS = """
SELECT reward.id FROM referral_reward reward
  JOIN referral_referral referral ON referral.id = reward.referral_id
  JOIN referral_referrer referrer ON referrer.id = referral.referrer_id
  JOIN referral_sandbox_customer customer ON customer.id::text = referrer.user_ref
  JOIN referral_sandbox_order o ON o.id::text = referral.order_ref
 WHERE reward.amount > 0 AND (o.customer_id = customer.id OR lower(o.email) = customer.email)
"""
_OTHER_CURRENCY = """
SELECT reward.id FROM referral_reward reward
  JOIN referral_ledgerentry entry ON entry.reward_id = reward.id
 WHERE entry.currency <> reward.currency OR entry.holder_id <> reward.holder_id
 UNION
SELECT id FROM referral_reward
 WHERE currency <> CASE kind WHEN 'points' THEN 'PTS' WHEN 'coupon' THEN 'COUPON' ELSE 'USD' END
"""
_NOT_EXACT = """
SELECT id FROM referral_reward WHERE amount <> round(amount, 2)
 UNION SELECT reward_id FROM referral_ledgerentry WHERE amount <> round(amount, 2)
"""
_NOBODYS = """
SELECT o.id::text FROM referral_sandbox_order o
  JOIN referral_referral referral ON referral.order_ref = o.id::text
  LEFT JOIN referral_claim claim ON claim.id = referral.claim_id
 WHERE coalesce(o.voucher_code, '') = '' AND claim.source IS DISTINCT FROM 'staff'
"""
_REFUSED_WITHOUT_A_WORD = """
SELECT 'Claim ' || id FROM referral_claim
 WHERE status = 'refused' AND NOT findings @> '[{"passed": false}]'
 UNION ALL
SELECT 'Referral ' || id FROM referral_referral
 WHERE status IN ('rejected', 'reversed', 'in_review', 'expired')
   AND NOT findings @> '[{"passed": false}]'
"""


def _against_a_rule() -> Iterator[Wrong]:
    for reward, in_shop, in_books in _rows(_HANDED_OVER):
        said = f"the shop handed over {in_shop}, the books say {in_books}"
        yield Wrong(f"Reward {reward}: {said}.", reward)
    for (reward,) in _rows(_OWN_ORDERS):
        yield Wrong(f"Reward {reward} is for an order of one's own.", reward)
    for (reward,) in _rows(_OTHER_CURRENCY):
        yield Wrong(f"Reward {reward} has changed its currency or its holder.", reward)
    for (reward,) in _rows(_NOT_EXACT):
        yield Wrong(f"Reward {reward} has an amount with more than two digits.", reward)
    for (order,) in _rows(_NOBODYS):
        yield Wrong(f"Order {order} has no code, and is a referral.", order=order)
    for (what,) in _rows(_REFUSED_WITHOUT_A_WORD):
        yield Wrong(f"{what} was refused, and nothing says why.")
    for table in connection.introspection.table_names():
        if table.startswith("referral_") and not table.startswith("referral_sandbox_"):
            named = (
                f"SELECT count(*) FROM {table} said WHERE said::text ~ '(friend|referrer)[0-9]+@'"
            )
            [(count,)] = _rows(named)
            if count:
                yield Wrong(f"{count} rows of {table} say somebody's address.")


# events ----------------------------------------------------------------------------------------

#: Every change has its event, once and in the order in which they are told.
_CHANGES = f"""
WITH changed AS (
     SELECT what, pk, string_agg(said, ', ' ORDER BY id) AS said
       FROM torture_change GROUP BY 1, 2),
told AS (
     SELECT split_part(event.type, '.', 1) AS what,
            coalesce(event.reward_id, event.referral_id) AS pk,
            string_agg(concat_ws(' ', split_part(event.type, '.', 2),
                                 CASE WHEN event.reward_id IS NOT NULL
                                      THEN event.data ->> 'amount' END),
                       ', ' ORDER BY delivery.id) AS said
       FROM referral_event event
       JOIN referral_eventdelivery delivery ON delivery.event_id = event.id
       JOIN referral_webhookendpoint endpoint ON endpoint.id = delivery.endpoint_id
      WHERE endpoint.url = '{audit.KEPT}' AND event.type ~ '^(referral|reward)[.]'
      GROUP BY 1, 2)
SELECT what, pk, changed.said, told.said FROM changed FULL JOIN told USING (what, pk)
 WHERE changed.said IS DISTINCT FROM told.said
"""
_SPENT = """
WITH spent AS (
     SELECT reward_id, string_agg(CASE WHEN amount < 0 THEN 'spent ' ELSE 'given_back ' END
                                  || abs(amount), ', ' ORDER BY id) AS said
       FROM referral_ledgerentry WHERE kind = 'spent' GROUP BY 1),
told AS (
     SELECT reward_id, string_agg(split_part(type, '.', 2) || ' ' || (data ->> 'amount'),
                                  ', ' ORDER BY id) AS said
       FROM referral_event WHERE type IN ('credit.spent', 'credit.given_back') GROUP BY 1)
SELECT 'credit', reward_id, spent.said, told.said FROM spent FULL JOIN told USING (reward_id)
 WHERE spent.said IS DISTINCT FROM told.said
"""
_CLAIMED = """
SELECT 'claim', claim.id, claim.status,
       string_agg(split_part(event.type, '.', 2), ', ' ORDER BY event.id)
  FROM referral_claim claim
  LEFT JOIN referral_event event ON event.claim_id = claim.id AND event.type LIKE 'claim.%%'
 GROUP BY claim.id, claim.status
HAVING coalesce(string_agg(split_part(event.type, '.', 2), ', ' ORDER BY event.id), '')
       NOT IN (CASE claim.status WHEN 'refused' THEN 'refused' ELSE 'made' END,
               CASE claim.status WHEN 'refused' THEN 'made, refused' ELSE 'made' END)
"""


def _not_told() -> Iterator[Wrong]:
    for statement in (_CHANGES, _SPENT, _CLAIMED):
        for what, row, changed, told in _rows(statement):
            sentence = f"{what} {row} became [{changed}], and [{told}] was told."
            yield Wrong(sentence, reward=None if what in ("referral", "claim") else row)


def _not_heard(heard: Iterable[str]) -> Iterator[Wrong]:
    """The listener got all that it wanted, and of each subject the earlier first."""
    from saleor_referral_plugin.engine.events import id_of

    wanted = EventDelivery.objects.exclude(endpoint__url=audit.KEPT).order_by("pk")
    first_at: dict[str, int] = {}
    for place, event_id in enumerate(heard):
        first_at.setdefault(event_id, place)
    last: dict[str, int] = {}
    for delivery in wanted.select_related("event").iterator(chunk_size=1000):
        event_id = id_of(delivery.event)
        place = first_at.get(event_id)
        if place is None:
            yield Wrong(f"The listener never heard of event {event_id}.")
        elif place < last.setdefault(delivery.subject, place):
            yield Wrong(f"The listener heard of event {event_id} before an earlier one.")
        else:
            last[delivery.subject] = place

"""From what happened to what is to be sent where: each event gets a delivery for every
endpoint that wants it."""

from datetime import datetime

from django.db import transaction

from . import rows

BATCH = 5_000

#: Does the `endpoint` want the `event`?
WANTED = "(jsonb_array_length(endpoint.events) = 0 OR endpoint.events ? event.type)"

#: Of what one statement wrote, a claim comes before its referral, and that before its rewards:
#: it writes them in no order.
IN_ORDER = """
       min(event.id) OVER (PARTITION BY event.noted_at),
       array_position(ARRAY['claim', 'referral', 'reward', 'credit'],
                      split_part(event.type, '.', 1)),
       event.id
"""

#: Also for an endpoint that was stopped: what happens meanwhile waits.
_SPREAD = f"""
WITH fresh AS (
     SELECT id FROM referral_event WHERE spread_at IS NULL ORDER BY id LIMIT %(limit)s),
marked AS (
     UPDATE referral_event SET spread_at = %(now)s WHERE id IN (SELECT id FROM fresh)
  RETURNING id),
delivered AS (
     INSERT INTO referral_eventdelivery (
            event_id, endpoint_id, subject, status, created_at, due_at, attempts, error)
     SELECT event.id, endpoint.id, event.subject, 'pending', %(now)s, %(now)s, 0, ''
       FROM referral_event event
       JOIN referral_webhookendpoint endpoint ON endpoint.is_active AND {WANTED}
      WHERE event.id IN (SELECT id FROM fresh)
      ORDER BY {IN_ORDER}
         ON CONFLICT (event_id, endpoint_id) DO NOTHING)
SELECT count(*) FROM marked
"""
_ANY = "SELECT EXISTS (SELECT FROM referral_event WHERE spread_at IS NULL)"
#: Of ours alone; any number that nobody else locks.
_LOCK = "SELECT pg_advisory_xact_lock(7265666572726101)"


def spread(now: datetime) -> int:
    """Returns how many events have just got their deliveries. One at a time does it, or a later
    event could be on its way before an earlier one."""
    spread_now = 0
    while rows.select(_ANY, [])[0][0]:
        with transaction.atomic():
            rows.select(_LOCK, [])
            [(count,)] = rows.select(_SPREAD, {"now": now, "limit": BATCH})
        spread_now += count
    return spread_now

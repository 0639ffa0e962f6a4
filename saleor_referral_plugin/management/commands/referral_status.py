"""Say how the program is doing; for a person, or for monitoring."""

import json
from argparse import ArgumentParser
from dataclasses import fields
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...engine.money import plain
from ...engine.store import get_store
from ...engine.totals import Totals, totals_of_shop
from ...engine.watching import Standing, standing


class Command(BaseCommand):
    help = (
        "Say what waits, what fails, what is refused and what is owed. The exit code is 1 when "
        "something is stuck, and then it says what."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.add_argument(
            "--no-money",
            action="store_true",
            help="leave out what is promised and owed, which is added up from the whole ledger",
        )

    def handle(self, *args: Any, no_money: bool, **options: Any) -> None:
        store = get_store()
        with store.writing():
            now = standing(store=store)
            money = [] if no_money else totals_of_shop()
        if options["json"]:
            said = now.as_json()
            if not no_money:
                said["money"] = _as_json(money)
            self.stdout.write(json.dumps(said, indent=2, default=str))
        else:
            for line in _lines(now, money):
                self.stdout.write(line)
        troubles = list(now.troubles())
        if troubles:
            raise CommandError(" ".join(troubles))


def _lines(now: Standing, money: list[Totals]) -> list[str]:
    swept = f"{now.swept_at:%Y-%m-%d %H:%M:%S %Z}" if now.swept_at else "never"
    lines = [
        f"Orders read up to      {swept}",
        f"Oldest not settled     {now.lag:.0f} s; {now.due} referrals are due",
        f"Cannot be settled      {now.unsettled} orders",
        f"Credits and messages   {now.effects_waiting} due, {now.effects_failed} failed before",
        f"Events to be sent      {now.events_waiting}, the oldest for {now.events_late:.0f} s",
        f"Webhook endpoints      {now.stopped} stopped",
        f"Long jobs              {now.jobs} wait for a worker",
    ]
    lines += [f"Refused within a day   {count} {code}" for code, count in now.refused.items()]
    lines += [
        f"In {each.currency:<19} {plain(each.pending.amount)} promised, "
        f"{plain(each.available.amount)} owed, {plain(each.debt.amount)} owed by customers"
        for each in money
    ]
    return lines


def _as_json(money: list[Totals]) -> list[dict[str, str | int]]:
    """Amounts as text, exact, in major units."""
    found = []
    for totals in money:
        of = {each.name: getattr(totals, each.name) for each in fields(totals)}
        of["available"] = totals.available
        found.append(
            {
                name: value if isinstance(value, str | int) else str(plain(value.amount))
                for name, value in of.items()
            }
        )
    return found

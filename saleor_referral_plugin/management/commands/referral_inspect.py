"""Say all that the books know of one order."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...engine.story import referral_named, story_of


class Command(BaseCommand):
    help = "Tell the story of an order's referral: claims, decision, rewards, ledger, what waits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("order", help="its number, or its id in the store")

    def handle(self, *args: Any, order: str, **options: Any) -> None:
        referral = referral_named(order)
        if referral is None:
            raise CommandError(f"The books know of no referral by the order {order}.")
        for event in story_of(referral):
            self.stdout.write(f"{event.at:%Y-%m-%d %H:%M:%S %Z}  {event.what}")
            for detail in event.details:
                self.stdout.write(f"    {detail}")

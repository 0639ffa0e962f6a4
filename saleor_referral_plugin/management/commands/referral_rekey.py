"""Make every hash of an e-mail address with the newest key."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...conf import settings
from ...engine.people import ROTATE
from ...engine.rekeying import left, rekey
from ...engine.store import get_store

#: So often it goes through the tables for what others were working on.
PASSES = 5


class Command(BaseCommand):
    help = (
        "Bring the hashes that stand for e-mail addresses to the newest of REFERRAL_HASH_KEY, "
        "while the shop is open. It may be stopped and started again at any time. With --check "
        "it says how many are left, and changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say what is left")
        parser.add_argument("--batch", type=int, default=1000, help="rows in one transaction")

    def handle(self, *args: Any, check: bool, batch: int, **options: Any) -> None:
        if len(settings.hash_keys) < 2:
            raise CommandError("REFERRAL_HASH_KEY has one key: there is nothing to do.")
        store = get_store()
        with store.writing():
            waiting = left()
            if check:
                self._end(waiting)
                return
            if settings.hash_key_rotation != ROTATE:
                # Whoever knows the old key alone would know nobody any more.
                raise CommandError(f'Set REFERRAL_HASH_KEY_ROTATION = "{ROTATE}" first.')
            twice: dict[str, set[Any]] = {}
            for _ in range(PASSES):
                done = dict.fromkeys(waiting, 0)
                for made in rekey(now=store.now(), size=batch):
                    done[made.table] += made.done
                    twice.setdefault(made.table, set()).update(made.twice)
                    of = f"{done[made.table]} of {waiting[made.table]}"
                    self.stdout.write(f"{made.table}: {of}")
                waiting = left()
                if not any(waiting.values()) or not any(done.values()):
                    break
            for table, keys in twice.items():
                for key in sorted(keys):
                    self.stderr.write(
                        f"{table} {key}: the same person is there by the new key, too."
                    )
        self._end(waiting)

    def _end(self, waiting: dict[str, int]) -> None:
        if any(waiting.values()):
            told = ", ".join(f"{count} {table}" for table, count in waiting.items() if count)
            raise CommandError(f"Not by the newest key yet: {told}. Run it again.")
        self.stdout.write(
            "Every hash is by the newest key. Once no process runs any more that has another "
            "setting, REFERRAL_HASH_KEY_ROTATION can go. The older keys stay in "
            "REFERRAL_HASH_KEY: each hash is made with all of them, and safe by the newest alone."
        )

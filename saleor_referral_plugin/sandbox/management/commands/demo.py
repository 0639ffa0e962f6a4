"""`demo`: the story of one referral, and then the shop, open."""

import os
import socket
from argparse import ArgumentParser
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.servers import basehttp
from django.urls import reverse

from ... import postgres
from ...demo import Story, open_shop, tell_story


class Command(BaseCommand):
    help = "Tell the story of one referral as it happens, then serve the sandbox shop."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--story-only", action="store_true", help="do not serve the shop")
        parser.add_argument("--shop-only", action="store_true", help="do not tell the story")
        parser.add_argument(
            "--fresh", action="store_true", help="throw away what the shop has so far"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        address = f"http://{host}:{port}/"
        if not options["story_only"]:
            _must_be_free(host, port)
        if options["fresh"]:
            self._start_afresh()
        call_command("migrate", verbosity=0)

        open_shop(address=address)
        page = ""
        if not options["shop_only"]:
            story = Story(self.stdout.write, bold=self.style.MIGRATE_HEADING)
            anna = tell_story(story, address=address)
            page = reverse("account", args=[anna.pk])
        if not options["story_only"]:
            self._serve(host, port, address, page)

    def _start_afresh(self) -> None:
        if os.environ.get("DATABASE_URL"):
            raise CommandError("--fresh is for the embedded database, not for DATABASE_URL.")
        postgres.start_afresh()

    def _serve(self, host: str, port: int, address: str, page: str) -> None:
        self.stdout.write("")
        self.stdout.write(self.style.SUCCESS(f"The shop is open: {address}"))
        if page:
            self.stdout.write(f"Anna's page:       {address.rstrip('/')}{page}")
        self.stdout.write(f"GraphQL:           {address.rstrip('/')}{reverse('graphql')}")
        self.stdout.write("Ctrl+C closes it.")
        self.stdout.flush()
        try:
            basehttp.run(host, port, WSGIHandler(), threading=True)
        except KeyboardInterrupt:
            self.stdout.write("\nClosed.")


def _must_be_free(host: str, port: int) -> None:
    """Better said before the story than after it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host}:{port} ({error.strerror}); try --port {port + 1}."
            ) from error

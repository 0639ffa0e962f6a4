"""Tries are counted by all of a shop's processes together, whatever a client says of itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

PROCESSES, TRIES = 4, 25
ROOT = Path(__file__).resolve().parents[2]

#: One of the shop's processes, behind the shop's proxy. The client writes another address, or
#: other nonsense, into its header each time; the proxy adds from where it really came.
PROCESS = """
import json, os, sys
import django
from django.conf import settings

given = json.loads(os.environ["GIVEN"])
settings.DATABASES["default"]["NAME"] = given["database"]
settings.REFERRAL_RATE_LIMITS = {"unknown_code": "40 per hour"}
django.setup()

from saleor_referral_plugin.engine import rates
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.graphql.clients import address_of

print("ready", flush=True)
sys.stdin.readline()
let_in = 0
for number in range(given["tries"]):
    forged = f"198.51.100.{number}, 10.{given['process']}.0.{number}, unknown"
    meta = {
        "REMOTE_ADDR": f"10.0.0.{given['process']}",
        "HTTP_X_FORWARDED_FOR": f"{forged}, {given['client']}",
        "HTTP_X_REAL_IP": f"198.51.100.{number}",
        "HTTP_FORWARDED": f"for=198.51.100.{number}",
    }
    who = f"address:{address_of(meta)}"
    let_in += rates.count(rates.UNKNOWN_CODE, who, store=get_store()) is None
print(let_in)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("client", ["203.0.113.7", "2001:db8:0:1::7"])
def test_several_processes_let_in_as_many_as_one(client: str) -> None:
    # given: the same clock in all, for the window begins with the first try
    started = [_start(process, client) for process in range(PROCESSES)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    # when: all at once
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    let_in = [int(process.communicate(timeout=60)[0]) for process in started]

    # then
    assert PROCESSES * TRIES == 100
    assert sum(let_in) == 40


def _start(process: int, client: str) -> "subprocess.Popen[str]":
    given = {
        "database": connection.settings_dict["NAME"],
        "process": process,
        "client": client,
        "tries": TRIES,
    }
    environment = os.environ | {
        "GIVEN": json.dumps(given),
        "DJANGO_SETTINGS_MODULE": "saleor_referral_plugin.sandbox.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )

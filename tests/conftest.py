"""Fixtures for every test. The store is the sandbox, or, with REFERRAL_TEST_STORE=saleor, the
Saleor whose environment runs the tests."""

import os
from collections.abc import Iterator

import pytest
from django.db import connections
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker

from tests.scenarios.shop import Shop

STORE = os.environ.get("REFERRAL_TEST_STORE", "sandbox")
if STORE == "sandbox":
    # Read before the tests are collected, so that they can import models.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_referral_plugin.sandbox.settings")
    #: These need a Saleor; `python -m tests.saleor_runner` runs them inside each one found.
    collect_ignore = ["saleor"]


# Two definitions, so that what a test needs is known before it runs: pytest-django makes a
# test database only where a test is seen to want one, and would let others into the real one.
if STORE == "saleor":

    @pytest.fixture
    def shop(saleor_database: None) -> Iterator[Shop]:
        """A shop with two channels and no program, in a real Saleor."""
        from tests.scenarios.saleor_shop import SaleorShop

        with SaleorShop.open() as saleor_shop:
            yield saleor_shop

else:

    @pytest.fixture(scope="session")
    def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
        """Before a test database is made."""
        from tests import abandoned_databases

        if not os.environ.get("DATABASE_URL"):
            abandoned_databases.drop()

    @pytest.fixture
    def shop(transactional_db: None) -> Iterator[Shop]:
        """A shop with two channels and no program. What it does is really committed: hooks
        run after the commit, and the ledger's constraints are checked by it."""
        from tests.scenarios.sandbox_shop import SandboxShop

        with SandboxShop.open() as sandbox_shop:
            yield sandbox_shop


@pytest.fixture(autouse=True)
def broker_that_nobody_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test without a broker must not keep the next one from asking for it."""
    monkeypatch.setattr("saleor_referral_plugin.tasks._tried_in_vain_at", float("-inf"))


@pytest.fixture(scope="session")
def saleor_tables(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """A database with Saleor's tables and ours, for the whole run."""
    with django_db_blocker.unblock():
        from tests.saleor import database

        databases = setup_databases(verbosity=0, interactive=False)
        database.complete()
        yield
        # The replica is the same database seen through a second connection.
        connections.close_all()
        teardown_databases(databases, verbosity=0)


@pytest.fixture
def saleor_database(saleor_tables: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Saleor's tables, empty again after the test."""
    from tests.saleor import database

    with django_db_blocker.unblock():
        yield
        database.empty()

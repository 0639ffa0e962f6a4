"""One program, changed on the plugin's page and by the API: neither undoes the other unseen."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from saleor_referral_plugin import dashboard
from saleor_referral_plugin.dashboard import Summary
from saleor_referral_plugin.engine import changes
from saleor_referral_plugin.models import Program, ProgramChange
from tests.engine.build import percent, terms
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

PAGE: dict[str, Any] = {"referrer_credit": "10 USD, 9 EUR", "program_running": True}
WHO = {"by": "User:1", "reason": "For the summer."}
RICHER = terms(discount=percent(20))


def save_page(store: FakeStore, **values: Any) -> Program:
    dashboard.save(PAGE | values, active=True, store=store)
    return Program.objects.get()


def newest(program: Program) -> tuple[int, str]:
    version = program.versions.latest("version")
    return version.version, version.by


def test_what_the_page_changes_is_recorded_as_the_pages(store: FakeStore) -> None:
    # when
    save_page(store)
    save_page(store, referrer_credit="12 USD, 11 EUR")
    save_page(store, referrer_credit="12 USD, 11 EUR")
    save_page(store, referrer_credit="12 USD, 11 EUR", program_running=False)

    # then
    recorded = ProgramChange.objects.order_by("pk").values_list("kind", "was", "version", "by")
    assert [each[0] for each in recorded] == ["create", "update", "update"]
    assert list(recorded[1:]) == [
        ("update", {"version": 1}, 2, "the plugin's page"),
        ("update", {"status": "open"}, 2, "the plugin's page"),
    ]


def test_the_page_says_when_its_program_is_gone(store: FakeStore) -> None:
    assert dashboard.as_it_is(PAGE, store=store) == Summary(
        "Not running: the program is gone", "Save this page to make it again."
    )
    assert dashboard.as_it_is(PAGE, store=store, active=False) == dashboard.summary(
        PAGE, store=store, active=False
    )


def test_terms_set_by_the_api_stay_until_a_field_of_the_page_is_changed(store: FakeStore) -> None:
    # given
    program = save_page(store)
    changes.update(program, terms=RICHER, name="Summer", store=store, **WHO)

    # when
    saved_as_it_was = newest(save_page(store, link_url="https://shop.example/"))
    changed = newest(save_page(store, hold_days="30"))

    # then
    assert saved_as_it_was == (2, "User:1")
    assert changed == (3, "the plugin's page")
    program = Program.objects.get()
    assert (program.name, program.link_url) == ("Summer", "")
    assert program.versions.latest("version").terms == terms(hold_days=30)


def test_a_program_made_by_the_api_gets_the_pages_terms_once_it_is_filled_in(
    store: FakeStore,
) -> None:
    # given
    changes.create(slug="default", name="Ours", terms=RICHER, store=store, **WHO)

    # when
    empty = newest(save_page(store, referrer_credit="", program_running=False))
    filled_in = newest(save_page(store))

    # then
    assert empty == (1, "User:1")
    assert filled_in == (2, "the plugin's page")
    assert Program.objects.get().name == "Ours"


def test_what_was_closed_by_the_api_is_not_opened_by_the_way(store: FakeStore) -> None:
    # given
    program = changes.close(save_page(store), store=store, **WHO)

    # when
    with pytest.raises(ValidationError) as refused:
        save_page(store, hold_days="30")

    # then
    assert refused.value.message_dict == {
        "program_running": [
            "Program running: it was closed by the API; open it there, or untick this."
        ]
    }
    assert newest(program) == (1, "the plugin's page")
    unticked = save_page(store, hold_days="30", program_running=False)
    assert (newest(unticked)[0], unticked.status) == (2, "closed")


def test_what_was_paused_by_the_api_runs_again_when_the_page_says_so(store: FakeStore) -> None:
    # given
    program = changes.pause(save_page(store), store=store, **WHO)

    # then
    assert not program.is_running
    assert save_page(store).is_running


def test_the_page_says_what_the_api_has_made_of_its_program(store: FakeStore) -> None:
    # given
    program = save_page(store)

    def said() -> Summary:
        return dashboard.as_it_is(PAGE, store=store)

    # when
    untouched = said()
    changes.pause(program, store=store, **WHO)
    paused = said()
    changes.close(program, store=store, **WHO)
    closed = said()
    changes.open_program(program, store=store, **WHO)
    changes.update(program, terms=RICHER, store=store, **WHO)
    other_terms = said()

    # then
    assert untouched == dashboard.summary(PAGE, store=store)
    assert paused == Summary("Not running, as the API has it", "Save this page to do as it says.")
    assert closed == Summary(
        "Closed, as the API has it", "Open it by the API, or untick the field below."
    )
    assert other_terms == Summary(
        "Running, by terms set by the API",
        "Its terms are not those of this page, which come into force once you change a field of "
        "them and save.",
    )

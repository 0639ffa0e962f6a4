"""A storefront in TypeScript gets its types from the schema and the operations, and compiles."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from saleor_referral_plugin.graphql.host import built_schema
from tests import typescript
from tests.saleor_runner import ROOT, checkouts_folder

pytestmark = pytest.mark.skipif(not typescript.is_possible(), reason="There is no npm here.")


def stores() -> Iterator[str]:
    """The sandbox, and every Saleor that is here."""
    yield "sandbox"
    yield from sorted(
        path.name for path in checkouts_folder().glob("3.*") if (path / "saleor").is_dir()
    )


@pytest.fixture
def storefront(tmp_path: Path) -> Path:
    typescript.make(tmp_path)
    (tmp_path / "contract").symlink_to(ROOT / "graphql")
    return tmp_path


def put_schema(storefront: Path, store: str) -> None:
    if store == "sandbox":
        sdl = typescript.store_sdl(built_schema())
    else:
        saleors = checkouts_folder() / store / "saleor" / "graphql" / "schema.graphql"
        sdl = saleors.read_text(encoding="utf-8")
    (storefront / "store.graphql").write_text(sdl, encoding="utf-8")


@pytest.mark.parametrize("store", list(stores()))
def test_the_types_of_every_operation_are_made_and_compile(storefront: Path, store: str) -> None:
    # given
    put_schema(storefront, store)
    operations = list((ROOT / "graphql" / "operations").glob("*.graphql"))

    # when
    typescript.run(storefront, "npm", "run", "types")
    typescript.run(storefront, "npm", "run", "check")

    # then
    made = (storefront / "generated.ts").read_text(encoding="utf-8")
    assert made.count("export const ") == len(operations)


def test_a_storefront_that_asks_for_what_is_not_there_does_not_compile(storefront: Path) -> None:
    # given
    put_schema(storefront, "sandbox")
    typescript.run(storefront, "npm", "run", "types")
    right = (storefront / "storefront.ts").read_text(encoding="utf-8")
    assert "mine.link ??" in right
    wrong = right.replace("mine.link ??", "mine.url ??")
    (storefront / "storefront.ts").write_text(wrong, encoding="utf-8")

    # when
    with pytest.raises(typescript.Failed) as failure:
        typescript.run(storefront, "npm", "run", "check")

    # then
    assert "Property 'url' does not exist" in str(failure.value)

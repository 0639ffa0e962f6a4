"""What a shop installs: all of the package, and nothing beside it."""

import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from saleor_referral_plugin import __version__
from tests.saleor_runner import ROOT, build_wheel

PACKAGE = "saleor_referral_plugin"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build_wheel(tmp_path_factory.mktemp("wheel")))


def metadata(wheel: zipfile.ZipFile, name: str) -> str:
    return wheel.read(f"{PACKAGE}-{__version__}.dist-info/{name}").decode()


def test_it_holds_one_package_and_no_other(wheel: zipfile.ZipFile) -> None:
    # Above all no `graphql`, which would take the place of the library Saleor imports.
    tops = {name.partition("/")[0] for name in wheel.namelist()}

    assert tops == {PACKAGE, f"{PACKAGE}-{__version__}.dist-info"}


def test_it_holds_every_file_of_the_package(wheel: zipfile.ZipFile) -> None:
    paths = [path.relative_to(ROOT) for path in (ROOT / PACKAGE).rglob("*") if path.is_file()]
    # What tools leave behind is hidden, or begins with two underscores.
    files = {
        path.as_posix()
        for path in paths
        if not any(part.startswith((".", "__pycache__")) for part in path.parts)
    }

    assert {name for name in wheel.namelist() if name.startswith(f"{PACKAGE}/")} == files
    assert any(name.endswith(".sql") for name in files)


def test_saleor_finds_the_plugin_by_the_name_of_the_app(wheel: zipfile.ZipFile) -> None:
    assert metadata(wheel, "entry_points.txt").split() == [
        "[saleor.plugins]",
        PACKAGE,
        "=",
        f"{PACKAGE}.plugin:ReferralPlugin",
    ]


def test_it_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    said = Parser().parsestr(metadata(wheel, "METADATA"))

    assert said["Name"] == "saleor-referral-plugin"
    assert said["Version"] == __version__
    assert said["License-Expression"] == "BSD-3-Clause"
    assert said["Requires-Python"] == ">=3.11"


def test_nothing_of_the_sandbox_comes_along_uncalled(wheel: zipfile.ZipFile) -> None:
    said = Parser().parsestr(metadata(wheel, "METADATA"))
    always = [need for need in said.get_all("Requires-Dist") or [] if "extra ==" not in need]

    assert not any("pgserver" in need or "pytest" in need for need in always)
    assert Path(wheel.filename or "").name == f"{PACKAGE}-{__version__}-py3-none-any.whl"

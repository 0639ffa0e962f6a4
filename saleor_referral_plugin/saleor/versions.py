"""The Saleor versions this release is made for, as data."""

import saleor

#: major.minor, oldest first. Every one is run by the project's Saleor suite.
SUPPORTED = ("3.21", "3.22", "3.23")


def installed() -> str:
    """The Saleor we run in, such as `3.23.28`."""
    version: str = saleor.__version__
    return version


def is_supported(version: str) -> bool:
    """`3.23.28` -> True."""
    return ".".join(version.split(".")[:2]) in SUPPORTED

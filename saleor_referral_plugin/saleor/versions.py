"""The Saleor versions this release is made for, as data."""

#: major.minor, oldest first. Every one is run by the project's Saleor suite.
SUPPORTED = ("3.21", "3.22", "3.23")


def is_supported(version: str) -> bool:
    """`3.23.28` -> True."""
    return ".".join(version.split(".")[:2]) in SUPPORTED

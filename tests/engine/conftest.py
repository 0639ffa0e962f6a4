import pytest

from tests.engine.fake_store import FakeStore


@pytest.fixture
def store() -> FakeStore:
    """A shop in memory, with two channels and nothing else."""
    return FakeStore()

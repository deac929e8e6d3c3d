"""The kernels as they were built, so that both paths can be tested against each other."""

import pytest

from sonovox._kernels.load import kernels


@pytest.fixture
def compiled():
    """Skips where there is no object to compare the torch reference with."""
    if kernels().library is None:
        pytest.skip(f"needs the C kernels: {kernels().reason}")

"""What tests of formats share."""

import pytest
from helpers import here

from rnnexp.formats import child


@pytest.fixture(scope="module")
def in_this_process():
    """Frameworks compute in the process of the tests: of many files, each would start one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "exchange", here.exchange)
        yield

"""The exported C on emulated chips: every number of the self-test, of every structure and activation."""

import pytest
from helpers.c_networks import NETWORKS, written

from rnnexp.formats.c.chips.chip import CHIPS
from rnnexp.runtimes.emulator.firmware import Firmware

needs = {
    chip.name: pytest.mark.skipif(bool(chip.missing), reason=f"not installed: {', '.join(chip.missing)}")
    for chip in CHIPS
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("chip", [pytest.param(chip, marks=needs[chip.name], id=chip.name) for chip in CHIPS])
def test_a_chip_finds_every_number(tmp_path, chip, name):
    files = written(name)
    sources = {"net.h": files.header, "net.c": files.source, "net-test.c": files.test}
    printed = Firmware(chip, tmp_path, "-Os").run(sources)
    assert "net: 4 of 4 sequences right" in printed, printed

"""The plain CMake project: built and run on the machine at hand, and on emulated chips."""

import re

import pytest
from helpers.board_projects import JAPANESE, built, call, needs, numbers, of_classes, of_codes, of_values, project

from rnnexp.formats.c.boards.cmake import file_name
from rnnexp.formats.c.chips.chip import CHIPS

pytestmark = needs("cmake", "cc", "make")


NETWORKS = [of_values(), of_values(JAPANESE), of_classes("two words"), of_codes("test")]


@pytest.mark.parametrize("sources", NETWORKS, ids=lambda made: made.prefix)
def test_it_builds_and_runs_on_the_machine_at_hand(tmp_path, sources):
    folder = built(project(tmp_path, "cmake", sources))
    assert f"{sources.name}: as expected" in call(folder, "./example")
    assert re.search(r"(\d+) of \1 sequences right", call(folder, "./self_test"))
    assert "100% tests passed, 0 tests failed out of 2" in call(folder, "ctest")
    assert f"{sources.name}: as expected" in call(folder, "cmake", "--build", ".", "--target", "run")


def test_its_tests_fail_where_a_number_is_wrong(tmp_path):
    folder = project(tmp_path, "cmake", of_values())
    source = folder / "src" / "my-net.c"
    source.write_text(source.read_text().replace("(my_net_real)255.0", "(my_net_real)200.0"))
    with pytest.raises(AssertionError, match="1 tests failed out of 2"):
        call(built(folder), "ctest")


def test_it_is_a_library_in_another_project(tmp_path):
    project(tmp_path, "cmake", of_values())
    (tmp_path / "CMakeLists.txt").write_text(
        'cmake_minimum_required(VERSION 3.16)\nproject(other C)\nadd_subdirectory("a project")\n'
        "add_executable(example other.c)\ntarget_link_libraries(example my_net_network)\n"
    )
    (tmp_path / "other.c").write_text('#include "my-net.h"\nint main(void) { return MY_NET_OUTPUTS != 1; }\n')
    call(built(tmp_path), "./example")


@pytest.mark.parametrize("chip", [pytest.param(chip, marks=needs(*chip.tools), id=chip.name) for chip in CHIPS])
def test_it_builds_for_a_chip_and_runs_there(tmp_path, chip):
    folder = built(project(tmp_path, "cmake", of_values()), f"-DCMAKE_TOOLCHAIN_FILE=cmake/{file_name(chip)}.cmake")
    assert "100% tests passed, 0 tests failed out of 2" in call(folder, "ctest")
    printed = call(folder, "cmake", "--build", ".", "--target", "run")
    assert "my-net: as expected" in printed
    made, expected = numbers(printed).T
    assert len(made) == 4
    assert made == pytest.approx(expected, rel=1e-6)


@needs("ninja", "arm-none-eabi-gcc")
def test_ninja_builds_it_too(tmp_path):
    folder = project(tmp_path, "cmake", of_values())
    assert (built(folder, "-GNinja", "-DCMAKE_TOOLCHAIN_FILE=cmake/cortex-m3.cmake") / "example").exists()

"""The projects for Zephyr, ESP-IDF and the Pico: built by CMake around a few lines in place of the framework, and run.

The frameworks themselves are not there; their files are compared with what is published of them.
"""

import pytest
import yaml
from helpers.board_projects import (
    FRAMEWORKS,
    JAPANESE,
    built,
    call,
    needs,
    of_classes,
    of_codes,
    of_values,
    project,
)

from rnnexp.errors import UserError
from rnnexp.formats.c.boards.sources import Sources

NETWORKS = pytest.mark.parametrize(
    "sources",
    [of_values(), of_values(JAPANESE), of_classes("two words"), of_codes("log")],
    ids=lambda made: made.prefix,
)
builds = needs("cmake", "cc", "make")


@builds
@NETWORKS
def test_the_pico_project_builds_and_runs(tmp_path, sources):
    folder = project(tmp_path, "pico", sources)
    made = built(folder, PICO_SDK_PATH=str(FRAMEWORKS / "pico"))
    assert f"{sources.name}: as expected" in call(made, "./predict")


@builds
@pytest.mark.parametrize("board", ["pico", "esp-idf", "zephyr"])
def test_an_example_that_takes_arguments_gets_none(tmp_path, board):
    made = of_values()
    main = made.main.replace(
        "int main(void)\n{", "int main(int argc, char **argv)\n{\n    (void)argv;\n    if (argc) return 1;"
    )
    folder = project(tmp_path, board, Sources(made.name, made.header, made.source, made.test, main))
    (where,) = [folder, *folder.glob("*/examples/predict"), *folder.glob("samples/predict")][-1:]
    variables = {"PICO_SDK_PATH": "pico", "IDF_PATH": "esp-idf", "ZEPHYR_BASE": "zephyr"}
    build = built(where, **{name: str(FRAMEWORKS / framework) for name, framework in variables.items()})
    assert "my-net: as expected" in call(build, "./app" if board == "zephyr" else "./predict")


@needs("cmake")
def test_the_pico_project_says_what_it_needs(tmp_path):
    folder = project(tmp_path, "pico", of_values())
    with pytest.raises(AssertionError, match="PICO_SDK_PATH has to name the folder of the Pico SDK"):
        built(folder, PICO_SDK_PATH="")


@builds
@NETWORKS
def test_the_esp_idf_example_builds_and_runs(tmp_path, sources):
    (example,) = project(tmp_path, "esp-idf", sources).glob("*/examples/predict")
    made = built(example, IDF_PATH=str(FRAMEWORKS / "esp-idf"))
    assert f"{sources.name}: as expected" in call(made, "./predict")


@NETWORKS
def test_the_esp_idf_component_is_as_its_documentation_has_it(tmp_path, sources):
    (component,) = project(tmp_path, "esp-idf", sources).glob("*/idf_component.yml")
    found = yaml.safe_load(component.read_text(encoding="utf-8"))
    assert set(found) <= {"version", "description", "dependencies", "targets", "license", "url", "examples"}
    assert found["version"] == "1.0.0"
    assert found["dependencies"] == {"idf": ">=5.0"}
    # Components of ESP-IDF are called log, main, ...: no other may be.
    assert component.parent.name == f"{sources.prefix}_network"
    (stack,) = component.parent.glob("examples/*/sdkconfig.defaults")
    assert 3584 < int(stack.read_text().split("=")[1]) <= 16384


@builds
@NETWORKS
def test_the_zephyr_sample_builds_and_runs(tmp_path, sources):
    sample = project(tmp_path, "zephyr", sources) / "samples" / "predict"
    made = built(sample, ZEPHYR_BASE=str(FRAMEWORKS / "zephyr"))
    assert f"{sources.name}: as expected" in call(made, "./app")


@NETWORKS
def test_the_zephyr_module_is_as_its_documentation_has_it(tmp_path, sources):
    folder = project(tmp_path, "zephyr", sources)
    module = yaml.safe_load((folder / "zephyr" / "module.yml").read_text(encoding="utf-8"))
    assert set(module) == {"name", "build", "samples"}
    assert module["name"] == f"{sources.prefix}_network"
    assert (folder / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    assert (folder / module["build"]["kconfig"]).is_file()
    assert all((folder / samples).is_dir() for samples in module["samples"])
    sample = yaml.safe_load((folder / "samples" / "predict" / "sample.yaml").read_text(encoding="utf-8"))
    assert set(sample) == {"sample", "tests"}
    assert isinstance(sample["sample"]["name"], str)
    (test,) = sample["tests"].values()
    assert test["harness"] == "console"
    assert test["harness_config"]["type"] == "one_line"
    symbols = (folder / "Kconfig").read_text(encoding="utf-8")
    assert symbols.isascii()
    assert f"config RNNEXP_{sources.prefix.upper()}\n\tbool " in symbols


@pytest.mark.parametrize("name", ["math", "String", "time"])
def test_a_header_of_c_is_not_replaced(name):
    made = of_values()
    with pytest.raises(UserError, match=rf"{name}\.h, which would be taken for that of C: .*--name"):
        Sources(name, made.header, made.source, made.test, made.main)

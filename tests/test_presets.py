"""Presets go before constants and defaults, and flags before presets."""

import pytest
from helpers.command_line import ended, parse

from rnnexp import cli, datasets
from rnnexp.config import CONFIGS, MemoryConfig, RegressionConfig
from rnnexp.errors import UserError
from rnnexp.presets import PRESETS

FOR_REGRESSION = [name for name, preset in PRESETS.items() if preset.task == "regression"]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_of_settings_that_the_script_knows_and_accepts(name):
    preset = PRESETS[name]
    settings = CONFIGS[preset.task](preset=name)
    for setting, value in preset.settings.items():
        assert getattr(settings, setting) == value
    assert settings.dataset_name in datasets.LOADERS[preset.task]
    assert preset.about


def test_a_preset_goes_before_constants_and_flags_before_it():
    constants = {"HIDDEN_SIZE": 7, "EPOCHS": 3, "SEED": 5}
    settings = parse(["--preset", "sine", "--epochs", "9"], **constants)
    assert settings.preset == "sine"
    assert (settings.dataset_name, settings.hidden_size, settings.sequence_length) == ("sine", 60, 50)
    assert (settings.epochs, settings.seed) == (9, 5)
    # Without it, the constants are what they were.
    assert (parse([], **constants).hidden_size, parse([], **constants).preset) == (7, None)


def test_a_flag_goes_before_the_preset_even_if_it_says_what_the_constant_says():
    assert parse(["--hidden-size", "10", "--preset", "sine"], HIDDEN_SIZE=10).hidden_size == 10
    assert parse(["--preset", "sine"], HIDDEN_SIZE=10).hidden_size == 60


def test_a_preset_may_be_a_constant_and_a_flag_goes_before_that():
    assert parse([], PRESET="sine", HIDDEN_SIZE=7).hidden_size == 60
    assert parse(["--hidden-size", "8"], PRESET="sine").hidden_size == 8
    assert parse(["--preset", "noisy-sine"], PRESET="sine").dataset_name == "noisy-sine"
    undone = parse(["--preset", "None"], PRESET="sine", HIDDEN_SIZE=7)
    assert undone == RegressionConfig(hidden_size=7)


def test_settings_in_python_take_a_preset_instead_of_the_defaults():
    settings = RegressionConfig(preset="sine", epochs=2)
    assert (settings.hidden_size, settings.epochs) == (60, 2)
    assert RegressionConfig(**settings.model_dump()) == settings


@pytest.mark.parametrize(
    ("task", "arguments", "constants", "text"),
    [
        (
            "regression",
            ["--preset", "sin"],
            {},
            "PRESET (--preset) in the command line: unknown preset 'sin'; did you mean",
        ),
        ("regression", ["--preset", "xyz"], {}, f"(there are: {', '.join(FOR_REGRESSION)})"),
        (
            "regression",
            [],
            {"PRESET": "sin"},
            "PRESET (--preset) in run_regression.py: unknown preset 'sin'; did you mean 'sine'",
        ),
        (
            "regression",
            [],
            {"PRESET": ["sine"]},
            "PRESET (--preset) in run_regression.py: input should be a valid string",
        ),
        ("memory", ["--preset", "sine"], {}, "'sine' is for run_regression.py\n"),
        ("memory", ["--preset", "xyz"], {}, "(there are none for this script)"),
        (
            "regression",
            ["--preset", "sine", "--epochs", "-1"],
            {},
            "EPOCHS (--epochs) in the command line: input should",
        ),
    ],
)
def test_what_cannot_be_is_one_message(capsys, here, task, arguments, constants, text):
    code, _, errors = ended(capsys, arguments, task, constants)
    assert code == 2
    assert text in errors
    assert errors.count("\n") == 1
    assert list(here.iterdir()) == []


def test_a_preset_in_conflict_with_a_flag_says_so():
    with pytest.raises(UserError, match="identity is for CELL = 'simple'"):
        cli.parse("run_regression.py", RegressionConfig, {}, ["--preset", "adding-irnn", "--cell", "gru"])


@pytest.mark.parametrize("task", CONFIGS)
def test_help_lists_them(capsys, task):
    _, text, _ = ended(capsys, ["--help"], task)
    for name in PRESETS:
        assert name in text


def test_memory_settings_do_not_take_another_scripts_preset():
    with pytest.raises(ValueError, match=r"run_regression\.py"):
        MemoryConfig(preset="sine")

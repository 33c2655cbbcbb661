"""Defaults and limits of the settings."""

import pytest
from pydantic import ValidationError

from rnnexp.config import CONFIGS, ClassificationConfig, MemoryConfig, RegressionConfig


def test_the_defaults_that_users_know():
    regression = RegressionConfig()
    assert (regression.dataset_name, regression.epochs, regression.activation) == ("SP500", 100, "custom")
    assert (regression.custom_max_value, regression.data_sigma) == (255.0, 255.0)
    assert (regression.hidden_size, regression.sequence_length) == (10, 20)
    classification = ClassificationConfig()
    assert (classification.dataset_name, classification.epochs) == ("speech_commands", 100)
    assert (classification.activation, classification.hidden_size) == ("custom", 10)
    assert classification.max_sequence_length == 1600
    memory = MemoryConfig()
    assert (memory.dataset_name, memory.epochs, memory.activation) == ("memory", 100, "tanh")
    assert (memory.custom_max_value, memory.hidden_size) == (1.0, 10)
    assert (memory.memory_signal_length, memory.memory_n, memory.memory_k) == (1024, 100, 1)


def test_early_stopping_and_tensorboard_are_off():
    for config in CONFIGS.values():
        assert (config().early_stopping, config().tensorboard, config().quiet) == (0, False, False)


def test_the_scale_of_custom_is_fixed_for_classes():
    assert ClassificationConfig().max_value == 1.0
    assert RegressionConfig(custom_max_value=7.0).max_value == 7.0
    with pytest.raises(ValidationError):
        ClassificationConfig(custom_max_value=2.0)


@pytest.mark.parametrize("config", CONFIGS.values())
@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "custom"])
def test_files_are_named_after_data_and_activation(config, name):
    settings = config(activation=name)
    assert settings.stem == f"{settings.dataset_name}-{name}"


@pytest.mark.parametrize(
    ("settings", "structure"),
    [
        ({}, "simple"),
        ({"cell": "gru"}, "gru"),
        ({"num_layers": 2}, "simple-2-layers"),
        ({"cell": "lstm", "num_layers": 3, "bidirectional": True}, "lstm-3-layers-bidirectional"),
        ({"go_backwards": True}, "simple-backwards"),
        ({"cell": "lstm-peephole"}, "lstm-peephole"),
        ({"cell": "lstm", "projection": 4, "num_layers": 2}, "lstm-2-layers-projection-4"),
        ({"cell": "fastgrnn", "rank": 4, "go_backwards": True}, "fastgrnn-rank-4-backwards"),
    ],
)
def test_files_are_named_after_the_structure_where_it_is_not_the_simplest(settings, structure):
    config = RegressionConfig(activation="tanh", **settings)
    assert config.structure == structure
    assert config.stem == ("SP500-tanh" if config.simplest else f"SP500-{structure}-tanh")
    assert config.simplest == (not settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"projection": 4}, "4 is for CELL = 'lstm' or 'lstm-peephole', and here it is 'simple'"),
        ({"projection": 4, "cell": "gru"}, "4 is for CELL = 'lstm' or 'lstm-peephole', and here it is 'gru'"),
        ({"projection": 10, "cell": "lstm"}, "10 is not less than HIDDEN_SIZE, which is 10"),
        ({"projection": 0, "cell": "lstm"}, "greater than or equal to 1"),
    ],
)
def test_a_projection_is_of_an_lstm_and_makes_fewer_values(settings, words):
    with pytest.raises(ValidationError, match=words):
        RegressionConfig(**settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rank": 4}, "4 is for CELL = 'fastgrnn', and here it is 'simple'"),
        ({"rank": 5, "cell": "fastgrnn"}, "5 is not less than half of HIDDEN_SIZE, which is 10"),
        ({"rank": 0, "cell": "fastgrnn"}, "greater than or equal to 1"),
    ],
)
def test_a_rank_is_of_a_fastgrnn_and_makes_fewer_weights(settings, words):
    with pytest.raises(ValidationError, match=words):
        RegressionConfig(**settings)


def test_every_field_is_explained():
    for config in CONFIGS.values():
        assert config.__doc__
        assert all(field.description for field in config.model_fields.values())


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValidationError, match="frozen"):
        RegressionConfig().epochs = 3

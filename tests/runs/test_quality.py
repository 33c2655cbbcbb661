"""What the scripts' defaults reach: medians of five seeds, of the exported file, on the part held out."""

import statistics

import pytest

from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig
from rnnexp.experiment import run as experiment

pytestmark = pytest.mark.slow
SEEDS = range(5)


@pytest.fixture
def median(tmp_path, record_property):
    """The median over the seeds of a metric of the written report."""

    def over(config_class, metric, **settings):
        values = []
        for seed in SEEDS:
            config = config_class(
                **settings, seed=seed, quiet=True, output_dir=tmp_path / f"out{seed}", runs_dir=tmp_path / "runs"
            )
            report = experiment.run(config)
            assert report.exit_code == 0
            # Nothing was chosen by looking at the part that the figures are of.
            assert report.training.ended == "complete"
            assert report.training.best_epoch == config.epochs
            values.append(getattr(report.models.float32.metrics, metric))
        print(f"{config.stem} {metric}: median {statistics.median(values):.4f} of", *(f"{v:.4f}" for v in values))
        record_property("values", values)
        return statistics.median(values)

    return over


def test_sp500_custom(median):
    assert median(RegressionConfig, "rmse_to_persistence") <= 1.02


@pytest.mark.parametrize(("activation", "limit"), [("custom", 0.75), ("tanh", 0.55)])
def test_airline_passengers(median, activation, limit):
    ratio = median(RegressionConfig, "rmse_to_persistence", dataset_name="airline-passengers", activation=activation)
    assert ratio <= limit


@pytest.mark.parametrize(("activation", "epochs", "limit"), [("tanh", 100, 0.99), ("custom", 300, 0.95)])
def test_memory_of_five_steps_back(median, activation, epochs, limit):
    capacity = median(MemoryConfig, "memory_capacity", memory_k=-5, activation=activation, epochs=epochs)
    assert capacity >= limit


def test_iris_tanh(median):
    assert median(ClassificationConfig, "accuracy", dataset_name="iris", activation="tanh") >= 0.93

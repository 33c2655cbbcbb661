"""Fine-tuning of conversions: when it is tried, what the report says of it, and that the bits stay equal."""

import numpy as np
import pytest
from helpers.coarse_networks import LARGE

import rnnexp
from rnnexp.commands import convert
from rnnexp.conversion import tuning
from rnnexp.conversion.samples import Samples
from rnnexp.report.conversion import text

pytestmark = pytest.mark.usefixtures("in_this_process")
STEPS, FEATURES = 12, 4


def inputs(samples, seed=0):
    return np.random.default_rng(seed).normal(size=(samples, STEPS, FEATURES)).astype(np.float32)


@pytest.fixture(scope="module")
def coarse(tmp_path_factory):
    """The file of a network of which one weight of each kernel is far larger than the others."""
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), keras.layers.LSTM(12), keras.layers.Dense(2)])
    kernel, recurrent, *others = model.get_weights()
    kernel[1, 2] *= LARGE
    recurrent[3, 5] *= LARGE
    model.set_weights([kernel, recurrent, *others])
    path = tmp_path_factory.mktemp("models") / "coarse.keras"
    model.save(path)
    return path


def converted(path, **options):
    calibration, evaluation = Samples("--calibration", inputs(300)), Samples("--evaluate", inputs(200, 1))
    return rnnexp.convert(path, calibration, evaluation, float32=False, output="int16", **options)


@pytest.fixture(scope="module")
def plain(coarse):
    return converted(coarse, fine_tune="off")


@pytest.fixture(scope="module")
def tuned(coarse):
    return converted(coarse, fine_tune="full")


def test_coarse_weights_lose_less_on_data_that_was_not_seen(plain, tuned):
    assert tuned.report.fidelity.error < 0.85 * plain.report.fidelity.error
    found = tuned.report.fine_tuning
    assert found.helped
    assert (found.fitted + found.judged, found.held_out) == (300, True)
    first, *others = (way.error for way in found.tried)
    assert min(others) < 0.9 * first
    assert found.chosen == min(found.tried, key=lambda way: way.error).choice


def test_the_bits_are_equal_and_the_files_are_of_the_tuned_network(plain, tuned):
    assert [bits.absent for bits in tuned.report.bits if bits.runtime == "LiteRT"] in ([None], [])
    assert any(bits.absent is None and bits.sequences for bits in tuned.report.bits)
    assert tuned.contents["-int8.tflite"] != plain.contents["-int8.tflite"]
    assert len(tuned.contents["-int8.tflite"]) == len(plain.contents["-int8.tflite"])
    x = inputs(5, 3)
    assert (tuned(x) != plain(x)).any()
    assert [tensor.scale for tensor in tuned.report.quantization] == [
        tensor.scale for tensor in plain.report.quantization
    ]


def test_the_report_tells_what_was_tried(plain, tuned):
    page = text.document(tuned.report).to_markdown()
    assert "## Fine-tuning" in page
    assert "rounded together" in page
    assert "kept: 0." in "\n".join(text.lines(tuned.report))
    assert plain.report.fine_tuning.skipped == "not asked for"
    assert "## Fine-tuning" not in text.document(plain.report).to_markdown()
    assert "not tried: not asked for" in "\n".join(text.lines(plain.report))


def test_nothing_is_tried_where_outputs_lose_nothing_but_their_own_rounding():
    import keras

    model = keras.Sequential([keras.Input((STEPS, FEATURES)), keras.layers.GRU(4), keras.layers.Dense(2)])
    found = rnnexp.convert(model, calibration=inputs(60), float32=False).report.fine_tuning
    assert found.skipped.startswith("nothing to repair")
    assert not found.tried


def test_too_few_sequences_are_not_learned_from(coarse):
    found = rnnexp.convert(coarse, inputs(8), float32=False, fine_tune="full").report.fine_tuning
    assert found.skipped == "8 sequences of calibration data are too few to learn from"


def test_what_would_take_long_is_left_out_by_itself(coarse, monkeypatch):
    monkeypatch.setattr(tuning, "MOST_STEPS", 100)
    report = converted(coarse, fine_tune="auto").report
    found = report.fine_tuning
    assert [way.choice for way in found.tried] == ["rounded to nearest", "rounded together"]
    assert "--fine-tune full" in found.untrained
    assert "--fine-tune full" in text.document(report).to_markdown()


def test_the_flag_has_three_words(coarse, tmp_path, capsys):
    calibration = tmp_path / "calibration.npz"
    np.savez(calibration, x=inputs(20))
    command = [str(coarse), "--calibration", str(calibration), "--output-dir", str(tmp_path), "--no-float"]
    assert convert.main([*command, "--fine-tune", "off"]) == 0
    assert "not tried: not asked for" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        convert.main([*command, "--fine-tune", "twice"])
    assert ended.value.code == 2

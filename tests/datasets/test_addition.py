"""Adding numbers written in characters: the data, and an encoder-decoder from end to end."""

import csv
import io

import keras
import numpy as np
import pytest
from helpers.c_compiler import build_and_run, needs_compiler
from helpers.left import kept_network
from helpers.runs import folders, run
from helpers.stored_networks import own, random_weights, saved

from rnnexp import datasets
from rnnexp.commands import run as prediction
from rnnexp.config import ClassificationConfig
from rnnexp.datasets import addition
from rnnexp.errors import UserError
from rnnexp.experiment import build, starting_weights
from rnnexp.experiment.quantize import Calibration
from rnnexp.formats import torch
from rnnexp.formats.keras.model import to_keras
from rnnexp.formats.npz import arrays, reader
from rnnexp.formats.tflite.metadata import read_about
from rnnexp.network import cells
from rnnexp.network.network import Network
from rnnexp.preprocessing import characters
from rnnexp.preprocessing.input_map import Characters
from rnnexp.quantization import reference
from rnnexp.report import evaluation
from rnnexp.runtimes.tflite import TFLiteModel, TFLiteStepModel
from rnnexp.training.model import trainable

try:
    import tflite_micro  # noqa: F401
except ImportError:
    KERNELS = ("litert", "reference")
else:
    KERNELS = ("litert", "reference", "micro")


def config(**settings):
    return ClassificationConfig(**{"dataset_name": "addition", "activation": "tanh", "quiet": True, **settings})


def read(part):
    """The questions of a part as pairs of numbers, and its answers."""
    questions = characters.texts(part.x, addition.CHARACTERS)
    answers = characters.texts(np.eye(addition.CLASSES)[part.y], addition.CHARACTERS)
    return np.array([[int(number) for number in text.split("+")] for text in questions]), np.array(answers, int)


def test_the_targets_are_the_sums():
    dataset = datasets.load(config())
    assert dataset.train.x.shape == (addition.TRAIN_PAIRS, 7, 12)
    assert dataset.train.y.shape == (addition.TRAIN_PAIRS, 4)
    assert (dataset.every_step, dataset.answer_steps) == (True, 4)
    for part in (dataset.train, dataset.validation):
        pairs, sums = read(part)
        np.testing.assert_array_equal(pairs.sum(axis=1), sums)
        assert pairs.min() == 0
        assert pairs.max() == 999
        np.testing.assert_array_equal(part.x.sum(axis=2), 1)


def test_no_pair_is_in_two_parts_in_either_order():
    plain, dataset = datasets.load(config()), datasets.load(config(early_stopping=1))
    parts = [
        {tuple(sorted(pair)) for pair in read(part)[0].tolist()}
        for part in (dataset.train, dataset.validation, dataset.evaluation)
    ]
    assert [len(part) for part in parts] == [addition.TRAIN_PAIRS, addition.HELD_OUT_PAIRS, addition.HELD_OUT_PAIRS]
    assert len(set.union(*parts)) == sum(map(len, parts))
    assert plain.evaluation is plain.validation
    assert (plain.evaluation_part, dataset.evaluation_part) == ("validation part", "test part")
    first, second = read(dataset.train)[0].T
    assert np.mean(first > second) == pytest.approx(np.mean(first < second), abs=0.02)
    assert (datasets.load(config(seed=1)).train.x != dataset.train.x).any()


def test_baselines():
    dataset = datasets.load(config())
    scores = evaluation.evaluate_baselines(dataset)
    assert list(scores) == ["majority character", "most frequent answer", "sum without carry"]
    shares = [(dataset.train.y[:, place, None] == np.arange(11)).mean(axis=0) for place in range(4)]
    expected = [np.mean(dataset.evaluation.y[:, place] == shares[place].argmax()) for place in range(4)]
    np.testing.assert_allclose(scores["majority character"].step_accuracy, expected)
    frequent = scores["most frequent answer"].sequence_accuracy
    assert 0 <= frequent < 0.003
    pairs, _ = read(dataset.evaluation)
    digits = pairs[..., None] // [1, 10, 100] % 10
    no_carry = (digits.sum(axis=1) < 10).all(axis=1)
    assert scores["sum without carry"].sequence_accuracy == pytest.approx(no_carry.mean())
    # By hand: 95 + 7 = 92 without carry, and 999 + 999 = 888.
    made = addition._baselines(dataset.train, np.array([[95, 7], [999, 999]]))["sum without carry"]
    assert characters.texts(made, addition.CHARACTERS) == ["92", "888"]


def test_questions_are_not_cut():
    assert datasets.load(config(max_sequence_length=7)).train.x.shape[1] == 7
    with pytest.raises(UserError, match="MAX_SEQUENCE_LENGTH is 6, but the questions of addition have 7 characters"):
        datasets.load(config(max_sequence_length=6))


@pytest.mark.parametrize("structure", [{}, {"bidirectional": True, "num_layers": 2}, {"go_backwards": True}], ids=str)
@pytest.mark.parametrize("cell", cells.CELLS)
def test_the_plain_network_gives_what_the_trained_one_gives(cell, structure):
    given = config(cell=cell, activation="custom", hidden_size=5, **structure)
    dataset = datasets.load(given)
    architecture, unit = build.architecture(given, dataset), build.unit_scale(dataset)
    keras.utils.set_random_seed(0)
    trained = trainable(architecture, input_center=unit.input_center)
    plain = to_keras(Network.of(architecture, unit.fold(architecture, trained.get_weights())))
    x = dataset.evaluation.x[:50]
    outputs = np.asarray(plain(x))
    assert outputs.shape == (50, 4, 11)
    assert np.ptp(outputs) > 0.01
    np.testing.assert_allclose(outputs, np.asarray(trained(x)), atol=1e-4)  # sqrt is steep at 0
    names = list(architecture.shapes)
    assert [weight.shape for weight in plain.weights] == list(architecture.shapes.values())
    first = "encoder/forward/kernel" if given.bidirectional else "encoder/kernel"
    further = {"lstm-peephole": ["decoder/peepholes"], "fastgrnn": ["decoder/gate_bias", "decoder/mix"]}.get(cell, [])
    last = ["decoder/kernel", "decoder/recurrent_kernel", "decoder/bias", *further, "output/kernel", "output/bias"]
    assert (names[0], names[-len(last) :]) == (first, last)


STRUCTURES = {
    "gru": {"cell": "gru"},
    "simple": {},
    "lstm, backwards, 2 layers": {"cell": "lstm", "go_backwards": True, "num_layers": 2},
    "gru, bidirectional": {"cell": "gru", "bidirectional": True},
}


@pytest.fixture(
    scope="module",
    params=[name if name == "gru" else pytest.param(name, marks=pytest.mark.slow) for name in STRUCTURES],
)
def finished(request, tmp_path_factory):
    """An encoder-decoder with the shortest training there is, on fewer pairs."""
    path = tmp_path_factory.mktemp("addition")
    settings = {"hidden_size": 12, "epochs": 1, "batch_size": 32, "learning_rate": 0.01}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(addition, "TRAIN_PAIRS", 5_000)
        patch.setattr(addition, "HELD_OUT_PAIRS", 500)
        yield run(config(**settings, **STRUCTURES[request.param], **folders(path)))


def files(finished):
    folder, stem = finished.config.output_dir, finished.config.stem
    return {path.name.removeprefix(stem): path for path in folder.iterdir() if path.name != ".lock"}


def test_what_a_run_leaves(finished):
    report = finished.report
    assert finished.code == 0
    assert sorted(files(finished)) == [
        "-decoder-step-int8.tflite",
        "-encoder-int8.tflite",
        "-float32.tflite",
        "-int8.tflite",
        "-main.c",
        "-report.json",
        "-test.c",
        "-weights.npz",
        ".c",
        ".h",
    ]
    assert report["models"]["float32"]["keras_difference"] < 1e-5
    assert report["models"]["int8"]["metrics"]["accuracy"] > report["baselines"]["majority character"]["accuracy"]
    assert abs(report["degradation"]["gap"]) < 0.02
    assert (report["data"]["every_step"], report["data"]["answer_steps"]) == (True, 4)
    for name, path in files(finished).items():
        if name.endswith(".tflite"):
            about = read_about(path.read_bytes())
            assert about.input_map == Characters(characters="0123456789 +")
            assert about.classes == (*"0123456789", "blank")
            assert about.structure == f"{finished.config.structure}-encoder-decoder"
            assert (about.every_step, about.answer_steps) == (True, 4)
    found = arrays.read(files(finished)["-weights.npz"])
    assert str(found["structure"]) == f"{finished.config.structure}-encoder-decoder"
    assert found["decoder/recurrent_kernel"].shape[0] == 12
    tensors = {tensor["name"]: tensor for tensor in report["quantization"]}
    assert tensors["decoder/state"]["saturated_share"] == 0
    assert (tensors["input"]["shape"], tensors["output"]["shape"]) == ([1, 7, 12], [1, 4, 11])
    assert any(name.startswith("encoder/") for name in tensors)


def test_the_report_shows_questions_and_answers(finished):
    text = (finished.folder / "report.md").read_text()
    assert "| question | truth | float32 | int8 |" in text
    examples = finished.report["examples"]
    assert len({example["question"] for example in examples}) == len(examples) == 12
    for example in examples:
        first, second = example["question"].split("+")
        assert int(first) + int(second) == int(example["truth"])
        assert f"| `{example['question']}` | `{example['truth']}` |" in text
    # After one epoch there are wrong answers to show.
    assert all(
        example["truth"] != example["float32"] or example["truth"] != example["int8"] for example in examples[6:]
    )


def integers(finished):
    dataset = datasets.load(finished.config)
    network = Calibration.of(dataset).quantize(kept_network(finished, dataset))
    return network, network.input.encode(dataset.evaluation.x[:100])


@needs_compiler
def test_the_integers_alone_answer_the_same(finished, tmp_path, capsys):
    (tmp_path / "questions.txt").write_text("12+345\n0+0\n999+999\n")
    answers = []
    for runtime in ("litert", "numpy", "c"):
        arguments = [str(files(finished)["-int8.tflite"]), str(tmp_path / "questions.txt"), "--runtime", runtime]
        assert prediction.main(arguments) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1] == answers[2]
    assert answers[0].startswith("sample,text,answer\n1,12+345,")
    done = build_and_run(finished.config.output_dir, finished.config.stem, "-O2")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kernels", KERNELS)
def test_the_loop_outside_has_the_bits_of_the_whole_and_of_the_reference(finished, kernels):
    network, codes = integers(finished)
    whole = TFLiteModel(files(finished)["-int8.tflite"], kernels=kernels)
    encoder = TFLiteModel(files(finished)["-encoder-int8.tflite"], kernels=kernels)
    decoder = TFLiteStepModel(files(finished)["-decoder-step-int8.tflite"], kernels=kernels)
    context = encoder.run_codes(codes)
    assert context.dtype == decoder.input.dtype == np.int16
    assert context.tolist() == reference.context(network, codes).tolist()
    answers, states = decoder.run_codes(np.repeat(context[:, None], 4, axis=1))
    assert answers.tolist() == whole.run_codes(codes).tolist()
    assert states[0].tolist() == reference.states(network, codes)[-1].tolist()
    # What every runtime has its own exponential for, softmax, comes last.
    probabilities = evaluation.probabilities(network.output.decode(reference.run(network, codes)))
    assert np.abs((answers + 128.0) / 256 - probabilities).max() < 2 / 256
    assert len(np.unique(answers)) > 20


def test_questions_of_ones_own(finished, tmp_path, capsys):
    (tmp_path / "questions.txt").write_text("12+345\n0+0\n999+999\n")
    np.save(tmp_path / "questions.npy", characters.one_hot(["12+345", "0+0", "999+999"], addition.CHARACTERS, 7))
    for kind in ("float32", "int8"):
        path = str(files(finished)[f"-{kind}.tflite"])
        assert prediction.main([path, str(tmp_path / "questions.txt")]) == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert [(row["sample"], row["text"]) for row in rows] == [("1", "12+345"), ("2", "0+0"), ("3", "999+999")]
        assert prediction.main([path, str(tmp_path / "questions.npy")]) == 0
        steps = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert [row["time_step"] for row in steps] == [*"1234"] * 3
        answers = ["".join(row["class"].replace("blank", " ") for row in steps[i : i + 4]).strip() for i in (0, 4, 8)]
        assert [row["answer"] for row in rows] == answers
    (tmp_path / "questions.txt").write_text("12+345\n12*3\n")
    with pytest.raises(UserError, match=r"line 2: '12\*3' is not 1 to 7 characters of '0123456789 \+'"):
        prediction.main([path, str(tmp_path / "questions.txt")])


def test_the_file_of_the_loop_outside_names_what_to_run_instead(finished, tmp_path):
    (tmp_path / "questions.txt").write_text("12+345\n")
    with pytest.raises(UserError, match="one time step, run the sequence model beside it"):
        prediction.main([str(files(finished)["-decoder-step-int8.tflite"]), str(tmp_path / "questions.txt")])


def test_it_starts_from_its_own_weights(finished):
    path = files(finished)["-weights.npz"]
    dataset = datasets.load(finished.config)
    found = starting_weights.fitting(
        starting_weights.load(path), build.architecture(finished.config, dataset), dataset.name
    )
    for values, there in zip(found.weights, kept_network(finished, dataset).weights, strict=True):
        np.testing.assert_array_equal(values, there)
    for settings, words in (
        ({"hidden_size": 13}, "the network has 12 recurrent units, but HIDDEN_SIZE is 13: set HIDDEN_SIZE to 12"),
        (
            {"dataset_name": "binary-addition", "go_backwards": False},
            "holds an encoder and a decoder, but binary-addition asks for a network",
        ),
    ):
        other = finished.config.model_copy(update=settings)
        dataset = datasets.load(other)
        with pytest.raises(UserError, match=f"WEIGHTS: .*{words}"):
            starting_weights.fitting(starting_weights.load(path), build.architecture(other, dataset), dataset.name)


def test_weights_of_a_network_without_decoder_are_no_start(tmp_path):
    path, dataset = saved(tmp_path / "a.npz", own(random_weights(12, 10, 11), softmax=True)), datasets.load(config())
    with pytest.raises(UserError, match=r"a\.npz holds a network without a decoder, but addition asks for an encoder"):
        starting_weights.fitting(starting_weights.load(path), build.architecture(config(), dataset), dataset.name)


def test_a_weight_that_is_missing_or_of_another_shape_is_named(finished, tmp_path):
    found = dict(np.load(files(finished)["-weights.npz"]))
    kernel = found.pop("decoder/kernel")
    with pytest.raises(UserError, match=r"a\.npz has no decoder/kernel: it is not a whole"):
        reader.load(saved(tmp_path / "a.npz", found))
    found["decoder/kernel"] = kernel[:-1]
    with pytest.raises(UserError, match=r"decoder/kernel has the shape .*, expected "):
        reader.load(saved(tmp_path / "a.npz", found))


def test_no_pytorch_module_is_made_of_it(finished):
    pytest.importorskip("torch")
    with pytest.raises(UserError, match="of an encoder and a decoder, of which no PyTorch module is made"):
        torch.load(files(finished)["-weights.npz"])

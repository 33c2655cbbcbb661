"""Layers ahead of recurrent ones and behind them in C, by the self-test: whole sequences, and sample by sample."""

import re
from dataclasses import replace

import pytest
from helpers.c_compiler import build_and_run, needs_compiler, run_example, write_files
from helpers.random_fronts import WORDS, network, words
from helpers.random_networks import inputs

from rnnexp.formats.about import About
from rnnexp.formats.c.files import to_c
from rnnexp.network.front import Convolution, Embedding, Pooling
from rnnexp.network.windows import Axis
from rnnexp.quantization.quantizer import quantize

STEPS, FREQUENCIES = 15, 6
CAUSAL = (
    Convolution(Axis.causal(3, 2), Axis.same(FREQUENCIES, 3), 1, 3, activation="relu"),
    Pooling(Axis(2, 2), Axis(2, 2), 3),
)
SAME = (Convolution(Axis.same(STEPS, 4, 2), Axis(), FREQUENCIES, 5, activation="relu"),)
TEXT = Embedding(WORDS, 5), Convolution(Axis(3), Axis(), 5, 4, activation="tanh")
BEHIND = (Convolution(Axis(3, before=1, after=2), Axis(), 8, 3, groups=1, activation="relu"),)
FIELDS = {"steps": STEPS, "features": FREQUENCIES}


def files(real, x, **options):
    """Return the C of a network, quantised with these inputs."""
    integer = quantize(real, x, **options)
    return to_c(integer, "network", About(), integer.input.encode(x))


def built(folder, found, *options):
    """Run the self-test as strictly as compilers can be."""
    write_files(folder, "network", found)
    run_example(folder, "network")
    return build_and_run(folder, "network", "-fsanitize=address,undefined", "-fno-sanitize-recover", *options)


@needs_compiler
@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("io_bits", [8, 16])
@pytest.mark.parametrize("front", [CAUSAL, TEXT])
def test_samples_come_one_at_a_time_where_nothing_looks_ahead(tmp_path, front, io_bits, every_step):
    embeds = front is TEXT
    features = 1 if embeds else FREQUENCIES
    layers = [("gru", 4), ("dense", 5), ("lstm-peephole", 3, {"reads": (-1, 0, 1)})]
    real = network(front, layers, steps=STEPS, features=features, every_step=every_step)
    found = files(real, words(6, STEPS) if embeds else inputs(6, STEPS, FREQUENCIES), io_bits=io_bits)
    kind = "int32_t" if embeds else f"int{io_bits}_t"
    assert f"int network_step(network_state *state, const {kind} input[NETWORK_FEATURES]);" in found.header
    assert f"network_output(const network_state *state, int{io_bits}_t output[NETWORK_OUTPUTS]);" in found.header
    done = built(tmp_path, found)
    assert done.returncode == 0, done.stdout
    assert "6 of 6 sequences right" in done.stdout


@needs_compiler
@pytest.mark.parametrize(
    "real",
    [
        network(SAME, [("gru", 4)], **FIELDS),
        network(CAUSAL, [("gru", 4, "both")], **FIELDS, every_step=True),
        network((), [("gru", 4, "both")], BEHIND, **FIELDS),
        network(SAME, [("gru", 4, "both")], BEHIND, **FIELDS, flattened=True),
        network(CAUSAL, [], **FIELDS, flattened=True),
        # What a step makes at once waits for layers that read both ends, and so does what is ahead of all of them.
        network(CAUSAL, [("gru", 4), ("dense", 3), ("lstm", 2, "both", {"reads": (0, 1)})], **FIELDS),
        network(CAUSAL, [("gru", 4), ("lstm", 2, "both", {"reads": (-1, 0)}), ("simple", 3)], **FIELDS),
    ],
    ids=["same", "both ends", "behind", "around", "alone", "kept", "read twice"],
)
@pytest.mark.parametrize("io_bits", [8, 16])
def test_whole_sequences(tmp_path, real, io_bits):
    found = files(real, inputs(6, STEPS, FREQUENCIES), io_bits=io_bits)
    assert "network_step" not in found.header
    done = built(tmp_path, found)
    assert done.returncode == 0, done.stdout


@needs_compiler
def test_the_self_test_finds_a_wrong_number(tmp_path):
    found = files(network(CAUSAL, [("gru", 4)], **FIELDS), inputs(6, STEPS, FREQUENCIES))
    source = re.sub(r"(front_1_bias\[3\] = \{\n *)(-?\d+)", r"\g<1>\g<2>00", found.source)
    assert source != found.source
    for name, text in (("network.h", found.header), ("network.c", source), ("network-test.c", found.test)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert build_and_run(tmp_path, "network").returncode == 1


@needs_compiler
def test_sizes_are_those_of_the_struct(tmp_path):
    for real in (network(CAUSAL, [("gru", 4)], **FIELDS), network(SAME, [("gru", 4, "both")], BEHIND, **FIELDS)):
        found = files(real, inputs(6, STEPS, FREQUENCIES))
        kind = "state" if "network_state" in found.header else "buffers"
        main = "int main(void)\n{"
        printed = f'{main}\n    printf("%d\\n", (int)sizeof(network_{kind}));'
        test = found.test.replace(main, printed)
        done = built(tmp_path, replace(found, test=test))
        assert int(done.stdout.splitlines()[0]) == found.state_bytes


def test_bytes_of_flash_are_those_of_weights_and_tables():
    real = network(TEXT, [("simple", 3)], steps=STEPS)
    integer = quantize(real, words(6, STEPS))
    found = to_c(integer, "network", About(), words(6, STEPS))
    # Of 3 values, rows have a fourth column.
    weights = 2 * (WORDS * 5 + 3 * 5 * 4 + (4 + 4) * 3 + 4 * 2)
    assert found.constant_bytes == weights + 4 * (4 + 3 + 2) + 2 * 2 * 2048

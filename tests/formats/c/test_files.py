"""The exported C: compiles strictly, gives the reference's bits, and its self-test can fail."""

import dataclasses
import re

import numpy as np
import pytest
from helpers.c_compiler import SANITIZED, build_and_run, needs_compiler, run_example, write_files
from helpers.pairs import with_every_pair
from helpers.random_networks import ANSWER_STEPS, inputs, integers, layered, simple

from rnnexp.cells.simple.integers import SimpleCell
from rnnexp.formats.about import About
from rnnexp.formats.c import files as c
from rnnexp.formats.c.text import identifier
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.cells import CELLS, packages
from rnnexp.quantization import reference
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.product import Product
from rnnexp.quantization.scales import Affine
from rnnexp.quantization.tables import Table

OPTIONS = [("-O2", "-Wconversion", "-Wshadow"), SANITIZED]


def network(hidden=10, features=1, outputs=1, activation="custom", steps=20, **options):
    sizes = {"steps": steps, "features": features, "outputs": outputs}
    return integers(simple(hidden, **sizes, activation=activation, **options), inputs(40, steps, features))


def write(folder, integer, codes, name="my-net.2", about=None):
    files = c.to_c(integer, name, about or About(dataset="random"), codes)
    write_files(folder, name, files)
    return files


@needs_compiler
@pytest.mark.parametrize("options", [("-O2",), SANITIZED])
@pytest.mark.parametrize(
    ("hidden", "features", "outputs", "activation", "steps"),
    [(10, 1, 1, "custom", 20), (1, 1, 1, "relu", 7), (64, 28, 12, "tanh", 50), (128, 2, 1, "sigmoid", 1600)],
)
def test_the_self_test_passes(tmp_path, hidden, features, outputs, activation, steps, options):
    write(tmp_path, *network(hidden, features, outputs, activation, steps, softmax=outputs > 1))
    done = build_and_run(tmp_path, "my-net.2", *options)
    assert done.returncode == 0, done.stderr
    assert run_example(tmp_path, "my-net.2", *options).endswith("my-net.2: as expected\n")
    assert re.fullmatch(r"my-net\.2: (\d+) of \1 sequences right\n", done.stdout)


STRUCTURES = [
    [("simple", 4), ("lstm", 4), ("gru", 5)],
    [("simple", 5, "both")],
    [("gru", 5, "both"), ("lstm", 4, "both"), ("gru", 4)],
    [("gru", 5, "backwards"), ("simple", 3)],
    [("simple", 5), ("gru", 5, "backwards"), ("lstm", 4)],
    [("dense", 3, {"activation": "relu"}), ("lstm", 4, {"gate": "hard_sigmoid"}), ("dense", 5, {"activation": "elu"})],
    [("gru-reset-before", 4, "both"), ("lstm-peephole", 4, {"projection": 3})],
    [("lstm", 4, "both"), ("gru", 4), ("dense", 3, {"reads": (0, 1, -1)}), ("gru", 2, "backwards", {"reads": (1, 2)})],
    [("lstm", 4, {"projection": 3}), ("gru", 4), ("dense", 3, {"reads": (0, 1, -1)})],
    [("gru", 4, {"reads": (-1, -1)}), ("simple", 3, {"reads": (-1, 0, -1)})],
    [("fastgrnn", 9, "both", {"rank": 3}), ("fastgrnn", 7, {"rank": 2}), ("gru", 3, {"reads": (0, 1)})],
]


@needs_compiler
@pytest.mark.parametrize(
    ("cells", "options", "every_step"),
    with_every_pair([*STRUCTURES, *([(cell, 6)] for cell in packages())], OPTIONS, [False, True]),
    ids=str,
)
def test_the_self_test_of_any_cells_and_layers_passes(tmp_path, cells, every_step, options):
    network = layered(*cells, steps=12, features=3, outputs=3, every_step=every_step, softmax=every_step)
    write(tmp_path, *integers(network, inputs(9, 12, 3)))
    done = build_and_run(tmp_path, "my-net.2", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "my-net.2: 9 of 9 sequences right\n"


@needs_compiler
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("cells", [*STRUCTURES, *([(cell, 6)] for cell in CELLS)], ids=str)
def test_the_self_test_with_a_linear_path_passes(tmp_path, cells, options):
    network = layered(*cells, steps=12, features=2, outputs=3, softmax=True, linear_path=True)
    write(tmp_path, *integers(network, inputs(9, 12, 2)))
    done = build_and_run(tmp_path, "my-net.2", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "my-net.2: 9 of 9 sequences right\n"


def test_a_linear_path_keeps_the_last_inputs():
    integer, codes = integers(layered(("gru", 5), steps=7, features=3, linear_path=True), inputs(4, 7, 3))
    files = c.to_c(integer, "a", About(), codes)
    assert "    int8_t window[A_TIME_STEPS * A_FEATURES];\n} a_state;" in files.header
    # Two states of int16, and the window and its place, to an even size; the output has the codes of values, in pairs,
    # of 6 bytes, and of inputs, of 4, its sum, and the window in its order.
    assert (files.state_bytes, files.stack_bytes) == (2 * 2 * 5 + 2 + 22, 6 * 6 + 4 * 22 + 2 + 21)


ENCODER_DECODERS = [
    [("simple", 5, "encodes"), ("simple", 4)],
    [("gru", 4), ("gru", 5, "both", "encodes"), ("gru", 6)],
    [("lstm", 4, "backwards", "encodes"), ("lstm", 4), ("simple", 3, "both")],
]


@needs_compiler
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("cells", ENCODER_DECODERS, ids=str)
def test_the_self_test_of_encoder_and_decoder_passes(tmp_path, cells, options):
    network = layered(*cells, steps=12, features=2, outputs=3, every_step=True, softmax=True)
    files = write(tmp_path, *integers(network, inputs(9, 12, 2)))
    done = build_and_run(tmp_path, "my-net.2", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "my-net.2: 9 of 9 sequences right\n"
    assert run_example(tmp_path, "my-net.2", *options).count(", expected ") == 4 * ANSWER_STEPS
    assert f"#define MY_NET_2_ANSWER_STEPS {ANSWER_STEPS}\n" in files.header
    assert "int8_t output[MY_NET_2_ANSWER_STEPS * MY_NET_2_OUTPUTS]" in files.header


@needs_compiler
@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ([("lstm", 4)], "gates_kernel"),
        ([("gru", 4)], "candidate_of_state_bias"),
        ([("gru", 4, "both")], "backward_candidate_table"),
        ([("simple", 4), ("lstm", 4)], "layer_2_activation_table"),
    ],
)
def test_the_self_test_of_any_cells_and_layers_can_fail(tmp_path, cells, what):
    write(tmp_path, *integers(layered(*cells, steps=12), inputs(9, 12)))
    spoil(tmp_path / "my-net.2.c", what)
    assert build_and_run(tmp_path, "my-net.2").returncode == 1


def spoil(path, what):
    """Halve every number of an array, so that no network can be indifferent to it."""
    source = path.read_text()
    start = source.index("{", source.index(f" {what}["))
    end = source.index("};", start)
    wrong = re.sub(r"-?\d+", lambda match: str(int(match[0]) // 2), source[start:end])
    path.write_text(source[:start] + wrong + source[end:])


@needs_compiler
@pytest.mark.parametrize("what", ["cell_bias", "activation_table", "output_kernel"])
def test_the_self_test_fails_when_a_number_is_wrong(tmp_path, what):
    write(tmp_path, *network())
    spoil(tmp_path / "my-net.2.c", what)
    done = build_and_run(tmp_path, "my-net.2")
    assert done.returncode == 1
    assert "sequence 0: other codes than the reference" in done.stdout


@needs_compiler
def test_it_is_cplusplus_and_free_of_hidden_conversions(tmp_path):
    write(tmp_path, *network(outputs=3, softmax=True), about=About(classes=("a", "b", "c")))
    assert build_and_run(tmp_path, "my-net.2", "-Wconversion", "-Wshadow", "-Wstrict-prototypes").returncode == 0
    assert 'extern "C"' in (tmp_path / "my-net.2.h").read_text()


def extreme(weight, bias, hidden=600):
    """A network whose sums are as large as int8 weights and the bias allow."""
    high, low = np.full((hidden, hidden + 1), weight, np.int8), np.full((hidden, hidden + 1), 31, np.int8)
    cell = Product(high, low, np.full(hidden, bias, np.int64), 18, 1.0, 1.0)
    layer = Product(high[:1, 1:], low[:1, 1:], np.array([bias], np.int64), 18, 1.0, 1.0)
    table = Table(np.full(2048, 127 * 64, np.int16), 0.0, 1.0, 1.0)
    layers = (Layer((SimpleCell(cell, table),)),)
    return IntegerNetwork(3, 1, layers, False, input=Affine(1.0, 0), output=Affine(1.0, 0), output_layer=layer)


@needs_compiler
@pytest.mark.parametrize("weight", [127, -127])
def test_sums_that_32_bits_cannot_hold_get_64(tmp_path, weight):
    integer = extreme(weight, 2**30 + 1)
    codes = np.array([[[127]] * 3, [[-128]] * 3], np.int8)
    write(tmp_path, integer, codes)
    assert "typedef int64_t row_sum;" in (tmp_path / "my-net.2.c").read_text()
    done = build_and_run(tmp_path, "my-net.2", "-fsanitize=undefined", "-fno-sanitize-recover=all")
    assert done.returncode == 0, done.stdout + done.stderr


@needs_compiler
def test_the_largest_sums_of_32_bits_do_not_overflow(tmp_path):
    # The bound itself: as many units as 32 bits hold.
    hidden = max(units for units in range(10, 60, 2) if "typedef int32_t row_sum" in source_of(extreme(127, 1, units)))
    assert 10 < hidden < 58
    write(tmp_path, extreme(127, 1, hidden), np.full((1, 3, 1), 127, np.int8))
    done = build_and_run(tmp_path, "my-net.2", "-fsanitize=undefined", "-fno-sanitize-recover=all")
    assert done.returncode == 0, done.stdout + done.stderr


def source_of(integer):
    return c.to_c(integer, "n", About(), np.zeros((1, integer.sequence_length, integer.features), np.int8)).source


@pytest.mark.parametrize(
    ("name", "expected"),
    [("SP500-custom", "sp500_custom"), ("int", "int"), ("2nd.try", "rnn_2nd_try"), ("__x--Y", "x_y")],
)
def test_identifiers(name, expected):
    assert identifier(name) == expected


def test_names_in_other_letters_never_make_the_same():
    names = ["電力-tanh", "気温-tanh", "température-tanh", "temperature-tanh", "-tanh"]
    found = [identifier(name) for name in names]
    assert len(set(found)) == len(names)
    assert all(name.isascii() and name.isidentifier() for name in found)
    assert found[2].endswith("_temperature_tanh")


def test_a_name_without_letters_is_refused():
    with pytest.raises(ValueError, match="no C identifier"):
        identifier("--")


@needs_compiler
def test_class_names_of_any_kind(tmp_path):
    names = ['say "hi"', "back\\slash", "naïve 音", "*/ ??/", "_silence_"]
    integer, codes = network(outputs=5, softmax=True)
    write(tmp_path, integer, codes, about=About(classes=tuple(names)))
    main = '#include <stdio.h>\n#include "my-net.2.h"\nint main(void) { int i; for (i = 0; i < 5; i++) {'
    main += ' printf("%s\\n", my_net_2_class_names[i]); } { int8_t logits[5] = {-3, 7, -128, 7, 1};'
    main += ' printf("%d\\n", my_net_2_class(logits)); } return 0; }\n'
    (tmp_path / "my-net.2-test.c").write_text(main)
    assert build_and_run(tmp_path, "my-net.2").stdout.splitlines() == [*names, "1"]


def test_no_float_and_no_library_in_the_inference():
    source = re.sub(
        r"#ifndef N_NO_FLOAT\n.*?\n#endif\n", "", source_of(network(outputs=3, softmax=True)[0]), flags=re.S
    )
    assert "n_predict_int" in source
    assert not re.search(r"\b(float|double|malloc|math)\b|\d\.\d", source)
    # What the compiler itself has for the instructions of a processor is no library.
    own = ["#include <arm_acle.h>", "#include <arm_mve.h>"]
    assert re.findall(r"#include .*", source) == ['#include "n.h"', *own]


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_sizes_count_every_number(activation):
    integer, codes = network(10, 2, 3, activation)
    files = c.to_c(integer, "n", About(), codes)
    weights = 2 * (10 * 12 + 3 * 10)
    # relu only cuts off, and needs no table.
    assert files.constant_bytes == weights + 4 * 13 + 2 * 2048 * (activation != "relu")
    # The codes of values take 6 bytes, those of inputs 4.
    assert (files.state_bytes, files.stack_bytes) == (20, 6 * 10 + 4 * 2)


def test_long_sequences_get_few_golden_vectors():
    integer, codes = network(steps=1600)
    assert "#define SEQUENCES 5\n" in c.to_c(integer, "n", About(), codes).test
    expected = reference.run(integer, codes[np.linspace(0, 39, 5).astype(int)])
    assert f"{{\n        {expected[-1][0]}\n    }}" in c.to_c(integer, "n", About(), codes).test


def test_a_sequence_takes_buffers_where_layers_read_backwards():
    integer, codes = integers(layered(("gru", 5, "both"), ("lstm", 4), steps=12, features=2), inputs(9, 12, 2))
    files = c.to_c(integer, "n", About(), codes)
    # Values and long states of both directions, values and cell states of the second layer, the first one's sequence.
    assert files.state_bytes == 2 * (2 * 10 + 2 * 4 + 12 * 10)
    # Codes of the second layer, which reads both directions, and its sums.
    assert files.stack_bytes == 6 * (10 + 4) + 2 * 4 * 4
    assert "n_step" not in files.header
    assert "n_buffers *buffers" in files.header


def test_streams_have_every_state_and_its_scale():
    integer, codes = integers(layered(("gru", 5), ("lstm", 4), steps=12), inputs(9, 12))
    header = c.to_c(integer, "n", About(), codes).header
    assert re.findall(r"int16_t (\w+)\[N_(\w+)_UNITS\];", header) == [
        ("layer_1_values", "LAYER_1"),
        ("layer_1_long_state", "LAYER_1"),
        ("layer_2_values", "LAYER_2"),
        ("layer_2_cell_state", "LAYER_2"),
    ]
    found = dict(re.findall(r"#define N_(LAYER_\w+)_SCALE (\S+)", header))
    cell = integer.layers[1].cells[0]
    assert [float(found[f"LAYER_2_{name}"]) for name in ("STATE", "CELL_STATE")] == [s.scale for s in cell.states]


@needs_compiler
def test_the_only_output_of_two_classes(tmp_path):
    integer, codes = integers(layered(("lstm", 4), steps=12, every_step=True, softmax=True), inputs(9, 12))
    write(tmp_path, integer, codes, about=About(classes=("no", "yes")))
    zero = integer.output.zero_point
    main = f'#include <stdio.h>\n#include "my-net.2.h"\nint main(void) {{ int8_t logits[] = {{{zero}, {zero + 1}}};'
    main += ' printf("%s %s", my_net_2_class_names[my_net_2_class(logits)],'
    main += " my_net_2_class_names[my_net_2_class(logits + 1)]); return 0; }\n"
    (tmp_path / "my-net.2-test.c").write_text(main)
    assert build_and_run(tmp_path, "my-net.2").stdout == "no yes"


@needs_compiler
def test_two_classes_of_which_the_codes_reach_one(tmp_path):
    integer, codes = integers(layered(("lstm", 4), steps=12, softmax=True), inputs(9, 12))
    # Where all of the calibration data's logits are negative, 0 is the largest code.
    lowest = dataclasses.replace(integer, output=dataclasses.replace(integer.output, zero_point=127))
    write(tmp_path, lowest, codes, about=About(classes=("no", "yes")))
    build_and_run(tmp_path, "my-net.2")


class Twice:
    """A cell that multiplies its own new values, for which the C has a second loop."""

    def __init__(self, cell):
        self.cell = cell

    def __getattr__(self, name):
        return getattr(self.cell, name)

    def step(self, arithmetic, inputs, states):
        return self.cell.step(arithmetic, inputs, self.cell.step(arithmetic, inputs, states))


@needs_compiler
def test_a_cell_that_multiplies_its_new_values(tmp_path):
    integer, codes = integers(layered(("simple", 3), steps=5), inputs(9, 5))
    twice = dataclasses.replace(integer, layers=(Layer((Twice(integer.layers[0].cells[0]),)),))
    written = write(tmp_path, twice, codes)
    build_and_run(tmp_path, "my-net.2")
    # Both products' codes, in pairs, and sums.
    assert written.stack_bytes == 2 * (6 * 4 + 4 * 2) + 2 * 2 * 3
    assert not np.array_equal(reference.run(twice, codes), reference.run(integer, codes))

"""Any float network over any finite data: integers or a clear refusal, and the same bits from all that runs them."""

import itertools
from dataclasses import dataclass, replace

import numpy as np
from helpers.properties import examples
from helpers.random_networks import layer_of, layer_weights, with_skips
from helpers.same_bits import assert_same_alone, assert_same_bits, noise
from hypothesis import example, given, note
from hypothesis import strategies as st

from rnnexp.errors import UserError
from rnnexp.formats.npz import integers
from rnnexp.formats.tflite.int8.constants import entries
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.architecture import LINEAR_KERNEL, Architecture
from rnnexp.network.cells import CELLS, packages
from rnnexp.network.functions import FUNCTIONS, GATES
from rnnexp.network.lengths import placed
from rnnexp.network.network import Network
from rnnexp.quantization import reference
from rnnexp.quantization.diagnosis import Comparison
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.quantizer import quantize
from rnnexp.quantization.tables import GATE_MARGIN, ONE
from rnnexp.quantization.tensors import describe

# Of arrays: what they are multiplied with, as powers of ten: ordinary ones, those about the limits of float32, and any.
POWERS = st.one_of(st.floats(-3, 2), st.floats(-40, -20), st.floats(20, 40), st.floats(-330, 308))


@dataclass(frozen=True)
class Fill:
    """How an array gets its numbers."""

    kind: str
    power: float

    def __call__(self, random, values):
        """Return an array in the place of one with numbers of an ordinary size."""
        # Through longdouble, since 10**-330 alone is 0.
        factor = np.longdouble(10) ** np.longdouble(self.power)
        match self.kind:
            case "zeros":
                found = np.zeros(values.shape)
            case "equal":
                found = np.ones(values.shape) * factor
            case "few":
                found = values * factor * (random.random(values.shape) < 0.2)
            case "of all sizes":
                found = np.sign(values) * np.longdouble(10) ** random.uniform(
                    -abs(self.power), self.power, values.shape
                )
            case "ordinary":
                found = values
            case _:
                found = values * factor
        limit = np.finfo(np.float64).max
        return np.clip(found, -limit, limit).astype(np.float64)


FILLS = st.builds(Fill, st.sampled_from(["ordinary", "scaled", "zeros", "equal", "few", "of all sizes"]), POWERS)


@dataclass(frozen=True)
class Data:
    """Sequences: an offset, and what varies about it."""

    offset: float
    spread: Fill

    def draw(self, random, samples, steps, features):
        """Return finite values ``[samples, steps, features]``."""
        values = np.cumsum(random.normal(size=(samples, steps, features)), axis=1)
        with np.errstate(over="ignore"):
            return np.nan_to_num(self.offset + self.spread(random, values))


DATA = st.builds(
    Data,
    st.one_of(
        st.just(0.0),
        st.floats(-1e4, 1e4),
        st.floats(-1e30, 1e30),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    FILLS,
)
# Cell, units, and how it reads.
WAYS = st.integers(1, 6), st.sampled_from(["", "both", "backwards"])
LAYERS = st.lists(st.tuples(st.sampled_from(sorted(CELLS)), *WAYS), min_size=1, max_size=3)
# The same with all that other people's networks have.
OPTIONS = st.fixed_dictionaries(
    {"activation": st.sampled_from(["", *FUNCTIONS, "clip(-2, 0.5)"]), "gate": st.sampled_from(GATES)},
)
PLAIN = st.tuples(st.sampled_from(sorted(packages())), *WAYS, OPTIONS)
PROJECTED = st.tuples(
    st.sampled_from(["lstm", "lstm-peephole"]),
    *WAYS,
    st.builds(lambda options, size: {**options, "projection": size}, OPTIONS, st.integers(1, 8)),
)
LOW_RANK = st.tuples(
    st.just("fastgrnn"),
    *WAYS,
    st.builds(lambda options, rank: {**options, "rank": rank}, OPTIONS, st.integers(1, 4)),
)
FOREIGN_LAYERS = st.lists(st.one_of(PLAIN, PROJECTED, LOW_RANK), min_size=1, max_size=4)


@dataclass(frozen=True)
class Drawn:
    """A network, and sequences for it, as they are drawn."""

    layers: list
    encoder: int  # layers of an encoder, if there is one
    every_step: bool
    activation: str
    fills: list
    data: Data
    features: int
    outputs: int
    samples: int
    steps: int
    seed: int
    linear_path: bool = False  # where there is one answer
    repeats: int = 3  # of an encoder
    io_bits: int = 8
    skips: bool = False  # whether layers read others than the one before

    def make(self):
        """Return the float network and ``[samples, steps, features]``."""
        random = np.random.default_rng(self.seed)
        encoder = self.encoder if self.encoder < len(self.layers) else 0
        layers = tuple(
            replace(layer_of(*written), repeats=self.repeats if place == encoder else 0)
            for place, written in enumerate(self.layers, 1)
        )
        if self.skips:
            layers = with_skips(layers, encoder, np.random.default_rng(self.seed))
        every_step = self.every_step or encoder > 0
        path = self.linear_path and not every_step
        architecture = Architecture(
            self.steps, self.features, layers, every_step, self.outputs, self.activation, linear_path=path
        )
        weights, (*widths, inputs), fills = [], architecture.reading_widths, itertools.cycle(self.fills)
        for layer, width in zip(layers, widths, strict=True):
            for _ in layer.directions:
                weights += [next(fills)(random, array) for array in layer_weights(random, layer, width)]
        weights += [next(fills)(random, random.normal(size=size)) for size in ((inputs, self.outputs), self.outputs)]
        if path:
            shape = architecture.shapes[LINEAR_KERNEL]
            weights.insert(-2, next(fills)(random, random.normal(size=shape) / shape[0] ** 0.5))
        x = self.data.draw(random, self.samples, self.steps, self.features)
        return Network.of(architecture, weights), x


FIELDS = {
    "encoder": st.integers(0, 2),
    "every_step": st.booleans(),
    "activation": st.sampled_from(sorted(ACTIVATIONS)),
    "fills": st.lists(FILLS, min_size=1, max_size=4),
    "data": DATA,
    "features": st.integers(1, 3),
    "outputs": st.integers(1, 3),
    "samples": st.integers(1, 4),
    "steps": st.integers(1, 12),
    "seed": st.integers(0, 2**32 - 1),
    "linear_path": st.booleans(),
    "io_bits": st.sampled_from([8, 16]),
}
NETWORKS = st.builds(Drawn, layers=LAYERS, **FIELDS)
FOREIGN_NETWORKS = st.builds(Drawn, layers=FOREIGN_LAYERS, repeats=st.integers(1, 3), skips=st.booleans(), **FIELDS)


def quantized(network, x, lengths=None, **options) -> IntegerNetwork | None:
    """Return the integers, or None where they are refused."""
    try:
        # The float network may leave what float64 holds: then there is nothing to quantise.
        with np.errstate(all="ignore"):
            integer = quantize(network, x, lengths=lengths, **options)
        to_tflite(integer)
    except UserError as error:
        note(f"refused: {error}")
        return None
    return integer


def assert_tables_are_their_functions(float_network, network):
    """Every entry is what its function has at its place, to half a unit, or the largest that it can hold."""
    for layer, real_layer in zip(network.layers, float_network.architecture.layers, strict=True):
        functions = float_network.functions(real_layer)
        tables = [table for cell in layer.cells for table in cell.tables]
        gates = {entries(table) for table in tables if table.name == "gate"}
        for table in tables:
            function = functions.gate if table.name == "gate" else functions.activation
            with np.errstate(over="ignore"):
                real = function(table.start + table.step * np.arange(len(table.values)))
            unit, multiple = table.scale * table.multiple, table.multiple
            # Of tanh that has the gates' entries, the largest one is 1.
            most = ONE // 2 if entries(table) in gates else 8128
            low, high = -min(most, 2**15 // multiple) * unit, min(most, (2**15 - 1) // multiple) * unit
            low, high = (0.0, 1.0) if table.name == "gate" else (low, high)
            wanted = np.clip(real, low, high)
            if entries(table) in gates:
                # Those of gates, and of tanh where it has theirs, end in both limits, if the function comes near them.
                ends = np.rint(wanted[[0, -1]])
                if ends[0] < ends[1] and np.abs(wanted[[0, -1]] - ends).max() <= (GATE_MARGIN * ONE + 0.5) * unit:
                    wanted[[0, -1]] = ends
            assert np.abs(table.values * table.scale - wanted).max() <= 0.51 * unit


# The candidate's table of its last layer goes from -32768 on.
FROM_THE_LOWEST_WORD = Drawn(
    layers=[("lstm", 2, ""), ("gru", 2, ""), ("lstm", 1, "")],
    encoder=0,
    every_step=False,
    activation="tanh",
    fills=[Fill("ordinary", 0.0), Fill("ordinary", 0.0), Fill("ordinary", 0.0), Fill("zeros", 0.0)],
    data=Data(0.0, Fill("ordinary", 0.0)),
    features=1,
    outputs=1,
    samples=1,
    steps=1,
    seed=0,
)


@examples(40)
@example(FROM_THE_LOWEST_WORD)
@given(NETWORKS)
def test_any_float_network_is_quantised_to_the_same_bits_or_refused(drawn):
    network, x = drawn.make()
    integer = quantized(network, x, io_bits=drawn.io_bits)
    if integer is not None:
        assert_tables_are_their_functions(network, integer)
        with np.errstate(over="ignore"):
            codes = integer.input.encode(x)
        # The second half goes beyond whatever the ranges were taken from.
        assert_same_bits(integer, np.concatenate([codes[:2], noise(3, *x.shape[1:], drawn.seed, codes.dtype)]))


@examples(60)
@given(FOREIGN_NETWORKS, st.sampled_from([np.inf, 8.0, 0.5]))
def test_any_stack_of_unlike_layers_is_quantised_to_the_same_bits_or_refused(drawn, cell_state_limit):
    network, x = drawn.make()
    integer = quantized(network, x, cell_state_limit=cell_state_limit, io_bits=drawn.io_bits)
    if integer is not None:
        assert_tables_are_their_functions(network, integer)
        with np.errstate(over="ignore"):
            codes = integer.input.encode(x)[:2]
            codes = np.concatenate([codes, noise(3, *x.shape[1:], drawn.seed, codes.dtype)])
        expected = assert_same_bits(integer, codes)
        back = integers.from_arrays(integers.to_arrays(integer))
        assert np.array_equal(reference.run(back, codes), expected)
        # What is said of it, of any cell.
        assert {"input", "output"} <= {tensor.name for tensor in describe(integer, {})}
        with np.errstate(all="ignore"):
            assert all(0 <= share <= 1 for share in Comparison(integer, network, x).saturation().values())
            assert len(Comparison(integer, network, x).state_error()) >= x.shape[1]


@examples(40)
@given(
    st.one_of(NETWORKS, FOREIGN_NETWORKS),
    st.sampled_from(["end", "begin"]),
    st.lists(st.integers(-2, 15), min_size=7, max_size=7),
)
def test_sequences_of_any_length_give_the_same_bits_as_each_alone(drawn, padding, lengths):
    network, x = replace(drawn, linear_path=False).make()
    network = Network.of(replace(network.architecture, padding=padding), network.weights)
    own = np.array(lengths[: len(x)])
    integer = quantized(network, x, own, io_bits=drawn.io_bits)
    if integer is not None:
        with np.errstate(over="ignore"):
            codes = placed(integer.input.encode(x), own, padding)
        codes = np.concatenate([codes, noise(3, *x.shape[1:], drawn.seed, codes.dtype)])
        own = np.array(lengths)[: len(codes)]
        assert_same_alone(integer, codes, own, assert_same_bits(integer, codes, own))

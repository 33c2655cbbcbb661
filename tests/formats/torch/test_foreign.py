"""Other people's PyTorch modules: what the graph computes is what the module computes."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from rnnexp.errors import UserError  # noqa: E402
from rnnexp.formats.onnx import file, outputs, reader  # noqa: E402
from rnnexp.formats.torch import foreign  # noqa: E402
from rnnexp.network.graph.agreement import compare  # noqa: E402

pytestmark = pytest.mark.usefixtures("in_this_process")


class Model(nn.Module):
    """A module of parts and a function of these and the input."""

    def __init__(self, computes, **parts):
        super().__init__()
        self.computes = computes
        for name, part in parts.items():
            setattr(self, name, part)
        self.randomise()

    def randomise(self):
        generator = torch.Generator().manual_seed(0)
        for module in self.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                for tensor in (module.weight.data, module.bias.data, module.running_mean):
                    tensor.copy_(torch.randn(tensor.shape, generator=generator))
                module.running_var.copy_(torch.rand(module.running_var.shape, generator=generator) + 0.5)

    def forward(self, x):
        return self.computes(self, x)


def agrees(module, example, steps=None, n=3):
    """Read a module, compare it with itself on other inputs of maybe other lengths, and return the graph."""
    found = foreign.read_module(module, example)
    graph = found.graph
    rng = np.random.default_rng(0)
    steps = graph.steps or steps or 13
    if graph.words:
        x = rng.integers(0, 10, (n, steps))
    else:
        x = rng.normal(size=(n, steps, graph.features)).astype(np.float32)
    assert compare(graph, foreign.own_output(module, found, x), x).misread is None
    return graph


def kinds(graph):
    return [node.kind for node in graph.nodes]


def number(seed, *choices):
    return choices[np.random.default_rng(seed).integers(len(choices))]


def recurrent_module(seed):
    """A random recurrent module with one of several ways to answer, and an input of it."""
    rng = np.random.default_rng(seed)
    kind = [nn.LSTM, nn.GRU, nn.RNN][rng.integers(3)]
    first, both = bool(rng.integers(2)), bool(rng.integers(2))
    layers, units, features = int(rng.integers(1, 4)), int(rng.integers(1, 7)), int(rng.integers(1, 5))
    more = {"nonlinearity": ["tanh", "relu"][rng.integers(2)]} if kind is nn.RNN else {}
    torch.manual_seed(seed)
    layer = kind(
        features,
        units,
        layers,
        bias=bool(rng.integers(4)),
        batch_first=first,
        bidirectional=both,
        dropout=0.3 if layers > 1 else 0.0,
        **more,
    )
    ways, time = 2 if both else 1, 1 if first else 0

    def computes(self, x):
        values, states = self.layer(x)
        state = states[0] if isinstance(states, tuple) else states
        match how:
            case "last":
                values = values.select(time, -1)
            case "first":
                values = values.select(time, 0)
            case "mean":
                values = values.mean(time)
            case "max":
                values = values.amax(time)
            case "state":
                values = torch.cat([state[n] for n in range(-ways, 0)], 1)
            case "ends" if both:
                values = torch.cat([values.select(time, -1)[:, :units], values.select(time, 0)[:, units:]], 1)
        return self.head(values)

    how = ["last", "first", "mean", "max", "state", "ends", "every"][rng.integers(7)]
    module = Model(computes, layer=layer, head=nn.Linear(ways * units, int(rng.integers(1, 4))))
    return module, torch.randn(*((2, 9) if first else (9, 2)), features)


@pytest.mark.parametrize("seed", range(24))
def test_random_recurrent_modules(seed):
    module, example = recurrent_module(seed)
    graph = agrees(module, example)
    assert graph.steps is None
    assert sum(kind == "Recurrent" for kind in kinds(graph)) == module.layer.num_layers


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24, 324))
def test_many_random_recurrent_modules(seed):
    agrees(*recurrent_module(seed))


def convolutional():
    def computes(self, x):
        x = functional.max_pool1d(torch.relu(self.norm(self.convolution(x.transpose(1, 2)))), 2)
        return self.head(self.layer(x.transpose(1, 2))[0][:, -1])

    return Model(
        computes,
        convolution=nn.Conv1d(4, 8, 3, padding=1),
        norm=nn.BatchNorm1d(8),
        layer=nn.LSTM(8, 5, batch_first=True),
        head=nn.Linear(5, 2),
    )


def test_convolution_normalisation_and_pooling_ahead_of_a_recurrent_layer():
    graph = agrees(convolutional(), torch.randn(2, 20, 4))
    assert kinds(graph) == ["Convolution", "Affine", "Activation", "Pooling", "Recurrent", "Dense"] or kinds(graph) == [
        "Convolution",
        "Activation",
        "Pooling",
        "Recurrent",
        "Dense",
    ]  # the exporter folds normalisation into the convolution


def test_both_exporters_give_the_same(tmp_path):
    module, example = convolutional().eval(), torch.randn(2, 20, 4)
    x = np.random.default_rng(0).normal(size=(2, 20, 4)).astype(np.float32)
    found = []
    for dynamo in (False, True):
        if dynamo:
            pytest.importorskip("onnxscript")
        path = tmp_path / f"{dynamo}.onnx"
        torch.onnx.export(module, (example,), path, dynamo=dynamo)
        parsed = file.load(path)
        reading = reader.read_file(parsed)
        assert compare(reading.graph, outputs.own_values(parsed, reading, x), x).misread is None
        found.append(reading.graph.run(x))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5, atol=1e-6)


def test_channels_first_inputs_and_flattening():
    module = Model(
        lambda self, x: self.head(torch.flatten(torch.relu(self.convolution(x)), 1)),
        convolution=nn.Conv1d(4, 6, 3),
        head=nn.Linear(6 * 18, 2),
    )
    graph = agrees(module, torch.randn(2, 4, 20))
    assert (graph.axes, graph.steps, kinds(graph)) == ("NFT", 20, ["Convolution", "Activation", "Flatten", "Dense"])


def test_spectra_in_both_orders():
    def computes(self, x):
        x = torch.relu(self.convolution(x))
        return self.head(self.layer(x.flatten(1, 2).transpose(1, 2))[0][:, -1])

    parts = {"convolution": nn.Conv2d(1, 3, 3, padding=1), "layer": nn.GRU(12, 5, batch_first=True)}
    graph = agrees(Model(computes, head=nn.Linear(5, 2), **parts), torch.randn(2, 1, 4, 20))
    assert graph.axes == "NCFT"


def test_causal_convolutions_both_ways():
    padded = Model(lambda self, x: self.a(functional.pad(x, (4, 0))).mean(-1), a=nn.Conv1d(4, 6, 5))
    cut = Model(lambda self, x: torch.relu(self.a(x))[..., :-4].mean(-1), a=nn.Conv1d(4, 6, 5, padding=4))
    for module in (padded, cut):
        convolution = agrees(module, torch.randn(2, 4, 20)).nodes[0]
        assert convolution.padding == ((4, 0), (0, 0))


def test_skip_connections_words_and_activations():
    def skips(self, x):
        x = self.table(x)
        once = self.a(x)[0]
        return self.head(torch.cat([once + self.b(once)[0], x], -1))

    agrees(
        Model(
            skips,
            table=nn.Embedding(10, 5),
            a=nn.GRU(5, 6, batch_first=True),
            b=nn.LSTM(6, 6, batch_first=True),
            head=nn.Sequential(nn.Linear(11, 4), nn.GELU(), nn.Dropout(0.5), nn.Linear(4, 3), nn.SiLU()),
        ),
        torch.randint(0, 10, (2, 7)),
    )


@pytest.mark.parametrize(
    "activation",
    [
        nn.GELU(), nn.GELU(approximate="tanh"), nn.SiLU(), nn.Mish(), nn.Hardswish(), nn.Hardsigmoid(),
        nn.Hardtanh(-2, 3),
        nn.LeakyReLU(0.3), nn.ELU(0.7), nn.CELU(1.5), nn.SELU(), nn.Softplus(), nn.Softsign(), nn.ReLU6(), nn.PReLU(),
        nn.LogSoftmax(-1), nn.Softmax(-1), nn.Sigmoid(),
    ],
    ids=lambda activation: type(activation).__name__,
)  # fmt: skip
def test_activations(activation):
    agrees(nn.Sequential(nn.Linear(4, 6), activation), 3.0 * torch.randn(2, 7, 4))


@pytest.mark.parametrize("both", [False, True])
def test_projections(both):
    layer = nn.LSTM(4, 6, 2, batch_first=True, bidirectional=both, proj_size=3)
    graph = agrees(layer, torch.randn(2, 7, 4))
    assert [node.projection[0].shape for node in graph.nodes] == [(6, 3)] * 2
    assert "forward" not in vars(layer)  # it is as it was


def test_a_module_is_left_as_it_was():
    module = convolutional()
    module.train()
    module.norm.eval()
    foreign.read(module, torch.randn(2, 20, 4))
    assert (module.training, module.norm.training, module.layer.training) == (True, False, True)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (Model(lambda self, x: x * self.a(x), a=nn.Linear(4, 4)), "Mul of two values"),
        (nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6)), "LayerNormalization"),
        (Model(lambda self, x: torch.cos(self.a(x)), a=nn.Linear(4, 4)), r"\(Cos\) cannot be converted.*--until"),
        (Model(lambda self, x: self.a(x)[1][1][-1], a=nn.LSTM(4, 4)), "cell state"),
        (nn.MultiheadAttention(4, 2), "PyTorch cannot export it"),
    ],
)
def test_what_cannot_be_converted_is_named(module, message):
    with pytest.raises(UserError, match=message):
        foreign.read(module, torch.randn(2, 7, 4))


def test_pickled_modules_and_torchscript_are_not_opened(tmp_path):
    module = nn.Linear(4, 2)
    torch.save(module, tmp_path / "whole.pt")
    torch.jit.save(torch.jit.trace(module, torch.randn(1, 4)), tmp_path / "script.pt")
    assert "pickled" in str(foreign.refusal(tmp_path / "whole.pt"))
    assert "TorchScript" in str(foreign.refusal(tmp_path / "script.pt"))

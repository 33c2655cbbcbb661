"""Milliseconds a training step: this trainer, Keras ``fit``, PyTorch and JAX ``lax.scan``, in one run.

    python benchmarks/train_speed.py                  prints a table and writes benchmarks/results/train_speed.json
    python benchmarks/train_speed.py --rounds 1       quicker
    python benchmarks/train_speed.py --cells lstm     one cell only

The same task for all: a recurrent layer of 10 tanh units and a dense output, mean squared error, Adam, batches of 32:
simple cells at 20, 100 and 1600 time steps, LSTM and GRU at 20 and 100, also with dropout of inputs and states, which
stock Keras then computes gate by gate. LSTMs with peepholes and projections, which Keras does not have, are in its
words, as a run keeps them. Each contender runs in a process of its own, in turn, several rounds over; its
figure is the median of the rounds' ones. Compilation is left out for all. The peers are a dependency group of their
own: ``poetry install --with peers``; what is not installed is left out of the table.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from rnnexp.network.structure import Structure

HIDDEN, BATCH = 10, 32
STEPS_OF_AN_EPOCH = {20: 256, 100: 64, 1600: 16}
EPOCHS = {20: 8, 100: 6, 1600: 3}
RESULTS = Path(__file__).parent / "results" / "train_speed.json"
# structure -> at how many time steps it is measured
CELLS = {
    "simple": (20, 100, 1600),
    "lstm": (20, 100),
    "lstm-projection-5": (20, 100),
    "lstm-peephole": (20, 100),
    "lstm-peephole-projection-5": (20, 100),
    "gru": (20, 100),
}
# name -> what it needs installed
CONTENDERS = {
    "rnnexp": "tensorflow",
    "keras fit": "tensorflow",
    "rnnexp, dropout": "tensorflow",
    "keras fit, dropout": "tensorflow",
    "pytorch": "torch",
    "jax lax.scan": "jax",  # of simple cells only
}
DROPOUT = {"dropout": 0.2, "recurrent_dropout": 0.2}


def data(length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random series ``[n, length, 1]`` and the values five steps before their ends."""
    rows = STEPS_OF_AN_EPOCH[length] * BATCH
    x = np.random.default_rng(0).uniform(-1, 1, (rows, length, 1)).astype(np.float32)
    return x, x[:, -5].copy()


def median_ms(run_epoch: Callable[[], object], length: int) -> float:
    """Return the median time of a step, in milliseconds, after one epoch to warm up."""
    run_epoch()
    times = []
    for _ in range(EPOCHS[length]):
        start = time.perf_counter()
        run_epoch()
        times.append(time.perf_counter() - start)
    return statistics.median(times) / STEPS_OF_AN_EPOCH[length] * 1e3


def measure_rnnexp(cell: str, length: int, **options: float) -> float:
    """Measure this project's trainer, as a run uses it, validation left out."""
    import keras

    from rnnexp.layers.cell import load
    from rnnexp.training.trainer import Trainer

    x, y = data(length)
    (layer,) = Structure.of(cell).layers(HIDDEN)
    recurrent = load(layer.cell).to_train(layer, **options)
    trainer = Trainer(
        keras.Sequential([keras.Input(x.shape[1:]), recurrent, keras.layers.Dense(1)]),
        keras.losses.MeanSquaredError(),
        keras.optimizers.Adam(),
        batch_size=BATCH,
        seed=0,
    )
    epochs = trainer.fit(x, y, x[:BATCH], y[:BATCH], epochs=EPOCHS[length] + 2).epochs
    # The first epoch compiles, the second warms up.
    seconds = [after.seconds - before.seconds for before, after in itertools.pairwise(epochs[1:])]
    return statistics.median(seconds) / STEPS_OF_AN_EPOCH[length] * 1e3


def measure_keras(cell: str, length: int, **options: float) -> float:
    """Measure stock Keras: its layer, or one in its words, and ``fit``."""
    import keras

    from rnnexp.layers.cell import load

    x, y = data(length)
    (layer,) = Structure.of(cell).layers(HIDDEN)
    recurrent = load(layer.cell).to_keep(layer, **options)
    model = keras.Sequential([keras.Input(x.shape[1:]), recurrent, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(), loss="mse")
    return median_ms(lambda: model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0), length)


def measure_pytorch(cell: str, length: int) -> float:
    """Measure PyTorch's layer in its usual loop, on one thread, which is the faster for networks this small."""
    import torch

    torch.set_num_threads(1)
    x, y = (torch.from_numpy(values) for values in data(length))
    structure = Structure.of(cell)
    kind = {"simple": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[structure.cell]
    projection = {"proj_size": structure.projection} if structure.projection else {}
    recurrent = kind(1, HIDDEN, batch_first=True, **projection)
    dense = torch.nn.Linear(structure.projection or HIDDEN, 1)
    optimizer = torch.optim.Adam([*recurrent.parameters(), *dense.parameters()])
    loss_function = torch.nn.MSELoss()

    def epoch() -> None:
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            states, _ = recurrent(x[rows])
            loss_function(dense(states[:, -1]), y[rows]).backward()
            optimizer.step()

    return median_ms(epoch, length)


def measure_jax(_: str, length: int) -> float:
    """Measure JAX: ``lax.scan`` over time, and over the batches of an epoch, in one compiled program, with Adam."""
    import jax
    import jax.numpy as jnp

    x, y = (jnp.asarray(values) for values in data(length))
    random = np.random.default_rng(0)
    shapes = {"kernel": (1, HIDDEN), "recurrent": (HIDDEN, HIDDEN), "bias": (HIDDEN,), "out": (HIDDEN, 1), "b": (1,)}
    weights = {name: jnp.asarray(random.normal(0, 0.3, shape), jnp.float32) for name, shape in shapes.items()}
    zeros = jax.tree.map(jnp.zeros_like, weights)

    def loss_function(weights, inputs, targets):
        projected = jnp.swapaxes(inputs, 0, 1) @ weights["kernel"] + weights["bias"]

        def step(state, z):
            return jnp.tanh(z + state @ weights["recurrent"]), None

        state, _ = jax.lax.scan(step, jnp.zeros((BATCH, HIDDEN)), projected)
        return jnp.mean((state @ weights["out"] + weights["b"] - targets) ** 2)

    def train(carry, rows):
        weights, mean, square, count = carry
        loss, gradients = jax.value_and_grad(loss_function)(weights, x[rows], y[rows])
        count += 1
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradients)
        square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, square, gradients)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7), weights, mean, square)
        return (weights, mean, square, count), loss

    @jax.jit
    def run(carry, order):
        carry, losses = jax.lax.scan(train, carry, order)
        return carry, losses.mean()

    state = [(weights, zeros, zeros, jnp.float32(0))]

    def epoch() -> None:
        order = random.permutation(len(x)).reshape(-1, BATCH)
        state[0], loss = run(state[0], jnp.asarray(order))
        loss.block_until_ready()

    return median_ms(epoch, length)


MEASURES: dict[str, Callable[[str, int], float]] = {
    "rnnexp": measure_rnnexp,
    "keras fit": measure_keras,
    "rnnexp, dropout": functools.partial(measure_rnnexp, **DROPOUT),
    "keras fit, dropout": functools.partial(measure_keras, **DROPOUT),
    "pytorch": measure_pytorch,
    "jax lax.scan": measure_jax,
}


def contenders(cell: str) -> list[str]:
    """Return who can be measured for a cell: PyTorch has no recurrent dropout, so that it is measured without alone.

    Nor does it have peepholes.
    """
    dropout = [name for name in CONTENDERS if name.endswith("dropout")]
    left_out = dropout if cell == "simple" else ["jax lax.scan"]
    left_out += ["pytorch"] if "peephole" in cell else []
    return [name for name, package in CONTENDERS.items() if find_spec(package) and name not in left_out]


def in_child(cell: str, name: str) -> dict[int, float]:
    """Measure one contender at every length in a process of its own."""
    root = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": root}
    command = [sys.executable, __file__, "--cells", cell, "--contender", name]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return {int(length): ms for length, ms in json.loads(done.stdout.splitlines()[-1]).items()}


def main() -> None:
    """Measure all contenders and print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="times that every contender is measured (default: 3)")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS), help="which cells (default: all)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the JSON goes")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        (cell,) = arguments.cells
        print(json.dumps({length: MEASURES[arguments.contender](cell, length) for length in CELLS[cell]}))
        return
    pairs = [(cell, name) for cell in arguments.cells for name in contenders(cell)]
    rounds: dict[tuple[str, str], list[dict[int, float]]] = {pair: [] for pair in pairs}
    for number in range(arguments.rounds):
        for cell, name in pairs:
            print(f"round {number + 1}: {cell}, {name}", file=sys.stderr)
            rounds[cell, name].append(in_child(cell, name))
    ms: dict[str, dict[str, dict[int, float]]] = {cell: {} for cell in arguments.cells}
    for (cell, name), measured in rounds.items():
        ms[cell][name] = {length: statistics.median(one[length] for one in measured) for length in CELLS[cell]}
    for cell, figures in ms.items():
        lengths = CELLS[cell]
        print(f"| {cell}: ms a training step (times ours) | " + " | ".join(f"{n} steps" for n in lengths) + " |")
        print("|" + " --- |" * (len(lengths) + 1))
        for name, found in figures.items():
            ours = figures["rnnexp, dropout" if name.endswith("dropout") else "rnnexp"]
            times = [f"{found[length]:.3g} ({found[length] / ours[length]:.1f})" for length in lengths]
            print(f"| {name} | " + " | ".join(times) + " |")
        print()
    for name, package in CONTENDERS.items():
        if not find_spec(package):
            print(f"{name}: not installed (poetry install --with peers)")
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    report = {"hidden": HIDDEN, "batch": BATCH, "cores": os.cpu_count(), "python": platform.python_version(), "ms": ms}
    arguments.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

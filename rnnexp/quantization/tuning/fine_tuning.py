"""Fine-tuning of any integer network: what is tried, what it is judged on, and whether it is kept.

Sequences are divided. One part is for fitting: the weights are rounded together (``together``), and then trained on
for some epochs (``descent``). The other part decides: a network that has been tuned is kept only where its outputs are
off by a tenth less there than those of the plain one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnnexp.network.network import Network
from rnnexp.network.sampling import spread
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.products import products, without_exact
from rnnexp.quantization.tuning.descent import Descent, Sequences, at_once, output_error, updates
from rnnexp.quantization.tuning.together import moments, rounded_together

# What is tuned is kept where its error is below this share of the plain network's.
WORTH_IT = 0.9
EPOCHS = 20
# Fewer epochs than this are not worth beginning.
FEWEST_EPOCHS = 5
# Sequences are divided in so many blocks, of which every fourth one decides: neighbours in a series are much alike.
BLOCKS = 16
# With fewer of them, there is nothing to be learned from some and to be seen on others.
FEWEST_SEQUENCES = 16
# Moments of values are of about so many products of numbers at most.
MOST_PRODUCTS = 2e9


@dataclass(frozen=True)
class Way:
    """One of the ways to get integers.

    Attributes:
        name: in words.
        integers: what it leads to.
        error: root mean squared difference of the outputs from real ones, on the sequences that decide.
    """

    name: str
    integers: IntegerNetwork
    error: float


@dataclass(frozen=True)
class FineTuned:
    """What fine-tuning has come to.

    Attributes:
        ways: all that were tried; the first one is the plain network.
        kept: one of them.
        fitted: how many sequences were for fitting.
        judged: how many decided.
    """

    ways: tuple[Way, ...]
    kept: Way
    fitted: int
    judged: int

    @property
    def helped(self) -> bool:
        """Whether another network than the plain one is kept."""
        return self.kept is not self.ways[0]


def fine_tune(
    integers: IntegerNetwork,
    network: Network,
    given: Sequences,
    *,
    epochs: int = EPOCHS,
    seed: int = 0,
    on_epoch: Callable[[int, float], object] | None = None,
) -> FineTuned:
    """Tune a network towards the outputs of the one that it was rounded from.

    Args:
        integers: plainly quantised; with what its products were rounded from, they are rounded together.
        network: in real numbers.
        given: what it will see; at least ``FEWEST_SEQUENCES``.
        epochs: passes over the part for fitting, in the integers' arithmetic; 0: none.
        seed: of the order of sequences.
        on_epoch: called after each epoch with its number and the outputs' error on the part that decides.
    """
    fitting, judging = divided(given)
    plain = without_exact(integers)
    ways = [Way("rounded to nearest", plain, output_error(plain, network, judging))]
    if any(product.exact is not None for product in products(integers)):
        some = fitting.rows(spread(len(fitting.x), affordable(integers, MOST_PRODUCTS)))
        batches = ((part.codes(integers), part.lengths) for part in some.parts(at_once(integers)))
        together = without_exact(rounded_together(integers, moments(integers, batches)))
        ways.append(Way("rounded together", together, output_error(together, network, judging)))
    if epochs:
        begin = min(ways, key=lambda way: way.error)
        descent, found, error = Descent(begin.integers, network, fitting, epochs=epochs, seed=seed), plain, 0.0
        for epoch in range(1, epochs + 1):
            found = descent.epoch()
            if on_epoch or epoch == epochs:
                error = output_error(found, network, judging)
            if on_epoch:
                on_epoch(epoch, error)
        # The last one, to which the rate has fallen: to pick the best one would be to fit to what decides.
        ways.append(Way(f"{begin.name}, trained for {epochs} epochs", found, error))
    best = min(ways, key=lambda way: way.error)
    kept = best if best.error < WORTH_IT * ways[0].error else ways[0]
    return FineTuned(tuple(ways), kept, len(fitting.x), len(judging.x))


def divided(given: Sequences) -> tuple[Sequences, Sequences]:
    """Return the sequences for fitting and those that decide."""
    blocks = np.array_split(np.arange(len(given.x)), min(BLOCKS, len(given.x)))
    decides = [number % 4 == 3 for number in range(len(blocks))]
    parts = [
        np.concatenate([block for block, chosen in zip(blocks, decides, strict=True) if chosen is wanted])
        for wanted in (False, True)
    ]
    return given.rows(parts[0]), given.rows(parts[1])


def affordable(integers: IntegerNetwork, most: float) -> int:
    """Return for how many sequences a network takes so many products of numbers."""
    weights = sum(product.high.size for product in products(integers))
    return max(int(most // (weights * integers.front_steps)), 1)


def affordable_epochs(integers: IntegerNetwork, sequences: int, most_products: float, most_steps: int) -> int:
    """Return how many epochs there can be, up to ``EPOCHS``; 0 where these would be too few.

    Args:
        integers: the network.
        sequences: of an epoch.
        most_products: of numbers, in all epochs.
        most_steps: of cells with a batch of sequences, likewise: of a small network, these are what takes the time.
    """
    cells = sum(len(layer.cells) for layer in integers.layers) + len(integers.front) + len(integers.back)
    steps = updates(integers, sequences) * integers.front_steps * max(cells, 1)
    epochs = min(EPOCHS, affordable(integers, most_products) // sequences, most_steps // steps)
    return epochs if epochs >= FEWEST_EPOCHS else 0

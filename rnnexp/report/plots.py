"""The pictures of runs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnexp.files import write_through
from rnnexp.printable import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# More points than this cannot be told apart; the last ones are shown.
SHOWN_POINTS = 120
# Of lines, one after the other.
STYLES = ("-", ":", "--", "-.")
# The first has no letters of East Asia: the others are asked for those, as far as they are there.
FONTS = ("DejaVu Sans", "Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic", "Meiryo", "IPAexGothic", "IPAGothic")


def _save(path: Path, draw: Callable[[Axes], object], size: tuple[float, float] = (9.0, 4.5)) -> None:
    # The object interface: no window system, no global state.
    from matplotlib import font_manager, rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    there = set(font_manager.get_font_names())
    with rc_context({"font.family": [font for font in FONTS if font in there]}), warnings.catch_warnings():
        # Letters that no font here has are boxes.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure.add_subplot())
        write_through(path, lambda temporary: figure.savefig(temporary, dpi=110))


def literal(name: str) -> str:
    """Return a name as pictures show it letter by letter, with no part that is a formula."""
    return printable(name).replace("$", r"\$")


def losses(path: Path, train: Sequence[float], validation: Sequence[float], title: str) -> None:
    """Plot the loss of both parts over the epochs, on a logarithmic scale."""

    from matplotlib.ticker import MaxNLocator

    def draw(axes: Axes) -> None:
        epochs = np.arange(1, len(train) + 1)
        marker = "o" if len(train) < 3 else ""
        axes.plot(epochs, train, label="training", marker=marker)
        axes.plot(epochs, validation, label="validation", linestyle="--", marker=marker)
        if min(*train, *validation) > 0:
            axes.set_yscale("log")
        axes.set(xlabel="epoch", ylabel="loss", title=title)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()

    _save(path, draw)


def curves(path: Path, runs: Mapping[str, tuple[Sequence[int], Sequence[float], Sequence[float]]]) -> None:
    """Plot the losses of several runs over the epochs: of the validation part as lines, of the training part dotted.

    Args:
        path: of the picture, whose suffix says of which format it is.
        runs: name -> epochs, losses of the training part and of the validation part.
    """
    from matplotlib.ticker import MaxNLocator

    def draw(axes: Axes) -> None:
        for name, (epochs, train, validation) in runs.items():
            marker = "o" if len(epochs) < 3 else ""
            (line,) = axes.plot(epochs, validation, label=literal(name), marker=marker)
            axes.plot(epochs, train, linestyle=":", color=line.get_color(), marker=marker)
        if min(min(*train, *validation) for _, train, validation in runs.values()) > 0:
            axes.set_yscale("log")
        axes.set(xlabel="epoch", ylabel="loss", title="validation part, and training part dotted")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()

    _save(path, draw)


def predictions(
    path: Path,
    target: np.ndarray,
    outputs: Mapping[str, np.ndarray],
    *,
    units: str,
    title: str,
) -> None:
    """Plot targets and predictions, ``[n, 1]`` each, in the order of the samples."""

    def draw(axes: Axes) -> None:
        shown = slice(max(0, len(target) - SHOWN_POINTS), None)
        samples = np.arange(len(target))[shown]
        axes.plot(samples, target[shown, 0], label="truth", color="black", linewidth=1.4)
        for (name, values), style in zip(outputs.items(), cycle(STYLES), strict=False):
            axes.plot(samples, values[shown, 0], label=literal(name), linestyle=style, linewidth=1.1)
        some = f" (the last {SHOWN_POINTS} of {len(target)})" if len(target) > SHOWN_POINTS else ""
        axes.set(xlabel=f"sample{some}", ylabel=literal(units), title=title)
        axes.grid(alpha=0.3)
        axes.legend()

    _save(path, draw)


def generation(
    path: Path,
    window: np.ndarray,
    truth: np.ndarray,
    generated: Mapping[str, np.ndarray],
    *,
    units: str,
    title: str,
) -> None:
    """Plot the window ``[time]`` that generation starts from, the truth ``[steps]`` after it, and what was generated.

    Generated values far from the truth are cut off, so that the truth can still be seen.
    """

    def draw(axes: Axes) -> None:
        known = np.concatenate([window, truth])
        axes.plot(np.arange(len(known)) - len(window) + 1, known, label="truth", color="black", linewidth=1.4)
        for (name, values), style in zip(generated.items(), cycle(STYLES), strict=False):
            axes.plot(np.arange(1, len(values) + 1), values, label=literal(name), linestyle=style, linewidth=1.4)
        axes.axvspan(1 - len(window), 0, alpha=0.1, label="window at the start")
        margin = float(np.ptp(known)) or 1.0
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, known.min() - margin), min(high, known.max() + margin))
        axes.set(xlabel="step", ylabel=literal(units), title=title)
        axes.grid(alpha=0.3)
        axes.legend()

    _save(path, draw)


def state_error(path: Path, shares: np.ndarray, title: str) -> None:
    """Plot the largest difference of integer and float states over time, ``[time]``, as a share of full scale."""

    from matplotlib.ticker import MaxNLocator

    def draw(axes: Axes) -> None:
        axes.plot(np.arange(1, len(shares) + 1), 100 * shares, marker="o" if len(shares) < 3 else "")
        axes.set(xlabel="time step", ylabel="largest error, % of full scale", title=title)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)

    _save(path, draw)


def step_accuracy(path: Path, shares: Mapping[str, Sequence[float]], title: str) -> None:
    """Plot the share of sequences that is right at each time step."""

    from matplotlib.ticker import MaxNLocator

    def draw(axes: Axes) -> None:
        for (name, values), style in zip(shares.items(), cycle(STYLES), strict=False):
            axes.plot(np.arange(1, len(values) + 1), values, label=literal(name), linestyle=style, marker=".")
        axes.set(xlabel="time step", ylabel="accuracy", title=title)
        axes.set_ylim(-0.02, 1.02)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()

    _save(path, draw)


def confusion(path: Path, counts: np.ndarray, names: Sequence[str], title: str) -> None:
    """Plot a confusion matrix, rows true and columns predicted, shaded by the share of the row."""
    names = [literal(name) for name in names]

    def draw(axes: Axes) -> None:
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
        axes.set_yticks(range(len(names)), names)
        for (row, column), count in np.ndenumerate(counts):
            color = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=color)
        axes.set(xlabel="predicted", ylabel="true", title=title)

    side = 3.0 + 0.6 * len(names)
    _save(path, draw, (side + 0.5, side))

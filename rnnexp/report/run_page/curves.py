"""The curves of a run's page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from rnnexp.report.page.charts import Chart, Line
from rnnexp.report.page.texts import Text
from rnnexp.report.run_page import words

_TRUTH = Text("truth", "正解")
_TIME = Text("time", "時刻")
_STEP = Text("time step", "時間ステップ")


def losses(train: Sequence[float], validation: Sequence[float]) -> Chart:
    """Return the losses of both parts over the epochs, on a logarithmic scale."""
    return Chart(
        name="loss",
        title=Text("Loss of the training", "学習中の損失"),
        x_label=Text("epoch", "エポック"),
        y_label=Text("loss", "損失"),
        places=np.arange(1, len(train) + 1),
        lines=[
            Line(Text("training", "学習データ"), np.asarray(train)),
            Line(Text("validation", "検証データ"), np.asarray(validation)),
        ],
        logarithmic=True,
    )


def predictions(
    target: np.ndarray,
    predicted: Mapping[str, np.ndarray],
    times: np.ndarray | None,
    *,
    units: str,
    output: str = "",
    number: int = 0,
    aside: Collection[str] = (),
) -> Chart:
    """Return what is predicted beside the truth, ``[n]`` each.

    Args:
        target: in the data's own units.
        predicted: name -> the same.
        times: of them, ``[n]`` datetime64; None where they are not known.
        units: of the values.
        output: what it is of several outputs.
        number: of the chart.
        aside: names of those that are shown on demand.
    """
    which = Text.same(": ") + words.output(output) if output else Text.same("")
    several = Text(
        "Each prediction stands at the first of the steps that are predicted together.",
        "予測値は、まとめて予測するステップのうち最初のステップの位置に示します。",
    )
    return Chart(
        name=f"predictions-{number}" if number else "predictions",
        title=Text("Predictions and truth", "予測と正解") + which,
        x_label=Text("sequence", "系列の番号") if times is None else _TIME,
        y_label=Text.same(units),
        places=np.arange(len(target)) if times is None else times,
        lines=[
            Line(_TRUTH, target, strong=True),
            *(Line(words.named(name), values, hidden=name in aside) for name, values in predicted.items()),
        ],
        note=several if output else None,
    )


def generation(
    window: np.ndarray,
    truth: np.ndarray,
    generated: Mapping[str, Sequence[float]],
    baselines: Mapping[str, np.ndarray],
    times: np.ndarray | None,
    *,
    units: str,
) -> Chart:
    """Return what was generated in closed loop, after the window ``[time]`` that it starts from, beside the truth.

    Args:
        window: before the first step.
        truth: ``[steps]``, after it.
        generated: name of the model -> values, as many as there are.
        baselines: name -> ``[steps]``.
        times: of window and truth, ``[time + steps]``; None where they are not known.
        units: of the values.
    """
    known = np.concatenate([window, truth])
    margin = float(np.ptp(known)) or 1.0

    def after(values: Sequence[float] | np.ndarray) -> np.ndarray:
        line = np.full(len(known), np.nan)
        line[len(window) : len(window) + len(values)] = values
        return line

    return Chart(
        name="generation",
        title=Text(f"{len(truth):,} steps in closed loop", f"閉ループでの生成 {len(truth):,} ステップ"),
        x_label=Text("step", "ステップ") if times is None else _TIME,
        y_label=Text.same(units),
        places=np.arange(1 - len(window), len(truth) + 1) if times is None else times,
        lines=[
            Line(_TRUTH, known, strong=True),
            *(Line(words.named(name), after(values)) for name, values in generated.items()),
            *(Line(words.named(name), after(values)) for name, values in baselines.items()),
        ],
        # Generated values can go anywhere, and the truth has to be seen.
        limits=(float(known.min()) - margin, float(known.max()) + margin),
        band=(0, len(window) - 1, Text("window at the start", "開始時の窓")),
    )


def state_errors(shares: np.ndarray) -> Chart:
    """Return how far the int8 states are from the float ones over time, ``[time]``, shares of full scale."""
    return Chart(
        name="state-error",
        title=Text(
            "int8 error over time: hidden state against float, same weights",
            "int8 の誤差の時間変化: 同じ重みの float の隠れ状態との差",
        ),
        x_label=_STEP,
        y_label=Text("largest error, % of full scale", "最大誤差 (フルスケールに対する %)"),
        places=np.arange(1, len(shares) + 1),
        lines=[Line(Text("largest error", "最大誤差"), 100 * shares)],
    )


def step_accuracy(shares: Mapping[str, Sequence[float]]) -> Chart:
    """Return which share of the sequences is right at each time step, by the name of a model or baseline."""
    longest = max(map(len, shares.values()))
    return Chart(
        name="step-accuracy",
        title=Text("Accuracy at each time step", "時間ステップごとの正解率"),
        x_label=_STEP,
        y_label=Text("accuracy", "正解率"),
        places=np.arange(1, longest + 1),
        lines=[Line(words.named(name), np.asarray(values, np.float64)) for name, values in shares.items()],
    )

"""Recordings for tests: gestures of a six-axis sensor, as different to a network as those of people are."""

import numpy as np

AXES = ("aX", "aY", "aZ", "gX", "gY", "gZ")


def gesture(kind, seed, steps=60):
    """A recording ``[steps, 6]``: accelerations of about 1, and rates of turning of about 100."""
    random = np.random.default_rng([seed, len(kind)])
    time = np.arange(steps) / steps
    noise = random.normal(size=(steps, 6)) * [0.05, 0.05, 0.05, 5, 5, 5]
    if kind == "punch":
        center = 0.35 + random.uniform(-0.08, 0.08)
        bump = np.exp(-(((time - center) / 0.06) ** 2)) - 0.7 * np.exp(-(((time - center - 0.12) / 0.08) ** 2))
        signal = np.outer(bump, [3.2, -0.3, 0.4, 60, -20, 150])
        signal[:, 2] += 1
    else:
        center = 0.45 + random.uniform(-0.1, 0.1)
        ramp = 1 / (1 + np.exp(-(time - center) / 0.07))
        bend = np.sin(np.pi * ramp)
        signal = np.stack([1 - 1.6 * ramp, 0.2 * ramp, 0.9 * bend, 20 * ramp, 120 * bend, -30 * ramp], axis=1)
    return np.round(signal + noise, 2)


def lines(values, separator=",", decimal="."):
    """The rows of a recording as text."""
    return [separator.join(f"{value:g}".replace(".", decimal) for value in row) for row in values]


def ts_line(values, label):
    """A recording as a line of a ``.ts`` file."""
    return ":".join(",".join(f"{value:g}" for value in column) for column in values.T) + f":{label}"


def ts_file(recordings, *, classes="", target=False, header=()):
    """A ``.ts`` file: recordings are pairs of values and label."""
    kind = "@targetLabel true" if target else f"@classLabel true {classes}".rstrip()
    dimensions = recordings[0][0].shape[1]
    head = ["@problemName Own", "@timeStamps false", f"@univariate {str(dimensions == 1).lower()}", *header, kind]
    return "\n".join([*head, "@data", *(ts_line(*recording) for recording in recordings)]) + "\n"

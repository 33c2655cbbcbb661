"""What ``rnnexp run`` answers, as CSV."""

from __future__ import annotations

import csv
import io

import numpy as np

from rnnexp.commands.samples import alphabet
from rnnexp.commands.windows import Samples
from rnnexp.formats.about import About
from rnnexp.preprocessing import characters
from rnnexp.report import evaluation

# Words that the answer to a sound names.
MOST_PROBABLE = 3


def most_probable(probabilities: np.ndarray, about: About) -> str:
    """Return the most probable of the classes, and how probable they are, ``MOST_PROBABLE`` at most, a row for each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["word", "probability"])
    # Of equals the first, as it is for whoever takes the largest.
    for number in np.argsort(-probabilities, kind="stable")[:MOST_PROBABLE]:
        writer.writerow([about.classes[number], f"{probabilities[number]:.4f}"])
    return text.getvalue()


def to_csv(outputs: np.ndarray, given: Samples, about: About) -> str:
    """Return the answers as CSV.

    There is a row for each sample, or each step of its answer, with class and probabilities, or predictions; for texts,
    one with the answer as text.
    """
    classes = about.classes
    if len(classes) == 2:
        outputs = evaluation.class_probabilities(outputs)
    every_step = outputs.ndim == 3
    places = [given.heading, *(["time"] if given.times else []), *(["time_step"] if every_step else [])]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if given.texts and every_step:
        answers = characters.texts(outputs, alphabet(about, given.values.shape[2]))
        writer.writerow([given.heading, "text", "answer"])
        writer.writerows(zip(given.numbered(), given.texts, answers, strict=True))
        return text.getvalue()
    if len(classes) == outputs.shape[-1]:
        writer.writerow([*places, "class", *classes])
    else:
        many = outputs.shape[-1] > 1
        names = [f"prediction_{n + 1}" if many else "prediction" for n in range(outputs.shape[-1])]
        if about.columns is not None and about.columns.outputs == len(names):
            names = about.columns.output_names
        writer.writerow([*places, *names])
    padded = given.lengths if about.every_step and not about.answer_steps else None
    for place, (number, sample) in enumerate(zip(given.numbered(), outputs, strict=True)):
        when = given.times[place : place + 1]
        real = sample if padded is None else sample[: padded[place]]
        for step, row in enumerate(real if every_step else sample[None], 1):
            named = [classes[int(row.argmax())]] if len(classes) == len(row) else []
            writer.writerow(
                [number, *when, *([step] if every_step else []), *named, *(f"{value:.9g}" for value in row)]
            )
    return text.getvalue()

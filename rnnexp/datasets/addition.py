"""Adding two numbers written in characters: "12+345" is read, then "357" is written."""

from __future__ import annotations

import numpy as np

from rnnexp.config import ClassificationConfig
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.errors import UserError
from rnnexp.preprocessing import characters
from rnnexp.preprocessing.input_map import Characters

DIGITS = 3
TRAIN_PAIRS, HELD_OUT_PAIRS = 100_000, 5_000
# Answers are of all of them but the last.
CHARACTERS = f"0123456789{characters.BLANK}+"
CLASSES = len(CHARACTERS) - 1
QUESTION, ANSWER = 2 * DIGITS + 1, DIGITS + 1


def load(config: ClassificationConfig) -> Dataset:
    """Draw different pairs of numbers below 1000.

    Inputs are ``[n, 7, 12]``, one-hot characters; targets ``[n, 4]``, the characters of the sums; both with blanks
    before them, as on paper: with blanks behind, the same network learns far less (docs/demonstrations.md).

    No pair is in two parts, in either order. The validation part is also the test part, unless it is to choose among
    epochs.

    Raises:
        UserError: if MAX_SEQUENCE_LENGTH would cut questions.
    """
    if config.max_sequence_length < QUESTION:
        raise UserError(
            f"MAX_SEQUENCE_LENGTH is {config.max_sequence_length}, but the questions of {config.dataset_name} have "
            f"{QUESTION} characters, and cannot be cut: set at least {QUESTION}"
        )
    random = np.random.default_rng(config.seed)
    everything = np.stack(np.triu_indices(10**DIGITS), axis=1)
    pairs = everything[random.choice(len(everything), TRAIN_PAIRS + 2 * HELD_OUT_PAIRS, replace=False)]
    random.permuted(pairs, axis=1, out=pairs)
    held_out, further, training = np.split(pairs, [HELD_OUT_PAIRS, 2 * HELD_OUT_PAIRS])
    validation = _split(held_out)
    tested = further if config.early_stopping else held_out
    train, test = _split(training), _split(tested) if config.early_stopping else validation
    return Dataset(
        name=config.dataset_name,
        task="classification",
        train=train,
        validation=validation,
        evaluation=test,
        evaluation_part="test part" if config.early_stopping else "validation part",
        baselines=_baselines(train, tested),
        outputs=CLASSES,
        source=f"pairs of numbers of up to {DIGITS} digits drawn from all there are",
        units="character",
        normalization="none: characters are one-hot",
        answers="after the sequence",
        input_map=Characters(characters=CHARACTERS),
        class_names=tuple(name if name != characters.BLANK else "blank" for name in CHARACTERS[:CLASSES]),
        notes=(
            "Accuracy is the share of all characters that are right, blanks too; 'sequences' the share of sums with no "
            "character wrong.",
        ),
    )


def _split(pairs: np.ndarray) -> Split:
    """Return questions and answers for pairs ``[n, 2]``."""
    questions = characters.one_hot([f"{first}+{second}" for first, second in pairs], CHARACTERS, QUESTION)
    return Split(questions, _answers(pairs.sum(axis=1)))


def _answers(sums: np.ndarray) -> np.ndarray:
    return characters.numbers([str(number) for number in sums], CHARACTERS, ANSWER)


def _baselines(train: Split, pairs: np.ndarray) -> dict[str, np.ndarray]:
    """Return what takes no network, as probabilities ``[n, 4, classes]``."""
    one_hot = np.eye(CLASSES)
    answers, counts = np.unique(train.y, axis=0, return_counts=True)
    places = 10 ** np.arange(DIGITS)
    without_carry = ((pairs[..., None] // places).sum(axis=1) % 10) @ places
    constant = {
        "majority character": one_hot[train.y].mean(axis=0),
        "most frequent answer": one_hot[answers[counts.argmax()]],
    }
    return {
        **{name: np.broadcast_to(values, (len(pairs), *values.shape)) for name, values in constant.items()},
        "sum without carry": one_hot[_answers(without_carry)],
    }

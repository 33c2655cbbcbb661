"""Google's Speech Commands: ten words to tell apart, silence, and any other word; or words of one's own.

Labels, parts and silence are those of ``tensorflow_datasets``, whether the data comes from there or from a folder.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np
from rich.console import Console
from rich.progress import track

from rnnexp.config import ClassificationConfig
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.datasets.speech_commands import folder as speech_folder
from rnnexp.datasets.speech_commands import tfds as speech_tfds
from rnnexp.datasets.speech_commands.augmentation import distort
from rnnexp.datasets.speech_commands.division import PARTS, Rule
from rnnexp.datasets.speech_commands.folder import shortened
from rnnexp.datasets.speech_commands.recipe import Recipe, Statistics
from rnnexp.datasets.speech_commands.streams import arrays as streams
from rnnexp.datasets.speech_commands.streams.arrays import classes_of, clips_of
from rnnexp.datasets.speech_commands.words import LABELS, NOISE, SILENCE, Classes, of_the_ten
from rnnexp.datasets.support import tfds as prepared
from rnnexp.datasets.support.baselines import majority_class
from rnnexp.datasets.support.cache import Cache, Entry, Writer
from rnnexp.errors import UserError
from rnnexp.preprocessing.wav import CLIP_SAMPLES, SAMPLE_BYTES, WANTED, one_second

# Change this when the same settings and clips come to other arrays.
CACHE_VERSION = 3
# How many of the distorted clips have noise in the background; the others have another clip.
NOISE_SHARE = 0.5
# Clips of more samples have lost something, and not just what a clock is off by.
LONGEST = CLIP_SAMPLES + CLIP_SAMPLES // 50
# Clips turned into inputs at once.
CHUNK = 512
# Larger batches of long sequences leave the processor's cache, and take several times as long for each sequence.
RAW_BATCH = 32
# If more files than this share cannot be used, something is wrong with all of them.
LARGEST_SKIPPED_SHARE = 0.1


class Source(Protocol):
    """Where clips come from."""

    @property
    def description(self) -> str:
        """Where the data is from."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the results must know."""

    def count(self, part: str) -> int:
        """Return how many files a part has."""

    def clips(self, part: str, skipped: list[str]) -> Iterator[list[tuple[np.ndarray, int]]]:
        """Yield, file by file, its clips and the numbers of their classes; tell ``skipped`` of files without any."""


def load(config: ClassificationConfig) -> Dataset:
    """Load Speech Commands: from ``DATA_DIR``, or prepared by ``tensorflow_datasets``; decoded once, then cached.

    Inputs are int16 (raw) or float16 (features), memory-mapped.

    Raises:
        UserError: if the data is not there, cannot be used, or there is no space for it.
    """
    streams.check(config)
    recipe = Recipe.of(config)
    found = _source(config)
    key = {"version": CACHE_VERSION, "recipe": recipe.key(), "clips": config.augmentation > 0, **found.origin}
    if config.stream_seconds is not None:
        # All clips are kept in any case.
        key |= {"clips": True, "streams": streams.VERSION}
    # Each of these has an entry of its own; one whose clips have changed takes the place of the old one.
    own = [key["recipe"], key["clips"], *(value for name, value in found.origin.items() if name != "fingerprint")]
    digest = hashlib.sha256(json.dumps(own).encode()).hexdigest()[:12]
    cache = Cache(config.cache_dir, f"{config.dataset_name}-{config.features}-{digest}", key)
    entry = cache.find()
    if entry is None:
        opened = found.open()
        entry = cache.make(lambda writer: _fill(writer, opened, recipe, config, found.classes))
    if config.stream_seconds is None:
        return _dataset(config, recipe, entry, found.classes)
    heard = streams.Streams(config, recipe, found.classes.with_silence, entry)
    return replace(
        _dataset(config, recipe, entry, heard.classes),
        answers="every step",
        notes=(*entry.facts["notes"], *heard.notes),
        augment=heard.augment if config.augmentation else None,
        listening=heard.listening(),
    )


@dataclass(frozen=True)
class _Found:
    """A source that is not opened yet.

    Attributes:
        open: opens it.
        classes: what it tells apart.
        origin: what tells it, and the state it is in, from others.
    """

    open: Callable[[], Source]
    classes: Classes
    origin: dict[str, Any]


def _source(config: ClassificationConfig) -> _Found:
    if config.data_dir is None:
        classes = of_the_ten(config.words)
        origin = {"from": f"tensorflow_datasets {prepared.folder()}"} | _others(classes)
        return _Found(lambda: speech_tfds.prepare(classes, quiet=config.quiet), classes, origin)
    rule = Rule(config.validation_share, config.seed)
    folder = speech_folder.scan(config.data_dir, config.words, rule, convert=config.resample)
    origin = {"from": str(config.data_dir.resolve()), "fingerprint": folder.fingerprint} | _others(folder.classes)
    origin |= {"divided": folder.divided} if folder.divided else {}
    origin |= {"resample": True} if config.resample else {}
    return _Found(lambda: folder, folder.classes, origin)


def _others(classes: Classes) -> dict[str, Any]:
    """Return the classes, where they are others than those of Speech Commands."""
    return {} if classes.names == LABELS else {"classes": classes.names}


def _fill(
    writer: Writer, source: Source, recipe: Recipe, config: ClassificationConfig, classes: Classes
) -> dict[str, Any]:
    """Decode every clip into the cache's arrays, and return what is known of them."""
    count = sum(source.count(part) for part in PARTS)
    streaming = config.stream_seconds is not None
    kept = PARTS if streaming else PARTS[:1] if config.augmentation else ()
    clip_bytes = CLIP_SAMPLES * SAMPLE_BYTES * sum(source.count(part) for part in kept)
    needed, free = (recipe.row_bytes * count + clip_bytes) / 1e9, shutil.disk_usage(config.cache_dir).free / 1e9
    if free < needed:
        raise UserError(
            f"CACHE_DIR is {str(config.cache_dir)!r}: the decoded clips need {needed:.2f} GB there, and {free:.2f} GB "
            "are free"
        )
    skipped: list[str] = []
    # Standard error, like all that is not a result.
    console = Console(stderr=True, quiet=config.quiet)
    there: dict[str, set[int]] = {part: set() for part in PARTS}
    cut: Counter[bool] = Counter()
    for part in PARTS:
        files = track(
            source.clips(part, skipped), f"decoding the {part} part", total=source.count(part), console=console
        )
        for clips, labels in _chunks((clip for found in files for clip in found), cut):
            there[part].update(labels.tolist())
            if part in kept:
                writer.append(clips_of(part), clips)
            if streaming:
                writer.append(classes_of(part), labels)
            else:
                writer.append(f"{part}-inputs", recipe.apply(clips))
                writer.append(f"{part}-labels", labels)
    skipped = list(dict.fromkeys(skipped))  # a recording can be in two parts
    if len(skipped) > LARGEST_SKIPPED_SHARE * count:
        convert = "" if config.resample else "; RESAMPLE (--resample) converts other rates, bits and channels"
        raise UserError(
            f"more than {LARGEST_SKIPPED_SHARE:.0%} of the files of {source.description} cannot be used, "
            f"{len(skipped)} in all: {shortened(skipped)}. Each must be {WANTED}{convert}"
        )
    _check_there(there, classes, skipped)
    if streaming and there["test"] <= {classes.with_silence.names.index(SILENCE)}:
        raise UserError("the test part has no clip of a word, which STREAM_SECONDS needs to be judged by: add some")
    facts = streams.fill(writer, recipe, classes.with_silence) if streaming else {}
    statistics = recipe.statistics(writer.array("train-inputs"))
    for part in PARTS:
        recipe.normalize(writer.array(f"{part}-inputs"), statistics)
    if streaming:
        streams.normalize(writer, recipe, statistics)
    warnings = []
    if cut[True]:
        warnings.append(
            f"{cut[True]} of {cut.total()} clips are longer than a second, of which the first one is read: cut them to "
            "where the word is."
        )
    if skipped:
        convert = "" if config.resample else " RESAMPLE (--resample) converts those of other rates, bits and channels."
        left_out = f"Files that cannot be used and were left out, {len(skipped)} in all: {shortened(skipped, 100)}."
        warnings.append(f"{left_out}{convert}")
    known = {
        "description": source.description,
        "statistics": asdict(statistics),
        "notes": source.notes,
        "warnings": warnings,
        "skipped": skipped,
    }
    return known | facts


def _check_there(there: dict[str, set[int]], classes: Classes, skipped: list[str]) -> None:
    """See that there is something to learn every class from, and something to watch it by.

    Raises:
        UserError: if not.
    """
    for part in ("train", "validation"):
        absent = [name for number, name in enumerate(classes.names) if number not in there[part]]
        if not absent:
            continue
        silent = absent[0] == SILENCE
        folders = (NOISE, SILENCE) if silent else (absent[0],)
        own = [name for name in skipped if name.startswith(tuple(f"{folder}/" for folder in folders))]
        why = f", where some cannot be used: {shortened(own)}" if own else ""
        advice = (
            f"a recording in {NOISE} must be longer than a second, or than two where there is no other; without them "
            "there is no such class"
            if silent
            else f"add some, or choose other WORDS (--words); or remove {speech_folder.VALIDATION_LIST} and "
            f"{speech_folder.TESTING_LIST}, if it is they that leave it none, to have the clips divided by speaker"
        )
        raise UserError(f"the {part} part has no clip of the class {absent[0]!r}{why}. Mend it: {advice}")
    if not there["test"]:
        raise UserError(f"the test part has no clip that can be used: {shortened(skipped)}")


def _chunks(clips: Iterable[tuple[np.ndarray, int]], cut: Counter[bool]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Collect clips into arrays ``[n, CLIP_SAMPLES]`` and their classes ``[n]``, and count those that are cut."""
    rows: list[np.ndarray] = []
    labels: list[int] = []
    for samples, number in clips:
        rows.append(one_second(samples))
        cut[len(samples) > LONGEST] += 1
        labels.append(number)
        if len(rows) == CHUNK:
            yield np.stack(rows), np.array(labels, np.int32)
            rows, labels = [], []
    if rows:
        yield np.stack(rows), np.array(labels, np.int32)


def _dataset(config: ClassificationConfig, recipe: Recipe, entry: Entry, classes: Classes) -> Dataset:
    """Put the cache's arrays together."""
    train, validation, test = (
        Split(entry.arrays[f"{part}-inputs"], np.array(entry.arrays[f"{part}-labels"])) for part in PARTS
    )
    statistics, count = Statistics(**entry.facts["statistics"]), len(classes.names)
    return Dataset(
        name=config.dataset_name,
        task="classification",
        train=train,
        validation=validation,
        evaluation=test,
        evaluation_part="test part",
        baselines={"majority class": majority_class(train.y, test.y.size, count).reshape(*test.y.shape, count)},
        outputs=count,
        source=entry.facts["description"],
        units="class",
        normalization=recipe.normalization(statistics),
        input_map=recipe.input_map(statistics),
        input_scale=recipe.input_scale(statistics),
        class_names=classes.names,
        defaults={"batch_size": RAW_BATCH} if config.features == "raw" else {},
        notes=tuple(entry.facts["notes"]),
        warnings=tuple(entry.facts["warnings"]),
        augment=_augmentation(config, recipe, entry, classes) if config.augmentation else None,
    )


def _augmentation(
    config: ClassificationConfig, recipe: Recipe, entry: Entry, classes: Classes
) -> Callable[[np.random.Generator], np.ndarray]:
    """Return what makes the inputs of the training part anew, of its clips distorted.

    In the background of half of them is noise, of the others any clip, which says another word most of the time.
    """
    clips, labels = entry.arrays[clips_of("train")], entry.arrays["train-labels"]
    statistics = Statistics(**entry.facts["statistics"])
    noise = np.flatnonzero(labels == classes.number(SILENCE)) if SILENCE in classes.names else ()

    def augment(random: np.random.Generator) -> np.ndarray:
        inputs = np.empty_like(entry.arrays["train-inputs"])
        background = random.integers(len(clips), size=len(clips))
        if len(noise):
            background = np.where(random.random(len(clips)) < NOISE_SHARE, random.choice(noise, len(clips)), background)
        for begin in range(0, len(clips), CHUNK):
            rows = slice(begin, begin + CHUNK)
            inputs[rows] = recipe.apply(distort(clips[rows], clips[background[rows]], config.augmentation, random))
        recipe.normalize(inputs, statistics)
        return inputs

    return augment

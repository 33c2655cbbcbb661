"""What the tool reads, with something wrong with it: of every kind, what is written and which command reads it."""

import contextlib
import importlib
import importlib.util
import io
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from helpers import mutations, sweeps
from helpers.attempt import command
from helpers.clips import tone, write_wav
from helpers.keras_files import members, packed
from helpers.random_networks import layered
from helpers.recordings import AXES, gesture, lines, ts_file
from helpers.sounds import listener
from helpers.whole_files import ABOUT, FEATURES, STEPS, numbers, of_tflite, whole_files

from rnnexp import cli
from rnnexp.commands.data import SETTINGS
from rnnexp.commands.flags import parse
from rnnexp.config import CONFIGS
from rnnexp.experiment import checkpoints
from rnnexp.experiment.sweep import executor, rerun
from rnnexp.formats.about import About
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.quantization.quantizer import quantize

# Of a run, and of a sweep, that there are.
RUN, STOPPED, SWEEP = "20260101-000000-series-tanh", "20260102-000000-series-tanh", "tried"
SERIES = "time,load,temp\n" + "".join(
    f"2024-01-{1 + n // 24:02d} {n % 24:02d}:00,{50 + 0.3 * n + 8 * np.sin(n / 3):.2f},{20 + 5 * np.cos(n / 4):.1f}\n"
    for n in range(150)
)
QUICK = {
    "dataset_name": "series.csv", "target": "load", "sequence_length": 6, "hidden_size": 2, "activation": "tanh",
    "epochs": 1, "qat_epochs": 0, "linear_path": False,
}  # fmt: skip
# What commands load; some need not be there.
LIBRARIES = (
    "rnnexp.commands.data", "rnnexp.commands.run", "rnnexp.commands.runs", "rnnexp.commands.convert",
    "rnnexp.runs.find",
    "rnnexp.commands.export", "rnnexp.commands.sweep", "rnnexp.conversion.convert", "rnnexp.report.data_plots",
    "optuna",
    "rnnexp.report.conversion.text", "rnnexp.experiment.sweep.sweep", "rnnexp.experiment.sweep.rerun", "h5py",
    "rnnexp.formats.c.boards.registry", "rnnexp.runs.text", "rnnexp.runs.export", "rnnexp.experiment.run",
    "matplotlib.pyplot", "ai_edge_litert.interpreter", "scipy.io.wavfile", "rnnexp.report.run_page",
    "rnnexp.runs.conditions", "rnnexp.runs.row", "rnnexp.runs.cleaning", "rnnexp.runs.comparison", "statsmodels.api",
    "sklearn.linear_model", "pyarrow.parquet", "openpyxl", "onnx", "onnxruntime",
)  # fmt: skip


@dataclass(frozen=True)
class Whole:
    """What inputs are made of.

    Attributes:
        files: kind -> content, as ``whole_files`` has them.
        models: name -> content of a .tflite file of this project.
        folder: with a run, one that was stopped, a sweep, and their data.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    models: Mapping[str, bytes] = field(default_factory=dict)
    folder: Path = Path()


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes:
        share: of 5,000 inputs.
        make: writes one below a folder, and returns what reads it.
        frameworks: whether TensorFlow has to be there.
        trains: whether a training may begin.
        needs: what of ``Whole`` is used: "files", or "runs".
        package: without which there are no such files.
    """

    share: int
    make: Callable[[Whole, Random, Path], Callable[[], object]]
    frameworks: bool = False
    trains: bool = False
    needs: str = ""
    package: str = ""

    def is_there(self) -> bool:
        """Tell whether files of this kind can be read here."""
        return not self.package or importlib.util.find_spec(self.package) is not None

    def load(self) -> None:
        """Load what commands need, which then need not be loaded for each input."""
        for name in (*LIBRARIES, *(("tensorflow", "keras", "rnnexp.training.trainer") if self.frameworks else ())):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


# ---- whole things


def make(folder: Path, chosen) -> Whole:
    """Make what inputs of some kinds need. TensorFlow works in this process then."""
    folder.mkdir()
    needs = {KINDS[kind].needs for kind in chosen}
    found = whole_files(folder) if "files" in needs else {}
    if "runs" in needs:
        with _in(folder):
            _runs()
            _sweep()
    return Whole(found, _models(), folder)


@contextlib.contextmanager
def _in(folder: Path):
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _models() -> dict[str, bytes]:
    sound, about_sound = listener()
    network = layered(("lstm", 4), steps=STEPS, features=FEATURES, outputs=2)
    own = quantize(network, numbers(20, STEPS, FEATURES))
    numbers_of = to_tflite(own, About.of(network.architecture, **ABOUT).to_entries())
    return {"sound": to_tflite(sound, about_sound.to_entries()), "numbers": numbers_of, "float": of_tflite()}


class PowerCut(BaseException):
    """As if the process had been killed."""


def _runs() -> None:
    """Have a run that has ended, and one that was stopped."""
    from rnnexp.experiment.run import run

    Path("series.csv").write_text(SERIES)
    config = CONFIGS["regression"](**QUICK, quiet=True)
    run(config)
    (made,) = Path("runs").iterdir()
    made.rename(f"runs/{RUN}")
    checkpoints.SECONDS = 0.0
    keep = checkpoints.Checkpoints.keep

    def kept(self, state):
        keep(self, state)
        if len(state.history.epochs) == 2:
            raise PowerCut

    checkpoints.Checkpoints.keep = kept
    with contextlib.suppress(PowerCut):
        run(config.model_copy(update={"epochs": 3}))
    (stopped,) = (path for path in Path("runs").iterdir() if path.name != RUN)
    stopped.rename(f"runs/{STOPPED}")


def _sweep() -> None:
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        _quick_sweep(SWEEP_COMMAND)()


SWEEP_COMMAND = [
    "sweep", "memory", "--name", SWEEP, "--activation", "relu", "tanh", "--seed", "0", "1", "--epochs", "2", "--keep",
    "none",
]  # fmt: skip


def _quick_sweep(words):
    """Return what runs a sweep whose trials are arithmetic."""

    def run() -> None:
        executor.LocalExecutor = lambda count, *_: sweeps.HereAndNow(most=count)
        # Whatever is read is read by then.
        rerun._again = lambda *_: sys.exit(0)
        command(words)()

    return run


# ---- settings


def settings(own: Whole, random: Random, work: Path):
    """Flags and constants with strange values."""
    task = random.choice(list(CONFIGS))
    known = CONFIGS[task].model_fields
    names = random.choices(list(known), k=random.choice([1, 1, 2, 4]))
    kind = random.randrange(10)
    if kind <= 2:  # flags
        words = []
        for name in names:
            flag = f"--{name.replace('_', '-')}"
            value = random.choice([*mutations.WORDS, *map(repr, mutations.VALUES[:15])])
            words += random.choice(
                [[flag, value], [f"{flag}={value}"], [flag], [flag, value, value], [f"{flag[:-1]}", value]]
            )
        return lambda: sys.exit(cli._guarded(f"rnnexp {task}", lambda: _parsed(task, {}, words)))
    if kind <= 5:  # constants of a script
        constants = {name: random.choice([*mutations.VALUES, random.choice(mutations.STRINGS)]) for name in names}
        if random.random() < 0.2:
            constants[random.choice(["EPOCH", "X", "SWEEPS", "hidden", "\ud800"])] = 1
        return lambda: sys.exit(cli._guarded(f"rnnexp {task}", lambda: _parsed(task, constants, [])))
    if kind <= 7:  # what decides how data is read
        (work / "series.csv").write_text(SERIES)
        words = ["data", random.choice(["series.csv"] * 5 + [random.choice(mutations.WORDS)])]
        for name in random.choices(SETTINGS, k=random.choice([1, 2, 3])):
            words += [
                f"--{name.replace('_', '-')}",
                random.choice([*mutations.WORDS, "load", "temp", "hour", "linear", "1h"]),
            ]
        return command(words)
    word, other = random.choice(mutations.WORDS), random.choice(mutations.WORDS)
    (work / "m.tflite").write_bytes(own.models["numbers"])
    np.save(work / "x.npy", numbers(3, STEPS, FEATURES))
    (work / "runs").mkdir()
    chosen = random.choice(
        [
            [word], ["inspect", word], ["inspect", "m.tflite", word], ["run", word, other], ["run", "m.tflite", word],
            ["run", "m.tflite", "x.npy", "--runtime", word], ["run", "m.tflite", "x.npy", "--steps", word],
            ["data", word],
            ["runs", word], ["runs", "--best", word], ["runs", "--where", word], ["runs", "show", word],
            ["runs", "--runs-dir", word],
            ["runs", "compare", word, other], ["runs", "export", word, "out"], ["runs", "--where", f"rmse<{word}"],
            ["export", word, "out", "--board", "cmake"], ["export", "m.tflite", "out", "--board", word],
            ["convert", word, "--calibration", other, "--output-dir", "out"],
            ["convert", "m.tflite", "--calibration", "x.npy", "--output-dir", "out", "--name", word],
            ["convert", "m.tflite", "--calibration", "x.npy", "--output-dir", "out", "--steps", word],
            ["convert", "m.tflite", "--calibration", "x.npy", "--output-dir", "out", "--fail-on", word],
            ["sweep", word], ["sweep", "memory", "--seed", "0", "1", "--name", word, "--objective", other],
            ["sweep", "memory", "--learning-rate", f"{word}..{other}", "--trials", "2"],
            ["sweep", "memory", "--hidden-size", word, other, "--workers", "0"],
        ]
    )  # fmt: skip
    return _quick_sweep(chosen)


def _parsed(task: str, constants, words: list[str]) -> int:
    """Read settings as a script does, without training."""
    fields = {name.upper() if name != "custom_max_value" else name: value for name, value in constants.items()}
    parse(f"rnnexp {task}", CONFIGS[task], cli._settings_among(fields, CONFIGS[task]), words)
    return 0


# ---- data


def _data(work: Path, name: str, random: Random, *more: str):
    """Return a command that reads data, or draws it."""
    (work / "out").mkdir(exist_ok=True)
    words = ["data", name, *more]
    if random.random() < 0.3:
        words.append("--json")
    if random.random() < 0.15:
        words += ["--picture", "out/p.png"]
    if random.random() < 0.3:
        words += ["--task", random.choice(["regression", "classification"])]
    if random.random() < 0.2:
        words += ["--horizon", "3"]
    if random.random() < 0.2:
        words += ["--fill", random.choice(["linear", "previous"])]
    return command(words)


def _recordings_csv() -> str:
    rows = [
        f"{number},{kind},{line}"
        for kind in ("flex", "punch")
        for number in range(6)
        for line in lines(gesture(kind, number, 12))
    ]
    return "id,label," + ",".join(AXES) + "\n" + "\n".join(rows) + "\n"


def _run(own: Whole, work: Path, path: str, model: str = "numbers", *more: str):
    (work / "m.tflite").write_bytes(own.models[model])
    return command(["run", "m.tflite", path, *more])


COLUMNS = ((), *[("--target", "load")] * 4, *[("--target", "load", "--inputs", "temp")] * 2)


def csv(own: Whole, random: Random, work: Path):
    """Series, recordings, and samples for a model, as CSV."""
    kind = random.randrange(5)
    if kind == 0:
        samples = "\n".join(",".join(f"{value:.3f}" for value in row) for row in numbers(4, STEPS * FEATURES)) + "\n"
        (work / "x.csv").write_bytes(mutations.table(samples, random))
        return _run(own, work, "x.csv")
    text = _recordings_csv() if kind == 1 else SERIES
    made = mutations.table(text, random)
    name = random.choice(["x.csv"] * 8 + ["x.tsv", "x.txt", "x.csv.gz", "x.CSV"])
    if name.endswith(".gz") and random.random() < 0.7:
        import gzip

        made = mutations.content(gzip.compress(made), random.randrange(2**32))
    (work / name).write_bytes(made)
    return _data(
        work, name, random, *random.choice([(), (), ("--target", "load"), ("--target", "load", "--inputs", "temp")])
    )


ARFF = "@relation r\n@attribute a numeric\n@attribute b numeric\n@attribute c numeric\n@attribute class {x,y}\n@data\n"


def ts(_own: Whole, random: Random, work: Path):
    """Recordings in .ts, .arff, or UCR's text."""
    kind = random.randrange(3)
    recordings = [(gesture(name, number, 8), name) for name in ("flex", "punch") for number in range(5)]
    if kind == 0:
        words = ARFF + "".join(f"{n},{n / 2},{-n},{'xy'[n % 2]}\n" for n in range(12))
        name = "x.arff"
    else:
        words, name = ts_file(recordings, classes="flex punch"), "x.ts"
    separator = random.choice([",", ":", " "])
    made = mutations.table(words, random, separator) if random.random() < 0.6 else mutations.text(words, random)
    (work / name).write_bytes(made)
    if random.random() < 0.1:
        (work / "x_TRAIN.ts").write_bytes(made)
        (work / "x_TEST.ts").write_text(words)
        name = random.choice(["x_TRAIN.ts", "x_TEST.ts"])
    return _data(work, name, random)


def npz(own: Whole, random: Random, work: Path):
    """Recordings, samples, and calibration data, as .npz."""
    reader = random.choice(READERS)
    arrays = {"x": numbers(20, STEPS, FEATURES)}
    if reader != "run":
        arrays["y"] = np.arange(20) % 2
    if random.random() < 0.4 and reader != "run":
        arrays["lengths"] = np.full(20, STEPS)
    if random.random() < 0.15:
        arrays = {"load": np.arange(100.0), "temp": np.sin(np.arange(100.0))}
    (work / "x.npz").write_bytes(mutations.npz(arrays, random))
    return _reader(reader, own, random, work, "x.npz")


def npy(own: Whole, random: Random, work: Path):
    """Series and samples, as .npy."""
    reader = random.choice(READERS)
    samples, series = numbers(20, STEPS, FEATURES), np.sin(np.arange(100.0))
    (work / "x.npy").write_bytes(mutations.npy(series if reader == "data" else samples, random))
    return _reader(reader, own, random, work, "x.npy")


READERS = ("data", "data", "data", "run", "run", "convert")


def _reader(reader: str, own: Whole, random: Random, work: Path, name: str):
    """Return a command that reads arrays."""
    if reader == "data":
        return _data(work, name, random)
    if reader == "run":
        return _run(own, work, name)
    (work / "m.tflite").write_bytes(own.models["float"])
    return _converted(work, "m.tflite", random, data=name)


def wav(own: Whole, random: Random, work: Path):
    """Sound for a model, and a folder of it."""
    samples = tone(300, count=random.choice([16000, 4000, 40000]), seed=1)
    made = mutations.wav(samples, random)
    if random.random() < 0.5:
        (work / "x.wav").write_bytes(made)
        return _run(own, work, "x.wav", "sound", *random.choice([(), ("--resample",)]))
    for label in ("yes", "no"):
        for number in range(3):
            write_wav(work / "words" / label / f"{number}.wav", tone(300 + 50 * number, count=800, seed=number))
    name = random.choice(mutations.STRINGS).replace("\x00", "").replace("/", "_")[:60] or "x"
    (work / "words" / random.choice(["yes", "no", "é\u202e", COMMENTED])).mkdir(exist_ok=True)
    place = random.choice(list((work / "words").iterdir()))
    with contextlib.suppress(OSError):
        (place / f"{name}.wav").write_bytes(made)
    (place / "z.wav").write_bytes(made)
    return _data(work, "words", random)


COMMENTED = mutations.COMMENT.replace("/", "_")


def tables(_own: Whole, random: Random, work: Path):
    """Series in Parquet and Excel files."""
    import pandas as pd

    frame, buffer = pd.read_csv(io.StringIO(SERIES)), io.BytesIO()
    kind = random.choice(["parquet", "xlsx"])
    row, column = random.randrange(len(frame)), random.choice(list(frame))
    frame = frame.astype(object) if kind == "xlsx" else frame.astype(str)
    with contextlib.suppress(Exception):
        frame.loc[row, column] = random.choice(mutations.STRINGS)
        frame = frame.rename(columns={random.choice(list(frame)): random.choice(mutations.STRINGS)})
    try:
        frame.to_parquet(buffer) if kind == "parquet" else frame.to_excel(buffer, index=False)
    except Exception:  # what the library does not write it shall not be asked to read
        buffer = io.BytesIO(b"PK")
    made = buffer.getvalue()
    (work / f"x.{kind}").write_bytes(
        mutations.content(made, random.randrange(2**32)) if random.random() < 0.6 else made
    )
    return _data(work, f"x.{kind}", random)


# ---- models of others


def _converted(work: Path, model: str, random: Random, *, whole: float = 0.15, data: str = "data.npz"):
    """Return a conversion; for most inputs of as much of it as reads them."""
    if not (work / data).exists():
        np.savez(work / "data.npz", x=numbers(20, STEPS, FEATURES))
    if random.random() < whole:
        rest = ["--output-dir", "out", "--no-float", "--fine-tune", "off"]
        return command(["convert", model, "--calibration", data, *rest])

    def read() -> int:
        from rnnexp.conversion import samples
        from rnnexp.conversion.sources import open_file

        graph = open_file(Path(model)).graph
        given = samples.fitting(samples.load(Path(data), "--calibration"), graph, None)
        graph.run(given.x[:2])
        return 0

    return lambda: sys.exit(cli._guarded("rnnexp convert", read))


def keras(own: Whole, random: Random, work: Path):
    """The archive, its JSON, or its weights."""
    (work.parent / "whole.keras").write_bytes(own.files["keras"])
    inner = members(work.parent / "whole.keras")
    (work.parent / "whole.keras").unlink()
    path = work / "m.keras"
    match random.randrange(8):
        case 0 | 1:
            path.write_bytes(mutations.content(own.files["keras"], random.randrange(2**32)))
        case 2 | 3:
            inner["model.weights.h5"] = mutations.content(inner["model.weights.h5"], random.randrange(2**32))
            packed(inner, path)
        case 4:
            path.write_bytes(mutations.archive(inner, random, strange=True))
        case _:
            inner["config.json"] = mutations.json_text(inner["config.json"].decode(), random)
            packed(inner, path)
    return _converted(work, "m.keras", random)


def h5(own: Whole, random: Random, work: Path):
    """Files of Keras 1, 2 and 3 in HDF5, or their JSON."""
    import h5py

    kind = random.choice(["h5", "h5 of Keras 2", "h5 of Keras 1"])
    path = work / "m.h5"
    path.write_bytes(own.files[kind])
    if random.random() < 0.5:
        with h5py.File(path, "r+") as file:
            text = file.attrs["model_config"]
            words = text.decode() if isinstance(text, bytes) else text
            made = mutations.json_text(words, random)
            with contextlib.suppress(Exception):
                file.attrs["model_config"] = np.bytes_(made)
    else:
        path.write_bytes(mutations.content(own.files[kind], random.randrange(2**32)))
    return _converted(work, "m.h5", random)


def _damaged(kind: str, name: str, whole: float = 0.15):
    def make(own: Whole, random: Random, work: Path):
        (work / name).write_bytes(mutations.content(own.files[kind], random.randrange(2**32)))
        return _converted(work, name, random, whole=whole)

    make.__doc__ = f"Files of kind {kind!r}, damaged."
    return make


def own_weights(own: Whole, random: Random, work: Path):
    """This project's weights."""
    with np.load(io.BytesIO(own.files["own weights"])) as file:
        arrays = dict(file)
    (work / "m-weights.npz").write_bytes(mutations.npz(arrays, random))
    return _converted(work, "m-weights.npz", random)


def tflite(own: Whole, random: Random, work: Path):
    """Files of others, and of this project, converted, run, shown and exported."""
    content = random.choice([own.models["numbers"], own.models["sound"], own.models["float"]])
    if random.random() < 0.25:
        content = _other_metadata(content, random)
    else:
        content = mutations.content(content, random.randrange(2**32))
    (work / "m.tflite").write_bytes(content)
    np.save(work / "x.npy", numbers(3, STEPS, FEATURES))
    write_wav(work / "x.wav", tone(300))
    (work / "runs").mkdir()
    match random.randrange(8):
        case 0 | 1:
            return command(["inspect", "m.tflite", *random.choice([[], ["--json"], ["--weights", "out.npz"]][:2])])
        case 2 | 3 | 4:
            runtime = random.choice(["litert", "litert", "reference", "numpy"])
            return command(["run", "m.tflite", random.choice(["x.npy", "x.wav"]), "--runtime", runtime])
        case 5:
            return command(["export", "m.tflite", "out", "--board", random.choice(["cmake", "arduino", "zephyr"])])
        case _:
            return _converted(work, "m.tflite", random)


def _other_metadata(content: bytes, random: Random) -> bytes:
    """Return a file with other words in it, as long as those that were there: what it says of itself, and names."""
    start = content.find(b'{"')
    end = content.find(b"}", start) + 1
    if start < 0:
        return mutations.content(content, random.randrange(2**32))
    words = mutations.text(content[start:end].decode("utf-8", "replace"), random)[: end - start]
    return content[:start] + words.ljust(end - start) + content[end:]


# ---- what runs leave


def _copied(own: Whole, work: Path, *names: str) -> None:
    for name in names:
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (own.folder / name).is_dir():
            shutil.copytree(own.folder / name, target)
        else:
            shutil.copy(own.folder / name, target)


def report(own: Whole, random: Random, work: Path):
    """A run's report."""
    _copied(own, work, f"runs/{RUN}")
    path = work / "runs" / RUN / "report.json"
    path.write_bytes(mutations.json_text(path.read_text(), random))
    return _about_runs(own, random, work)


def run_files(own: Whole, random: Random, work: Path):
    """The other files of a run's folder, and its name."""
    _copied(own, work, f"runs/{RUN}")
    folder = work / "runs" / RUN
    path = random.choice([path for path in sorted(folder.iterdir()) if path.is_file()])
    kind = random.randrange(5)
    if kind == 0:
        path.unlink()
    elif kind == 1:
        (folder / "report.json").unlink()
        settings = folder / "settings.json"
        settings.write_bytes(mutations.json_text(settings.read_text(), random))
    elif kind == 2:
        history = folder / "history.csv"
        history.write_bytes(mutations.table(history.read_text(), random))
    elif kind == 3:
        name = random.choice(mutations.STRINGS).replace("\x00", "").replace("/", "_")[:80]
        with contextlib.suppress(OSError, UnicodeError):
            folder.rename(work / "runs" / f"20260101-000000-{name}x")
    else:
        path.write_bytes(mutations.content(path.read_bytes() or b"x", random.randrange(2**32)))
    return _about_runs(own, random, work)


def _about_runs(own: Whole, random: Random, work: Path):
    """Return a command that looks at runs."""
    match random.randrange(9):
        case 0:
            return command(["runs"])
        case 1:
            return command(["runs", "--json"])
        case 2:
            return command(
                ["runs", "--best", "rmse", "--where", random.choice(["cell=simple", "hidden_size>1", "rmse<1e9"])]
            )
        case 3:
            return command(["runs", "show", f"runs/{RUN}"])
        case 4:
            _copied(own, work, f"runs/{STOPPED}")
            shutil.copytree(own.folder / "runs" / RUN, work / "runs" / "20260103-000000-other")
            (work / "out").mkdir()
            draw = random.choice([[], ["--picture", "out/p.svg"]])
            return command(["runs", "compare", f"runs/{RUN}", "runs/20260103-000000-other", *draw])
        case 5:
            return command(["runs", "export", f"runs/{RUN}", "out"])
        case 6:
            return command(["runs", "clean", "--yes"])
        case 7:
            return command(
                ["export", f"runs/{RUN}", "out", "--board", random.choice(["cmake", "esp-idf", "platformio"])]
            )
        case _:
            from rnnexp.report.file import read_report

            path = next((work / "runs").iterdir()) / "report.json"
            return lambda: sys.exit(cli._guarded("rnnexp", lambda: bool(read_report(path)) and 0))


def journal(own: Whole, random: Random, work: Path):
    """What a sweep remembers."""
    _copied(own, work, f"sweeps/{SWEEP}")
    path = work / "sweeps" / SWEEP / "study.journal"
    text = path.read_text()
    kind = random.randrange(6)
    if kind <= 3:
        rows = text.splitlines(keepends=True)
        for _ in range(random.choice([1, 1, 3])):
            number = random.randrange(len(rows))
            rows[number] = (
                mutations.json_text(rows[number], random).decode("utf-8", "surrogateescape").rstrip("\n") + "\n"
            )
        if kind == 3:
            random.shuffle(rows)
        path.write_bytes("".join(rows).encode("utf-8", "surrogateescape"))
    elif kind == 4:
        path.write_bytes(mutations.content(text.encode(), random.randrange(2**32)))
    else:
        rows = text.splitlines(keepends=True)
        number = random.randrange(len(rows))
        rows[number : number + 1] = random.choice(
            [[], [rows[number]] * 2, ["\n"], ["null\n"], ["[]\n"], ['{"op_code": 99}\n']]
        )
        path.write_text("".join(rows))
    if random.random() < 0.4:
        return _quick_sweep(
            ["runs", "export", f"sweeps/{SWEEP}/{random.choice(['0', '1', '7'])}-seed-{random.choice('019')}", "out"]
        )
    more = random.choice([[], [], ["--retry-failed"]])
    return _quick_sweep([*SWEEP_COMMAND, *more])


# ---- trainings


def checkpoint(own: Whole, random: Random, work: Path):
    """What a stopped run goes on from."""
    _copied(own, work, f"runs/{STOPPED}", "series.csv")
    folder = work / "runs" / STOPPED
    kind = random.randrange(6)
    if kind <= 3:
        for path in sorted(folder.glob("checkpoint-*.npz"))[random.choice([0, 1]) :]:
            if kind <= 1:
                path.write_bytes(mutations.content(path.read_bytes(), random.randrange(2**32)))
            else:
                with np.load(path) as file:
                    path.write_bytes(mutations.npz(dict(file), random))
    elif kind == 4:
        path = folder / "settings.json"
        path.write_bytes(mutations.json_text(path.read_text(), random))
    else:
        (folder / "report.json").write_bytes(
            mutations.json_text((own.folder / "runs" / RUN / "report.json").read_text(), random)
        )
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in {**QUICK, "epochs": 3}.items()]
    return command(["regression", *flags, "--quiet", "True", "--resume", random.choice(["True", f"runs/{STOPPED}"])])


def training(own: Whole, random: Random, work: Path):
    """Data, settings and weights that a training begins with."""
    options: dict[str, object] = dict(QUICK)
    kind = random.randrange(4)
    task = "regression"
    (work / "series.csv").write_text(SERIES)
    if kind == 0:
        (work / "series.csv").write_bytes(mutations.table(SERIES, random))
    elif kind == 1:
        task, options["dataset_name"] = "classification", "x.csv"
        options.pop("target"), options.pop("sequence_length")
        (work / "x.csv").write_bytes(mutations.table(_recordings_csv(), random))
    elif kind == 2:
        with np.load(own.folder / "runs" / RUN / "series-tanh-weights.npz") as file:
            (work / "w.npz").write_bytes(mutations.npz(dict(file), random))
        options["weights"] = "w.npz"
    else:
        options[random.choice(list(QUICK))] = random.choice(mutations.WORDS)
        options["epochs"] = 1
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return command([task, *flags, "--quiet", "True"])


KINDS: Mapping[str, Kind] = {
    "npz": Kind(350, npz),
    "npy": Kind(300, npy),
    "ts": Kind(400, ts),
    "csv": Kind(700, csv),
    "tables": Kind(50, tables, package="pyarrow"),
    "report": Kind(350, report, needs="runs"),
    "run files": Kind(150, run_files, needs="runs"),
    "journal": Kind(250, journal, needs="runs"),
    "tflite": Kind(250, tflite),
    "pt": Kind(30, _damaged("pt", "m.pt"), needs="files"),
    "own weights": Kind(80, own_weights, needs="files"),
    "onnx": Kind(50, _damaged("onnx", "m.onnx"), needs="files", package="onnx"),
    "settings": Kind(2000, settings),
    "keras": Kind(50, keras, frameworks=True, needs="files"),
    "h5": Kind(40, h5, frameworks=True, needs="files"),
    "wav": Kind(80, wav, frameworks=True),
    "checkpoint": Kind(12, checkpoint, frameworks=True, trains=True, needs="runs"),
    "training": Kind(12, training, frameworks=True, trains=True, needs="runs"),
}

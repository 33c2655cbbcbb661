"""Networks with random weights as the C that projects are made of, and how these are built and run."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from helpers.random_fronts import WORDS, words
from helpers.random_fronts import network as with_front
from helpers.random_networks import inputs, layered
from helpers.values_in_c import MAPS, Exported, scaled, walks

from rnnexp.formats.about import About
from rnnexp.formats.c.boards.folder import write
from rnnexp.formats.c.boards.registry import make
from rnnexp.formats.c.boards.sources import Sources
from rnnexp.formats.c.files import to_c
from rnnexp.network.front import Embedding
from rnnexp.preprocessing.input_map import AsItIs, Characters
from rnnexp.quantization.quantizer import quantize

FRAMEWORKS = Path(__file__).parent / "frameworks"
# Of a data set in other letters, as a series of one's own may be called.
JAPANESE = "気温-custom"


def needs(*tools):
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def of_values(name="my-net"):
    """A network that goes from values to predictions."""
    input_map, known = MAPS["window"][0], walks(1, whole=False)
    exported = Exported(input_map, linear_path=True)
    codes = exported.network.input.encode(scaled(input_map, known))
    return _sources(name, to_c(exported.network, name, exported.about, codes, samples=known))


def of_classes(name="my-net"):
    """One with classes, that reads from both ends."""
    network = layered(("gru", 3, "both"), steps=5, features=2, outputs=3, softmax=True)
    about = About(task="classification", classes=("left", "right", '"no" %d'), input_map=AsItIs())
    return _of(network, name, about)


def of_lengths(name="my-net"):
    """One whose sequences can be shorter than the longest, with an answer after each step."""
    network = layered(("lstm", 3), steps=5, features=2, outputs=2, padding="end", every_step=True)
    return _of(network, name, About(task="regression", input_map=AsItIs(), padding="end"), np.array([5, 1, 3, 4]))


def of_words(name="my-net"):
    """One that reads the numbers of words."""
    x = words(4, 5)
    integer = quantize(with_front((Embedding(WORDS, 3),), [("simple", 3)], steps=5), x)
    return _sources(name, to_c(integer, name, About(task="regression"), integer.input.encode(x)))


def of_codes(name="my-net"):
    """One of which nothing says how its inputs are made of values."""
    return _of(
        layered(("simple", 4), steps=5, features=2, outputs=2), name, About(input_map=Characters(characters="ab"))
    )


def _of(network, name, about, lengths=None):
    x = inputs(4, 5, 2)
    integer = quantize(network, x)
    return _sources(name, to_c(integer, name, about, integer.input.encode(x), lengths))


def _sources(name, files):
    return Sources(name, files.header, files.source, files.test, files.main)


def project(folder, board, sources):
    """Write a project, and return its folder."""
    write(make(board, sources), folder / "a project")
    return folder / "a project"


def call(folder, *command, **variables):
    """Return what a command prints, which has to go well."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    # What simavr has a program print comes in colours, and with points for other letters.
    return re.sub(r"\x1b\[\d*m", "", done.stdout + done.stderr)


def built(folder, *options, **variables):
    """Configure and build with CMake, a warning being an error, and return the folder of what was built."""
    options = [*options, "-DCMAKE_BUILD_TYPE=RelWithDebInfo"]
    options += ["-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O2 -Wall -Wextra -Werror"]
    said = call(folder, "cmake", "-S", ".", "-B", "built", *options, **variables)
    assert "Warning" not in said, said
    call(folder, "cmake", "--build", "built")
    return folder / "built"


def numbers(text):
    """Return the pairs of an answer and what is expected that an example has printed."""
    number = r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
    return np.array(re.findall(f"{number}, expected {number}", text), float)

"""The detector in C beside that of Python, and the example that listens to recordings, here and on a chip."""

import csv
import io
import subprocess

import numpy as np
import pytest
from helpers.c_compiler import SANITIZED, STRICT, build_and_run, needs_compiler, run_example, write_files
from helpers.clips import write_wav
from helpers.sounds import CLASSES, listener, word

from rnnexp.commands import run as prediction
from rnnexp.formats.c.chips.chip import CHIPS
from rnnexp.formats.c.files import to_c
from rnnexp.formats.c.listening import CERTAIN, reached
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.preprocessing.detector import Detector
from rnnexp.runtimes.emulator.firmware import Firmware

STEPS = 4000
# Reads probabilities, and prints the step and class of each word, and the sum of codes.
READER = """
#include <stdio.h>
#include "net.h"
int main(void)
{
    static net_detector detector;
    long step;
    net_detector_init(&detector);
    for (step = 0;; step++) {
        int16_t codes[NET_CLASSES];
        int i, word;
        for (i = 0; i < NET_CLASSES; i++) {
            int code;
            if (scanf("%d", &code) != 1) {
                return 0;
            }
            codes[i] = (int16_t)code;
        }
        word = net_detect(&detector, codes);
        if (word >= 0) {
            printf("%ld %d %ld\\n", step - (long)detector.age, word, (long)detector.best);
        }
    }
}
"""
KINDS = {
    "usual": {},
    "no background": {"background": None, "others": None},
    "at once": {"smoothed": 1, "waited": 0, "quiet": 0},
    "longer than words": {"smoothed": 5, "waited": 40, "quiet": 10, "threshold": 0.3},
}
CHIP = next(chip for chip in CHIPS if chip.name == "Cortex-M4")


def detector(**changes):
    numbers = {"threshold": 0.45, "smoothed": 12, "waited": 14, "quiet": 38, "background": 3, "others": 1}
    return Detector(steps_a_second=50.0, **{**numbers, **changes})


def texts(own, **options):
    network, about = listener(detector=own, **options)
    codes = np.zeros((1, network.sequence_length, network.features))
    return to_c(network, "net", about, network.input.encode(codes))


def codes(seed):
    """Return probabilities that come and go, some of them for long, as codes ``[steps, classes]``."""
    random = np.random.default_rng(seed)
    slow = np.repeat(random.normal(size=(STEPS // 20, len(CLASSES))) * 3, 20, axis=0)
    quick = random.normal(size=(STEPS, len(CLASSES)))
    made = np.exp(slow + quick)
    return np.minimum(np.rint(made / made.sum(axis=1, keepdims=True) * CERTAIN), CERTAIN - 1).astype(int)


@needs_compiler
@pytest.mark.parametrize("name", KINDS)
def test_c_hears_what_python_hears(tmp_path, name):
    own = detector(**KINDS[name])
    write_files(tmp_path, "net", texts(own))
    (tmp_path / "reader.c").write_text(READER)
    command = ["cc", *STRICT, "-Wconversion", *SANITIZED, "-o", "reader", "net.c", "reader.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
    heard = 0
    for seed in range(3):
        given = codes(seed)
        lines = "\n".join(" ".join(map(str, row)) for row in given)
        done = subprocess.run(["./reader"], cwd=tmp_path, input=lines, capture_output=True, text=True, check=True)
        found = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
        expected = [
            (each.step, each.number, round(each.probability * CERTAIN * own.smoothed))
            for each in own.words(given / CERTAIN)
        ]
        assert found == expected
        heard += len(found)
    assert heard > 30


def test_a_sum_is_large_enough_where_its_mean_is():
    random = np.random.default_rng(0)
    for threshold in [*random.uniform(1e-6, 0.9999, 200), 0.05, 0.1, 0.5]:
        for smoothed in (1, 3, 12):
            least = reached(detector(threshold=threshold, smoothed=smoothed))
            assert least / (CERTAIN * smoothed) >= threshold > (least - 1) / (CERTAIN * smoothed)


def test_what_is_certain_can_be_heard():
    assert reached(detector(threshold=1.0)) == (CERTAIN - 1) * 12


def test_only_networks_that_go_on_have_one():
    assert "net_detect" in texts(detector()).header
    assert "net_detect" not in texts(None).header
    assert "net_detect" not in texts(detector(smoothed=40_000)).header
    assert "net_detect" not in texts(detector(), cells=(("gru", 3, "both"),)).header


@needs_compiler
def test_the_example_listens_as_run_does(tmp_path, capsys):
    own = detector(threshold=0.3, background=None, others=None)
    network, about = listener(detector=own)
    (tmp_path / "net-int8.tflite").write_bytes(to_tflite(network, about.to_entries()))
    write_wav(tmp_path / "long.wav", np.concatenate([word(seed) for seed in range(6)]))
    command = [str(tmp_path / "net-int8.tflite"), str(tmp_path / "long.wav"), "--runtime", "c"]
    assert prediction.main(command) == 0
    expected = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    files = texts(own)
    write_files(tmp_path, "net", files)
    for options in (["-O2"], list(SANITIZED)):
        assert run_example(tmp_path, "net", *options).endswith("net: as expected\n")
    done = build_and_run(tmp_path, "net", '-DNET_WAV="long.wav"', program="main")
    assert done.returncode == 0
    found = list(csv.reader(io.StringIO(done.stdout)))
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    assert len(found) > 3
    for mine, its in zip(found[1:], expected[1:], strict=True):
        assert float(mine[2]) == pytest.approx(float(its[2]), abs=2e-4)
    if CHIP.missing:
        pytest.skip(f"not installed: {', '.join(CHIP.missing)}")
    sources = {"net.h": files.header, "net.c": files.source, "net-main.c": files.main}
    assert Firmware(CHIP, tmp_path, options=('-DNET_WAV="long.wav"',)).run(sources) == done.stdout


@needs_compiler
def test_the_example_reads_wav_files_as_run_does(tmp_path, capsys):
    own = detector(threshold=0.3, background=None, others=None)
    network, about = listener(detector=own)
    (tmp_path / "net-int8.tflite").write_bytes(to_tflite(network, about.to_entries()))
    write_files(tmp_path, "net", texts(own))
    subprocess.run(["cc", "-o", "program", "net.c", "net-main.c"], cwd=tmp_path, check=True)
    write_wav(tmp_path / "right.wav", np.concatenate([word(seed) for seed in range(3)]))
    content = (tmp_path / "right.wav").read_bytes()
    place = content.index(b"data") + 4
    unknown = content[:place] + b"\xff\xff\xff\xff" + content[place + 4 :]
    (tmp_path / "piped.wav").write_bytes(unknown)
    (tmp_path / "short.wav").write_bytes(content[:-1000])
    (tmp_path / "empty.wav").write_bytes(content[:place] + bytes(4))
    said = {}
    for name in ("right", "piped", "short", "empty"):
        done = subprocess.run(["./program", f"{name}.wav"], cwd=tmp_path, capture_output=True, text=True, check=False)
        said[name] = done.stdout
        assert done.returncode == (name in ("short", "empty")), name
    assert said["piped"] == said["right"]
    assert len(said["right"].splitlines()) > 2
    assert said["short"] == "short.wav: cut off\n"
    assert said["empty"] == "empty.wav: no samples\n"
    command = [str(tmp_path / "net-int8.tflite"), str(tmp_path / "right.wav"), "--runtime", "c"]
    assert prediction.main(command) == 0
    expected = [row[:2] for row in csv.reader(io.StringIO(capsys.readouterr().out))]
    assert [row[:2] for row in csv.reader(io.StringIO(said["right"]))] == expected

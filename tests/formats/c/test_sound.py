"""The C from sound to input codes: the reference's bits here and on emulated chips, and strict compilers."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from helpers.c_compiler import SANITIZED, build_and_run, needs_compiler, run_example, write_files
from helpers.clips import write_wav
from helpers.sounds import artificial, listener, natural, sound_map, word

from rnnexp.commands import run as prediction
from rnnexp.formats.c.chips.chip import CHIPS
from rnnexp.formats.c.files import to_c
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.preprocessing.front_end import reference, tables
from rnnexp.runtimes.c import CompiledNetwork
from rnnexp.runtimes.emulator.firmware import Firmware

# Networks that read forwards and from both ends; codes of 8 and 16 bits; a first stage of 8 and of 4 numbers; frames
# that are apart, and of an odd number of samples.
KINDS = {
    "log-mel 49": {},
    "mfcc 98": {"kind": "mfcc", "frames": 98, "io_bits": 16, "cells": (("lstm", 3, "both"),)},
    "apart": {"frames": 40, "frame_length": 101, "frame_step": 303, "fft_length": 128, "cells": (("simple", 3),)},
    "mfcc 20": {"kind": "mfcc", "frames": 20, "cells": (("simple", 3),)},
}
CHOSEN = [chip for chip in CHIPS if chip.name in ("Cortex-M0+", "Cortex-M3", "Cortex-M4", "Cortex-M55", "RV32IMC")]
ON_CHIPS = [
    pytest.param(
        chip, id=chip.name, marks=pytest.mark.skipif(bool(chip.missing), reason=f"not installed: {chip.missing}")
    )
    for chip in CHOSEN
]


def texts(**options):
    network, about = listener(**options)
    return to_c(network, "net", about, network.input.encode(np.zeros((1, network.sequence_length, network.features))))


@needs_compiler
@pytest.mark.parametrize(
    ("name", "compiler"), [*((name, "cc") for name in KINDS), ("log-mel 49", "cc -U__GNUC__"), ("mfcc 98", "clang")]
)
def test_the_c_has_the_bits_of_the_reference(name, compiler, monkeypatch):
    """Also where the compiler has no functions of its own for the bits of a number."""
    if shutil.which(compiler.split()[0]) is None:
        pytest.skip(f"there is no compiler {compiler} here")
    monkeypatch.setenv("CC", compiler)
    network, about = listener(**KINDS[name])
    clips = np.concatenate([natural(), artificial()])
    expected = reference.codes(clips, tables.of(about.input_map, network.input))
    np.testing.assert_array_equal(CompiledNetwork(network, about.input_map).hear(clips), expected)


@needs_compiler
def test_float_is_close(monkeypatch):
    monkeypatch.setenv("CC", "cc -DNETWORK_FLOAT_SOUND")
    network, about = listener()
    expected = reference.codes(natural(), tables.of(about.input_map, network.input))
    found = CompiledNetwork(network, about.input_map).hear(natural()).astype(int)
    assert np.abs(found - expected).max() <= 1
    assert (found == expected).mean() > 0.99


@pytest.mark.skipif(shutil.which("avr-gcc") is None, reason="there is no compiler avr-gcc here")
def test_chips_of_8_bits_compile_it(tmp_path):
    write_files(tmp_path, "net", texts(**KINDS["mfcc 98"]))
    flags = ["-mmcu=atmega2560", "-std=gnu99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-Os"]
    subprocess.run(["avr-gcc", *flags, "-c", "net.c", "-o", "net.o"], cwd=tmp_path, check=True)


@needs_compiler
@pytest.mark.parametrize(("name", "compiler"), [("log-mel 49", "cc"), ("mfcc 98", "clang"), ("apart", "cc")])
def test_it_compiles_as_strictly_as_can_be_and_tests_itself(tmp_path, name, compiler):
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no compiler {compiler} here")
    write_files(tmp_path, "net", texts(**KINDS[name]))
    checked = list(SANITIZED) if compiler == "cc" else ["-fsanitize=undefined", "-fsanitize-trap=undefined"]
    for each in (["-O2"], checked, ["-O2", "-DNET_FLOAT_SOUND", "-lm"]):
        # The linker reads libraries behind what needs them.
        each = ["-Wl,--no-as-needed", *each] if "-lm" in each else each
        assert run_example(tmp_path, "net", *each, compiler=compiler).endswith("net: as expected\n")
        done = build_and_run(tmp_path, "net", "-Wconversion", "-Wshadow", *each, compiler=compiler)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("cppcheck") is None, reason="there is no cppcheck here")
@pytest.mark.parametrize("name", ["mfcc 98", "apart"])
def test_cppcheck_finds_nothing(tmp_path, name):
    write_files(tmp_path, "net", texts(**KINDS[name]))
    checks = ["--enable=warning,style,performance,portability", "--error-exitcode=1", "--quiet"]
    files = ["net.c", "net-main.c", "net-test.c"]
    done = subprocess.run(["cppcheck", *checks, *files], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["log-mel 49", "mfcc 98"])
@pytest.mark.parametrize("chip", ON_CHIPS)
def test_a_chip_has_the_same_bits(tmp_path, chip, name):
    files = texts(**KINDS[name])
    sources = {"net.h": files.header, "net.c": files.source, "net-test.c": files.test}
    printed = Firmware(chip, tmp_path).run(sources)
    assert "net: 1 of 1 sequences right" in printed, printed
    assert "sound" not in printed


@needs_compiler
@pytest.mark.parametrize("chip", ON_CHIPS[2:3])
@pytest.mark.parametrize("name", ["log-mel 49", "mfcc 98"])
def test_a_chip_says_what_run_says_of_a_wav_file(tmp_path, chip, name, capsys):
    network, about = listener(**KINDS[name])
    (tmp_path / "net.tflite").write_bytes(to_tflite(network, about.to_entries()))
    write_wav(tmp_path / "clip.wav", word(3)[:14000])
    assert prediction.main([str(tmp_path / "net.tflite"), str(tmp_path / "clip.wav"), "--runtime", "c"]) == 0
    said = capsys.readouterr().out
    files = texts(**KINDS[name])
    sources = {"net.h": files.header, "net.c": files.source, "net-main.c": files.main}
    printed = Firmware(chip, tmp_path, options=('-DNET_WAV="clip.wav"',)).run(sources)
    assert printed == said
    assert len(said.splitlines()) == 4


@needs_compiler
def test_the_example_takes_wav_files_of_its_kind_alone(tmp_path):
    write_files(tmp_path, "net", texts())
    program = tmp_path / "program"
    subprocess.run(["cc", "-o", program, "net.c", "net-main.c"], cwd=tmp_path, check=True)
    write_wav(tmp_path / "right.wav", word(1))
    write_wav(tmp_path / "two.wav", word(1)[:8000], channels=2)
    write_wav(tmp_path / "slow.wav", word(1), rate=8000)
    (tmp_path / "text.wav").write_text("RIFF of the week, but nothing else")
    for name, code in {"right": 0, "two": 1, "slow": 1, "text": 1, "none": 1}.items():
        done = subprocess.run([program, f"{name}.wav"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == code
        assert ("no wav file" in done.stdout) == bool(code)


def test_the_header_says_what_it_takes():
    files = texts()
    assert re.search(r"a frame of 640 samples\n? ?\*? ?every 320 out", files.header)
    assert f"It takes {files.sound_bytes} bytes" in " ".join(files.header.replace("\n *", "").split())
    # Two counts, 512 complex numbers, and a frame.
    assert files.sound_bytes == 8 + 4096 + 1280


def test_where_there_is_none_the_header_says_why():
    network, about = listener()
    odd = about.input_map.model_copy(update={"fft_length": 1000})
    files = to_c(network, "net", about.__class__(input_map=odd), np.zeros((1, 49, 40), np.int8))
    assert "There is no C from sound to input codes: an FFT of 1000 samples is no power of two" in files.header
    assert "_sound_" not in files.header + files.source + files.main
    assert files.sound_bytes == 0
    other = to_c(network, "net", about.__class__(input_map=sound_map("mfcc", 49)), np.zeros((1, 49, 40), np.int8))
    assert "10 features of 49 frames do not fit the network" in " ".join(other.header.replace("\n *", "").split())

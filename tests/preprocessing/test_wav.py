"""Wav files as programs and devices write them: read, or refused in a word."""

import io
import os
import struct

import numpy as np
import pytest
from helpers.clips import tone
from scipy.io import wavfile

from rnnexp.datasets.recordings.sound import read_wav as read_recording
from rnnexp.preprocessing.wav import UnusableClipError, read_wav

SAMPLES = tone(440, 4000, seed=1)
PCM_GUID, FLOAT_GUID = (bytes([codec, 0]) + bytes.fromhex("000000001000800000aa00389b71") for codec in (1, 3))


def chunk(name, content, *, pad=True):
    return name + struct.pack("<I", len(content)) + content + b"\0" * (pad and len(content) % 2)


def form(codec=1, channels=1, rate=16000, bits=16, more=b""):
    size = channels * ((bits + 7) // 8)
    return chunk(b"fmt ", struct.pack("<HHIIHH", codec, channels, rate, rate * size, size, bits) + more)


def extensible(guid, bits=16, channels=1):
    return form(0xFFFE, channels, bits=bits, more=struct.pack("<HHI", 22, bits, 4) + guid)


def riff(*chunks):
    content = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def data(samples=SAMPLES):
    return chunk(b"data", np.asarray(samples).astype("<i2").tobytes())


@pytest.fixture
def read(tmp_path):
    def read(content, **options):
        path = tmp_path / "x.wav"
        path.write_bytes(content)
        return read_wav(path, **options)

    return read


def refused(read, content, **options):
    with pytest.raises(UnusableClipError) as caught:
        read(content, **options)
    return str(caught.value)


@pytest.mark.parametrize("convert", [False, True])
@pytest.mark.parametrize(
    "content",
    [
        riff(form(), data()),
        riff(extensible(PCM_GUID), data()),
        riff(form(more=b"\0\0"), data()),
        riff(chunk(b"LIST", b"odd"), form(), chunk(b"fact", b"1234"), data(), chunk(b"id3 ", b"x")),
        riff(chunk(b"LIST", b"odd", pad=False), form(), data()),
        riff(form(), data()) + b"something behind",
        riff(form(), data()[:4] + b"\xff\xff\xff\xff" + data()[8:]),
        riff(form(), data()[:4] + b"\x00\xf0\xff\x7f" + data()[8:]),
        riff(form(), chunk(b"data", SAMPLES.tobytes() + b"\1")),
        b"RIFF\0\0\0\0" + riff(form(), data())[8:],
    ],
    ids=[
        *("plain", "extensible", "long form", "odd chunk", "odd, no padding", "more behind", "piped by ffmpeg"),
        *("piped by sox", "half a sample", "no size"),
    ],
)
def test_the_samples_are_those_that_were_written(read, content, convert):
    found = read(content, convert=convert)
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, SAMPLES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (riff(extensible(FLOAT_GUID, 32), data()), "not a PCM wav file (float)"),
        (riff(extensible(b"\1" * 16), data()), "not a PCM wav file (extensible, of an unknown sub-format)"),
        (riff(form(0xFFFE), data()), "not a PCM wav file (extensible, of an unknown sub-format)"),
        (riff(form(7, bits=8), data()), "not a PCM wav file (mu-law)"),
        (riff(form(4711), data()), "not a PCM wav file (unknown format 4711)"),
        (riff(form(channels=0), data()), "not a wav file: 0 channels of 16 bits, 16000 samples a second"),
        (riff(form(rate=0), data()), "not a wav file: 1 channels of 16 bits, 0 samples a second"),
        (riff(form(bits=0), data()), "not a wav file: 1 channels of 0 bits, 16000 samples a second"),
        (riff(data()), "not a wav file, or cut off in its header"),
        (riff(form()), "not a wav file, or cut off in its header"),
        (riff(form(), data([])), "no samples"),
        (riff(form(), data())[:-10], "cut off: 3995 of 4000 samples are there"),
        (riff(form(channels=2), data()), "2 channels, not 1"),
        (b"RIFX" + riff(form(), data())[4:], "not a PCM wav file (it does not begin with RIFF)"),
        (b"RIFF\0\0\0\0AVI " + form(), "not a PCM wav file (RIFF, but of something else)"),
    ],
)
def test_what_is_refused_and_why(read, content, message):
    assert refused(read, content) == message


def stored(values, rate=16000):
    """A wav file by SciPy, which decides on the form by the values' type."""
    content = io.BytesIO()
    wavfile.write(content, rate, values)
    return content.getvalue()


WAVE = SAMPLES / 32768


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "i8", "f4", "f8"])
def test_recordings_are_in_the_files_own_units(tmp_path, kind, channels):
    values = np.arange(60).reshape(-1, channels).astype(kind) * (3 if kind[0] != "f" else 0.3)
    path = tmp_path / "x.wav"
    path.write_bytes(stored(values, 22050))
    found = read_recording(path)
    assert (found.rate, found.values.dtype) == (22050, np.float64)
    np.testing.assert_array_equal(found.values, values.astype(kind))


@pytest.mark.parametrize(
    ("content", "steps"),
    [
        (stored(np.rint(WAVE * 128 + 128).astype(np.uint8)), 128),
        (stored((WAVE * 2**31).astype(np.int32)), 0),
        (stored(WAVE.astype(np.float32)), 0),
        (stored(WAVE), 0),
        (stored(np.stack([SAMPLES, SAMPLES], 1)), 0),
        (stored(np.stack([SAMPLES * 2, SAMPLES * 0], 1)), 0),
        (riff(extensible(FLOAT_GUID, 32), chunk(b"data", WAVE.astype("<f4").tobytes())), 0),
        (
            riff(
                form(bits=24),
                chunk(b"data", (SAMPLES.astype("<i4") * 256).view("<u4")[:, None].view(np.uint8)[:, :3].tobytes()),
            ),
            0,
        ),
    ],
    ids=["8 bits", "32 bits", "float", "double", "stereo", "one side", "extensible float", "24 bits"],
)
def test_other_forms_are_converted_when_asked_for(read, content, steps):
    assert "not" in refused(read, content)
    np.testing.assert_allclose(read(content, convert=True), SAMPLES, atol=steps, rtol=0)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000])
def test_other_rates_are_resampled_and_what_does_not_fit_is_filtered_out(read, rate):
    time = np.arange(rate) / rate
    low, high = (8000 * np.sin(2 * np.pi * hertz * time) for hertz in (440, 0.45 * rate))
    content = stored(np.rint(low + (high if 0.45 * rate > 8500 else 0)).astype(np.int16), rate)
    assert refused(read, content) == f"{rate} samples a second, not 16000"
    found = read(content, convert=True)
    assert len(found) == 16000
    expected = 8000 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    np.testing.assert_allclose(found[500:-500], expected[500:-500], atol=40)
    np.testing.assert_array_equal(read(content, convert=True), found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (stored(SAMPLES, 3), "3 samples a second, which no sound is recorded with"),
        (stored(SAMPLES, 4_000_000), "4000000 samples a second, which no sound is recorded with"),
        (stored(np.full(100, np.nan)), "floats that are no samples of sound: full scale is 1"),
        (stored(np.full((100, 2), 1e308)), "floats that are no samples of sound: full scale is 1"),
        (riff(form(3, bits=16), data()), "float of 16 bits a sample"),
        (riff(form(1, bits=40), data()), "PCM of 40 bits a sample"),
        (riff(form(7, bits=8), data()), "not a PCM wav file (mu-law)"),
    ],
)
def test_what_cannot_be_converted(read, content, message):
    assert refused(read, content, convert=True) == message


def test_loud_floats_are_clipped(read):
    found = read(stored(np.array([2.0, -2.0, 1.0, -1.0, 0.5])), convert=True)
    assert found.tolist() == [32767, -32768, 32767, -32768, 16384]


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(UnusableClipError, match=f"cannot be read .{os.strerror(21)}"):
        read_wav(tmp_path)

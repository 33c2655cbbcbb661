"""Features in whole numbers: how far they are from those of training, of natural and of artificial sound."""

import numpy as np
import pytest
from helpers.sounds import artificial, natural, sound_map

from rnnexp.preprocessing.features import from_map
from rnnexp.preprocessing.front_end import reference, tables
from rnnexp.preprocessing.front_end.tables import NoFrontEndError
from rnnexp.quantization.scales import Affine, ValueCodes

CODES = {8: Affine(1 / 30, 3), 16: ValueCodes(1 / 1600, 0)}
KINDS = [("log-mel", 49), ("log-mel", 98), ("mfcc", 49), ("mfcc", 98)]


def apart(clips, input_map, codes):
    """Return by how much codes differ from those of the features that training sees."""
    made = reference.codes(clips, tables.of(input_map, codes)).astype(int)
    return np.abs(made - codes.encode(from_map(clips, input_map)))


@pytest.mark.parametrize("bits", CODES)
@pytest.mark.parametrize(("kind", "frames"), KINDS)
def test_codes_of_natural_sound_are_those_of_training(kind, frames, bits):
    found = apart(natural(), sound_map(kind, frames), CODES[bits])
    assert found.max() <= (1 if bits == 8 else 3)
    assert (found <= 1).mean() > 0.999
    assert (found == 0).mean() > (0.999 if bits == 8 else 0.95)


@pytest.mark.parametrize(("kind", "frames"), KINDS)
def test_artificial_sound_is_close(kind, frames):
    """Bands with nothing but what the rounding of either leaves are the only ones that are further off."""
    found = apart(artificial(), sound_map(kind, frames), CODES[8])
    names = ["silence", "square", "sweep", "click", "constant", "one", "alternating", "sine"]
    worst = dict(zip(names, found.max(axis=(1, 2)).tolist(), strict=True))
    assert max(worst[name] for name in ("silence", "square", "sweep", "click")) <= 1, worst
    assert max(worst.values()) <= 10, worst


@pytest.mark.parametrize(
    "sizes",
    [(200, 80, 256, 60), (300, 100, 2048, 20), (512, 512, 512, 31), (100, 301, 128, 40), (31, 16, 32, 100)],
    ids=str,
)
def test_frames_of_any_size(sizes):
    length, step, points, frames = sizes
    input_map = sound_map("log-mel", 49, frame_length=length, frame_step=step, fft_length=points, frames=frames)
    found = apart(natural(), input_map, CODES[8])
    assert found.shape[1:] == (frames, 40)
    assert (found <= 1).mean() > 0.999
    assert found.max() <= 2


def test_a_frame_as_loud_as_can_be_overflows_nothing():
    """In Python nothing does: what comes of it has to fit in 32 bits, too."""
    for kind, frames in KINDS[:2]:
        front_end = tables.of(sound_map(kind, frames), CODES[8])
        places = np.arange(front_end.frame_length)
        angles = 2 * np.pi * np.outer(np.arange(0, 80, 3) / 2, places) / (2 * front_end.points)
        loud = np.where(np.stack([np.cos(angles), np.sin(angles)]).reshape(-1, len(places)) >= 0, 32767, -32768)
        parts = reference.transform(loud.astype(np.int64), front_end)
        assert max(np.abs(values).max() for values in parts) < 2**31


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fft_length": 1000}, "no power of two"),
        ({"fft_length": 16384}, "no power of two"),
        ({"fft_length": 512}, "longer than their FFT"),
        ({"frame_length": 1, "fft_length": 32}, "of one alone"),
        ({"mel_bands": 32768}, "32768 bands are more than 512"),
        ({"log_offset": 1e-30}, "1e-30 is too small"),
        ({"log_offset": 1e300}, "too large"),
        ({"frames": 50}, "fewer than 50 frames"),
        ({"mel_hz": (20.0, 9000.0)}, "none of this sound"),
        ({"mean": (0.0,)}, "other numbers of means"),
        ({"deviation": (1e-14,) * 40}, "out of the range"),
        ({"mean": (1e15,) * 40}, "out of the range"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_what_integers_cannot_do(changes, message):
    with pytest.raises(NoFrontEndError, match=message):
        tables.of(sound_map("log-mel", 49, **changes), CODES[8])

"""Speech Commands from a folder: parts, labels, damaged files, and what is kept."""

import json
import threading

import numpy as np
import pytest
from helpers.clips import BROKEN, LISTED, tone, write_folder, write_wav

from rnnexp import datasets
from rnnexp.config import ClassificationConfig
from rnnexp.datasets.speech_commands import folder as speech_folder
from rnnexp.datasets.speech_commands import loader as speech_commands
from rnnexp.datasets.speech_commands.words import LABELS
from rnnexp.errors import UserError
from rnnexp.preprocessing.wav import UnusableClipError, read_wav

SILENCE, UNKNOWN = 10, 11
# Sorted by name: a noise clip of 2.6 s gives four seconds of silence, one every half a second.
TRAIN = [SILENCE] * 4 + [UNKNOWN] * 2 + [number for number in range(10) for _ in range(2)]
HELD_OUT = [SILENCE] * 4 + [UNKNOWN, *range(10)]


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "clips")


def load(folder, **settings):
    return datasets.load(
        ClassificationConfig(data_dir=folder, cache_dir=folder.parent / "cache", quiet=True, **settings)
    )


def refused(folder, **settings):
    with pytest.raises(UserError) as caught:
        load(folder, **settings)
    return str(caught.value)


def wav(folder, name, count=16000):
    """The samples of a clip, cut or padded."""
    data = np.frombuffer((folder / name).read_bytes()[44:], "<i2")
    return np.pad(data, (0, max(count - len(data), 0)))[:count]


# ---- parts, labels and inputs


def test_parts_and_labels_are_the_official_ones(folder):
    dataset = load(folder)
    assert dataset.class_names == (
        *("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes"),
        *("_silence_", "_unknown_"),
    )
    assert dataset.train.y.tolist() == TRAIN
    assert dataset.validation.y.tolist() == HELD_OUT
    assert dataset.evaluation.y.tolist() == HELD_OUT
    assert dataset.evaluation_part == "test part"
    assert dataset.notes == (
        "The folder has no speech_commands_test_set_v0.02: the test part is testing_list.txt's clips and, since that "
        "has no silence, the validation part's silence.",
    )
    assert dataset.source.startswith("Speech Commands (P. Warden 2018")
    shares = np.bincount(dataset.train.y, minlength=12) / 26
    np.testing.assert_allclose(dataset.baselines["majority class"], np.tile(shares, (15, 1)))


def test_the_first_samples_as_they_are_short_clips_padded(folder):
    dataset = load(folder, max_sequence_length=15000)
    assert dataset.train.x.shape == (26, 15000, 1)
    assert dataset.train.x.dtype == np.int16
    np.testing.assert_array_equal(dataset.train.x[4, :, 0], wav(folder, "bird/a_nohash_0.wav", 15000))
    np.testing.assert_array_equal(dataset.train.x[-1, :, 0], wav(folder, "yes/d_nohash_0.wav", 15000))
    assert not dataset.train.x[-1, -3000:].any()
    noise = wav(folder, "_background_noise_/white_noise.wav", 41600)
    np.testing.assert_array_equal(dataset.train.x[3, :, 0], noise[24000:39000])
    np.testing.assert_array_equal(dataset.evaluation.x[-1, :, 0], wav(folder, "yes/c_nohash_0.wav", 15000))


def test_long_clips_are_cut_and_no_input_is_longer_than_a_clip(folder):
    samples = tone(100, 20000, seed=1)
    write_wav(folder / "yes" / "e_nohash_0.wav", samples)
    dataset = load(folder, max_sequence_length=1_000_000)
    assert dataset.train.x.shape == (27, 16000, 1)
    np.testing.assert_array_equal(dataset.train.x[-1, :, 0], samples[:16000])


def test_the_official_test_set_is_the_test_part_where_it_is_there(folder):
    test_set = folder / "speech_commands_test_set_v0.02"
    for word in ("yes", "_unknown_", "_silence_"):
        write_wav(test_set / word / "x.wav", tone(333, seed=3))
    dataset = load(folder)
    assert dataset.evaluation.y.tolist() == [SILENCE, UNKNOWN, 9]
    assert dataset.train.y.tolist() == TRAIN
    assert dataset.notes == ()


def test_samples_far_out_are_clipped_and_the_input_says_so(folder):
    samples = tone(100, seed=1)
    samples[5] = 32767
    samples[6] = -32768
    write_wav(folder / "yes" / "e_nohash_0.wav", samples)
    dataset = load(folder)
    low, high = dataset.input_map.minimum, dataset.input_map.maximum
    assert (low, high) == (-4096, 4064)
    assert dataset.input_scale == 4096.0
    assert dataset.train.x[-1, 5:7, 0].tolist() == [high, low]
    np.testing.assert_array_equal(dataset.train.x[-1, 7:, 0], np.clip(samples[7:1600], low, high))
    assert f"clipped to {low} to {high}" in dataset.normalization


# ---- files that cannot be used


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_used_is_left_out_and_named(folder, kind):
    before = load(folder)
    make, reason = BROKEN[kind]
    make(folder / "no" / "e_nohash_0.wav")
    dataset = load(folder)
    (note,) = (note for note in dataset.warnings if "left out" in note)
    assert note.startswith(f"Files that cannot be used and were left out, 1 in all: no/e_nohash_0.wav: {reason}")
    for after, known in ((dataset.train, before.train), (dataset.evaluation, before.evaluation)):
        np.testing.assert_array_equal(after.x, known.x)
        np.testing.assert_array_equal(after.y, known.y)


def test_any_cut_of_a_wav_file_is_told_from_a_clip(folder):
    """At whatever byte it ends: never a clip of zeros, never an error of Python's own."""
    content = (folder / "no" / "a_nohash_0.wav").read_bytes()
    path = folder / "cut.wav"
    for end in [*range(60), 1000, 1001, len(content) - 1]:
        path.write_bytes(content[:end])
        for convert in (False, True):
            with pytest.raises(UnusableClipError):
                read_wav(path, convert=convert)
    path.write_bytes(content)
    assert len(read_wav(path)) == 16000


def test_many_files_that_cannot_be_used_are_refused(folder):
    for name in "abcdef":
        write_wav(folder / "no" / f"{name}_nohash_0.wav", tone(100), rate=8000)
    message = refused(folder)
    assert message.startswith("more than 10% of the files of Speech Commands (P. Warden 2018, arXiv:1804.03209), from ")
    assert "clips cannot be used, 6 in all: no/a_nohash_0.wav: 8000 samples a second, not 16000; no/d" in message
    assert "Each must be a wav file of 16-bit PCM, one channel, 16000 samples a second; RESAMPLE (" in message
    assert not [path for path in (folder.parent / "cache").iterdir() if path.is_dir()]


def test_noise_that_is_too_short_is_named(folder):
    write_wav(folder / "_background_noise_" / "pink_noise.wav", tone(100))
    assert any("_background_noise_/pink_noise.wav: not longer than a second" in note for note in load(folder).warnings)


def test_other_files_are_no_clips(folder):
    (folder / "_background_noise_" / "README.md").write_text("noise")
    (folder / "yes" / "._a_nohash_0.wav").write_text("what a Mac leaves")
    (folder / "yes" / ".DS_Store").write_bytes(b"\0")
    (folder / "LICENSE").write_text("CC BY")
    write_wav(folder / ".hidden" / "a.wav", tone(100))
    write_wav(folder / "__MACOSX" / "a.wav", tone(100))
    (folder / "no_clips").mkdir()
    assert load(folder).train.y.tolist() == TRAIN


# ---- folders that cannot be used


def test_clips_that_a_list_names_but_are_not_there_are_counted_and_named(folder):
    path = folder / "testing_list.txt"
    path.write_text(path.read_text() + "yes/gone.wav\n\nmoon/x.wav\r\n")
    dataset = load(folder)
    assert dataset.evaluation.y.tolist() == HELD_OUT
    assert (
        "2 clips that validation_list.txt or testing_list.txt name are not there: moon/x.wav; yes/gone.wav."
        in dataset.notes
    )


def test_a_folder_that_is_not_there_or_a_file(folder):
    assert refused(folder / "nowhere") == (
        f"DATA_DIR is '{folder}/nowhere', which does not exist: it must hold a folder of wav files for each word, and, "
        "if you like, _background_noise_, and validation_list.txt with testing_list.txt (docs/speech-commands.md)"
    )
    assert "which is not a folder" in refused(folder / "testing_list.txt")


def test_an_empty_folder_or_one_above(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "which has no word: it must hold a folder of wav files for each word" in refused(tmp_path / "empty")
    assert f"which has no validation_list.txt; did you mean '{folder}'?" in refused(tmp_path)


def test_lists_that_cannot_be_read(folder):
    path = folder / "validation_list.txt"
    path.write_bytes(b"yes/b_nohash_0.wav\nno/\0.wav")
    assert f"{path} is no text: it holds zero bytes, which no text has" in refused(folder)
    path.unlink()
    path.mkdir()
    assert f"{path} cannot be read: Is a directory" in refused(folder)


@pytest.mark.parametrize("name", LISTED)
def test_a_list_that_names_no_clip(folder, name):
    part = "validation" if "validation" in name else "test"
    (folder / name).write_text("\n")
    assert f"which has no clips for the {part} part" in refused(folder)


def test_without_noise_there_is_no_silence(folder):
    for path in (folder / "_background_noise_").iterdir():
        path.unlink()
    dataset = load(folder)
    assert dataset.class_names == LABELS[:10] + LABELS[11:]
    assert "The folder has no _background_noise_: there is no class _silence_." in dataset.notes


# ---- the cache


def entries(folder):
    return sorted(path.name for path in (folder.parent / "cache").iterdir() if not path.name.endswith(".lock"))


def test_clips_are_decoded_once_for_each_setting(folder, monkeypatch):
    first = load(folder)
    assert isinstance(first.train.x, np.memmap)
    monkeypatch.setattr(speech_folder, "read_wav", lambda path, **_: pytest.fail(f"{path} was read again"))
    again = load(folder)
    assert again.train.x.tobytes() == first.train.x.tobytes()
    assert (again.notes, again.input_map, again.source) == (first.notes, first.input_map, first.source)
    monkeypatch.undo()
    load(folder, segment="loudest")
    load(folder, features="mfcc")
    load(folder, features="mfcc", segment="loudest")  # makes no difference to features
    assert len(entries(folder)) == 3


def test_a_folder_that_has_changed_is_decoded_again_and_replaces_the_old_clips(folder):
    before = load(folder)
    held = before.train.x.tobytes()
    samples = tone(900, seed=5)
    write_wav(folder / "no" / "e_nohash_0.wav", samples)
    after = load(folder)
    assert len(after.train) == len(before.train) + 1
    assert len(entries(folder)) == 1
    assert before.train.x.tobytes() == held  # who has them open keeps them


@pytest.mark.parametrize("damage", ["cut", "no meta", "no array", "bad meta"])
def test_a_damaged_entry_is_made_again(folder, damage):
    whole = load(folder).train.x.tobytes()
    (entry,) = entries(folder)
    path = folder.parent / "cache" / entry
    if damage == "cut":
        content = (path / "train-inputs.npy").read_bytes()
        (path / "train-inputs.npy").write_bytes(content[:-100])
    elif damage == "no array":
        (path / "test-labels.npy").unlink()
    elif damage == "no meta":
        (path / "meta.json").unlink()
    else:
        (path / "meta.json").write_text("{")
    assert load(folder).train.x.tobytes() == whole


def test_an_interrupted_run_leaves_no_entry_and_no_litter(folder, monkeypatch):
    read, count = speech_folder.read_wav, []

    def interrupted(path, **options):
        count.append(path)
        if len(count) == 9:
            raise KeyboardInterrupt
        return read(path, **options)

    monkeypatch.setattr(speech_folder, "read_wav", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load(folder)
    assert entries(folder) == []
    monkeypatch.undo()
    # What a run that was killed leaves is cleared by the next one.
    key = load(folder, segment="loudest")
    (name,) = entries(folder)
    (folder.parent / "cache" / f".{name}-killed").mkdir()
    write_wav(folder / "no" / "e_nohash_0.wav", tone(1))
    assert len(load(folder, segment="loudest").train) == len(key.train) + 1
    assert entries(folder) == [name]


def test_two_runs_at_once_make_one_entry(folder, monkeypatch):
    made, fill = [], speech_commands._fill

    def counted(*arguments, **options):
        made.append(1)
        return fill(*arguments, **options)

    monkeypatch.setattr(speech_commands, "_fill", counted)
    found = []
    threads = [threading.Thread(target=lambda: found.append(load(folder).train.x.tobytes())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(set(found)) == 1
    assert len(found) == 4


def test_the_arrays_are_plain_npy_files_and_the_skipped_ones_are_listed(folder):
    (folder / "no" / "e_nohash_0.wav").write_bytes(b"")
    dataset = load(folder)
    (entry,) = entries(folder)
    path = folder.parent / "cache" / entry
    np.testing.assert_array_equal(np.load(path / "train-inputs.npy"), dataset.train.x)
    facts = json.loads((path / "meta.json").read_text())["facts"]
    assert facts["skipped"] == ["no/e_nohash_0.wav: not a wav file, or cut off in its header"]
    assert not dataset.train.x.flags.writeable


def test_a_cache_that_cannot_be_written(folder):
    with pytest.raises(UserError, match="CACHE_DIR is '/proc/rnnexp': cannot write there"):
        datasets.load(ClassificationConfig(data_dir=folder, cache_dir="/proc/rnnexp", quiet=True))

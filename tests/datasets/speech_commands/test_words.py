"""Words of one's own from a folder: which classes there are, and which clips are in which part."""

import hashlib
import re
import unicodedata

import numpy as np
import pytest
from helpers.clips import TEN, tone, write_folder, write_wav

from rnnexp import datasets
from rnnexp.config import ClassificationConfig
from rnnexp.datasets.speech_commands.words import LABELS
from rnnexp.errors import UserError

HAI, IIE = "はい", "いいえ"


def write_words(path, words, clips=12, name="s{:02d}_nohash_0.wav", **form):
    """Write clips of words, of as many speakers."""
    for pitch, word in enumerate(words):
        for clip in range(clips):
            samples = tone(300 + 200 * pitch, 12000 + 300 * clip, seed=100 * pitch + clip)
            write_wav(path / word / name.format(clip), samples, **form)
    return path


def load(folder, **settings):
    return datasets.load(
        ClassificationConfig(data_dir=folder, cache_dir=folder.parent / "cache", quiet=True, **settings)
    )


def refused(folder, **settings):
    with pytest.raises(UserError) as caught:
        load(folder, **settings)
    return str(caught.value)


def counts(part, classes):
    return np.bincount(part.y, minlength=len(classes)).tolist()


def note(dataset, text):
    return next(note for note in (*dataset.notes, *dataset.warnings) if text in note)


# ---- which classes there are


def test_all_words_of_a_folder_are_classes(tmp_path):
    dataset = load(write_words(tmp_path / "clips", (HAI, IIE, "Ja")))
    assert (dataset.class_names, dataset.outputs) == (("Ja", IIE, HAI), 3)
    assert dataset.source == "clips of spoken words, from the folder clips"
    for part in (dataset.train, dataset.validation, dataset.evaluation):
        assert min(counts(part, dataset.class_names)) >= 1
    shares = np.array(counts(dataset.train, dataset.class_names)) / len(dataset.train)
    np.testing.assert_allclose(dataset.baselines["majority class"][0], shares)


def test_the_ten_are_told_from_all_others_where_all_are_there(tmp_path):
    folder = write_folder(tmp_path / "clips")
    assert load(folder).class_names == LABELS
    assert load(folder, words=TEN).class_names == LABELS
    for path in (folder / "up").iterdir():
        path.unlink()
    assert load(folder).class_names == (*sorted({*TEN, "bird"} - {"up"}), "_silence_")


def test_nothing_but_the_ten(tmp_path):
    dataset = load(write_folder(tmp_path / "clips", words=TEN))
    assert dataset.class_names == LABELS[:11]
    assert "The folder has no other words: there is no class _unknown_." in dataset.notes


def test_words_that_are_chosen_are_told_from_the_others(tmp_path):
    folder = write_words(tmp_path / "clips", ("a", "b", "c"))
    write_wav(folder / "_background_noise_" / "room.wav", tone(50, 60000, seed=7))
    dataset = load(folder, words=["c", "a"])
    assert dataset.class_names == ("c", "a", "_silence_", "_unknown_")
    assert load(folder).class_names == ("a", "b", "c", "_silence_")
    assert load(folder, words="b").class_names == ("b", "_silence_", "_unknown_")
    # Each has clips of its own: nobody reads another's.
    entries = [path for path in (tmp_path / "cache").iterdir() if path.is_dir()]
    assert len(entries) == 3
    assert load(folder, words=["c", "a"]).train.y.tolist() == dataset.train.y.tolist()


def test_folders_named_as_classes_are_material_for_them(tmp_path):
    dataset = load(write_words(tmp_path / "clips", ("a", "_unknown_", "_silence_")))
    assert dataset.class_names == ("a", "_silence_", "_unknown_")
    assert len(set(counts(dataset.train, dataset.class_names))) == 1


def test_letters_with_marks_are_the_same_in_one_piece_or_two(tmp_path):
    taken_apart = unicodedata.normalize("NFD", "が")
    folder = write_words(tmp_path / "clips", (taken_apart, "b"))
    for name, clip in (("validation", 1), ("testing", 2)):
        lines = "".join(f"{word}/s{clip:02d}_nohash_0.wav\n" for word in ("が", "b"))
        (folder / f"{name}_list.txt").write_text(lines, encoding="utf-8")
    dataset = load(folder, words=["が"])
    assert dataset.class_names == ("が", "_unknown_")
    assert counts(dataset.validation, dataset.class_names) == [1, 1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["いえ"],
            "WORDS names 'いえ', and {folder} has no folder of that name with .wav files; did you mean 'いいえ'? ",
        ),
        (["x", HAI, "y"], "WORDS names 'x', 'y', and {folder} has no folder"),
        ([HAI, "_silence_"], "WORDS names _silence_, which is no word: _silence_ and _unknown_ are classes wherever"),
    ],
)
def test_words_that_are_not_there(tmp_path, words, message):
    folder = write_words(tmp_path / "clips", (HAI, IIE))
    found = refused(folder, words=words)
    assert found.startswith(message.format(folder=folder))
    assert "_silence_" in words or found.endswith(f"(there are: {IIE}, {HAI})")


def test_tensorflow_datasets_knows_the_ten_alone(tmp_path):
    with pytest.raises(UserError, match=r"WORDS names 'bird', and tensorflow_datasets tells down, .* set DATA_DIR"):
        datasets.load(ClassificationConfig(words=["yes", "bird"], cache_dir=tmp_path))


def test_a_folder_without_a_word(tmp_path):
    folder = tmp_path / "clips"
    write_wav(folder / "_background_noise_" / "room.wav", tone(50, 60000))
    (folder / "a").mkdir()
    assert re.fullmatch(r"DATA_DIR is .*clips', which has no word: it must hold .*commands.md\)", refused(folder))
    (folder / "a" / "x.MP3").write_bytes(b"ID3")
    assert refused(folder).endswith("; files .mp3 must be converted to wav, such as by ffmpeg or sox")
    write_words(tmp_path / "clips" / "deeper", ("a", "b"))
    assert refused(folder).endswith(f"; did you mean '{folder}/deeper'?")


def test_one_word_alone(tmp_path):
    folder = write_words(tmp_path / "clips", (HAI,))
    assert f"which has the word '{HAI}' alone, and nothing to tell it from: add a folder" in refused(folder)
    write_wav(folder / "_background_noise_" / "room.wav", tone(50, 60000, seed=1))
    assert load(folder).class_names == (HAI, "_silence_")


def test_a_name_that_no_report_could_show(tmp_path):
    folder = write_words(tmp_path / "clips", ("a", "b"))
    write_wav(folder / "a\nb" / "x.wav", tone(100))
    assert "this name is no text in UTF-8 that can be shown: rename it" in refused(folder)


def test_settings_of_words_are_refused_elsewhere():
    for name, value, default in (("words", ["a"], "None"), ("resample", True, "False")):
        with pytest.raises(UserError, match=f"{name.upper()} is for speech_commands, .*; iris .*: leave it {default}"):
            datasets.load(ClassificationConfig(dataset_name="iris", **{name: value}))


# ---- which clips are in which part


def official_part(name):
    """Speech Commands' own rule, from its README, which has "026290a7" in its first list, "0c40e715" in the other."""
    hashed = int(hashlib.sha1(re.sub(r"_nohash_.*$", "", name).encode()).hexdigest(), 16)
    percentage = (hashed % (2**27)) * (100.0 / (2**27 - 1))
    return "validation" if percentage < 10 else "test" if percentage < 20 else "train"


def test_without_lists_clips_are_divided_as_speech_commands_was(tmp_path):
    names = [f"{number:03d}_nohash_0.wav" for number in range(200)]
    for number, word in enumerate("ab"):
        for name in names:
            write_wav(tmp_path / "clips" / word / name, tone(300 + 200 * number, 500, seed=int(name[:3])))
    dataset = load(tmp_path / "clips", max_sequence_length=500)
    expected = {
        part: 2 * sum(official_part(name) == part for name in names) for part in ("train", "validation", "test")
    }
    assert [len(part) for part in (dataset.train, dataset.validation, dataset.evaluation)] == list(expected.values())
    assert [official_part(f"{who}_nohash_0.wav") for who in ("026290a7", "0c40e715")] == ["validation", "test"]
    assert "no speaker, who is what comes before _nohash_ in a file's name, is in two parts" in note(dataset, "divided")


def test_speakers_of_the_official_test_part_alone(tmp_path):
    """Whose hashes would leave nobody to learn from."""
    names = [f"{number:03d}" for number in range(200)]
    tested = [name for name in names if official_part(f"{name}_nohash_") == "test"]
    assert len(tested) >= 10
    folder = tmp_path / "clips"
    for number, word in enumerate("ab"):
        for name in tested:
            write_wav(folder / word / f"{name}_nohash_0.wav", tone(300 + 200 * number, seed=int(name)))
    dataset = load(folder)
    held = max(round(len(tested) / 10), 1)
    assert counts(dataset.train, "ab") == [len(tested) - 2 * held] * 2
    assert counts(dataset.validation, "ab") == [held] * 2


@pytest.mark.parametrize("share", [0.01, 0.2, 0.9])
def test_few_speakers_are_divided_so_that_every_class_is_everywhere(tmp_path, share):
    dataset = load(write_words(tmp_path / "clips", ("a", "b"), 3), validation_share=share)
    assert [counts(part, "ab") for part in (dataset.train, dataset.validation, dataset.evaluation)] == [[1, 1]] * 3


def test_one_speaker_alone_is_divided_at_random(tmp_path):
    folder = write_words(tmp_path / "clips", ("a", "b"), 10, name="me_nohash_{}.wav")
    first, other, again = (load(folder, seed=seed) for seed in (0, 1, 0))
    assert [counts(part, "ab") for part in (first.train, first.validation, first.evaluation)] == [
        [8, 8],
        [1, 1],
        [1, 1],
    ]
    assert "at random: too few speakers" in note(first, "divided")
    assert first.validation.x.tobytes() == again.validation.x.tobytes() != other.validation.x.tobytes()


def test_names_that_tell_no_speakers(tmp_path):
    dataset = load(write_words(tmp_path / "clips", ("a", "b"), name="take {}.WAV"))
    assert "which tell no speakers (SPEAKER_nohash_0.wav does): training may know the voices" in note(
        dataset, "divided"
    )


@pytest.mark.parametrize("clips", [1, 2])
def test_too_few_clips(tmp_path, clips):
    folder = write_words(tmp_path / "clips", ("a", "b"))
    write_words(folder, ("few",), clips)
    found = refused(folder)
    assert f"where the class 'few' has {clips} of the 3 clips that are needed: one to learn from, one to" in found
    assert load(folder, words=["a"]).class_names == ("a", "_unknown_")


def test_one_list_alone(tmp_path):
    folder = write_words(tmp_path / "clips", ("a", "b"))
    (folder / "testing_list.txt").write_text("a/s00_nohash_0.wav\n")
    assert "which has testing_list.txt, and no validation_list.txt: it needs both, or neither" in refused(folder)


def test_lists_of_windows_and_a_class_that_they_leave_out(tmp_path):
    folder = write_words(tmp_path / "clips", (HAI, IIE))
    lines = {"validation": f"{HAI}\\s00_nohash_0.wav\r\n", "testing": f"{HAI}\\s01_nohash_0.wav\r\n"}
    for name, text in lines.items():
        (folder / f"{name}_list.txt").write_bytes(text.encode("cp932"))
    assert f"the validation part has no clip of the class '{IIE}'. Mend it: add some, or choose other" in refused(
        folder
    )
    for name, text in lines.items():
        (folder / f"{name}_list.txt").write_bytes((text + text.replace(HAI, IIE)).encode("cp932"))
    dataset = load(folder)
    assert [counts(part, "ab") for part in (dataset.train, dataset.validation, dataset.evaluation)] == [
        *([10, 10], [1, 1], [1, 1])
    ]


def test_the_only_recording_of_noise_is_divided_in_time(tmp_path):
    folder = write_words(tmp_path / "clips", ("a", "b"))
    recording = np.arange(8 * 16000).astype(np.int16)
    write_wav(folder / "_Background_Noise_" / "room.wav", recording)
    dataset = load(folder, max_sequence_length=16000)
    silence = dataset.class_names.index("_silence_")
    learned, held, tested = (
        part.x[part.y == silence, :, 0] for part in (dataset.train, dataset.validation, dataset.evaluation)
    )
    assert (len(learned), len(held)) == (10, 3)
    np.testing.assert_array_equal(held, tested)
    # The last that is learned from ends where the first that is held out begins, or before.
    assert 4.5 + 1 <= (8 - 0.5) - 1 - 2 * 0.5
    np.testing.assert_array_equal(learned[-1], np.clip(recording[72000:88000], learned.min(), learned.max()))
    np.testing.assert_array_equal(held[0], np.clip(recording[88000:104000], learned.min(), learned.max()))


def test_noise_that_is_too_short_for_a_class(tmp_path):
    folder = write_words(tmp_path / "clips", ("a", "b"))
    write_wav(folder / "_background_noise_" / "room.wav", tone(50, 30000))
    found = refused(folder)
    assert found.startswith("the train part has no clip of the class '_silence_', where some cannot be used: _backgr")
    assert "room.wav: the only recording, and not longer than two seconds" in found


# ---- files that are no clips as they are


def test_long_clips_are_cut_and_the_report_says_so(tmp_path):
    folder = write_words(tmp_path / "clips", ("a", "b"))
    assert not any("longer than a second" in text for text in load(folder).warnings)
    write_wav(folder / "a" / "s99_nohash_0.wav", tone(300, 40000))
    assert note(load(folder), "longer") == (
        "1 of 25 clips are longer than a second, of which the first one is read: cut them to where the word is."
    )


def test_a_class_whose_clips_cannot_be_used(tmp_path):
    folder = write_words(tmp_path / "clips", ("a", "b"), 30)
    write_words(folder, ("few",), 3)
    for path in (folder / "few").iterdir():
        path.write_bytes(b"RIFF")
    found = refused(folder)
    assert "the class 'few', where some cannot be used: few/s0" in found
    assert "not a wav file, or cut off in its header" in found


def test_clips_of_other_rates_are_resampled_when_asked_for(tmp_path):
    folder = write_words(tmp_path / "clips", ("a",), rate=48000)
    write_words(folder, ("b",))
    assert "a/s" in (found := refused(folder))
    assert "48000 samples a second, not 16000" in found
    assert found.endswith("samples a second; RESAMPLE (--resample) converts other rates, bits and channels")
    dataset = load(folder, resample=True)
    assert dataset.class_names == ("a", "b")
    assert not any("left out" in text for text in dataset.warnings)
    # A third as long as at the rate that they seemed to have.
    assert (np.flatnonzero(load(folder, resample=True, max_sequence_length=16000).train.x[0])[-1]) < 6000


def test_few_clips_of_another_rate_are_left_out_and_the_report_says_what_to_do(tmp_path):
    folder = write_words(tmp_path / "clips", ("a", "b"), 30)
    write_wav(folder / "a" / "s02_nohash_0.wav", tone(300), rate=44100)
    dataset = load(folder)
    assert note(dataset, "left out") == (
        "Files that cannot be used and were left out, 1 in all: a/s02_nohash_0.wav: 44100 samples a second, not 16000. "
        "RESAMPLE (--resample) converts those of other rates, bits and channels."
    )
    assert len(load(folder, resample=True).train) == len(dataset.train) + (official_part("s02_nohash_") == "train")


def test_augmentation_without_silence(tmp_path):
    dataset = load(write_words(tmp_path / "clips", ("a", "b")), augmentation=1.0)
    made = dataset.augment(np.random.default_rng(0))
    assert made.shape == dataset.train.x.shape
    assert (made != dataset.train.x).any()

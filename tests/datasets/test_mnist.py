"""MNIST from files in every layout, from tensorflow_datasets, and what is said without either."""

import gzip
import struct
import subprocess
import sys

import numpy as np
import pytest
from helpers.runs import PROJECT

from rnnexp import datasets
from rnnexp.config import ClassificationConfig
from rnnexp.datasets.mnist import files as mnist_files
from rnnexp.datasets.mnist import loader as mnist
from rnnexp.datasets.support import tfds as prepared
from rnnexp.errors import UserError


def load(path=None, **settings):
    return datasets.load(ClassificationConfig(dataset_name="mnist", data_dir=path, quiet=True, **settings))


def refused(path, **settings):
    with pytest.raises(UserError) as caught:
        load(path, **settings)
    return str(caught.value)


@pytest.fixture(scope="module")
def drawn():
    """Images with empty corners, and labels: 60 to learn from, 20 to test on."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (80, 28, 28), np.uint8)
    images[:, 0, 0] = images[:, -1, -1] = 0
    labels = np.arange(80) % 10
    return (images[:60], labels[:60]), (images[60:], labels[60:])


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def write_idx(folder, parts, rename=lambda name: f"{name}.gz"):
    folder.mkdir(exist_ok=True)
    for names, arrays in zip((mnist_files.TRAIN, mnist_files.TEST), parts, strict=True):
        for name, array in zip(names, arrays, strict=True):
            file = rename(name)
            (folder / file).write_bytes(gzip.compress(idx(array)) if file.endswith(".gz") else idx(array))
    return folder


def write_csv(path, images, labels, *, label_first=False, header=None):
    rows = [[label, *image.ravel()] if label_first else [*image.ravel(), label] for image, label in zip(images, labels)]  # noqa: B905
    text = "".join(",".join(map(str, row)) + "\n" for row in ([header] if header else []) + rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def same_rows(part, images, labels):
    """Whether a part has these images with these labels, in any order."""
    ours = sorted((int(y), x.astype(np.uint8).tobytes()) for x, y in zip(part.x, part.y, strict=True))
    return ours == sorted((int(y), x.tobytes()) for x, y in zip(images, labels, strict=True))


@pytest.mark.parametrize("rename", [lambda name: f"{name}.gz", str, lambda name: name.replace("-idx", ".idx")])
def test_the_official_files_have_a_test_part(tmp_path, drawn, rename):
    dataset = load(write_idx(tmp_path / "mnist", drawn, rename))
    assert dataset.train.x.shape == (48, 28, 28)
    assert dataset.validation.x.shape == (12, 28, 28)
    assert dataset.train.x.dtype == np.int16
    assert dataset.evaluation_part == "test part"
    np.testing.assert_array_equal(dataset.evaluation.x, drawn[1][0])
    np.testing.assert_array_equal(dataset.evaluation.y, drawn[1][1])
    both = datasets.Split(
        *(np.concatenate([getattr(part, name) for part in (dataset.train, dataset.validation)]) for name in "xy")
    )
    assert same_rows(both, *drawn[0])
    assert np.bincount(dataset.validation.y).min() >= 1
    assert (dataset.input_scale, dataset.class_names) == (255, tuple("0123456789"))


@pytest.mark.parametrize("name", ["digits.csv", "digits.csv.gz"])
@pytest.mark.parametrize("label_first", [True, False])
def test_a_csv_is_split_and_its_labels_may_be_at_either_end(tmp_path, drawn, name, label_first):
    path = write_csv(tmp_path / name, *drawn[0], label_first=label_first)
    dataset = load(path, validation_share=0.25)
    assert dataset.evaluation is dataset.validation
    assert dataset.evaluation_part == "validation part"
    assert (len(dataset.train), len(dataset.validation)) == (45, 15)
    np.testing.assert_array_equal(load(tmp_path, validation_share=0.25).train.x, dataset.train.x)
    known = {image.tobytes(): label for image, label in zip(*drawn[0], strict=True)}
    for part in (dataset.train, dataset.validation):
        assert [known.pop(image.astype(np.uint8).tobytes()) for image in part.x] == part.y.tolist()
    assert not known


def test_early_stopping_gets_a_test_part_of_its_own(tmp_path, drawn):
    dataset = load(write_csv(tmp_path / "digits.csv", *drawn[0]), validation_share=0.25, early_stopping=3)
    assert [len(part) for part in (dataset.train, dataset.validation, dataset.evaluation)] == [33, 12, 15]
    assert dataset.evaluation_part == "test part"


def test_two_tables_are_training_and_test_part_and_a_header_names_the_labels(tmp_path, drawn):
    header = ["label", *(f"pixel{n}" for n in range(784))]
    write_csv(tmp_path / "mnist_train.csv", *drawn[0], label_first=True, header=header)
    write_csv(tmp_path / "mnist_test.csv", *drawn[1], label_first=True, header=header)
    dataset = load(tmp_path)
    np.testing.assert_array_equal(dataset.evaluation.x, drawn[1][0])
    np.testing.assert_array_equal(dataset.evaluation.y, drawn[1][1])
    assert len(dataset.train) + len(dataset.validation) == 60
    assert load(tmp_path, max_sequence_length=5).train.x.shape[1:] == (5, 28)


def test_files_that_cannot_be_used_are_named(tmp_path, drawn):
    folder = tmp_path / "mnist"
    assert f"DATA_DIR: there is no {folder}; set it to a folder with the four" in refused(folder)
    folder.mkdir()
    assert "has neither; set it to" in refused(folder)
    write_idx(folder, drawn)
    images, labels = (folder / f"{name}.gz" for name in mnist_files.TEST)
    whole = images.read_bytes()
    images.unlink()
    assert "lacks t10k-images-idx3-ubyte" in refused(folder)
    for content, message in (
        (whole[:-100], "cannot be read"),
        (b"none", "cannot be read"),
        (gzip.compress(b"<html>"), "is no idx file of bytes"),
        (gzip.compress(gzip.decompress(whole)[:-1]), "is not whole: it should hold 15,680 bytes"),
        (gzip.compress(gzip.decompress(whole)[:7]), "is not whole"),
        (gzip.compress(idx(np.zeros((20, 8, 8)))), "has the shape [20, 8, 8], not [images, 28, 28]"),
        (gzip.compress(idx(np.zeros((19, 28, 28)))), "has the shape [20], not [19], as the images"),
    ):
        images.write_bytes(content)
        assert message in refused(folder)
    images.write_bytes(whole)
    labels.write_bytes(gzip.compress(idx(np.full(20, 10))))
    assert "are not digits from 0 to 9" in refused(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("\n", ",1\n"), "have 786 columns, not 784 pixels and a label"),
        (lambda text: "256" + text[1:], "row 1, column 1: 256 is no whole number from 0 to 255"),
        (lambda text: "x" + text[1:], "row 1, column 1: x is no whole number"),
        (lambda text: "" + text[1:], "row 1, column 1: nan is no whole number"),
        (lambda text: "1.5" + text[1:], "row 1, column 1: 1.5 is no whole number"),
        (lambda text: "5" + text[1:], "whether the first or the last column"),
        (lambda _: "", "cannot be read as a table"),
        (lambda text: text + "1,2\n" + text + "1" * 5 + ",2" * 800, "cannot be read as a table"),
    ],
)
def test_tables_that_cannot_be_used_are_named(tmp_path, drawn, change, message):
    path = write_csv(tmp_path / "digits.csv", *drawn[1])
    path.write_text(change(path.read_text()))
    assert message in refused(path)


def test_several_tables_need_telling_names(tmp_path, drawn):
    for name in ("a.csv", "b.csv"):
        write_csv(tmp_path / name, *drawn[1])
    assert "2 .csv files, not a 'train' and a 'test' one" in refused(tmp_path)


def test_the_archives_are_those_that_the_builder_knows():
    import tensorflow_datasets as tfds

    assert set(mnist.DOWNLOAD.archives) == set(tfds.builder_cls("mnist").url_infos)


def test_without_data_and_network_the_message_names_both_ways(tmp_path):
    done = subprocess.run(
        [sys.executable, PROJECT / "run_classification.py", "--dataset-name", "mnist"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path / "home"), "PATH": "", "https_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("run_classification.py: error: there is no MNIST data set in ")
    for way in ("run again with a network", "DATA_DIR (--data-dir)", "idx files", "DATASET_NAME = 'digits'"):
        assert way in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_real_builder_and_the_official_files_give_the_same_arrays(tmp_path, monkeypatch):
    """Nothing of the builder is patched: its archives, of the full size, are where it would have downloaded them to."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download import resource

    random = np.random.default_rng(0)
    parts = []
    for count in (60000, 10000):
        images = np.zeros((count, 28, 28), np.uint8)
        images[:, 5:9, 5:9] = random.integers(0, 256, (count, 4, 4))
        parts.append((images, random.integers(0, 10, count)))
    folder = write_idx(tmp_path / "files", parts)
    home = tmp_path / "home"
    infos = tfds.builder_cls("mnist").url_infos
    for url in mnist.DOWNLOAD.archives:
        path = home / "downloads" / "mnist" / resource.get_dl_fname(url, infos[url].checksum)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((folder / url.split("/")[-1]).read_bytes())
        resource.write_info_file(
            url=url, path=path, dataset_name="mnist", original_fname=path.name, url_info=infos[url]
        )
    monkeypatch.setenv("TFDS_DATA_DIR", str(home))
    monkeypatch.setattr(prepared, "reachable", lambda _: False)
    built, files = load(), load(folder)
    assert "mnist/3.0.1" in built.source
    assert (len(built.train), len(built.validation), len(built.evaluation)) == (48000, 12000, 10000)
    assert same_rows(built.evaluation, files.evaluation.x.astype(np.uint8), files.evaluation.y)

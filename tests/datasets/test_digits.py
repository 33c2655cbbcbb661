"""The digits that are always there: rows of an image as time steps."""

import numpy as np

from rnnexp import datasets
from rnnexp.config import ClassificationConfig


def load(**settings):
    return datasets.load(ClassificationConfig(dataset_name="digits", **settings))


def test_the_rows_of_an_image_are_the_time_steps():
    from sklearn.datasets import load_digits

    dataset = load()
    assert dataset.train.x.shape == (1437, 8, 8)
    assert dataset.validation.x.shape == (360, 8, 8)
    assert dataset.evaluation is dataset.validation
    assert dataset.train.x.dtype == np.float32
    assert (dataset.train.x.min(), dataset.train.x.max(), dataset.input_scale) == (0, 16, 16)
    assert dataset.class_names == tuple("0123456789")
    values, labels = load_digits(return_X_y=True)
    known = {row.astype(np.float32).tobytes(): int(label) for row, label in zip(values, labels, strict=True)}
    for part in (dataset.train, dataset.validation):
        assert [known.pop(image.tobytes()) for image in part.x] == part.y.tolist()
    # Each of them is in one part.
    assert not known


def test_all_parts_have_every_class_in_like_shares():
    plain, dataset = load(), load(early_stopping=5)
    assert (len(dataset.train), len(dataset.validation), len(dataset.evaluation)) == (1149, 288, 360)
    assert dataset.evaluation_part == "test part"
    np.testing.assert_array_equal(dataset.evaluation.x, plain.evaluation.x)
    for part in (dataset.train, dataset.validation, dataset.evaluation):
        shares = np.bincount(part.y, minlength=10) / len(part)
        np.testing.assert_allclose(shares, 0.1, atol=0.006)


def test_the_split_is_that_of_the_seed():
    np.testing.assert_array_equal(load(seed=4).train.x, load(seed=4).train.x)
    assert not np.array_equal(load(seed=4).train.x, load(seed=5).train.x)


def test_images_can_be_cut():
    np.testing.assert_array_equal(load(max_sequence_length=3).train.x, load().train.x[:, :3])

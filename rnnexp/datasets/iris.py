"""Fisher's Iris flowers: the four measurements read one after the other as a sequence."""

from __future__ import annotations

import numpy as np

from rnnexp.config import ClassificationConfig
from rnnexp.datasets.dataset import Dataset, Split
from rnnexp.datasets.support import splits as stratified
from rnnexp.datasets.support.baselines import majority_class
from rnnexp.preprocessing.input_map import TrainingRange


def load(config: ClassificationConfig) -> Dataset:
    """Load Iris from scikit-learn: four time steps of one feature, three classes, stratified split.

    Raises:
        UserError: if the validation share leaves a part without some class.
    """
    from sklearn.datasets import load_iris

    iris = load_iris()
    features = iris.data[:, : config.max_sequence_length]
    (values, labels), (held_out, held_out_labels), (test, test_labels) = stratified.split(features, iris.target, config)
    low, high = values.min(axis=0), values.max(axis=0)
    # To nine digits: float64's last ones are only noise of the subtraction.
    width = [round(float(value), 9) for value in high - low]
    input_map = TrainingRange(to=1.0, minimum=tuple(low.tolist()), range=tuple(width))

    def part(values: np.ndarray, labels: np.ndarray) -> Split:
        samples = values[:, :, None]
        offset, unit = input_map.scaling(samples)
        return Split(((samples - offset) / unit).astype(np.float32), labels.astype(np.int32))

    names = tuple(str(name) for name in iris.target_names)
    return Dataset(
        name=config.dataset_name,
        task="classification",
        train=part(values, labels),
        validation=part(held_out, held_out_labels),
        evaluation=part(test, test_labels),
        evaluation_part=stratified.tested_on(config),
        baselines={"majority class": majority_class(labels, len(test), len(names))},
        outputs=len(names),
        source="R. A. Fisher (1936), as scikit-learn ships it",
        units="class",
        normalization="each feature to [0, 1] by its minimum and maximum in the training part",
        input_map=input_map,
        class_names=names,
    )

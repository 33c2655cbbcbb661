"""A linear path from all inputs of a sequence to the outputs, in real numbers."""

import numpy as np
import pytest
from helpers.random_networks import ANSWER_STEPS, inputs, layered

from rnnexp.network.architecture import LINEAR_KERNEL, Architecture
from rnnexp.network.layer import Layer

STRUCTURES = [
    [("simple", 4)],
    [("lstm", 3), ("gru", 5)],
    [("gru", 3, "both")],
    [("gru", 3, "backwards"), ("simple", 4)],
]


@pytest.mark.parametrize("cells", STRUCTURES, ids=str)
def test_it_adds_the_inputs_step_by_step(cells):
    network, x = layered(*cells, steps=5, features=2, outputs=3, linear_path=True), inputs(6, 5, 2)
    assert list(network.architecture.shapes)[-3:] == [LINEAR_KERNEL, "output/kernel", "output/bias"]
    assert network.linear_kernel.shape == (10, 3)
    path = sum(x[:, step] @ network.linear_kernel[2 * step : 2 * step + 2] for step in range(5))
    alone = network.without_linear_path()
    assert not alone.architecture.linear_path
    np.testing.assert_allclose(network.run(x), alone.run(x) + path, rtol=1e-12)
    np.testing.assert_array_equal(network.states(x)[-1][0], alone.states(x)[-1][0])


def test_a_network_without_one_has_no_weights_of_it():
    network = layered(("gru", 4), steps=5, outputs=3)
    assert network.linear_kernel.shape == (0, 3)
    assert network.without_linear_path().architecture == network.architecture


@pytest.mark.parametrize("layers", [(Layer("gru", 4),), (Layer("gru", 4, repeats=ANSWER_STEPS), Layer("gru", 4))])
def test_more_than_one_answer_cannot_have_one(layers):
    with pytest.raises(ValueError, match="to the one answer after the last step"):
        Architecture(9, 2, layers, True, 1, "tanh", linear_path=True)


def test_it_is_in_the_json_only_where_there_is_one():
    with_path, without = (layered(("gru", 4), linear_path=path).architecture for path in (True, False))
    assert with_path.to_json() == {**without.to_json(), "linear_path": True}
    assert "linear_path" not in without.to_json()
    for architecture in (with_path, without):
        assert Architecture.from_json(architecture.to_json()) == architecture

"""The equations of docs/network.md, written out: what the numbers in an npz file come to."""

import numpy as np

ABOUT = {"activation": "tanh", "max_value": 1.0, "task": "regression", "time_steps": 30, "input_map": {"kind": "none"}}


def float_states(found, x):
    """The equations of docs/network.md in real numbers: the states ``[n, time, units]`` of samples."""
    big = float(found["max_value"])
    f = {
        "relu": lambda z: np.maximum(z, 0),
        "tanh": np.tanh,
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "custom": lambda z: big * np.sqrt(np.clip(z, 0, big) / big),
    }[str(found["activation"])]
    h, states = np.zeros((len(x), len(found["b"]))), []
    for time in range(x.shape[1]):
        h = f(x[:, time] @ found["W_x"].T + h @ found["W_h"].T + found["b"])
        states.append(h)
    return np.stack(states, axis=1)


def float_outputs(found, x):
    """The same equations to the end: the outputs."""
    return float_states(found, x)[:, -1] @ found["W_o"].T + found["b_o"]


def integer_codes(found, x):
    """The equations of docs/network.md in integers, from the float inputs to the output codes."""
    n = {name.removeprefix("int8/"): values.astype(object) for name, values in found.items() if "int8/" in name}

    def round_shift(a, s):
        return (a + 2 ** (s - 1)) // 2**s

    result = []
    for sample in x:
        v = np.zeros(len(n["b"]), object)
        codes = np.rint(sample / float(n["input_scale"])).astype(int) + int(n["input_zero_point"])
        for c in np.clip(codes, -128, 127).astype(object):
            total = n["W_x_high"] @ (256 * c) + n["W_x_low"] @ (4 * c) + n["b"]
            total = total + n["W_h_high"] @ (4 * v) + n["W_h_low"] @ (4 * ((v + 32) // 64))
            entry = [min(max(a, 0), len(n["table"]) - 1) for a in round_shift(total, int(n["shift"]))]
            v = n["table"][entry]
        total = n["W_o_high"] @ (4 * v) + n["W_o_low"] @ (4 * ((v + 32) // 64)) + n["b_o"]
        code = round_shift(total, int(n["output_shift"])) + int(n["output_zero_point"])
        result.append([min(max(a, -128), 127) for a in code])
    return np.array(result, int)

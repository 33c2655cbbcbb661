"""The equations of docs/network.md, written out: what the numbers in an npz file come to, without anything of ours."""

import numpy as np


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
    path = x.reshape(len(x), -1) @ found["W_l"].T if "W_l" in found else 0.0
    return float_states(found, x)[:, -1] @ found["W_o"].T + path + found["b_o"]


def integer_codes(found, x):
    """The equations of docs/network.md in integers, from float inputs ``[n, time, features]`` to output codes."""
    return np.array([_sequence(_part(found, "int8/"), sample) for sample in x], int)


def real_weights(found):
    """The real numbers that the integers stand for, as docs/network.md has them, of one layer of one direction.

    Returns a list of what the cell's blocks of rows have, and the output layer at last: kernel, recurrent kernel and
    bias, which multiply column vectors, each with the real value of one unit. A linear path's kernel is behind that of
    the output layer.
    """
    n = _part(found, "int8/")
    layer, zero_point, features = _part(n, "layer_1/"), int(n["input_zero_point"]), int(n["features"])
    cell = str(layer["cell"])
    own = 4 * layer["candidate_scale"] if cell == "gru" else layer["activation_scale"]
    own = own * 2 ** _longer(layer) if cell == "lstm" else own
    products = {
        "simple": {"sums": ("activation",)},
        "lstm": {"sums": ("gate", "gate", "candidate", "gate")},
        "gru": {"gates": ("gate", "gate"), "parts": ("candidate", "candidate")},
    }[cell]
    result = []
    for product, tables in products.items():
        codes = 64.0 * layer[f"{product}_high"] + layer[f"{product}_low"]
        for number, table in enumerate(tables):
            units = len(codes) // len(tables)
            rows = slice(number * units, (number + 1) * units)
            step = layer[f"{table}_step"] * 2.0 ** -(int(layer["finer"]) if product == "parts" else 0)
            scale = layer[f"{product}_scale"] * (step / layer[f"{product}_step"])
            input_scale = scale * (own / (n["input_scale"] / 64))
            kernel, recurrent = codes[rows, :features], codes[rows, features:]
            bias = layer[f"{product}_bias"][rows] + 4 * zero_point * kernel.sum(axis=1)
            unit = step * 2.0 ** -int(layer[f"{product}_shift"])
            # Of b of a GRU.
            start = 0.0 if product == "parts" and number == 1 else layer[f"{table}_start"]
            result.append(
                ((kernel * input_scale, input_scale), (recurrent * scale, scale), (bias * unit + start, unit))
            )
    codes = 64.0 * n["output_layer_high"] + n["output_layer_low"]
    scale, unit = n["output_layer_scale"], n["output_scale"] * 2.0 ** -int(n["output_layer_shift"])
    codes, linear = np.split(codes, [units], axis=1)
    linear_scale = scale * (own / (n["input_scale"] / 64))
    path = [(linear * linear_scale, linear_scale)] if linear.size else []
    bias = n["output_layer_bias"] + 4 * zero_point * linear.sum(axis=1)
    return [*result, ((codes * scale, scale), *path, (bias * unit, unit))]


def _part(found, prefix):
    return {name.removeprefix(prefix): values for name, values in found.items() if name.startswith(prefix)}


def _sequence(n, sample):
    """Return the codes of the last step, or of every step."""
    codes = np.rint(sample / float(n["input_scale"])).astype(int) + int(n["input_zero_point"])
    sequence = list(64 * np.clip(codes, -128, 127).astype(object))
    inputs = np.concatenate(sequence)
    count = len({name.split("/")[0] for name in n if name.startswith("layer_")})
    made = {-1: sequence}
    for number in range(1, count + 1):
        layer = _part(n, f"layer_{number}/")
        read = [made[int(place)] for place in str(layer.get("reads", number - 2)).split()]
        sequence = [np.concatenate(step) for step in zip(*read, strict=True)]
        repeats = int(layer["repeats"])
        last = bool(repeats) or (number == count and not n["every_step"])
        if "cell" in layer:
            values = _values(layer, sequence[::-1] if layer["backwards"] else sequence)
        else:
            forward = _values(_part(layer, "forward/"), sequence)
            backward = _values(_part(layer, "backward/"), sequence[::-1])
            # Those of the same place, or those after each one's own last step.
            pairs = zip(forward, backward if last else backward[::-1], strict=True)
            values = [np.concatenate(pair) for pair in pairs]
        sequence = made[number - 1] = values[-1:] * repeats if repeats else values
    results = []
    if n["output_layer_high"].shape[1] > len(sequence[-1]):
        sequence = [np.concatenate([sequence[-1], inputs])]
    for v in sequence if n["every_step"] else sequence[-1:]:
        (code,) = _multiply(n, "output_layer", v, 1)
        results.append(np.clip(code + int(n["output_zero_point"]), -128, 127).tolist())
    return results if n["every_step"] else results[0]


def _saturate(a):
    return np.clip(a, -32768, 32767)


def _round_shift(a, s):
    return (a + 2 ** (s - 1)) // 2**s


def _multiply(n, product, u, blocks):
    high, low = (n[f"{product}_{part}"].astype(object) for part in ("high", "low"))
    total = high @ (4 * u) + low @ (4 * ((u + 32) // 64)) + n[f"{product}_bias"]
    return np.split(_saturate(_round_shift(total, int(n[f"{product}_shift"]))), blocks)


def _longer(lstm):
    return int(np.abs(lstm["activation_values"].astype(int)).max() > 8128)


def _values(n, sequence):
    """Return the values of a cell after every step on what comes in."""

    def look_up(table, places):
        if f"{table}_values" not in n:
            return np.clip(places, int(n[f"{table}_low"]), int(n[f"{table}_high"]))
        values = n[f"{table}_values"].astype(object)
        return values[[int(place) for place in np.clip(places, 0, len(values) - 1)]]

    cell, cuts = str(n["cell"]), "candidate_sums_high" in n
    blocks = {"simple": ("sums", 1), "dense": ("sums", 1), "fastgrnn": ("sums", 1)}
    blocks |= {"lstm": ("sums", 3 if cuts else 4), "gru": ("gates", 2)}
    product, count = blocks[cell.removesuffix("-reset-before")]
    units = len(n[f"{product}_high"]) // count
    v = c = w = np.zeros(units, object)
    if "projection_high" in n:
        v = np.zeros(len(n["projection_high"]), object)
    found = []
    for given in sequence:
        u = np.concatenate([given, v])
        if cell == "simple":
            (sums,) = _multiply(n, "sums", u, 1)
            v = look_up("activation", sums)
        elif cell == "dense":
            (sums,) = _multiply(n, "sums", given, 1)
            v = look_up("activation", sums)
        elif cell == "fastgrnn":
            read = []
            for product, values in (("of_inputs", given), ("of_state", v)):
                low = f"{product}_high" in n
                read.append(np.clip(_multiply(n, product, values, 1)[0], -8128, 8128) if low else values)
            (a,) = _multiply(n, "sums", np.concatenate(read), 1)
            place = 8192 * a + 8192 * n["offsets"].astype(object)
            z = look_up("gate", _saturate(_round_shift(place, 13 + int(n["gate_finer"]))))
            finer = int(n["finer"])
            place = _saturate(_round_shift(16384 * a, 14 + finer)) if finer else a
            g = look_up("candidate", place)
            total = z * w + (16384 - z) * _saturate(_round_shift(int(n["zeta"]) * g, 14)) + int(n["nu"]) * g
            w = np.clip(_saturate(_round_shift(total, 14)), -32512, 32512)
            v = _round_shift(w, 2)
        elif cell == "lstm":
            i, f, *g, o = _multiply(n, "sums", u, count)
            (g,) = _multiply(n, "candidate_sums", u, 1) if cuts else g

            def read(sums, gate, c):
                if "peepholes_factors" not in n:
                    return sums
                total = 16384 * sums + n["peepholes_factors"][gate].astype(object) * c
                return _saturate(_round_shift(total, 14 + int(n["peepholes_finer"])))

            i, f = read(i, 0, c), read(f, 1, c)
            candidate = look_up("candidate", g)
            if not cuts:
                coarser = round(np.log2(n["activation_step"] * 2.0 ** -int(n["shift"]) / n["candidate_scale"]))
                candidate = _round_shift(candidate, coarser) if coarser else candidate
            c = look_up("gate", f) * c + look_up("gate", i) * candidate
            c = _saturate(_round_shift(c, 14))
            place = c if cuts else _saturate(_round_shift(c, int(n["shift"])) + int(n["first"]))
            longer = int(n["shift"]) if cuts else _longer(n)
            v = _saturate(_round_shift(look_up("gate", read(o, 2, c)) * look_up("activation", place), 14 + longer))
            if "projection_high" in n:
                v = np.clip(_multiply(n, "projection", v, 1)[0], -8128, 8128)
        else:
            z, r = _multiply(n, "gates", u, 2)
            if cell == "gru":
                a, b = _multiply(n, "parts", u, 2)
                place = _saturate(_round_shift(16384 * a + look_up("gate", r) * b, 14 + int(n["finer"])))
            else:
                reset = _saturate(_round_shift(look_up("gate", r) * v, 14))
                (place,) = _multiply(n, "sums", np.concatenate([given, reset]), 1)
            z = look_up("gate", z)
            w = _saturate(_round_shift(z * w + (16384 - z) * look_up("candidate", place), 14))
            v = _saturate(_round_shift(w, 2))
        found.append(v)
    return found

"""Damaged and hostile Keras files: one message each, no crash, no code of theirs run, no other file read."""

import base64
import json
import marshal
import resource
import struct
import time
import zipfile

import h5py
import numpy as np
import pytest
from helpers.damage import damaged
from helpers.keras_files import h5_file, members, packed, saved, with_config, with_weights

from rnnexp.errors import UserError
from rnnexp.formats.keras import hdf5
from rnnexp.formats.keras.reader import of_stored, read
from rnnexp.formats.keras.stored import load
from rnnexp.network.graph.graph import Graph


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    return {suffix: saved(folder, f"model{suffix}") for suffix in (".keras", ".h5")}


def attempt(path):
    """Read a file; it may be read, or be refused in one line."""
    try:
        assert isinstance(read(path), Graph)
    except UserError as problem:
        text = str(problem)
        assert 0 < len(text) < 2000
        assert "\n" not in text
        return text
    return ""


def variant(files, kind, seed, target):
    """Write a damaged file of one of four kinds; return its path."""
    content = files[".h5" if kind == "h5" else ".keras"].read_bytes()
    if kind in ("h5", "keras"):
        target.write_bytes(damaged(content, seed))
        return target
    inner = members(files[".keras"])
    member = {"weights": "model.weights.h5", "config": "config.json"}[kind]
    return packed({**inner, member: damaged(inner[member], seed)}, target)


@pytest.mark.parametrize("kind", ["h5", "keras", "weights", "config"])
@pytest.mark.parametrize("seed", range(16))
def test_damage_is_refused_or_does_no_harm(files, kind, seed, tmp_path):
    attempt(variant(files, kind, seed, tmp_path / "file"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["h5", "keras", "weights", "config"])
def test_so_is_more_damage(files, kind, tmp_path):
    start = time.monotonic()
    refused = 0
    for seed in range(1000, 1400):
        refused += bool(attempt(variant(files, kind, seed, tmp_path / "file")))
    # Bits of weights may change without anyone's noticing; most damage is seen.
    assert refused > 100
    assert time.monotonic() - start < 1800


STRANGE = (
    None, True, False, 0, -1, 1, 3, 2**31, 10**30, 1.5, -0.0, 1e308, "", "relu", "x" * 100, [], {}, [None], [[]],
    {"class_name": "Dense"}, {"class_name": "__tuple__", "items": [1]}, {"config": None}, ["given", 0, 0], [-1, -1],
)  # fmt: skip


def places(value, path=()):
    """Where something is in JSON."""
    if path:
        yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_strange_values_in_the_json_are_refused_or_do_no_harm(files, suffix):
    from dataclasses import replace

    stored, rng = load(files[suffix]), np.random.default_rng(0)
    every = list(places(stored.config))
    refused = 0
    for _ in range(1500):
        config = json.loads(json.dumps(stored.config))
        *before, last = every[int(rng.integers(len(every)))]
        holder = config
        for key in before:
            holder = holder[key]
        if rng.random() < 0.2 and isinstance(holder, dict):
            del holder[last]
        else:
            holder[last] = STRANGE[int(rng.integers(len(STRANGE)))]
        try:
            graph = of_stored(replace(stored, config=config))
            graph.run(np.zeros((1, 12, 3)))
        except UserError:
            refused += 1
    assert refused > 300


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9, 0.99, 0.9999])
def test_a_file_that_is_cut_short(files, suffix, share, tmp_path):
    content = files[suffix].read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match=r"no Keras file|damaged"):
        read(path)


def test_the_name_does_not_matter(files, tmp_path):
    for suffix, other in ((".keras", ".h5"), (".h5", ".keras")):
        path = tmp_path / f"renamed{other}"
        path.write_bytes(files[suffix].read_bytes())
        assert read(path).features == 3
    text = tmp_path / "text.keras"
    text.write_text("a model")
    with pytest.raises(UserError, match="neither a zip archive"):
        read(text)


def test_what_is_no_model(tmp_path):
    with pytest.raises(UserError, match="cannot be read: No such file"):
        read(tmp_path / "none.keras")
    with pytest.raises(UserError, match="a SavedModel is not read: load it with Keras"):
        read(tmp_path)
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["dense/kernel"] = np.zeros((2, 2))
    with pytest.raises(UserError, match="weights alone, and no model"):
        read(tmp_path / "weights.h5")
    with pytest.raises(UserError, match=r"no file of Keras 3: it has no config\.json"):
        read(packed({"a.txt": "a"}, tmp_path / "other.keras"))


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../b", "C:outside", "..\\outside"])
def test_a_name_that_leads_out_of_a_folder(files, name, tmp_path):
    with pytest.raises(UserError, match="leads out of a folder"):
        read(packed({**members(files[".keras"]), name: b"x"}, tmp_path / "file.keras"))


def test_a_member_that_is_there_twice(files, tmp_path):
    content = [*members(files[".keras"]).items(), ("config.json", b"{}")]
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = packed(content, tmp_path / "file.keras")
    with pytest.raises(UserError, match=r"config\.json twice"):
        read(path)


def test_a_name_that_is_there_twice_in_the_json(files, tmp_path):
    content = members(files[".keras"])
    config = content["config.json"].decode().replace('"filters": 4', '"filters": 4, "filters": 5', 1)
    with pytest.raises(UserError, match="'filters' is there twice"):
        read(packed({**content, "config.json": config}, tmp_path / "file.keras"))


@pytest.mark.parametrize("member", ["config.json", "metadata.json", "model.weights.h5"])
def test_a_zip_bomb(files, member, tmp_path):
    content = {**members(files[".keras"]), member: b"\0" * (300 << 20)}
    path = packed(content, tmp_path / "bomb.keras", zipfile.ZIP_DEFLATED)
    del content
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match=r"at most \d+ are read"):
        read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_zip_bomb_that_hides_its_size(files, tmp_path):
    path = packed(
        {**members(files[".keras"]), "config.json": b"{" + b" " * (40 << 20)},
        tmp_path / "b.keras",
        zipfile.ZIP_DEFLATED,
    )
    content = path.read_bytes()
    # Both headers say that there are 10 bytes.
    path.write_bytes(content.replace(struct.pack("<I", (40 << 20) + 1), struct.pack("<I", 10)))
    with pytest.raises(UserError, match="damaged"):
        read(path)


def test_json_that_is_nested_too_deeply(files, tmp_path):
    content = {**members(files[".keras"]), "config.json": "[" * 500_000}
    with pytest.raises(UserError, match="nested too deeply"):
        read(packed(content, tmp_path / "deep.keras"))


def test_models_that_are_nested_too_deeply(files, tmp_path):
    def change(config):
        for number in range(40):
            config = {"class_name": "Sequential", "config": {"name": f"m{number}", "layers": [config]}}
        return config

    with pytest.raises(UserError, match=r"models within models|does not say the shape"):
        read(with_config(files[".keras"], tmp_path / "deep.keras", change))


def weights_path(layer="side"):
    return {"side": "layers/dense/vars/0", "answer": "layers/dense_1/vars/0"}[layer]


def test_links_to_other_files_are_not_followed(files, tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["kernel"] = np.ones((4, 4), np.float32)

    def external(file):
        del file[weights_path()]
        file[weights_path()] = h5py.ExternalLink(str(secret), "kernel")

    def soft(file):
        del file[weights_path()]
        file[weights_path()] = h5py.SoftLink("/layers/dense_1/vars/0")

    for change in (external, soft):
        with pytest.raises(UserError, match="link to somewhere else"):
            read(with_weights(files[".keras"], tmp_path / "linked.keras", change))


def test_numbers_in_other_files_are_not_read(files, tmp_path):
    raw = tmp_path / "raw.bin"
    raw.write_bytes(np.ones(16, np.float32).tobytes())
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["kernel"] = np.ones((4, 4), np.float32)

    def outside(file):
        del file[weights_path()]
        file.create_dataset(weights_path(), (4, 4), "f4", external=[(str(raw), 0, 64)])

    def virtual(file):
        del file[weights_path()]
        layout = h5py.VirtualLayout((4, 4), "f4")
        layout[:] = h5py.VirtualSource(str(other), "kernel", (4, 4))
        file.create_virtual_dataset(weights_path(), layout)

    for change in (outside, virtual):
        with pytest.raises(UserError, match=r"in other files|link to"):
            read(with_weights(files[".keras"], tmp_path / "outside.keras", change))


def test_arrays_that_are_too_large(files, tmp_path):
    def declared(file):
        del file[weights_path()]
        file.create_dataset(weights_path(), (2**20, 2**20), "f4", chunks=(1024, 1024), compression="gzip")

    def packed_zeros(file):
        del file[weights_path()]
        zeros = file.create_dataset(weights_path(), (2**13, 2**13), "f4", chunks=(2**10, 2**10), compression="gzip")
        zeros[:1] = 1.0

    def chunk(file):
        del file[weights_path()]
        file.create_dataset(weights_path(), (4, 4), "f4", chunks=(2**14, 2**14), maxshape=(None, None), compression=9)
        file[weights_path()][:] = 1.0

    for change in (declared, packed_zeros):
        with pytest.raises(UserError, match="MB of weights"):
            read(with_weights(files[".keras"], tmp_path / "large.keras", change))
    with pytest.raises(UserError, match=r"more memory|damaged"):
        read(with_weights(files[".keras"], tmp_path / "large.keras", chunk))


def test_groups_without_end(files, tmp_path):
    def circle(file):
        file["layers/dense/again"] = file["layers"]

    def many(file):
        for number in range(10_001):
            file.create_group(f"more/{number}")

    def deep(file):
        file.create_group("/".join("abc" * 20))

    for change, message in ((circle, "is there twice"), (many, "more than 10000"), (deep, "nested too deeply")):
        with pytest.raises(UserError, match=message):
            read(with_weights(files[".keras"], tmp_path / "endless.keras", change))


def test_weights_that_are_no_numbers(files, tmp_path):
    def not_a_number(file):
        file[weights_path()][0, 0] = np.nan

    def infinite(file):
        file[weights_path()][0, 0] = np.inf

    def texts(file):
        del file[weights_path()]
        file[weights_path()] = np.array([[b"a"] * 4] * 4)

    def objects(file):
        del file[weights_path()]
        file.create_dataset(weights_path(), (4, 4), h5py.string_dtype())

    for change, message in (
        (not_a_number, r"'layers/dense/vars/0' have values that are no numbers"),
        (infinite, "no numbers"),
        (texts, "other than numbers"),
        (objects, "other than numbers"),
    ):
        with pytest.raises(UserError, match=message):
            read(with_weights(files[".keras"], tmp_path / "odd.keras", change))


def test_weights_that_do_not_fit(files, tmp_path):
    def other_shape(file):
        del file[weights_path()]
        file[weights_path()] = np.zeros((4, 5), np.float32)

    def missing(file):
        del file["layers/dense/vars"]

    def more(file):
        file["layers/dense/vars/2"] = np.zeros(4, np.float32)

    def exchanged(file):
        file["layers/dense/vars"].attrs["name"] = "answer"

    for change, message in (
        (other_shape, r'layer 3, "side" \(Dense\): its weights have the shape \[4, 5\] where \[4, 4\] is needed'),
        (missing, "has no weights in the file"),
        (more, "more weights in the file"),
        (exchanged, "has the weights of 'answer'"),
    ):
        with pytest.raises(UserError, match=message):
            read(with_weights(files[".keras"], tmp_path / "other.keras", change))


def test_code_of_a_file_is_not_run(files, tmp_path):
    trace = tmp_path / "trace"
    code = compile(f"open({str(trace)!r}, 'w').write('run')", "x", "exec")
    marshalled = base64.b64encode(marshal.dumps(code)).decode()

    def change(config):
        layer = config["config"]["layers"][3]
        layer["class_name"] = "Lambda"
        layer["config"] = {
            "name": "side",
            "function": {"class_name": "__lambda__", "config": {"code": marshalled, "defaults": None, "closure": None}},
        }

    path = with_config(files[".keras"], tmp_path / "code.keras", change)
    with pytest.raises(
        UserError, match=r'"side" \(Lambda\), cannot be converted\. What is ahead of it can: --until norm'
    ):
        read(path)
    assert [node.name for node in read(path, until="norm").nodes] == ["conv/sums", "conv", "norm"]

    def elsewhere(config):
        config["config"]["layers"][1].update({"module": "os", "class_name": "system", "config": {"command": "true"}})

    with pytest.raises(UserError, match=r"system"):
        read(with_config(files[".keras"], tmp_path / "code.keras", elsewhere))
    assert not trace.exists()


def test_a_process_that_hangs_is_ended(files):
    with pytest.raises(UserError, match="not done with it"):
        hdf5.read(members(files[".keras"])["model.weights.h5"], "file", seconds=0.01)


def test_a_process_that_crashes_is_told(files, monkeypatch, tmp_path):
    child = tmp_path / "child.py"
    child.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    monkeypatch.setattr(hdf5.hdf5_child, "__file__", str(child))
    with pytest.raises(UserError, match=r"damaged: the HDF5 library ends with code -11"):
        read(files[".h5"])


def test_an_unknown_version(tmp_path):
    config = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"name": "dense", "units": 1}}]}
    for version in ("9.0", "new"):
        with pytest.raises(UserError, match="known are the versions 1 to 3"):
            read(h5_file(tmp_path / "file.h5", config, {}, version))


def test_nothing_is_unpacked(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    read(files[".keras"])
    assert not list(tmp_path.iterdir())

"""The real builder of tensorflow_datasets against the folder loader, and what is said without a network."""

import dataclasses
import json
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import time

import numpy as np
import pytest
from helpers.clips import tone, write_folder, write_wav
from helpers.runs import PROJECT

from rnnexp import datasets
from rnnexp.config import ClassificationConfig
from rnnexp.datasets.speech_commands import tfds as speech_tfds
from rnnexp.datasets.support import tfds as prepared
from rnnexp.errors import UserError

TEST_SET = "speech_commands_test_set_v0.02"


@pytest.fixture
def clips(tmp_path):
    """A folder with the official test set in it."""
    folder = write_folder(tmp_path / "clips")
    for number, word in enumerate(("yes", "no", "_unknown_", "_silence_")):
        write_wav(folder / TEST_SET / word / "x_nohash_0.wav", tone(300 + number, 14000, seed=number))
    return folder


def put_downloads(clips, home):
    """Put archives of a folder where tensorflow_datasets keeps what it has downloaded."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download import resource

    infos = tfds.builder_cls("speech_commands").url_infos
    for url, source in zip(speech_tfds.DOWNLOAD.archives, (clips, clips / TEST_SET), strict=True):
        path = home / "downloads" / "speech_commands" / resource.get_dl_fname(url, infos[url].checksum)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w:gz") as archive:
            for entry in sorted(source.iterdir()):
                if entry.name != TEST_SET:
                    archive.add(entry, f"./{entry.name}")
        resource.write_info_file(
            url=url, path=path, dataset_name="speech_commands", original_fname=url.split("/")[-1], url_info=infos[url]
        )


def load(cache, **settings):
    return datasets.load(ClassificationConfig(cache_dir=cache, quiet=True, **settings))


def sorted_rows(part):
    """Labels and inputs in an order that does not depend on where they came from."""
    rows = [(int(label), row.tobytes()) for label, row in zip(part.y, part.x, strict=True)]
    return sorted(rows)


def test_the_real_builder_and_the_folder_give_the_same_arrays(clips, tmp_path, monkeypatch):
    """Nothing of the builder is patched: its archives are where it would have downloaded them to."""
    home = tmp_path / "home"
    monkeypatch.setenv("TFDS_DATA_DIR", str(home))
    put_downloads(clips, home)
    for settings in ({"max_sequence_length": 16000}, {"segment": "loudest"}, {"features": "mfcc"}):
        built = load(tmp_path / "cache-a", **settings)
        folder = load(tmp_path / "cache-b", data_dir=clips, **settings)
        assert (home / "speech_commands" / "0.0.3" / "dataset_info.json").is_file()
        assert "speech_commands/0.0.3" in built.source
        assert [len(part) for part in (built.train, built.validation, built.evaluation)] == [26, 15, 4]
        for ours, theirs in zip(
            (folder.train, folder.validation, folder.evaluation),
            (built.train, built.validation, built.evaluation),
            strict=True,
        ):
            assert ours.x.dtype == theirs.x.dtype
            assert sorted_rows(ours) == sorted_rows(theirs)
        assert folder.class_names == tuple(prepared_names(home))
        assert folder.input_scale == built.input_scale
        # Sums in another order.
        for name, value in folder.input_map.to_json().items():
            if name in ("mean", "deviation"):
                np.testing.assert_allclose(value, built.input_map.to_json()[name], rtol=1e-12, atol=1e-12)
            else:
                assert value == built.input_map.to_json()[name]
        assert built.notes == folder.notes == ()
    chosen = (
        load(tmp_path / "cache-a", words=["yes", "down"]),
        load(tmp_path / "cache-b", words=["yes", "down"], data_dir=clips),
    )
    assert chosen[0].class_names == chosen[1].class_names == ("yes", "down", "_silence_", "_unknown_")
    for part in ("train", "validation", "evaluation"):
        assert sorted_rows(getattr(chosen[0], part)) == sorted_rows(getattr(chosen[1], part))
    # From here on, the cache is enough.
    shutil.rmtree(home)
    assert sorted_rows(load(tmp_path / "cache-a", features="mfcc").train) == sorted_rows(folder.train)


def prepared_names(home):
    return (home / "speech_commands" / "0.0.3" / "label.labels.txt").read_text().split()


def test_the_archives_are_those_that_the_builder_knows():
    import tensorflow_datasets as tfds

    assert set(speech_tfds.DOWNLOAD.archives) == set(tfds.builder_cls("speech_commands").url_infos)


# ---- without a network


def offline_script(tmp_path, proxy):
    """Run the script with its defaults, where nothing is prepared, and only a proxy to ask."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, PROJECT / "run_classification.py"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path / "home"), "PATH": "", "http_proxy": proxy},
        capture_output=True,
        text=True,
    )
    return done, time.perf_counter() - start


def check_message(done, tmp_path):
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("run_classification.py: error: there is no Speech Commands data set in ")
    for way in ("run again with a network", "DATA_DIR (--data-dir)", "official layout", "DATASET_NAME = 'iris'"):
        assert way in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_data_and_network_the_message_names_both_ways(tmp_path):
    done, _ = offline_script(tmp_path, "http://127.0.0.1:9")
    check_message(done, tmp_path)


def test_a_network_that_does_not_answer_is_not_waited_for(tmp_path):
    """A server that accepts, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done, seconds = offline_script(tmp_path, f"http://127.0.0.1:{server.getsockname()[1]}")
    check_message(done, tmp_path)
    assert seconds > prepared.REACHED_SECONDS  # it was asked


def test_half_a_download_is_no_data(tmp_path, monkeypatch):
    """What an interrupted download leaves does not count as an archive."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    folder = tmp_path / "home" / "downloads" / "speech_commands"
    (folder / "speech_commands_v0.02.tar.gz.tmp.123").mkdir(parents=True)
    (folder / "one.tar.gz.INFO").write_text(json.dumps({"urls": [speech_tfds.DOWNLOAD.archives[0]]}))
    with pytest.raises(UserError, match="no network to download it"):
        load(tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_too_little_space_is_said_before_the_download(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "home"))
    monkeypatch.setattr(speech_tfds, "DOWNLOAD", dataclasses.replace(speech_tfds.DOWNLOAD, needed_gb=10**9))
    monkeypatch.setattr(prepared, "reachable", lambda _: True)
    with pytest.raises(UserError, match=r"needs about 1e\+09 GB of disk space in .*home.*TFDS_DATA_DIR.*DATA_DIR"):
        load(tmp_path / "cache")


@pytest.mark.parametrize(("status", "expected"), [("200 OK", True), ("503 Service Unavailable", False)])
def test_reachable_asks_the_server(monkeypatch, status, expected):
    monkeypatch.delenv("http_proxy", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

        threading.Thread(target=answer, daemon=True).start()
        assert prepared.reachable(f"http://127.0.0.1:{port}/x") is expected
    assert not prepared.reachable(f"http://127.0.0.1:{port}/x")

"""Files that are whole or untouched, folders that can be written to, and what is said where they cannot."""

import errno
import json
import os
import random
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from filelock import FileLock
from helpers.runs import PROJECT

from rnnexp import cli, files
from rnnexp.errors import UserError


def listing(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


# ---- single files


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "a.txt"
    files.write_atomically(path, "old")
    files.write_atomically(path, "née")
    assert path.read_bytes() == "née".encode()
    files.write_atomically(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert listing(tmp_path) == ["a.txt"]


def test_others_may_read_it_as_the_umask_says(tmp_path):
    old = os.umask(0o027)
    try:
        files.write_atomically(tmp_path / "a", "x")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    files.write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        files.write_atomically(path, "new \ud800")
    assert path.read_text() == "old"
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        files.write_atomically(tmp_path / "folder", "new")
    assert listing(tmp_path) == ["a.txt", "folder"]


def test_a_writer_that_fails_half_way_leaves_the_old_file(tmp_path):
    path = tmp_path / "plot.png"
    path.write_text("old")

    def half(target):
        assert target.suffix == ".png"
        target.write_text("ha")
        raise RuntimeError("drawing failed")

    with pytest.raises(RuntimeError):
        files.write_through(path, half)
    assert path.read_text() == "old"
    files.write_through(path, lambda target: target.write_text("new"))
    assert path.read_text() == "new"
    assert listing(tmp_path) == ["plot.png"]


# ---- sets of files


def test_a_set_is_published_and_what_a_killed_run_left_is_removed(tmp_path):
    (tmp_path / ".rnnexp-abc-model").write_text("left by a killed run")
    (tmp_path / "other").write_text("not ours")
    files.publish(tmp_path, {"model": b"1", "report": "2"})
    assert listing(tmp_path) == ["model", "other", "report"]
    assert (tmp_path / "report").read_text() == "2"


def test_if_one_cannot_be_written_none_is_replaced(tmp_path):
    files.publish(tmp_path, {"a": "old", "b": "old"})
    with pytest.raises(OSError, match="too long"):
        files.publish(tmp_path, {"a": "new", "b": "new", "c" * 300: "new"})
    with pytest.raises(UnicodeEncodeError):
        files.publish(tmp_path, {"a": "new", "b": "\ud800"})
    assert {(tmp_path / name).read_text() for name in "ab"} == {"old"}
    assert listing(tmp_path) == ["a", "b"]


def start(program, *arguments):
    code = f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n" + textwrap.dedent(program)
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stderr=subprocess.PIPE, text=True)


PUBLISHER = """
    from pathlib import Path
    from rnnexp import cli, files
    folder, name, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    for number in range(times):
        mark = f"{name}{number} "
        files.publish(folder, {file: mark * size for file, size in (("a", 900), ("b", 1), ("c", 4000))})
"""


def test_two_processes_publishing_never_mix_their_sets(tmp_path):
    writers = [start(PUBLISHER, tmp_path, name, 200) for name in ("x", "y")]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        with FileLock(tmp_path / ".lock", poll_interval=0.0002):
            if (tmp_path / "a").exists():
                contents = [(tmp_path / name).read_text().split() for name in "abc"]
                assert [len(marks) for marks in contents] == [900, 1, 4000]
                (mark,) = set().union(*contents)
                seen.add(mark)
        time.sleep(0.02)
    assert [writer.wait() for writer in writers] == [0, 0], [writer.stderr.read() for writer in writers]
    assert len(seen) >= 5
    assert {mark[0] for mark in seen} == {"x", "y"}
    assert listing(tmp_path) == ["a", "b", "c"]


def test_a_publisher_killed_at_any_moment_leaves_whole_files(tmp_path):
    files.publish(tmp_path, {"a": "old " * 900, "b": "old ", "c": "old " * 4000})
    moments = random.Random(0)
    marks = set()
    for number in range(6):
        writer = start(PUBLISHER, tmp_path, f"k{number}-", 10**9)
        before = (tmp_path / "c").stat().st_mtime_ns
        while (tmp_path / "c").stat().st_mtime_ns == before:
            assert writer.poll() is None
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.02))
        writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        for name, size in (("a", 900), ("b", 1), ("c", 4000)):
            words = (tmp_path / name).read_text().split()
            assert len(words) == size
            assert len(set(words)) == 1
            marks.add(words[0])
    assert len(marks) >= 6
    # The lock of a killed process is not held on to, and what it left is cleared away.
    files.publish(tmp_path, {"a": "new", "b": "new", "c": "new"})
    assert listing(tmp_path) == ["a", "b", "c"]


def test_new_folders_never_coincide(tmp_path):
    made = [files.new_folder(tmp_path / "runs", "name").name for _ in range(3)]
    assert made == ["name", "name-2", "name-3"]


# ---- folders that cannot be written to


def refused(folder):
    with pytest.raises(UserError) as caught:
        files.check_folder(folder, "OUTPUT_DIR")
    return str(caught.value)


def test_a_good_folder_is_made_and_left_empty(tmp_path):
    files.check_folder(tmp_path / "a" / "b", "OUTPUT_DIR")
    assert listing(tmp_path / "a" / "b") == []


def test_a_file_in_place_of_the_folder(tmp_path):
    path = tmp_path / "out"
    path.write_text("a file")
    assert refused(path) == f"OUTPUT_DIR is {str(path)!r}, which is a file, not a folder"
    assert "Not a directory" in refused(path / "below")
    assert path.read_text() == "a file"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc, where not even root can make folders")
def test_a_folder_that_nobody_can_write_to():
    message = refused(Path("/proc/rnnexp-out"))
    assert message.startswith("OUTPUT_DIR is '/proc/rnnexp-out': cannot write there: ")
    assert "cannot write there" in refused(Path("/proc/self"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir(mode=0o555)
    assert "cannot write there: Permission denied" in refused(folder)


def on_small_disk(tmp_path, size, program):
    """Run a program whose current folder is a file system of ``size``, in a mount name space of its own."""
    (tmp_path / "disk").mkdir()
    code = f"import sys, json; sys.path.insert(0, {str(PROJECT)!r})\n" + textwrap.dedent(program)
    (tmp_path / "program.py").write_text(code)
    script = f"mount -t tmpfs -o size={size} none disk && cd disk && exec {sys.executable} ../program.py"
    spaces = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        probe = subprocess.run([*spaces, "sh", "-c", "mount -t tmpfs none disk"], cwd=tmp_path, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs the program unshare")
    if probe.returncode:
        pytest.skip(f"needs user name spaces with mounts: {probe.stderr.decode().strip()}")
    done = subprocess.run([*spaces, "sh", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_full_disk_is_found_before_anything_is_computed(tmp_path):
    small, full = on_small_disk(
        tmp_path,
        "1m",
        """
        from pathlib import Path
        from rnnexp import cli, files
        from rnnexp.errors import UserError
        def refused():
            try:
                files.check_folder(Path("out"), "RUNS_DIR")
            except UserError as error:
                return str(error)
        small = refused()
        with open("fill", "wb", buffering=0) as fill:
            try:
                while True:
                    fill.write(b"x" * 4096)
            except OSError:
                pass
        print(json.dumps([small, refused()]))
        """,
    )
    assert small.startswith("RUNS_DIR is 'out': the disk is full, 1.0 MB are left and a run needs 16 MB")
    assert full.startswith("RUNS_DIR is 'out': the disk is full")


def test_a_disk_that_fills_up_leaves_the_previous_set(tmp_path):
    kept, names, code, explained = on_small_disk(
        tmp_path,
        "64k",
        """
        import os
        from pathlib import Path
        from rnnexp import cli, files
        from rnnexp.errors import UserError
        here = Path.cwd()
        files.publish(here, {"model": b"old" * 1000, "report": "old"})
        code = explained = None
        try:
            files.publish(here, {"model": b"new" * 1000, "report": "new" * 100_000})
        except OSError as error:
            code = error.errno
        try:
            with files.explained(Path("out")):
                files.write_atomically(here / "report", "new" * 100_000)
        except UserError as error:
            explained = str(error)
        kept = [(here / "model").read_text() == "old" * 1000, (here / "report").read_text()]
        print(json.dumps([kept, sorted(os.listdir()), code, explained]))
        """,
    )
    assert kept == [True, "old"]
    assert names == [".lock", "model", "report"]
    assert code == errno.ENOSPC
    assert explained == "the disk is full: cannot write out; free some space and run again"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENOSPC, "the disk is full: cannot write here; free some space and run again"),
        (errno.EDQUOT, "the disk is full: cannot write here; free some space and run again"),
        (errno.EROFS, "cannot write here: Read-only file system; choose another folder"),
        (errno.EACCES, "cannot read or write here: Permission denied; choose another folder"),
        (errno.EIO, "the disk fails at here: Input/output error; choose a folder on another one"),
        (errno.ENOENT, "here is not there any more: it was moved or removed; run again"),
    ],
)
def test_what_the_system_says_is_put_into_words(number, text):
    with pytest.raises(UserError) as caught, files.explained(Path("here")):
        raise OSError(number, os.strerror(number))
    assert str(caught.value) == text


def test_publish_takes_away_what_must_not_be_left(tmp_path):
    files.publish(tmp_path, {"a": "old", "b": "old"})
    files.publish(tmp_path, {"a": None, "b": "new", "c": None})
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != ".lock") == ["b"]
    assert (tmp_path / "b").read_text() == "new"


def test_a_folder_that_has_gone_is_made_again(tmp_path):
    files.publish(tmp_path / "gone" / "out", {"a": "new"})
    assert (tmp_path / "gone" / "out" / "a").read_text() == "new"


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/x"), "the disk is full: cannot write /tmp/x; free"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), "in the variable TMPDIR"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "data.csv"), "data.csv is not there any more"),
    ],
)
def test_whatever_command_meets_it_ends_with_one_message(raised, said, monkeypatch, capsys):
    def command(_):
        raise raised

    monkeypatch.setattr(cli, "TOOLS", {"data": ("", command)})
    monkeypatch.setattr(sys, "argv", ["rnnexp", "data"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    errors = capsys.readouterr().err
    assert caught.value.code == 2
    assert errors.startswith("rnnexp data: error: ")
    assert said in errors
    assert errors.count("\n") == 1

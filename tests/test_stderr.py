"""What goes to standard error below Python."""

import os

from rnnexp import stderr as native


def test_errors_go_elsewhere_and_come_back(capfd, tmp_path):
    with (tmp_path / "log").open("w") as log:
        os.write(2, b"before ")
        with native.errors_to(log.fileno()):
            os.write(2, b"within")
        os.write(2, b"after")
    assert capfd.readouterr().err == "before after"
    assert (tmp_path / "log").read_text() == "within"


def test_silence_ends_with_an_error(capfd):
    try:
        with native.silenced():
            os.write(2, b"nothing")
            raise ValueError
    except ValueError:
        os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"

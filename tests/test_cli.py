"""Constants and flags into settings, and one clear message for whatever is wrong with them."""

import importlib
import re
import runpy
import subprocess
import sys
import time

import pytest
from helpers.command_line import ended, parse
from helpers.runs import PROJECT, write_series

import rnnexp
from rnnexp import cli
from rnnexp.config import CONFIGS

SCRIPTS = {task: f"run_{task}" for task in CONFIGS}
USERS = {  # in this order, as users know them
    "regression": "DATASET_NAME EPOCHS ACTIVATION custom_max_value DATA_SIGMA HIDDEN_SIZE SEQUENCE_LENGTH",
    "classification": "DATASET_NAME EPOCHS ACTIVATION HIDDEN_SIZE MAX_SEQUENCE_LENGTH",
    "memory": "DATASET_NAME EPOCHS ACTIVATION custom_max_value HIDDEN_SIZE MEMORY_SIGNAL_LENGTH MEMORY_N MEMORY_K",
}


def script_constants(task):
    """The constants of a script that are settings, in its order; ``SWEEP`` says what is done with them."""
    values = runpy.run_path(str(PROJECT / f"{SCRIPTS[task]}.py"), run_name="read")
    assert values.pop("SWEEP") is None
    return {name: value for name, value in values.items() if name.isupper() or name == "custom_max_value"}


# ---- constants and flags


@pytest.mark.parametrize("task", CONFIGS)
def test_every_constant_is_a_setting_with_the_same_default_and_the_other_way_round(task):
    constants = script_constants(task)
    assert {name.lower() for name in constants} == set(CONFIGS[task].model_fields)
    assert CONFIGS[task](**{name.lower(): value for name, value in constants.items()}) == CONFIGS[task]()


@pytest.mark.parametrize("task", CONFIGS)
def test_the_constants_that_users_know_come_first_each_with_a_comment(task):
    names = USERS[task].split()
    assert list(script_constants(task))[: len(names)] == names
    lines = (PROJECT / f"{SCRIPTS[task]}.py").read_text().splitlines()
    for name in script_constants(task):
        (line,) = (line for line in lines if line.startswith(f"{name} = "))
        assert re.search(r"  # \S", line), line


def test_flags_override_constants_and_those_the_defaults():
    settings = parse(["--epochs", "7", "--custom-max-value", "2.5", "--tensorboard"], EPOCHS=5, HIDDEN_SIZE=33)
    assert (settings.epochs, settings.hidden_size, settings.sequence_length) == (7, 33, 20)
    assert (settings.custom_max_value, settings.tensorboard, settings.quiet) == (2.5, True, False)


def test_a_flag_can_undo_a_constant():
    settings = parse(
        ["--no-quiet", "--gradient-clip-norm", "None", "--batch-size", "None"],
        QUIET=True,
        GRADIENT_CLIP_NORM=3.0,
        BATCH_SIZE=4,
    )
    assert (settings.quiet, settings.gradient_clip_norm, settings.batch_size) == (False, None, None)


def test_negative_numbers_are_values():
    assert parse(["--memory-k", "-5"], "memory").memory_k == -5


def test_the_scripts_other_globals_are_no_settings(capsys):
    """A script may import and compute what it likes; only its constants count."""
    constants = {"EPOCHS": -1, "sys": sys, "helper": len, "_PRIVATE": 3, "__name__": "__main__"}
    code, _, errors = ended(capsys, constants=constants)
    assert (code, errors.count("\n")) == (2, 1)
    assert "EPOCHS (--epochs) in run_regression.py: input should be greater than or equal to 0, not -1" in errors


# ---- --help


@pytest.mark.parametrize("task", CONFIGS)
def test_help_shows_every_setting_with_its_default(capsys, task):
    code, text, _ = ended(capsys, ["--help"], task, {"EPOCHS": 77})
    assert code == 0
    shown = re.sub(r"[│\s]+", " ", text)
    for name, field in CONFIGS[task].model_fields.items():
        default = 77 if name == "epochs" else field.get_default()
        default = " ".join(default) if isinstance(default, tuple) else default
        entry = shown[re.search(rf"--{name.replace('_', '-')}\b", shown).start() :]
        assert f"{field.description} (default: {default})" in entry[:400], name


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--epochs", "-1"],
        ["--dataset-name", "nothing"],
        ["--weights", "nothing.npz", "--normalization", "window"],
    ],
)
def test_help_and_bad_arguments_do_not_load_tensorflow(tmp_path, arguments):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", PROJECT / "run_regression.py", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == (0 if arguments == ["--help"] else 2), done.stderr
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "tyro" in imported
    assert not imported & {"tensorflow", "keras", "matplotlib", "sklearn", "ai_edge_litert"}


@pytest.mark.parametrize("program", [["run_regression.py"], ["-m", "rnnexp"]])
def test_a_reader_of_the_help_may_stop(program):
    command = [sys.executable, *program, "--help"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdout.close()
        told = child.stderr.read()
    assert (child.returncode, told) == (0, b"")


def test_the_help_says_why_there_is_no_such_setting(capsys):
    _, text, _ = ended(capsys, ["--help"], "memory", {})
    assert "There is no STATEFUL: every sequence starts from a state of 0" in text


def test_help_takes_a_fraction_of_importing_tensorflow():
    def seconds(*command):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        return time.perf_counter() - start

    help_ = min(seconds(PROJECT / "run_regression.py", "--help") for _ in range(2))
    assert help_ < 0.7 * seconds("-c", "import tensorflow")


# ---- what is wrong


@pytest.mark.parametrize(
    ("task", "arguments", "text"),
    [
        ("regression", ["--dataset-name", "SP50"], "unknown data set 'SP50' for regression; did you mean 'SP500'?"),
        ("regression", ["--dataset-name", "../x"], "DATASET_NAME is '../x', and there is no such file"),
        ("regression", ["--activation", "tanhh"], "unknown activation 'tanhh'; did you mean 'tanh'? (there are: relu"),
        ("regression", ["--activation", "gelu9"], "(there are: relu, tanh, sigmoid, custom)"),
        (
            "regression",
            ["--cell", "lstmm"],
            "unknown cell 'lstmm'; did you mean 'lstm'? (there are: simple, lstm, lstm-peephole, gru, fastgrnn)\n",
        ),
        (
            "regression",
            ["--bidirectional", "--go-backwards"],
            "set this or BIDIRECTIONAL, which reads backwards too, but not both\n",
        ),
        ("memory", ["--cell", "gru", "--recurrent-initializer", "identity"], "identity is for CELL = 'simple'"),
        ("memory", ["--num-layers", "0"], "NUM_LAYERS (--num-layers) in the command line"),
        ("memory", ["--dropout", "1"], "DROPOUT (--dropout) in the command line"),
        ("memory", ["--l2-regularization", "-1"], "L2_REGULARIZATION (--l2-regularization) in the command line"),
        ("classification", ["--stateful"], "--stateful is not a setting: every sequence starts from a state of 0"),
        ("regression", ["--epochs", "-1"], "EPOCHS (--epochs) in the command line: input should be greater than"),
        ("regression", ["--hidden-size", "0"], "HIDDEN_SIZE (--hidden-size) in the command line"),
        ("regression", ["--hidden-size", "-3"], "greater than or equal to 1, not -3"),
        ("regression", ["--hidden-size", "1000000"], "less than or equal to 4096, not 1000000"),
        ("regression", ["--sequence-length", "0"], "SEQUENCE_LENGTH (--sequence-length) in the command line"),
        ("regression", ["--sequence-length", "9000"], "SP500 has 8313 values, too few for a window"),
        ("regression", ["--batch-size", "0"], "BATCH_SIZE (--batch-size) in the command line"),
        ("regression", ["--learning-rate", "-0.1"], "LEARNING_RATE (--learning-rate) in the command line"),
        ("regression", ["--learning-rate", "nan"], "LEARNING_RATE"),
        ("regression", ["--data-sigma", "0"], "DATA_SIGMA (--data-sigma) in the command line"),
        ("regression", ["--data-sigma", "inf"], "DATA_SIGMA"),
        ("regression", ["--custom-max-value", "0"], "custom_max_value (--custom-max-value) in the command line"),
        ("regression", ["--validation-share", "1.5"], "VALIDATION_SHARE (--validation-share) in the command line"),
        ("regression", ["--early-stopping", "-1"], "EARLY_STOPPING (--early-stopping) in the command line"),
        ("regression", ["--seed", "-1"], "SEED (--seed) in the command line"),
        ("regression", ["--gradient-clip-norm", "0"], "GRADIENT_CLIP_NORM (--gradient-clip-norm)"),
        (
            "classification",
            ["--dataset-name", "irs"],
            "unknown data set 'irs' for classification; did you mean 'iris'?",
        ),
        ("classification", ["--dataset-name", "a/b"], "a file of your own has its path, and there is none here"),
        ("classification", ["--max-sequence-length", "0"], "MAX_SEQUENCE_LENGTH (--max-sequence-length)"),
        (
            "memory",
            ["--memory-n", "1024"],
            "MEMORY_N is 1024, but the whole signal has only MEMORY_SIGNAL_LENGTH = 1024",
        ),
        ("memory", ["--memory-n", "0"], "MEMORY_N (--memory-n) in the command line"),
        ("memory", ["--memory-signal-length", "-1"], "MEMORY_SIGNAL_LENGTH (--memory-signal-length)"),
        ("memory", ["--memory-k", "-100"], "MEMORY_K is -100, but the window holds only MEMORY_N = 100 values"),
    ],
)
def test_a_bad_setting_is_one_message_and_writes_nothing(capsys, here, task, arguments, text):
    code, out, errors = ended(capsys, arguments, task)
    assert code == 2
    assert errors.startswith(f"run_{task}.py: error: ")
    assert text in errors
    assert errors.count("\n") == 1
    assert "Traceback" not in errors
    assert out == ""
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("lines", "header", "text"),
    [
        ([1, 2, 3], "data", "own has 3 values, too few for a window of SEQUENCE_LENGTH = 20"),
        (["a", "b", "c"], "value", "own.csv has no column of numbers to predict: 'value' holds texts"),
        ([*range(30), "x", *range(30)], "data", "row 31 (line 32), column 'data': the value is not a number: 'x'"),
        ([*range(9), *[""] * 9] * 4, "data", "own has too many gaps: the longest stretch without one has 9 of the 63"),
        ([*range(30), "inf", *range(30)], "data", "row 31 (line 32), column 'data': the value is infinite ('inf')"),
    ],
)
def test_bad_data_is_one_message_and_writes_nothing(capsys, here, lines, header, text):
    write_series(here, "own", lines, header)
    code, _, errors = ended(capsys, ["--dataset-name", "own"])
    assert code == 2
    assert text in errors
    assert "Traceback" not in errors
    assert [path.name for path in here.iterdir()] == ["data"]


@pytest.mark.parametrize("setting", ["output_dir", "runs_dir"])
def test_a_folder_that_cannot_be_used(capsys, here, setting):
    (here / "taken").write_text("mine")
    flag = f"--{setting.replace('_', '-')}"
    code, _, errors = ended(capsys, ["--dataset-name", "airline-passengers", flag, "taken"])
    assert code == 2
    assert errors == f"run_regression.py: error: {setting.upper()} is 'taken', which is a file, not a folder\n"
    code, _, errors = ended(capsys, ["--dataset-name", "airline-passengers", flag, "/proc/rnnexp"])
    assert code == 2
    assert f"{setting.upper()} is '/proc/rnnexp': cannot write there" in errors
    assert (here / "taken").read_text() == "mine"
    assert not any(path.is_file() for path in here.rglob("*") if path.name != "taken")


def test_several_bad_settings_are_named_together(capsys):
    code, _, errors = ended(capsys, ["--epochs", "-1", "--hidden-size", "0"])
    assert code == 2
    assert "EPOCHS" in errors
    assert "HIDDEN_SIZE" in errors


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (["--epoch", "3"], ["Unrecognized options: --epoch", "Perhaps you meant", "--epochs"]),
        (["--hiden-size", "3"], ["Unrecognized options: --hiden-size", "Perhaps you meant", "--hidden-size"]),
        (["--epochs", "many"], ["Error parsing --epochs", "'many'"]),
        (["--epochs"], ["--epochs"]),
        (["stray"], ["stray"]),
        (["--optimizer", "adm"], ["--optimizer", "adam"]),
    ],
)
def test_flags_that_cannot_be_read(capsys, here, arguments, texts):
    code, out, errors = ended(capsys, arguments)
    assert code == 2
    shown = re.sub(r"[│\s]+", " ", out + errors)
    for text in texts:
        assert text in shown
    assert "Traceback" not in shown
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("constants", "text"),
    [
        ({"HIDEN_SIZE": 3}, "HIDEN_SIZE in run_regression.py is not a setting; did you mean 'HIDDEN_SIZE'?"),
        ({"STATEFUL": True}, "STATEFUL in run_regression.py is not a setting: every sequence starts from a state of 0"),
        ({"MEMORY_N": 3}, "MEMORY_N in run_regression.py is not a setting"),
        ({"CUSTOM_MAX_VALU": 3}, "did you mean 'custom_max_value'?"),
        ({"EPOCHS": "many"}, "EPOCHS (--epochs) in run_regression.py: input should be a valid integer"),
        ({"EPOCHS": 1.5}, "EPOCHS (--epochs) in run_regression.py: input should be a valid integer"),
        ({"OPTIMIZER": "adm"}, "OPTIMIZER (--optimizer) in run_regression.py: input should be 'adam'"),
        ({"ACTIVATION": "Tanh"}, "unknown activation 'Tanh'; did you mean 'tanh'?"),
        ({"custom_max_value": -1}, "custom_max_value (--custom-max-value) in run_regression.py"),
    ],
)
def test_constants_that_are_wrong(capsys, here, constants, text):
    code, _, errors = ended(capsys, constants=constants)
    assert code == 2
    assert errors.startswith("run_regression.py: error: ")
    assert text in errors
    assert list(here.iterdir()) == []


# ---- the command ``rnnexp``


def command(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["rnnexp", *arguments])
    code = 0
    try:
        cli.main()
    except SystemExit as end:
        code = end.code
    output = capsys.readouterr()
    return code, output.out, output.err


@pytest.mark.parametrize("module", [[], ["-m", "rnnexp"]])
def test_the_version(monkeypatch, capsys, module):
    if module:
        done = subprocess.run([sys.executable, *module, "--version"], cwd=PROJECT, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"rnnexp {rnnexp.__version__}\n", "")
    else:
        assert command(monkeypatch, capsys, "--version") == (0, f"rnnexp {rnnexp.__version__}\n", "")


def test_the_command_with_an_unknown_task(monkeypatch, capsys):
    code, out, errors = command(monkeypatch, capsys, "regresion")
    assert (code, out) == (2, "")
    assert "unknown command 'regresion'; did you mean 'regression'?" in errors


@pytest.mark.parametrize("flags", [[], ["-h"], ["--help"]])
def test_the_commands_help(monkeypatch, capsys, flags):
    code, out, errors = command(monkeypatch, capsys, *flags)
    assert (code, errors) == (0, "")
    assert out.startswith(f"usage: rnnexp {{{','.join([*CONFIGS, *cli.TOOLS])}}} [OPTIONS]\n")
    helps = {task: config.__doc__ for task, config in CONFIGS.items()} | {
        name: tool[0] for name, tool in cli.TOOLS.items()
    }
    assert "inspect" in helps
    for name, text in helps.items():
        assert re.search(rf"^  {name} +{re.escape(text)}$", out, re.MULTILINE)


def test_the_commands_task_takes_the_same_flags(monkeypatch, capsys):
    code, out, _ = command(monkeypatch, capsys, "memory", "--help")
    assert code == 0
    assert "usage: rnnexp memory" in out
    assert "--memory-k" in out
    code, _, errors = command(monkeypatch, capsys, "memory", "--memory-n", "9999")
    assert code == 2
    assert errors.startswith("rnnexp memory: error: MEMORY_N is 9999")


def test_the_command_is_installed_under_its_name():
    text = (PROJECT / "pyproject.toml").read_text()
    module, function = re.search(r'^rnnexp = "([\w.]+):(\w+)"', text, re.MULTILINE).groups()
    assert getattr(importlib.import_module(module), function) is cli.main


@pytest.mark.parametrize(
    "arguments",
    [
        ["data", "9" * 5000],
        ["inspect", "9" * 5000],
        ["run", "9" * 5000, "x.csv"],
        ["runs", "show", "9" * 5000],
        ["runs", "--runs-dir", "9" * 5000],
        ["convert", "9" * 5000, "--calibration", "x.npz"],
        ["export", "9" * 5000, "--board", "cmake"],
    ],
    ids=lambda arguments: " ".join(arguments)[:12],
)
def test_names_that_no_file_system_takes(here, arguments, monkeypatch, capsys):
    (here / "runs").mkdir()
    monkeypatch.setattr(sys, "argv", ["rnnexp", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    said = capsys.readouterr().err
    assert caught.value.code == 2
    assert re.fullmatch(r"rnnexp \w+: error: [^\n]*\n", said)

"""docs/int8.md does what it says: its loop around the decoder is run, and answers as the whole model does."""

import re

from helpers.runs import PROJECT, run

from rnnexp.config import ClassificationConfig
from rnnexp.datasets import addition
from rnnexp.preprocessing import characters
from rnnexp.runtimes.tflite import TFLiteModel

TEXT = (PROJECT / "docs" / "int8.md").read_text()


def test_the_loop_outside(here, capsys, monkeypatch):
    monkeypatch.setattr(addition, "TRAIN_PAIRS", 1_000)
    monkeypatch.setattr(addition, "HELD_OUT_PAIRS", 100)
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    config = ClassificationConfig(preset="addition", epochs=1, hidden_size=8, quiet=True)
    assert run(config).code == 0
    names = {}
    exec(compile(code, "docs/int8.md", "exec"), names)
    questions = ["12+345", "0+0", "999+999", "7+85"]
    whole = TFLiteModel(here / "tflite_models" / f"{config.stem}-int8.tflite")
    expected = whole.predict(characters.one_hot(questions, addition.CHARACTERS, addition.QUESTION))
    assert [names["answer"](text) for text in questions] == characters.texts(expected, addition.CHARACTERS)
    assert capsys.readouterr().out.strip() == names["answer"]("12+345")

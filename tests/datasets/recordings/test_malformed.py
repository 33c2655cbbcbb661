"""Recordings that cannot be used: one message each, which names the file, the place, and what to do."""

import pickle
import re

import numpy as np
import pytest
from helpers.recordings import ts_file

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, RegressionConfig
from rnnexp.errors import UserError

HEAD = "@univariate true\n@classLabel true a b\n@data\n"
ARFF = "@relation r\n@attribute t1 numeric\n@attribute t2 numeric\n@attribute class {a,b}\n@data\n"
RELATIONAL = "@relation r\n@attribute x relational\n@attribute t1 numeric\n@end x\n@attribute class {a,b}\n@data\n"


class Harmful:
    def __reduce__(self):
        return print, ("code from a file was run",)


def test_python_objects_in_files_are_never_loaded(tmp_path, capsys):
    for name in ("own.npz", "own.npy"):
        (tmp_path / name).write_bytes(pickle.dumps(Harmful()))
    np.savez(tmp_path / "objects.npz", x=np.array([Harmful()], dtype=object), y=np.zeros(1))
    for name in ("own.npz", "objects.npz"):
        with pytest.raises(UserError, match=r"Python objects \(a pickle\)"):
            datasets.load(ClassificationConfig(dataset_name=str(tmp_path / name)))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "text", "place", "message"),
    [
        ("a.ts", "", "", "has no line @data"),
        ("b.ts", "1,2:a\n", "line 1", "comes before @data"),
        ("c.ts", HEAD, "", "has no recording after its line @data"),
        ("d.ts", HEAD + "1,x,3:a\n", "line 4, dimension 1, value 2", "'x' is not a number"),
        ("e.ts", HEAD + "1,2:a\n1,2,3\n", "line 5", "there is nothing but a label"),
        ("f.ts", HEAD + "1,2:c\n", "line 4", "the label 'c' is none of @classLabel's: a, b"),
        ("g.ts", HEAD + "1,2:3,4:a\n", "line 4", "2 dimensions, separated by colons, and not 1"),
        ("h.ts", HEAD.replace("true\n", "false\n", 1) + "1,2:3,4,5:a\n", "line 4, dimension 1", "another one has 3"),
        ("i.ts", "@seriesLength 3\n" + HEAD + "1,2:a\n", "line 5", "2 time steps, and @seriesLength says 3"),
        ("j.ts", "@clasLabel true a b\n@data\n1:a", "line 1", "did you mean 'classlabel'?"),
        ("k.ts", "@classLabel perhaps\n@data\n1:a", "line 1", "must be true or false"),
        ("l.ts", HEAD + "1,2:\n", "line 4", "there is no label after the last colon"),
        ("m.ts", HEAD + "1,2:3,4\n", "line 4", "it ends in values, not in a label"),
        ("n.ts", "@timestamps true\n" + HEAD + "1,2:a\n", "line 5", "is no list of (time stamp,value)"),
        ("o.ts", HEAD + "1,1e30:a\n", "line 4, dimension 1, value 2", "infinite or too large"),
        ("p.ts", HEAD + "?,?:a\n1,2:b\n", "recording 1", "feature 1 has no value at all"),
        ("q.ts", HEAD + "1,2:a\n1,2:a\n", "", "all 2 recordings are of the class 'a'"),
        ("r.ts", HEAD + "1,2:a\n1,3:a\n1,2:b\n", "", "the class 'b' has 1 recording"),
        ("s.ts", "@univariate true\n@classLabel true a a\n@data\n1:a", "line 2", "lists a class twice"),
        ("t.ts", "@targetlabel true\n@data\n1,2:0.5\n1,2:0.7\n", "", "use run_regression.py"),
        ("u.ts", "@classLabel false\n@data\n1,2\n", "recording 1", "has no label"),
        ("a.arff", "@relation r\n@attribute t1 numeric\n", "", "has no line @data"),
        ("b.arff", ARFF + "1,2\n", "line 6", "2 fields, and there are 3 attributes"),
        ("c.arff", ARFF + "1,x,a\n", "line 6, value 2", "'x' is not a number"),
        ("d.arff", ARFF + "1,2,c\n", "line 6", "the label 'c' is none of those listed: a, b"),
        ("e.arff", ARFF + "{0 1, 2 a}\n", "line 6", "it is sparse"),
        ("f.arff", ARFF.replace("numeric", "date", 1) + "1,2,a\n", "line 2", "is of the type 'date'"),
        ("g.arff", "@relation r\n@attribute class {a,b}\n@data\na\n", "line 3", "needs values and a label"),
        ("h.arff", RELATIONAL + "'1,2\\n3',a\n", "line 7", "different numbers of time steps"),
        ("i.arff", RELATIONAL + "'1,2\\n3,4,a\n", "line 7", "a quotation mark is never closed"),
        ("j.arff", "@relatoin r\n@data\n", "line 1", "is neither @relation, @attribute NAME TYPE, @end nor @data"),
        ("k.arff", ARFF, "", "has no recording after its line @data"),
        ("a.tsv", "1\t2\t3\t4\n1\t2\t3\n", "line 2", "2 values, and the first line 3"),
        ("b.tsv", "1\t2\t3\t4\n2\t2\tx\t4\n", "line 2, value 2", "'x' is not a number"),
        ("c.tsv", "1\t2\t3\t4\n2\tNaN\tNaN\tNaN\n", "line 2", "has no value at all"),
        ("a.csv", "time,x,label\n0,1,a\n1,?!,a\n0,1,b\n", "row 2 (line 3), column 'x'", "is not a number: '?!'"),
        ("b.csv", "x,y\n1,2\n2,3\n", "b.csv", "has no label"),
        ("c.csv", "recording,x,label\n1,1,a\n1,2,\n", "row 2 (line 3), column 'label'", "there is no label"),
        ("d.csv", "label,name\na,x\nb,y\n", "", "has no column of numbers that a network could read"),
        ("a.mat", "x", "", "no file of recordings that can be read"),
    ],
)  # fmt: skip
def test_each_mistake_in_a_file_has_its_message(tmp_path, name, text, place, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        datasets.load(ClassificationConfig(dataset_name=str(path)))
    said = str(caught.value)
    assert str(path) in said
    assert place in said
    assert message in said
    assert "\n" not in said


ARRAYS = {
    "no array x of recordings": {"data": np.zeros((2, 3)), "x_test": np.zeros((2, 3)), "x_train1": np.zeros(2)},
    "x has the shape [2]": {"x": np.zeros(2)},
    "x is <U1, not numbers": {"x": np.array([["a", "b"], ["a", "b"]])},
    "x[1, 2, 0] is inf": {"x": np.array([[1, 2, 3], [1, 2, np.inf]])},
    "y is int64 of the shape [3]": {"x": np.zeros((2, 3)), "y": np.zeros(3, np.int64)},
    "lengths is float64 of the shape [2]": {"x": np.zeros((2, 3)), "y": np.arange(2), "lengths": np.ones(2)},
    "lengths[1] is 4; it must be from 1 to 3": {"x": np.zeros((2, 3)), "y": np.arange(2), "lengths": np.array([1, 4])},
    "y[1] is 2, and there are 2 classes": {"x": np.zeros((2, 3)), "y": np.array([0, 2]), "classes": ["a", "b"]},
    "has no label": {"x": np.zeros((2, 3))},
    "name them x and x_test": {"x": np.zeros((2, 3)), "x_train": np.zeros((2, 3)), "y": np.arange(2)},
}


@pytest.mark.parametrize("message", ARRAYS)
def test_each_mistake_in_an_archive_has_its_message(tmp_path, message):
    path = tmp_path / "own.npz"
    np.savez(path, **ARRAYS[message])
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        datasets.load(ClassificationConfig(dataset_name=str(path)))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("files", "settings", "message"),
    [
        ({"readme.md": "x"}, {}, "has no file with recordings (.csv"),
        ({"a/1.csv": "x\n1\n", "2.csv": "x\n1\n"}, {}, "beside them the file 2.csv"),
        ({"a/1.csv": "x,y\n1,2\n", "b/1.csv": "x,z\n1,2\n"}, {}, "has the columns x, z"),
        ({"a/1.csv": "1,2\n", "b/1.csv": "1,2,3\n"}, {}, "3 features, and a/1.csv has 2"),
        ({"a/1.wav": "RIFF"}, {}, "cannot be read as a wav file"),
        ({"a/1.npy": "x"}, {}, "cannot be read as .npy"),
        ({"a/1.csv": ""}, {}, "is empty"),
        ({"a/1.csv": "x\n1\n", "b/1.csv": "x\n1\n"}, {"label": "("}, "no regular expression"),
        ({"a1.csv": "x\n1\n", "b1.csv": "x\n1\n"}, {"label": "^c"}, "finds nothing in the name 'a1.csv'"),
        ({"a.csv": "x\n1\n", "b.csv": "x\n1\n"}, {"inputs": ("y",)}, "has no column 'y', which INPUTS names"),
        ({"a.csv": "x\n1\n\n2\n", "b.csv": "x\n1\n\n2\n"}, {"recording": "r"}, "has no column 'r', which RECORDING"),
        ({"a.csv": "x\n1\n\n2\n", "b.csv": "x\n1\n\n2\n"}, {"split_by": "person"}, "SPLIT_BY is 'person', which is no"),
        ({"a.csv": "x\n1\n\n2\n", "b.csv": "x\n1\n\n2\n"}, {"split_by": "[ab]"}, "some class is left without"),
        ({"a.csv": "x\n1\n\n2\n", "b.csv": "x\n1\n\n2\n"}, {"split_by": "csv"}, "all recordings have the same there"),
        ({"a.csv": "x\n1\n\n2\n", "b.csv": "x\n1\n\n2\n"}, {"validation_share": 0.9}, "leaves fewer than one"),
        ({"a.csv": "x\n1\n\n2\n", "b.csv": "x\n1\n\n2\n"}, {"window": 9}, "WINDOW is 9, and the recordings of"),
        ({"a.csv": "x\n1\n\n2\n", "b.csv": "x\n1\n\n2\n"}, {"stride": 9}, "set WINDOW too"),
        ({"a.csv": "x\n1\n\n2\n", "b.csv": "x\n1\n\n2\n"}, {"window": 1, "samples_per_step": 2}, "must have a step"),
        ({"A_TEST.ts": "x"}, {}, "has no file with recordings"),
        ({"A_TRAIN.ts": HEAD + "1:a\n1:b", "B_TRAIN.ts": HEAD}, {}, "has several sets: A, B"),
        ({"A_TRAIN.ts": HEAD + "1:a\n1:a", "A_TEST.ts": HEAD + "1:b"}, {}, "the part for testing has the class 'b'"),
    ],
)  # fmt: skip
def test_each_mistake_in_a_folder_has_its_message(tmp_path, files, settings, message):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        datasets.load(ClassificationConfig(dataset_name=str(tmp_path), **settings))
    assert "\n" not in str(caught.value)


def test_a_part_for_testing_alone(tmp_path):
    (tmp_path / "A_TEST.ts").write_text(HEAD + "1:a\n")
    with pytest.raises(UserError, match=r"there is no A_TRAIN\.ts beside it"):
        datasets.load(ClassificationConfig(dataset_name=str(tmp_path / "A_TEST.ts")))


@pytest.mark.parametrize(
    ("recordings", "settings", "message"),
    [
        ([(np.ones((3, 1)), "a"), (np.ones((3, 1)), "b")], {"classes": "a b"}, "use run_classification.py"),
        ([(np.ones((3, 1)), "1"), (np.ones((3, 1)), "x")], {"target": True}, "the label 'x' is no number"),
        ([(np.ones((3, 1)), "1"), (np.ones((3, 1)), "1.0")], {"target": True}, "all recordings have the number 1"),
    ],
)
def test_numbers_that_cannot_be_predicted(tmp_path, recordings, settings, message):
    path = tmp_path / "own.ts"
    path.write_text(ts_file(recordings, **settings))
    with pytest.raises(UserError, match=message):
        datasets.load(RegressionConfig(dataset_name=str(path)))

"""What a model says of the columns that it takes."""

import pytest

from rnnexp.preprocessing.series_columns import SeriesColumns, parse


@pytest.mark.parametrize(
    "columns",
    [
        SeriesColumns(),
        SeriesColumns(targets=("a", "b"), inputs=("c",), calendar=("hour", "month"), horizon=3, step="1 hour"),
        SeriesColumns(targets=("電力",), missing=(-9999.0,), time=("none",), resample="1h", fill="linear"),
    ],
)
def test_json_and_back(columns):
    assert parse(columns.to_json()) == columns


def test_what_is_as_usual_is_left_out():
    assert SeriesColumns().to_json() == {}
    assert SeriesColumns(step="1 day").plain
    assert not SeriesColumns(horizon=2).plain
    assert not SeriesColumns(targets=("load",)).plain


def test_features_and_outputs_are_counted_and_named():
    columns = SeriesColumns(targets=("a", "b"), inputs=("c",), calendar=("hour",), horizon=2)
    assert (columns.features, columns.outputs) == (5, 4)
    assert columns.output_places == ["1 a", "1 b", "2 a", "2 b"]
    assert SeriesColumns().output_names == ["prediction"]
    assert SeriesColumns(horizon=2).output_names == ["prediction_1", "prediction_2"]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([], "dictionary"),
        ({"targets": []}, "targets"),
        ({"horizon": 0}, "horizon"),
        ({"horizon": 2.5}, "horizon"),
        ({"calendar": ["second"]}, "calendar"),
        ({"missing": [float("nan")]}, "missing"),
        ({"what\x1b": 1}, r"what\\x1b"),
    ],
)
def test_what_is_none(found, message):
    with pytest.raises(ValueError, match=message):
        parse(found)

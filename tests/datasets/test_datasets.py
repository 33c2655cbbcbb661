"""What the data sets load into, and what they say about data that cannot be used."""

import re
import shutil

import numpy as np
import pytest
from helpers.classic import classic
from helpers.runs import wave, write_series

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, MemoryConfig
from rnnexp.datasets import series
from rnnexp.errors import UserError


def regression(name, **settings):
    return datasets.load(classic(dataset_name=name, **settings))


def own(values, **settings):
    """A data set of a series given as numbers."""
    config = classic(dataset_name="own", **{"sequence_length": 5, **settings})
    return series.windows(series.Series.of(np.asarray(values, np.float64)), config, series.Known("-", "-"))


def refused(name="own", **settings):
    with pytest.raises(UserError) as caught:
        regression(name, **settings)
    return str(caught.value)


# ---- the series that the project ships


@pytest.mark.parametrize(
    ("name", "count", "held_out", "first", "last"),
    [("SP500", 8313, 1663, 359.69, 3783.22), ("airline-passengers", 144, 48, 112, 432)],
)
def test_shapes_and_values_of_the_shipped_series(name, count, held_out, first, last):
    values = series.read(series.find(name)).values[:, 0]
    dataset = regression(name)
    assert len(values) == count
    assert (values[0], values[-1]) == (first, last)
    assert dataset.train.x.shape == (count - held_out - 20, 20, 1)
    assert dataset.validation.x.shape == (held_out, 20, 1)
    assert dataset.train.y.shape == (count - held_out - 20, 1)
    assert dataset.evaluation is dataset.validation
    assert dataset.train.x.dtype == dataset.train.y.dtype == np.float32
    assert (dataset.input_scale, dataset.output_scale) == (255.0, 255.0)


def test_split_is_by_time_and_no_target_is_in_two_parts():
    """Every value after the first window is the target of exactly one part, in the order of time."""
    values = wave(100)
    dataset = own(values, validation_share=0.2, early_stopping=3)
    targets = [part.to_units(part.y)[:, 0] for part in (dataset.train, dataset.validation, dataset.evaluation)]
    assert [len(part) for part in targets] == [55, 20, 20]
    np.testing.assert_allclose(np.concatenate(targets), values[5:], rtol=1e-6)


@pytest.mark.parametrize("normalization", ["window", "train"])
@pytest.mark.parametrize("sigma", [255.0, 1.0, 19.0])
def test_units_come_back(normalization, sigma):
    values = wave(100) * 1000
    dataset = own(values, data_sigma=sigma, normalization=normalization)
    for part, first in ((dataset.train, 5), (dataset.validation, 80)):
        expected = values[first : first + len(part), None]
        np.testing.assert_array_equal(part.target, expected)
        np.testing.assert_allclose(part.to_units(part.y), expected, rtol=1e-6)
        np.testing.assert_allclose(part.to_units(part.x[:, -1]), values[first - 1 : first - 1 + len(part), None], 1e-6)
        predictions = np.random.default_rng(0).normal(size=expected.shape) * 1e4
        np.testing.assert_allclose(part.to_units(part.from_units(predictions)), predictions, rtol=1e-9)


@pytest.mark.parametrize("name", ["SP500", "airline-passengers"])
def test_each_window_fills_its_range_exactly(name):
    dataset = regression(name, data_sigma=19.0)
    for part in (dataset.train, dataset.validation):
        assert part.x.min() == 0.0
        assert part.x.max() == pytest.approx(19.0, rel=1e-6)
        np.testing.assert_allclose(part.x.max(axis=1), 19.0, rtol=1e-6)
        np.testing.assert_array_equal(part.x.min(axis=1), 0.0)


def test_train_normalisation_is_the_range_of_the_training_part():
    values = wave(100)
    dataset = own(values, normalization="train", validation_share=0.2, data_sigma=10.0)
    low, high = values[:80].min(), values[:80].max()
    np.testing.assert_allclose(dataset.train.y[:, 0], (values[5:80] - low) / (high - low) * 10, rtol=1e-6)
    np.testing.assert_allclose(dataset.validation.y[:, 0], (values[80:] - low) / (high - low) * 10, rtol=1e-6)
    assert dataset.validation.y.max() > 10.0  # the trend leaves the range that training saw


@pytest.mark.parametrize("early_stopping", [0, 3])
@pytest.mark.parametrize("normalization", ["window", "train"])
def test_nothing_of_what_is_held_out_is_in_the_training_part(normalization, early_stopping):
    values = wave(100)
    changed = values.copy()
    changed[-20 * (2 if early_stopping else 1) :] *= -77.0
    options = {"normalization": normalization, "validation_share": 0.2, "early_stopping": early_stopping}
    a, b = own(values, **options), own(changed, **options)
    for field in ("x", "y", "offset", "scale"):
        assert getattr(a.train, field).tobytes() == getattr(b.train, field).tobytes()
    assert not np.array_equal(a.validation.offset + a.validation.y, b.validation.offset + b.validation.y)
    assert not np.array_equal(a.evaluation.target, b.evaluation.target)


def test_the_test_part_is_not_the_validation_part():
    values = wave(100)
    dataset = own(values, validation_share=0.2, early_stopping=1)
    assert dataset.evaluation_part == "test part"
    np.testing.assert_array_equal(dataset.validation.target[:, 0], values[60:80])
    np.testing.assert_array_equal(dataset.evaluation.target[:, 0], values[80:])
    np.testing.assert_array_equal(dataset.baselines["persistence"][:, 0], values[79:-1])


def test_persistence_is_the_value_before():
    values = series.read(series.find("SP500")).values[:, 0]
    baselines = regression("SP500").baselines
    np.testing.assert_array_equal(baselines["persistence"][:, 0], values[-1664:-1])
    # There are five trading days a week.
    np.testing.assert_array_equal(baselines["seasonal naive"][:, 0], values[-1668:-5])


@pytest.mark.parametrize(("early_stopping", "share", "rows"), [(0, None, 48), (5, 0.25, 36)])
def test_seasonal_naive_is_the_value_a_year_before(early_stopping, share, rows):
    values = series.read(series.find("airline-passengers")).values[:, 0]
    dataset = regression("airline-passengers", early_stopping=early_stopping, validation_share=share)
    np.testing.assert_array_equal(dataset.evaluation.target[:, 0], values[-rows:])
    np.testing.assert_array_equal(dataset.baselines["persistence"][:, 0], values[-rows - 1 : -1])
    np.testing.assert_array_equal(dataset.baselines["seasonal naive"][:, 0], values[-rows - 12 : -12])


@pytest.mark.parametrize("normalization", ["window", "train"])
def test_flat_stretches_stay_finite(normalization):
    values = wave(100)
    values[10:40] = 60.0
    values[85:] = 61.0
    for series_of in (values, np.full(100, 5.0), np.concatenate([np.full(80, 5.0), wave(20)])):
        dataset = own(series_of, normalization=normalization)
        for part in (dataset.train, dataset.validation):
            assert np.isfinite(part.x).all()
            assert np.isfinite(part.y).all()
            assert (part.scale > 0).all()
            np.testing.assert_allclose(part.to_units(part.y), part.target, rtol=1e-5)


# ---- series of one's own


def test_any_csv_in_data_works_by_its_name(here):
    write_series(
        here, "my.own_series-2", ["2020-01-01,7,x", *(f"2020-01-{d:02},{d},y" for d in range(2, 32))], "date,data,note"
    )
    dataset = regression("my.own_series-2", sequence_length=4)
    assert dataset.train.target[:3, 0].tolist() == [5.0, 6.0, 7.0]
    assert dataset.source == "my.own_series-2.csv"


def test_the_file_in_the_current_folder_comes_first(here):
    write_series(here, "SP500", range(40))
    dataset = regression("SP500")
    np.testing.assert_array_equal(dataset.evaluation.target[:, 0], np.arange(32, 40))
    assert (dataset.source, dataset.units) == ("SP500.csv", "as in the file")


def test_a_copy_of_a_shipped_series_is_known_as_that(here):
    known = regression("airline-passengers")
    (here / "data").mkdir()
    shutil.copy(series.find("airline-passengers"), here / "data")
    copy = regression("airline-passengers")
    assert series.find("airline-passengers").resolve().parent == here / "data"
    assert (copy.source, copy.units, copy.defaults) == (known.source, known.units, known.defaults)


def test_byte_order_mark_spaces_and_blank_last_lines_are_no_matter(here):
    (here / "data").mkdir()
    (here / "data" / "own.csv").write_bytes(
        b"\xef\xbb\xbf data ,b\r\n" + b"".join(b"%d,1\r\n" % i for i in range(40)) + b"\r\n\r\n"
    )
    assert regression("own", sequence_length=4).evaluation.target[-1, 0] == 39.0


def test_monthly_dates_give_a_seasonal_baseline(here):
    months = [f"{2000 + m // 12}-{m % 12 + 1:02}" for m in range(60)]
    write_series(here, "own", [f"{month},{m}" for m, month in enumerate(months)], "date,data")
    baselines = regression("own", sequence_length=6).baselines
    np.testing.assert_array_equal(baselines["seasonal naive"][:, 0], np.arange(60)[-24:-12])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("../x", "there is no such file"),
        ("..", "a file of your own has its path"),
        ("data/SP500", "there is no such file"),
        ("a\\b", "there is no such file"),
        ("", "a file of your own has its path"),
        (".hidden", "a file of your own has its path"),
        ("SP500.csv", "there is no such file"),
        ("SP50", "did you mean 'SP500'?"),
        ("sp500", "did you mean 'SP500'?"),
        ("airline-pasengers", "did you mean 'airline-passengers'?"),
        ("nothing-like-it", r"put your own series into data/nothing-like-it\.csv"),
    ],
)
def test_names(name, text):
    message = refused(name)
    assert re.search(text, message)
    assert repr(name) in message


def test_a_folder_of_nothing(tmp_path):
    with pytest.raises(UserError, match="has no file with recordings"):
        regression(str(tmp_path))


@pytest.mark.parametrize("config", [ClassificationConfig(dataset_name="irs"), MemoryConfig(dataset_name="memry")])
def test_unknown_names_of_the_other_tasks(config):
    with pytest.raises(UserError, match=r"unknown data set .* did you mean '(iris|memory)'\?"):
        datasets.load(config)


def test_a_task_takes_only_its_own_data_sets():
    with pytest.raises(UserError, match="unknown data set 'SP500' for memory"):
        datasets.load(MemoryConfig(dataset_name="SP500"))
    assert "unknown data set 'iris' for regression" in refused("iris")


def lines_with(row, value):
    """Forty good values, but for data row ``row``, counted from 1."""
    return [value if number == row else number for number in range(1, 41)]


@pytest.mark.parametrize(
    ("row", "value", "what"),
    [
        (7, "abc", "the value is not a number: 'abc'"),
        (1, "1.5.2", "the value is not a number: '1.5.2'"),
        (40, "12 USD", "the value is not a number: '12 USD'"),
        (9, "0x1F", "the value is not a number: '0x1F'"),
        (9, "True", "the value is not a number: 'True'"),
        (3, "inf", "the value is infinite ('inf')"),
        (3, "-Infinity", "the value is infinite ('-Infinity')"),
        (3, "1e300", "the value is too large ('1e300')"),
    ],
)
def test_a_bad_value_is_named_by_row_and_column(here, row, value, what):
    write_series(here, "own", [f'{n},"{v}"' for n, v in enumerate(lines_with(row, value))], "n,data")
    message = refused()
    assert f"own.csv, row {row} (line {row + 1}), column 'data': {what}" in message
    assert "more rows" not in message


def test_other_bad_values_are_counted(here):
    values = lines_with(5, "?!")
    values[19] = values[29] = "x"
    write_series(here, "own", values)
    assert "row 5 (line 6), column 'data': the value is not a number: '?!' (and 2 more rows)" in refused()


@pytest.mark.parametrize("mark", ["", "NA", "nan", "-", ".", "#N/A", "欠測"])
def test_no_window_goes_over_a_gap(here, mark):
    values = lines_with(20, mark)
    write_series(here, "own", values)
    dataset = regression("own", sequence_length=4, validation_share=0.3)
    targets = [*dataset.train.target[:, 0], *dataset.evaluation.target[:, 0]]
    # The value itself, and the four targets whose windows it would be in, are left out.
    assert targets == [float(n) for n in range(5, 41) if n not in range(20, 25)]
    assert "1 of 40 time steps have no value, in one gap: no window goes over one" in " ".join(dataset.warnings)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "own.csv is empty: it needs a column of numbers"),
        (b"date,value\n2020-01-01,3\n", "own has 1 values, too few for a window of SEQUENCE_LENGTH = 20"),
        (b"a,b\n1,2\n2,4\n4,1\n", "several columns of numbers: 'a', 'b'; set TARGET to the one to predict"),
        (b"data\n", "own.csv has a header, 'data', and no row below it"),
        (b"data\n1\n2\n3\n", "own has 3 values, too few for a window of SEQUENCE_LENGTH = 20 and the value after it"),
        (b"data\n" + b"1\n2\n" * 11, "own has 22 values, of which 4 are held out: that leaves 0 windows"),
        (b"data\n\x00\x01\x02\n", "own.csv is no text: it holds zero bytes"),
        (b'data\n1\n"2\n3\n', "own.csv, line 3: a quotation mark is never closed"),
        (b"data\n1\n2,3\n4,5,6\n", "column 'data': the value is not a number: '4,5,6'"),
        (
            b"date,data\n2020-01-01,1\n2020-01-03,2\n2020-01-02,3\n",
            "row 3 (line 4), column 'date': 2020-01-02 comes after 2020-01-03; sort the file by date, oldest first",
        ),
    ],
)
def test_a_file_that_cannot_be_used(here, content, text):
    (here / "data").mkdir()
    (here / "data" / "own.csv").write_bytes(content)
    assert text in refused()


def test_too_large_a_share_held_out_names_the_setting(here):
    write_series(here, "own", range(60))
    message = refused(validation_share=0.5, early_stopping=3)
    assert "60 are held out" in message
    assert "VALIDATION_SHARE" in message


def test_the_advised_sequence_length_works(here):
    write_series(here, "own", range(12))
    advice = int(re.search(r"set SEQUENCE_LENGTH to (\d+) or less", refused())[1])
    assert len(regression("own", sequence_length=advice).train) >= 2


# ---- memory


@pytest.mark.parametrize("k", [1, 0, -5, 7])
def test_memory_targets(k):
    dataset = datasets.load(MemoryConfig(memory_signal_length=300, memory_n=30, memory_k=k))
    x, y = dataset.train.x[:, :, 0], dataset.train.y[:, 0]
    assert len(x) == 300 - 30 + 1 - max(k, 0)
    signal = np.concatenate([x[0], x[1:, -1], y[-k:] if k > 0 else []])
    assert len(signal) == 300
    assert -1 <= signal.min() < -0.9
    assert 0.9 < signal.max() <= 1
    for start in (0, 1, len(x) - 1):
        np.testing.assert_array_equal(x[start], signal[start : start + 30])
        # Values 1..N are at 0..N-1, so that the value N + K is at N + K - 1.
        assert y[start] == np.float32(signal[start + 30 + k - 1])
    if k == 0:
        np.testing.assert_array_equal(y, x[:, -1])
    if k == -5:
        np.testing.assert_array_equal(y, x[:, -6])


def test_memory_has_no_split_and_says_so():
    dataset = datasets.load(MemoryConfig(memory_k=1))
    assert dataset.train is dataset.validation is dataset.evaluation
    assert "no split" in dataset.evaluation_part
    assert "no split" in dataset.notes[0]
    assert "by heart" in dataset.notes[0]
    assert "by heart" not in datasets.load(MemoryConfig(memory_k=-5)).notes[0]


@pytest.mark.parametrize("k", [-1, 0, -4])
def test_several_memory_targets_at_once_are_those_of_each_delay(k):
    settings = {"memory_signal_length": 200, "memory_n": 20, "seed": 3}
    dataset = datasets.load(MemoryConfig(**settings, memory_k=k, memory_delays=5))
    assert dataset.outputs == 5
    for delay in range(5):
        alone = datasets.load(MemoryConfig(**settings, memory_k=k - delay))
        np.testing.assert_array_equal(dataset.train.x, alone.train.x)
        np.testing.assert_array_equal(dataset.train.y[:, delay : delay + 1], alone.train.y)


def test_several_memory_targets_are_judged_on_a_series_of_their_own():
    dataset = datasets.load(MemoryConfig(memory_signal_length=200, memory_n=20, memory_k=-1, memory_delays=5))
    assert dataset.evaluation is dataset.validation
    assert not np.isin(dataset.evaluation.x, dataset.train.x).any()
    np.testing.assert_array_equal(dataset.evaluation.y[:, 0], dataset.evaluation.x[:, -2, 0])
    np.testing.assert_array_equal(dataset.evaluation.y[:, 4], dataset.evaluation.x[:, -6, 0])
    stopping = datasets.load(
        MemoryConfig(memory_signal_length=200, memory_n=20, memory_k=-1, memory_delays=5, early_stopping=3)
    )
    assert stopping.evaluation_part == "test part"
    assert not np.isin(stopping.evaluation.x, stopping.validation.x).any()


def test_as_many_delays_as_the_window_holds_fit():
    config = {"memory_signal_length": 100, "memory_n": 10, "memory_k": -2}
    assert datasets.load(MemoryConfig(**config, memory_delays=8)).train.y.shape == (91, 8)
    with pytest.raises(UserError, match="MEMORY_DELAYS is 9, but from MEMORY_K = -2 on there are only 8 values back"):
        datasets.load(MemoryConfig(**config, memory_delays=9))


def test_the_seed_makes_the_series():
    a, b, c = (datasets.load(MemoryConfig(seed=seed)).train.x for seed in (1, 1, 2))
    assert a.tobytes() == b.tobytes() != c.tobytes()


@pytest.mark.parametrize(
    ("length", "n", "k", "text"),
    [
        (100, 100, 1, r"MEMORY_N is 100, .* make MEMORY_N smaller than MEMORY_SIGNAL_LENGTH"),
        (100, 300, 1, r"MEMORY_N is 300, but the whole signal has only MEMORY_SIGNAL_LENGTH = 100 values"),
        (100, 10, -10, r"MEMORY_K is -10, .* the furthest that it can look back is -9"),
        (100, 99, 5, r"MEMORY_SIGNAL_LENGTH of at least 104, not 100"),
    ],
)
def test_memory_settings_that_do_not_fit(length, n, k, text):
    with pytest.raises(UserError, match=text):
        datasets.load(MemoryConfig(memory_signal_length=length, memory_n=n, memory_k=k))


@pytest.mark.parametrize(("length", "n", "k"), [(100, 10, -9), (104, 99, 5)])
def test_memory_settings_at_the_edge_fit(length, n, k):
    assert len(datasets.load(MemoryConfig(memory_signal_length=length, memory_n=n, memory_k=k)).train) >= 1


# ---- iris


def test_iris_is_four_steps_and_stratified():
    dataset = datasets.load(ClassificationConfig(dataset_name="iris"))
    assert dataset.train.x.shape == (120, 4, 1)
    assert dataset.validation.x.shape == (30, 4, 1)
    assert np.bincount(dataset.train.y).tolist() == [40, 40, 40]
    assert np.bincount(dataset.validation.y).tolist() == [10, 10, 10]
    assert dataset.class_names == ("setosa", "versicolor", "virginica")
    assert dataset.evaluation is not dataset.train


def test_iris_with_early_stopping_has_a_test_part_of_its_own():
    plain = datasets.load(ClassificationConfig(dataset_name="iris"))
    dataset = datasets.load(ClassificationConfig(dataset_name="iris", early_stopping=5))
    assert (len(dataset.train), len(dataset.validation), len(dataset.evaluation)) == (96, 24, 30)
    assert dataset.evaluation_part == "test part"
    assert np.bincount(dataset.validation.y).tolist() == [8, 8, 8]
    np.testing.assert_array_equal(dataset.evaluation.y, plain.evaluation.y)


def test_iris_is_scaled_by_the_training_part_alone(monkeypatch):
    import sklearn.datasets

    config = ClassificationConfig(dataset_name="iris", seed=3)
    before = datasets.load(config)
    np.testing.assert_array_equal(before.train.x.min(axis=0), 0.0)
    np.testing.assert_array_equal(before.train.x.max(axis=0), 1.0)
    iris = sklearn.datasets.load_iris()
    # Find the rows held out by what they hold; then make them a hundred times as large.
    from sklearn.model_selection import train_test_split

    _, held_out = train_test_split(np.arange(150), test_size=0.2, stratify=iris.target, random_state=3)
    iris.data[held_out] *= 100
    monkeypatch.setattr(sklearn.datasets, "load_iris", lambda: iris)
    after = datasets.load(config)
    assert after.train.x.tobytes() == before.train.x.tobytes()
    assert after.evaluation.x.max() > 50 * before.evaluation.x.max()


def test_iris_can_be_cut_and_says_when_a_share_leaves_a_class_out():
    cut = datasets.load(ClassificationConfig(dataset_name="iris", max_sequence_length=2))
    whole = datasets.load(ClassificationConfig(dataset_name="iris"))
    np.testing.assert_array_equal(cut.train.x, whole.train.x[:, :2])
    for settings in ({"validation_share": 0.01}, {"validation_share": 0.9, "early_stopping": 1}):
        with pytest.raises(UserError, match="VALIDATION_SHARE is 0"):
            datasets.load(ClassificationConfig(dataset_name="iris", **settings))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date,data\n2020-01-01,17,5\n2020-01-02,18,5\n", "rows with more fields than its header"),
        ("data, data\n1,2\n3,4\n", "several columns of the same name"),
        ("data,b\n1,2\n3\n", "rows with fewer fields than its header"),
    ],
)
def test_a_file_that_would_be_read_wrongly_is_refused(tmp_path, text, message):
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        series.read(path)


def test_dates_with_changing_offsets_are_dates(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("date,data\n2020-03-28T23:00+01:00,1\n2020-03-29T00:00+01:00,2\n2020-03-29T02:00+02:00,3\n")
    found = series.read(path)
    assert found.values[:, 0].tolist() == [1, 2, 3]
    assert str(found.step) == "1 hour"


def test_some_rows_of_a_part_are_spread_evenly_and_keep_their_units():
    dataset = own(wave(100))
    part = dataset.validation
    some = part.some(5)
    rows = [0, 4, 9, 14, 19]
    np.testing.assert_array_equal(some.x, part.x[rows])
    np.testing.assert_array_equal(some.to_units(some.y), part.to_units(part.y)[rows])
    np.testing.assert_array_equal(some.target, part.target[rows])
    assert part.some(20) is part


def test_some_of_the_evaluation_part_comes_with_its_baselines():
    dataset = own(wave(100))
    some = dataset.with_some_evaluation(5)
    np.testing.assert_array_equal(some.baselines["persistence"], dataset.baselines["persistence"][[0, 4, 9, 14, 19]])
    np.testing.assert_array_equal(some.evaluation.x, dataset.evaluation.x[[0, 4, 9, 14, 19]])
    assert dataset.with_some_evaluation(20) is dataset

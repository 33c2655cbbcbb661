"""Tables into series: which columns, in which order, on which clock, and what is said of those that cannot be used."""

import numpy as np
import pytest

from rnnexp.datasets import series
from rnnexp.datasets.series import Selection
from rnnexp.errors import UserError


def read(folder, content, name="own.csv", **selection):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return series.read(path, Selection(**selection))


def dated(times, values=None, head="date,value"):
    values = range(len(times)) if values is None else values
    return "\n".join([head, *(f"{time},{value}" for time, value in zip(times, values, strict=True))]) + "\n"


def days(count, start="2020-01-01", step="D"):
    unit = {"D": "D", "h": "h"}[step]
    return [str(time).replace("T", " ") for time in np.datetime64(start, unit) + np.arange(count)]


# ---- columns


def test_a_single_column_of_numbers_needs_no_name(tmp_path):
    found = read(tmp_path, "n,note,load\n1,a,5\n2,b,7\n3,c,6\n")
    assert found.names == ("load",)
    assert found.values[:, 0].tolist() == [5, 7, 6]
    assert "Not used of the file, 2 columns: 'n', 'note'" in found.notes


def test_columns_by_name_in_the_order_asked_for(tmp_path):
    content = "date,a,b,c,d\n" + "".join(f"{day},{n},{10 * n},{100 * n},x\n" for n, day in enumerate(days(5)))
    found = read(tmp_path, content, target=("c", "a"), inputs=("b",))
    assert (found.names, found.targets) == (("c", "a", "b"), 2)
    assert found.values[2].tolist() == [200, 2, 20]
    assert found.notes == ("Not used of the file: 'd'",)


def test_a_column_data_is_the_target_as_ever(tmp_path):
    found = read(tmp_path, "other,data\n1,5\n4,7\n2,6\n")
    assert found.values[:, 0].tolist() == [5, 7, 6]
    assert found.notes == ("Not used of the file: 'other'; INPUTS takes further columns",)


# ---- times


@pytest.mark.parametrize(
    ("content", "step", "first"),
    [
        (dated(days(20)), "1 day", "2020-01-01"),
        (dated(days(20, "2020-01-01T00", "h")), "1 hour", "2020-01-01"),
        (dated([f"2020-01-01 00:{minute:02}" for minute in range(0, 60, 15)]), "15 minutes", "2020-01-01"),
        (dated([f"{1990 + n // 12}-{n % 12 + 1:02}" for n in range(30)]), "1 month", "1990-01-01"),
        (dated(["1990-01-31", "1990-02-28", "1990-03-31", "1990-04-30"]), "1 month", "1990-01-31"),
        (dated([f"{1990 + n // 4}Q{n % 4 + 1}" for n in range(10)]), "1 quarter", "1990-01-01"),
        (dated(range(1990, 2010), head="year,value"), "1 year", "1990-01-01"),
        (dated(range(1821, 1840), head=",0"), "1 year", "1821-01-01"),
        (dated(days(15)[::7]), "7 days", "2020-01-01"),
        (dated([1577836800 + 60 * n for n in range(9)], head="timestamp,value"), "1 minute", "2020-01-01"),
        (
            "year,month,value\n" + "".join(f"{1990 + n // 12},{n % 12 + 1},{n}\n" for n in range(30)),
            "1 month",
            "1990-01-01",
        ),
        (
            "year,quarter,value\n" + "".join(f"{1990 + n // 4},{n % 4 + 1},{n}\n" for n in range(9)),
            "1 quarter",
            "1990-01-01",
        ),
        ("year,month,day,value\n" + "".join(f"2020,2,{n},{n}\n" for n in range(1, 29)), "1 day", "2020-02-01"),
        ("year,month,day,hour,value\n" + "".join(f"2020,2,1,{n},{n}\n" for n in range(24)), "1 hour", "2020-02-01"),
        ("date,hour,value\n" + "".join(f"2020-02-01,{n},{n}\n" for n in range(1, 25)), "1 hour", "2020-02-01T01"),
        ("date,time,value\n" + "".join(f"2020-02-01,{n:02}:30,{n}\n" for n in range(24)), "1 hour", "2020-02-01T00:30"),
        ("".join(f"2020-02-01 {n:02}:00 {n}\n" for n in range(24)), "1 hour", "2020-02-01"),
        ("日付,時刻,値\n" + "".join(f"2020/2/1,{n}:00,{n}\n" for n in range(24)), "1 hour", "2020-02-01"),
    ],
)
def test_steps_of_time(tmp_path, content, step, first):
    found = read(tmp_path, content)
    assert str(found.step) == step
    assert found.times[0] == np.datetime64(first, "ns")
    assert len(found.values) == len(content.splitlines()) - (not content[0].isdigit())
    assert np.isfinite(found.values).all()
    following = found.step.after(found.times[-1], 2)
    assert (np.diff(following) > np.timedelta64(0)).all()


def test_days_of_work_and_their_holidays_are_no_gaps(tmp_path):
    every = np.datetime64("2020-01-01") + np.arange(120)
    work = every[np.is_busday(every)]
    work = np.delete(work, [20, 21, 22, 40])
    found = read(tmp_path, dated(work))
    assert str(found.step) == "1 day of work"
    assert found.values[:, 0].tolist() == list(range(len(work)))
    after_friday = found.step.after(np.datetime64("2020-05-01", "ns"), 1)
    assert after_friday[0] == np.datetime64("2020-05-04", "ns")
    gap = read(tmp_path, dated(np.delete(work, np.arange(30, 50))))
    assert np.isnan(gap.values).sum() >= 20


def test_the_series_that_comes_along_has_no_gap():
    found = series.read(series.find("SP500"))
    assert len(found.values) == 8313
    assert np.isfinite(found.values).all()


@pytest.mark.parametrize(
    "heads", ["JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC", ",".join(f"{n}月" for n in range(1, 13))]
)
def test_a_row_a_year_and_a_column_a_month(tmp_path, heads):
    rows = [[1950 + year, *range(12 * year, 12 * year + 12)] for year in range(4)]
    rows[-1][-2:] = "", ""
    content = "\n".join([f"year,{heads}", *(",".join(map(str, row)) for row in rows)])
    found = read(tmp_path, content)
    assert found.values[:, 0].tolist() == list(range(46))
    assert (str(found.step), found.names) == ("1 month", ("value",))
    assert found.times[13] == np.datetime64("1951-02-01", "ns")
    assert "The file has a row a year and a column a month" in found.notes


def test_newest_first_is_turned_round_and_said(tmp_path):
    content = dated(days(9)[::-1], range(9))
    found = read(tmp_path, content)
    assert found.values[:, 0].tolist() == list(range(8, -1, -1))
    assert found.rows.tolist() == list(range(9, 0, -1))
    assert "The file has the newest row first: it is turned round" in found.notes


def test_missing_steps_are_gaps(tmp_path):
    found = read(tmp_path, dated([day for n, day in enumerate(days(20)) if n not in (5, 6, 12)]))
    assert np.flatnonzero(np.isnan(found.values[:, 0])).tolist() == [5, 6, 12]
    assert found.times.tolist() == np.array(days(20), "datetime64[ns]").tolist()
    assert found.rows.tolist() == [1, 2, 3, 4, 5, 0, 0, 6, 7, 8, 9, 10, 0, 11, 12, 13, 14, 15, 16, 17]


def test_sentinels_are_missing_and_suspected_ones_are_named(tmp_path):
    content = dated(days(30), [-9999 if n % 9 == 4 else n for n in range(30)])
    assert (
        "value: -9999 lies far from all others; if it stands for no value, set MISSING to it"
        in read(tmp_path, content).notes
    )
    found = read(tmp_path, content, missing=(-9999.0,))
    assert np.flatnonzero(np.isnan(found.values[:, 0])).tolist() == [4, 13, 22]
    assert found.notes == ()


def test_resample_takes_means_and_leaves_empty_steps(tmp_path):
    times = ["2020-01-01 00:10", "2020-01-01 00:50", "2020-01-01 01:05", "2020-01-01 03:00", "2020-01-01 03:00"]
    found = read(tmp_path, dated(times, [1, 3, 5, 7, 9]), resample="1h")
    np.testing.assert_array_equal(found.values[:, 0], [2, 5, np.nan, 8])
    assert str(found.step) == "1 hour"
    for offset in ("H", "60min", "60T"):
        np.testing.assert_array_equal(read(tmp_path, dated(times), resample=offset).values.shape, (4, 1))


@pytest.mark.parametrize("offset", ["M", "MS", "ME"])
def test_resample_to_months(tmp_path, offset):
    found = read(tmp_path, dated(days(91)), resample=offset)
    assert found.values[:, 0].tolist() == [15.0, 45.0, 75.0]
    assert str(found.step) == "1 month"


def test_time_none_takes_the_rows_as_they_are(tmp_path):
    found = read(tmp_path, dated(["2020-01-05", "2020-01-01", "2020-01-01", "2021-07-01"]), time=("none",))
    assert found.values[:, 0].tolist() == [0, 1, 2, 3]
    assert found.times is None


def test_a_clock_with_jitter_is_even(tmp_path):
    random = np.random.default_rng(0)
    times = [1577836800000 + 20 * n + int(random.integers(-1, 2)) for n in range(200)]
    found = read(tmp_path, dated(times, head="timestamp,value"))
    assert len(found.values) == 200
    assert np.isfinite(found.values).all()


# ---- what cannot be used

LONG = "date,symbol,price\n" + "".join(f"{day},{symbol},{n}\n" for symbol in "AB" for n, day in enumerate(days(9)))
AUTUMN = [f"2022-10-30 0{hour}:00" for hour in (0, 1, 2, 2, 3, 4)]


@pytest.mark.parametrize(
    ("content", "selection", "message"),
    [
        ("", {}, "own.csv is empty: it needs a column of numbers"),
        ("\n\n \n", {}, "own.csv is empty"),
        ("# only\n# comments\n", {}, "own.csv is empty"),
        ("a,b\n", {}, "has a header, 'a', 'b', and no row below it"),
        (b"\xff\xfe\x00", {}, "own.csv is no text: its byte order mark says UTF-16"),
        (b"\x00\x01\x02\x03\x00", {}, "own.csv is no text: it holds zero bytes"),
        ('a\n1\n"2\n3\n', {}, "own.csv, line 3: a quotation mark is never closed"),
        (
            "a,b\n1,2\n3,4,5\n6,7\n",
            {},
            "more fields than its header \\(line 1\\) .*: line 3 has 3, not 2: decimal commas",
        ),
        ("a;b\n1;2\n3;4;5\n6;7\n", {}, "more fields .*: line 3 has 3, not 2: give every row as many"),
        ("a,b\n1,2\n3\n6,7\n", {}, "fewer fields than its header .*: line 3 has 1, not 2"),
        ("date,value\n2020-01-01,1,5\n2020-01-02,2,5\n", {}, "more fields .*decimal commas, perhaps"),
        ("a,a\n1,2\n3,4\n", {}, "several columns of the same name: 'a'; give each"),
        ("a,b\nx,y\nz,w\n", {}, "no column of numbers to predict: 'a' holds texts.*the first cell of 'a' is 'x'"),
        ("a,b\n1,5\n2,4\n4,9\n", {}, "several columns of numbers: 'a', 'b'; set TARGET to the one"),
        ("a\n1\ntwo\n3\n", {}, r"own.csv, row 2 \(line 3\), column 'a': the value is not a number: 'two'; correct it"),
        ("a\n1\n\n#c\n1O\n3\n", {}, r"row 3 \(line 5\), column 'a': the value is not a number: '1O'"),
        ("a\n1\n1,5\n2.5\n", {}, r"row 2 \(line 3\), column 'a': the value is not a number: '1,5'"),
        ("a;b\n1,5;x\n2.5.1;y\n3,5;z\n", {}, r"row 2 \(line 3\), column 'a': the value is not a number: '2.5.1'"),
        ("a\n1\n5 kW\n2\n", {}, "the value is not a number: '5 kW'"),
        ("a\n1\n$5\n2\n", {}, r"the value is not a number: '\$5'"),
        ("a\n1\ninf\n3\n", {}, r"row 2 \(line 3\), column 'a': the value is infinite \('inf'\)"),
        ("a\n1\n1e300\n3\n", {}, r"the value is too large \('1e300'\)"),
        ("a\n1\nx\ny\n2\n3\n", {}, r"'x' \(and 1 more rows\)"),
        ("a,b\n1,5\n2,4\n", {"target": ("c",)}, "no column 'c', which TARGET names.*there are: 'a', 'b'"),
        ("load,b\n1,5\n2,4\n", {"target": ("laod",)}, "which TARGET names; did you mean 'load'"),
        ("load,b\n1,5\n2,4\n", {"inputs": ("B",)}, "no column 'B', which INPUTS names; did you mean 'b'"),
        ("a,b\n1,5\n2,4\n", {"target": ("a",), "inputs": ("a",)}, "TARGET and INPUTS name 'a' more than once"),
        ("a,b\nx,5\ny,4\n", {"target": ("a",)}, "the column 'a' holds texts, not numbers: its first cell is 'x'"),
        ("a,b\n-,5\n-,4\n", {"target": ("a",)}, "the column 'a' holds nothing"),
        (dated(days(5)), {"target": ("date",)}, "TARGET names 'date', which is the time: CALENDAR"),
        (dated(days(5)), {"time": ("when",)}, "no column 'when', which TIME names"),
        ("a,b\n5,x\n7,y\n", {"time": ("b",)}, "the column 'b', which TIME names, holds no times: 'x' is none"),
        ("a,b\n5,1\n7,2\n", {"time": ("b",)}, "the column 'b', which TIME names, holds no times: '1' is none"),
        ("a,b\n5,x\n7,y\n", {"resample": "1h"}, "RESAMPLE is '1h', but .* has no column that says when: set TIME"),
        (dated([*days(9), "soon"]), {}, r"row 10 \(line 11\), column 'date': the time is not a time: 'soon'"),
        (dated([*days(9)[:4], "", *days(9)[5:]]), {}, r"row 5 \(line 6\), column 'date': the time is empty; .*TIME"),
        (dated([*days(9), "2020-02-31"]), {}, r"row 10 .*the time is not a time: '2020-02-31'"),
        (dated([*days(5), *days(3)]), {}, r"row 6 \(line 7\), column 'date': 2020-01-01 comes after 2020-01-05; sort"),
        (LONG, {}, "the column 'symbol' says that there are several series \\('A', 'B'\\): keep the rows of one"),
        (
            dated([*days(5), days(5)[-1]]),
            {},
            r"row 6 \(line 7\), column 'date': 2020-01-05 is there a second time; set RES",
        ),
        (dated([*days(5)[::-1], days(5)[0]]), {}, "is there a second time"),
        (
            dated(AUTUMN),
            {},
            "2022-10-30 02:00:00 is there a second time; it looks like .*summer time ends.*offset from UTC",
        ),
        (
            dated(["2020-01-01", "2020-01-02", "2020-01-05", "2020-01-06", "2020-01-08 11:00"]),
            {},
            "steps of time are not",
        ),
        (
            dated(["2020-01-01 00:00", "2020-01-01 01:00", "2020-01-01 02:20", "2020-01-01 03:00"]),
            {},
            r"row 3 \(line 4\).*RES",
        ),
        (dated(days(9)), {"resample": "often"}, "RESAMPLE is 'often', which is no step of time: \"1h\""),
        (dated(days(9)), {"resample": "-1h"}, "RESAMPLE is '-1h'"),
        (dated(days(9)), {"resample": "1h"}, "most of its 193 steps have no row of"),
        (dated(days(9)), {"resample": "1ms"}, "which makes 691,200,001 steps of the 9 rows of .*: too fine"),
        (
            dated([*(f"2020-01-01 00:00:0{n}" for n in range(4)), "2022-01-01 00:00:00"]),
            {},
            "there are 63,158,401 steps of 1 s",
        ),
    ],
)
def test_what_cannot_be_used_is_one_message_with_the_way_out(tmp_path, content, selection, message):
    with pytest.raises(UserError, match=message) as caught:
        read(tmp_path, content, **selection)
    assert str(caught.value).count("\n") == 0
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("own.csv.gz", b"no gzip", "own.csv.gz cannot be read, as if it were cut off or no gzip"),
        ("own.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03cut", "own.csv.gz cannot be read"),
        ("own.npy", b"none", "own.npy cannot be read as .npy"),
        ("own.npz", b"none", "own.npz cannot be read as .npz"),
        ("own.json", b"{}", "own.json is no file that can be read: its name must end with .csv"),
    ],
)
def test_other_files_that_cannot_be_used(tmp_path, name, content, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, content, name)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.zeros(3), "b": np.zeros(4)}, "its arrays must have one length \\('a' 3, 'b' 4\\)"),
        ({"a": np.zeros((2, 2, 2))}, r"its array 'a' is float64 of the shape \[2, 2, 2\]; a series is numbers"),
        ({"a": np.zeros(3, complex)}, "its array 'a' is complex128"),
        ({}, "there is none"),
    ],
)
def test_arrays_that_are_no_series(tmp_path, arrays, message):
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(UserError, match=message):
        series.read(tmp_path / "own.npz")


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(UserError, match="there is no file"):
        series.read(tmp_path / "none.csv")

"""Times as people write them."""

import numpy as np
import pytest

from rnnexp.datasets.tables import time_numbers, times

THREE_DAYS = ["2022-12-28", "2022-12-29", "2023-01-01"]
TWO_HOURS = ["2022-12-28T13:05", "2022-12-29T00:00"]
MONTHS = ["1990-01-01", "1990-02-01", "1990-12-01"]
QUARTERS = ["1990-01-01", "1990-04-01"]


def texts(*cells):
    return np.array(cells, dtype=object)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("2022-12-28", "2022-12-29", "2023-01-01"), THREE_DAYS),
        (("2022-12-28", "2022-12-29", "2023-1-1"), THREE_DAYS),
        (("2022/12/28", "2022/12/29", "2023/1/1"), THREE_DAYS),
        (("2022.12.28", "2022.12.29", "2023.01.01"), THREE_DAYS),
        (("28.12.2022", "29.12.2022", "01.01.2023"), THREE_DAYS),
        (("28. 12. 2022", "29. 12. 2022", "1. 1. 2023"), THREE_DAYS),
        (("28/12/2022", "29/12/2022", "01/01/2023"), THREE_DAYS),
        (("12/28/2022", "12/29/2022", "1/1/2023"), THREE_DAYS),
        (("28-12-2022", "29-12-2022", "01-01-2023"), THREE_DAYS),
        (("12/28/22", "12/29/22", "1/1/23"), THREE_DAYS),
        (("Dec 28 2022", "Dec 29 2022", "Jan 1 2023"), THREE_DAYS),
        (("Dec 28, 2022", "Dec 29, 2022", "Jan 1, 2023"), THREE_DAYS),
        (("28 December 2022", "29 December 2022", "1 January 2023"), THREE_DAYS),
        (("28-Dec-22", "29-Dec-22", "1-Jan-23"), THREE_DAYS),
        (("Wed 28 Dec 2022", "Thu 29 Dec 2022", "Sun 1 Jan 2023"), THREE_DAYS),
        (("2022年12月28日", "2022年12月29日", "2023年1月1日"), THREE_DAYS),
        (("２０２２年１２月２８日", "2022年12月29日", "2023年1月1日"), THREE_DAYS),
        (("令和4年12月28日", "令和4年12月29日", "令和5年1月1日"), THREE_DAYS),
        (("2022/12/28(水)", "2022/12/29(木)", "2023/1/1(日)"), THREE_DAYS),
        (("2022-12-28 13:05", "2022-12-29 00:00"), TWO_HOURS),
        (("2022-12-28T13:05:00Z", "2022-12-29T00:00:00Z"), TWO_HOURS),
        (("2022-12-28T13:05+09:00", "2022-12-29T00:00+09:00"), TWO_HOURS),
        (("20221228T130500", "20221229T000000"), TWO_HOURS),
        (("28.12.2022 13:05", "29.12.2022 00:00"), TWO_HOURS),
        (("28.12.2022 13:05:00,000", "29.12.2022 00:00:00,000"), TWO_HOURS),
        (("12/28/2022 1:05 PM", "12/29/2022 12:00 AM"), TWO_HOURS),
        (("2022/12/28 13:05", "2022/12/28 24:00"), TWO_HOURS),
        (("2022年12月28日 13時05分", "2022年12月29日 0時"), TWO_HOURS),
        (("Dec 28 2022 13:05", "Dec 29 2022 00:00"), TWO_HOURS),
        (("1990-01", "1990-02", "1990-12"), MONTHS),
        (("1990/1", "1990/2", "1990/12"), MONTHS),
        (("1990年1月", "1990年2月", "1990年12月"), MONTHS),
        (("平成2年1月", "平成2年2月", "平成2年12月"), MONTHS),
        (("Jan 1990", "Feb 1990", "Dec 1990"), MONTHS),
        (("1990 Jan", "1990 Feb", "1990 Dec"), MONTHS),
        (("Jan-90", "Feb-90", "Dec-90"), MONTHS),
        (("January 1990", "February 1990", "December 1990"), MONTHS),
        (("1990Q1", "1990Q2"), QUARTERS),
        (("1990-Q1", "1990-Q2"), QUARTERS),
        (("Q1 1990", "Q2 1990"), QUARTERS),
        (("1990 Q1", "1990 Q2"), QUARTERS),
        (("1990年第1四半期", "1990年第2四半期"), QUARTERS),
    ],
)
def test_texts(cells, expected):
    found = times.parse(texts(*cells))
    np.testing.assert_array_equal(found.values, np.array(expected, "datetime64[ns]"))
    assert found.notes == ()


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([1990, 1991], ["1990-01-01", "1991-01-01"]),
        ([199001, 199002, 199012], MONTHS),
        ([20221228, 20221229, 20230101], THREE_DAYS),
        ([202212281305, 202212290000], TWO_HOURS),
        ([20221228130500, 20221229000000], TWO_HOURS),
        ([1672232700, 1672272000], TWO_HOURS),
        ([1672232700000, 1672272000000], TWO_HOURS),
        ([1990.042, 1990.125, 1990.958], MONTHS),
        ([1990.0, 1990.083, 1990.917], MONTHS),
    ],
)
def test_numbers(numbers, expected):
    found = time_numbers.of_numbers(np.array(numbers, np.float64))
    np.testing.assert_array_equal(found.values, np.array(expected, "datetime64[ns]"))


@pytest.mark.parametrize("numbers", [[1, 2, 3], [0.5, 1.5], [202013, 202014], [5000000, 5000001], [-1, 5]])
def test_numbers_that_are_no_times(numbers):
    assert time_numbers.of_numbers(np.array(numbers, np.float64)) is None


@pytest.mark.parametrize("cells", [("a", "b"), ("sensor 1", "sensor 2"), ("12 USD", "13 USD"), ("May", "June"), ("",)])
def test_texts_that_are_no_times(cells):
    assert times.parse(texts(*cells)) is None


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("1/2/2022", "2/2/2022", "3/2/2022"), ["2022-02-01", "2022-02-02", "2022-02-03"]),
        (("1/2/2022", "1/3/2022", "1/4/2022"), ["2022-01-02", "2022-01-03", "2022-01-04"]),
        (("01.02.2022", "02.05.2022"), ["2022-02-01", "2022-05-02"]),
    ],
)
def test_days_and_months_that_no_row_decides_are_said(cells, expected):
    found = times.parse(texts(*cells))
    np.testing.assert_array_equal(found.values, np.array(expected, "datetime64[ns]"))
    assert "which not one of them decides; write them as 2022-12-28" in found.notes[0]


def test_several_offsets_are_taken_in_utc_and_said():
    found = times.parse(texts("2022-10-30T02:00+02:00", "2022-10-30T02:00+01:00"))
    np.testing.assert_array_equal(found.values, np.array(["2022-10-30T00:00", "2022-10-30T01:00"], "datetime64[ns]"))
    assert "several offsets" in found.notes[0]


def test_a_cell_that_is_none_is_named_by_its_row():
    found = times.parse(texts("2022-12-28", "2022-12-29", "2022-12-30", "", "2022-13-40", "2023-01-01", "2023-01-02"))
    assert found.bad.tolist() == [4]
    assert np.isnat(found.values).tolist() == [False, False, False, True, True, False, False]

"""Tables in every dialect: the same numbers and times as in the plain file."""

import gzip
import importlib.util

import numpy as np
import pandas as pd
import pytest

from rnnexp.datasets import tables
from rnnexp.errors import UserError

VALUES = [1.5, -2.25, 1234.5, 20000.0, 3.75]
DAYS = ["2020-01-31", "2020-02-01", "2020-02-02", "2020-02-03", "2020-02-04"]


def read(folder, content, name="table.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return tables.read(path)


def rows(separator, numbers, head="date{}value", days=DAYS):
    lines = [head.format(separator), *(f"{day}{separator}{number}" for day, number in zip(days, numbers, strict=True))]
    return "\n".join(lines) + "\n"


PLAIN = [str(value) for value in VALUES]
COMMAS = [text.replace(".", ",") for text in PLAIN]


@pytest.mark.parametrize(
    "content",
    [
        rows(",", PLAIN),
        rows(";", PLAIN),
        rows("\t", PLAIN),
        rows("|", PLAIN),
        rows("   ", PLAIN),
        rows(";", COMMAS),
        rows("\t", COMMAS),
        rows(";", ["1,5", "-2,25", "1.234,5", "20.000", "3,75"]),
        rows(";", ["1,5", "-2,25", "1 234,5", "20 000", "3,75"]),
        rows(";", ["1,5", "-2,25", "1\u00a0234,5", "20\u202f000", "3,75"]),
        rows(",", ["1.5", "-2.25", '"1,234.5"', '"20,000"', "3.75"]),
        rows(";", ["1.5", "-2.25", "1'234.5", "20'000", "3.75"]),
        rows(",", [f'"{text.replace(".", ",")}"' for text in PLAIN]),
        rows(",", ["1.5e0", "-225E-2", "1.2345e3", "+2e4", "3.75"]),
        rows(",", ["$1.5", "$-2.25", '"$1,234.5"', "$20000", "$3.75"]),
        rows(",", ["1.5%", "-2.25%", "1234.5%", "20000%", "3.75%"]),
        rows(",", ["１.５", "−2.25", "1234.5", "20000", "3.75"]),
        rows(",", ["1.5", "▲2.25", "1234.5", "20000", "3.75"]),
        rows(",", PLAIN, "# measured at home\ndate{}value"),
        rows(" ", PLAIN, "# date{}value"),
        rows(",", PLAIN, "% by me\n// and others\ndate{}value"),
        rows(",", PLAIN, "Station: A\nLatitude: 5\n\ndate{}value"),
        rows(",", PLAIN, "date{}value\n[d],[kW]"),
        rows(";", PLAIN, "sep=;\ndate{}value"),
        rows(",", PLAIN, '"date"{}"value"'),
        rows(",", PLAIN).replace("\n", "\r\n") + "\r\n,\r\n",
        rows(",", PLAIN).replace("\n", "\r"),
        rows(",", PLAIN).replace(",", ", "),
        rows(",", PLAIN).encode("utf-8-sig"),
        rows(",", PLAIN).encode("utf-16"),
        rows(",", PLAIN).encode("utf-16-le"),
        rows(",", PLAIN).encode("utf-16-be"),
    ],
)
def test_every_dialect_gives_the_same_numbers_and_times(tmp_path, content):
    table = read(tmp_path, content)
    assert table.names == ["date", "value"]
    time, value = table.columns
    assert (time.kind, value.kind) == ("times", "numbers")
    np.testing.assert_array_equal(value.numbers, VALUES)
    np.testing.assert_array_equal(time.times, np.array(DAYS, "datetime64[ns]"))
    assert (value.missing, len(value.bad), len(time.bad)) == (0, 0, 0)


def test_one_column_of_decimal_commas_is_one_column(tmp_path):
    assert read(tmp_path, "value\n1,5\n2\n-3,25\n").columns[0].numbers.tolist() == [1.5, 2.0, -3.25]


@pytest.mark.parametrize(
    ("content", "numbers", "note"),
    [
        ('day,v\n1,"1,234"\n2,"2,000"\n', [1234, 2000], "could be read otherwise"),
        ("day;v\na;1,234\nb;2,000\n", [1.234, 2.0], "could be read otherwise"),
        ("w;v\n0,5;1.234\n1,5;2.000\n", [1234, 2000], "between thousands"),
        ("day,v\n1.5,1.234\n2.5,2.000\n", [1.234, 2.0], ""),
        ("day;v\na;0,123\nb;0,200\n", [0.123, 0.2], "decimal commas"),
    ],
)
def test_what_the_rest_of_the_file_decides(tmp_path, content, numbers, note):
    column = read(tmp_path, content).columns[1]
    assert column.numbers.tolist() == numbers
    assert note in " ".join(column.notes)
    assert bool(note) == bool(column.notes)


@pytest.mark.parametrize("mark", ["", "NA", "N/A", "#N/A", "nan", "null", "-", "--", ".", "?", "欠測", "×"])
def test_marks_for_no_value(tmp_path, mark):
    column = read(tmp_path, rows(",", ["1.5", mark, "2.5", mark, "3"])).columns[1]
    assert column.kind == "numbers"
    assert column.missing == 2
    assert np.isnan(column.numbers).tolist() == [False, True, False, True, False]


@pytest.mark.parametrize(
    ("encoding", "text", "named"),
    [
        ("cp932", "日時,実績(万kW)\n2024/04/01 00:00,5\n2024/04/01 01:00,6\n", "CP932"),
        ("cp932", "年月日,気温\n2024年1月1日,5\n2024年1月2日,6\n", "CP932"),
        ("cp1252", "Zeit;Größe °C\n2024-01-01;5\n2024-01-02;6\n", "Windows-1252"),
        ("latin-1", "date,température\n2024-01-01,5\n2024-01-02,6\n", "Windows-1252"),
        ("utf-16", "日時,値\n2024/04/01 00:00,5\n2024/04/01 01:00,6\n", "UTF-16"),
    ],
)
def test_encodings_are_found_and_said(tmp_path, encoding, text, named):
    table = read(tmp_path, text.encode(encoding))
    assert table.names == text.splitlines()[0].replace(";", ",").split(",")
    assert table.columns[1].numbers.tolist() == [5.0, 6.0]
    assert named in table.encoding
    assert any(named in note for note in table.notes)


def test_a_header_of_several_lines_as_of_weather_services(tmp_path):
    table = read(
        tmp_path,
        "ダウンロードした時刻：2024/01/02\n\n,東京,東京,東京\n年月日,気温(℃),気温(℃),降水量(mm)\n,,品質情報,\n2023/1/1,5.3,8,0\n2023/1/2,5.9,8,1\n",
    )
    assert table.names == ["年月日", "東京 気温(℃)", "東京 気温(℃) 品質情報", "東京 降水量(mm)"]
    assert table.columns[1].numbers.tolist() == [5.3, 5.9]
    assert table.lines.tolist() == [6, 7]


@pytest.mark.parametrize(
    ("content", "names", "header"),
    [
        ("1.5\n2.5\n", ["column 1"], False),
        ("2020-01-01,5\n2020-01-02,6\n", ["column 1", "column 2"], False),
        (",0\n2020-01-01,5\n2020-01-02,6\n", ["column 1", "0"], True),
        ("a,b,\n1,2,\n3,4,\n", ["a", "b"], True),
        ("a,b,,\n1,2\n3,4,\n5,6\n7,8\n", ["a", "b"], True),
    ],
)
def test_headers_and_none(tmp_path, content, names, header):
    table = read(tmp_path, content)
    assert (table.names, table.header) == (names, header)


def test_lines_are_those_of_the_file(tmp_path):
    table = read(tmp_path, '# a\n\nx,note\n1,"two\nlines"\n# b\n2,one\n')
    assert table.lines.tolist() == [4, 7]
    assert table.where(1, "x").endswith("table.csv, row 2 (line 7), column 'x'")


def test_gzip_and_other_names(tmp_path):
    content = rows(",", PLAIN).encode()
    for name, stored in (
        ("t.csv.gz", gzip.compress(content)),
        ("T.CSV", content),
        ("t.tsv", content),
        ("t.txt", content),
    ):
        assert read(tmp_path, stored, name).columns[1].numbers.tolist() == VALUES


def test_numpy_files(tmp_path):
    np.save(tmp_path / "one.npy", np.array(VALUES))
    np.save(tmp_path / "two.npy", np.array([VALUES, VALUES]).T)
    np.savez(tmp_path / "named.npz", time=np.array(DAYS, "datetime64[D]"), value=np.array(VALUES))
    assert tables.read(tmp_path / "one.npy").columns[0].numbers.tolist() == VALUES
    assert tables.read(tmp_path / "two.npy").names == ["column 1", "column 2"]
    named = tables.read(tmp_path / "named.npz")
    assert [column.kind for column in named.columns] == ["times", "numbers"]


def frame():
    return pd.DataFrame({"date": pd.to_datetime(DAYS), "value": VALUES, "note": list("abcde")})


def test_parquet(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    frame().to_parquet(tmp_path / "t.parquet")
    frame().set_index("date").to_parquet(tmp_path / "indexed.parquet")
    for name in ("t.parquet", "indexed.parquet"):
        table = tables.read(tmp_path / name)
        assert table.names == ["date", "value", "note"]
        assert [column.kind for column in table.columns] == ["times", "numbers", "texts"]
        np.testing.assert_array_equal(table.columns[0].times, np.array(DAYS, "datetime64[ns]"))


def test_excel(tmp_path):
    pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        frame().to_excel(book, sheet_name="data", index=False)
        frame().to_excel(book, sheet_name="more", index=False)
    table = tables.read(tmp_path / "t.xlsx")
    assert table.names == ["date", "value", "note"]
    np.testing.assert_array_equal(table.columns[0].times, np.array(DAYS, "datetime64[ns]"))
    np.testing.assert_array_equal(table.columns[1].numbers, VALUES)
    assert "'data' is read, not 'more'" in table.notes[0]


@pytest.mark.parametrize(("name", "package"), [("t.parquet", "pyarrow"), ("t.xlsx", "openpyxl")])
def test_what_is_not_installed_is_named(tmp_path, monkeypatch, name, package):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=f"{name} needs the package {package}, which is not installed: pip install"):
        read(tmp_path, b"", name)

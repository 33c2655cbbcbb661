"""Changes of text, tables, JSON, arrays and archives, as mistakes and enemies make them: always the same for a seed."""

import io
import json
import pickle
import struct
import zipfile
from random import Random

import numpy as np
from helpers.damage import STRANGE, damaged

# Where a name might lead to that must not be written to; it is below the folder that is watched.
OUTSIDE = "../outside/mark"
# What is asked for of texts that end up in pages, C, LaTeX, terminals, names of files and formats.
SCRIPT, COMMENT = "</script><i>", "*/ int x;"
STRINGS = (
    "", " ", "\ufeff", "a\u202eb\u2066c", "\u200b", "\x1b[31mred", "\x07", "\x00", "\x85", "\u2028", "\r", "\n", "\t",
    "a\nb", "x" * 300, "x" * 70000, "Ä" * 200, "🎉", "e\u0301", "../../x", OUTSIDE, "/", ".", "..", "~", "con", "a/b",
    "a\\b", SCRIPT, f"<!--{SCRIPT}", "&lt;&amp;", COMMENT, "??/\n", "%n%s%d", "{0}{x}", "$^_\\input{x}#&~", "`id`",
    "$(id)", "=1+1", '"', '""', "'", '"a', ",", ";", "|", "#", "None", "null", "True", "nan", "NaN", "inf", "-inf",
    "Infinity", "1e999", "-1e999", "1e308", "1e-400", "9" * 400, "9" * 5000, "-1", "-0", "0", "1", "2", "0.5", "1,5",
    "1.5.2", "1_000", "0x10", "1e5", "٣", "１２", "½", "1 000", "2020-02-30", "2020-13-01", "9999-12-31", "0000-00-00",
    "1-1-1", "24:00", "2021-03-28 02:30", "1e18", "99999999999999999999", "4294967296", "2147483648", "-2147483649",
    "[]", "{}", "a=b", )  # fmt: skip
# The same, as arguments have them: there is no NUL in these, and bytes that are no text.
WORDS = (
    *(text for text in STRINGS if "\x00" not in text),
    "\udcff",
    "\udce4\udcf6",
    "--",
    "-",
    "--x",
    "-h=",
    "a..b",
    "1..2",
)
VALUES = (
    None, True, False, 0, 1, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.0, -0.0, 0.5, 1e308, 1e-320,
    float("nan"), float("inf"), -float("inf"), [], {}, [[]], [None], [[[1]]], {"": {}}, {"a": {"b": {"c": []}}},
    [0] * 1000, "\ud800", )  # fmt: skip
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "cp1252", "cp932", "utf-7", "cp500")


def content(data, seed):
    """Return bytes damaged, or made of nothing, or of something else."""
    random = Random(seed)
    if random.random() < 0.05:
        return random.choice(
            [b"", b"\0", b"\xff" * 1000, bytes(10**6), b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"TFL3", data * 2]
        )
    return damaged(data, seed) if len(data) > 200 else bytes(data[: random.randrange(len(data) + 1)])


def text(words, random):
    """Return text with something strange in it, as bytes."""
    kind = random.randrange(8)
    place = random.randrange(len(words) + 1)
    if kind <= 2:
        words = words[:place] + random.choice(STRINGS) + words[place + random.choice([0, 0, 1, 5]) :]
    elif kind == 3:
        words = words.replace("\n", random.choice(["\r", "\r\n", "\n\n", "\x0b", "\u2028", ""]))
    elif kind == 4:
        lines = words.split("\n")
        random.shuffle(lines)
        words = "\n".join(lines)
    elif kind == 5:
        words = words[:place]
    elif kind == 6:
        words = words.replace(random.choice(",.0123456789:@-"), random.choice(STRINGS[:60]))
    else:
        return words.encode(random.choice(ENCODINGS), "replace")
    return words.encode("utf-8", "surrogatepass")


def table(words, random, separator=","):
    """Return the text of a table whose cells, rows and columns are other ones, as bytes."""
    rows = [line.split(separator) for line in words.rstrip("\n").split("\n")]
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        row = random.randrange(len(rows))
        cells = rows[row]
        column = random.randrange(len(cells)) if cells else 0
        match random.randrange(16):
            case 0 | 1 | 2 if cells:
                cells[column] = random.choice(STRINGS)
            case 3 if cells:
                del cells[column]
            case 4:
                cells.insert(column, random.choice(STRINGS))
            case 5:  # a column twice
                rows = [[*each, each[column] if column < len(each) else ""] for each in rows]
            case 6:  # a column lost
                rows = [each[:column] + each[column + 1 :] for each in rows]
            case 7:  # a whole column of one value
                value = random.choice(STRINGS)
                rows = [[*each[:column], value, *each[column + 1 :]] for each in rows]
            case 8:
                rows.insert(row, [random.choice(STRINGS)] * random.choice([0, 1, len(cells), 50]))
            case 9:
                rows[row:row] = [list(cells)] * random.choice([1, 3, 200])
            case 10:
                rows = rows[: max(1, random.choice([0, 1, 2, 3, row]))]
            case 11 if rows[0]:  # names in the header
                rows[0][random.randrange(len(rows[0]))] = random.choice([*STRINGS, rows[0][0]])
            case 12:
                rows[0] = [random.choice(STRINGS)] * len(rows[0])
            case 13:
                random.shuffle(rows)
            case 14:
                rows = [each * random.choice([2, 300]) for each in rows[:50]]
            case _:  # in every row something else
                for each in rows:
                    if len(each) > column and random.random() < 0.3:
                        each[column] = random.choice(STRINGS)
    if random.random() < 0.1:
        separator = random.choice([";", "\t", " ", "|"])
    made = "\n".join(map(separator.join, rows)) + "\n"
    if random.random() < 0.15:
        return text(made, random)
    return made.encode("utf-8", "surrogatepass")


def json_text(words, random):
    """Return JSON in which values, keys or its form are other ones, as bytes."""
    if random.random() < 0.2:
        return text(words, random)
    kind, found = random.randrange(12), json.loads(words)
    if kind == 0:
        deep = random.choice([100, 5000, 200000])
        return random.choice(["[" * deep, "[" * deep + "]" * deep, '{"a":' * deep + "1" + "}" * deep]).encode()
    holder = {"": found}
    for _ in range(random.choice([1, 1, 1, 3])):
        place, key = random.choice(list(_places(holder)))
        value = random.choice([*VALUES, random.choice(STRINGS)])
        if kind == 1 and isinstance(place, dict) and place is not holder:
            place[random.choice(STRINGS)] = place.pop(key, None)
        elif kind == 2 and place is not holder:
            del place[key]
        elif kind == 3:
            place[key] = [place[key]] * random.choice([0, 1, 2, 100])
        elif kind == 4 and isinstance(place[key], int | float):
            place[key] = random.choice([-place[key], place[key] * 1e9, str(place[key]), -1, 10**9, 2**40])
        elif kind == 5:
            nested = value
            for _ in range(random.choice([3, 400])):
                nested = {"a": nested} if random.random() < 0.5 else [nested]
            place[key] = nested
        else:
            place[key] = value
    made = json.dumps(holder[""], ensure_ascii=random.random() < 0.7)
    return made.encode("utf-8", "surrogatepass")


def _places(value):
    """Return all places in JSON: pairs of what holds a value, and its key or index there."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


class Runs:
    """Pickled, it would leave a mark when opened."""

    def __reduce__(self):
        return exec, (f"open({OUTSIDE!r}, 'w').close()",)


def array(values, random):
    """Return an array like one, with other values, of another type or shape."""
    values = np.array(values)
    flat = values.reshape(-1)
    match random.randrange(12):
        case 0 | 1 if values.dtype.kind == "f":
            flat[random.randrange(flat.size)] = random.choice([np.nan, np.inf, -np.inf, 3e38, 1e-45])
        case 2 if values.dtype.kind == "f":
            values = values.astype(np.float64) * random.choice([1e300, 1e-300, 0.0, np.nan])
        case 3:
            kind = random.choice(
                ["c8", "U5", "S3", "datetime64[s]", "?", ">f4", ">i8", "f2", "i1", "u8", "O", "m8[D]", "V4"]
            )
            try:
                values = values.astype(kind)
            except (ValueError, TypeError):
                values = np.zeros(values.shape, kind)
        case 4:
            shapes = [
                (),
                (0,),
                (1,),
                (-1,),
                (values.size, 1),
                (1, values.size),
                (1,) * 20 + (values.size,),
                values.shape[::-1],
            ]
            shape = random.choice(shapes)
            values = np.resize(values, [max(0, size) for size in shape]) if -1 not in shape else flat
        case 5:
            values = values[random.choice([0, slice(0, 0), slice(0, 1), ..., slice(None, None, -1)])]
        case 6:
            values = np.asfortranarray(values)
        case 7:
            values = np.zeros(3, [("a", "f4"), ("b", "i4", (2,))])
        case 8:
            values = np.array([Runs(), None], object)
        case 9:
            values = np.array(random.choice(STRINGS).replace("\x00", "0"))
        case 10:
            values = np.full(values.shape, random.choice([-1, 0, 1, 2**31, 2**62]))
        case _:
            values = np.concatenate([values] * random.choice([2, 50]), axis=0) if values.ndim else values
    return values


def npy(values, random):
    """Return a .npy file as bytes: of an array like one, or with a header that is not its own."""
    buffer = io.BytesIO()
    kind = random.randrange(5)
    np.save(buffer, array(values, random) if kind <= 1 else values, allow_pickle=True)
    data = buffer.getvalue()
    if kind == 2:
        return content(data, random.randrange(2**32))
    if kind >= 3:
        header = random.choice(
            [
                f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({random.choice(STRANGE)}, 4, 3), }}",
                "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 4), }",
                "{'descr': '<f8', 'fortran_order': True, 'shape': (2**40,), }",
                "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
                "{'descr': [('a', '<f4'), ('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999999999, 9), }",
                "{'descr': '<U1000000000', 'fortran_order': False, 'shape': (9,), }",
                "{'descr': 'x', 'fortran_order': None, 'shape': 3}",
                "(" * 5000,
                "{" * 90,
                "1" * 5000,
                "__import__('os').mkdir('../outside/mark')",
                "",
            ]
        )
        raw = header.encode() + b" " * 20 + b"\n"
        body = np.ascontiguousarray(values).tobytes()
        version, length = random.choice(
            [(b"\x01\x00", "<H"), (b"\x02\x00", "<I"), (b"\x03\x00", "<I"), (b"\x09\x00", "<H")]
        )
        return b"\x93NUMPY" + version + struct.pack(length, len(raw)) + raw + body
    return data


def npz(arrays, random):
    """Return a .npz file as bytes: with arrays, names or an archive that are other ones."""
    arrays = dict(arrays)
    kind = random.randrange(8)
    key = random.choice(list(arrays))
    if kind == 0:
        arrays[random.choice(STRINGS).replace("\x00", "") or "x"] = arrays.pop(key)
    elif kind == 1:
        del arrays[key]
    elif kind == 2:
        arrays[random.choice(["lengths", "y", "z", "../x", "state", "x" * 300])] = array(arrays[key], random)
    members = {
        name: npy(values, random) if kind in (3, 4) and name == key else _saved(values)
        for name, values in arrays.items()
    }
    if kind == 5:
        members[key] = _saved(array(arrays[key], random))
    made = archive({f"{name}.npy": data for name, data in members.items()}, random, strange=kind == 6)
    return content(made, random.randrange(2**32)) if kind == 7 else made


def _saved(values):
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=True)
    return buffer.getvalue()


def archive(members, random, *, strange):
    """Return a zip archive as bytes: with what no archive should have in it, if it is a strange one."""
    buffer = io.BytesIO()
    members = list(members.items())
    if strange:
        name, data = random.choice(members)
        members += random.choice(
            [
                [(name, data)],
                [("../../outside/mark", b"x")],
                [("/tmp/outside", b"x")],
                [("a/" * 2000 + "x", b"x")],
                [(f"{number}.npy", b"") for number in range(3000)],
                [("data.pkl", pickle.dumps(Runs()))],
                [("bomb.npy", bytes(64 << 20))],
                [("x.npz", buffer.getvalue())],
                [("", b"")],
                [("x.npy", pickle.dumps(Runs()))],
            ]
        )
    with zipfile.ZipFile(
        buffer, "w", random.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
    ) as file:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, data in members:
                file.writestr(zipfile.ZipInfo(name[:60000], (2020, 1, 1, 0, 0, 0)), data, file.compression)
    return buffer.getvalue()


def wav(samples, random):
    """Return a .wav file as bytes, whose header may say something else than there is."""
    own = {"codec": 1, "channels": 1, "rate": 16000, "bits": 16}
    body = samples.tobytes()
    sizes = [len(body), 36 + len(body)]
    kind = random.randrange(6)
    if kind <= 2:
        name = random.choice(list(own))
        value = random.choice([0, 1, 2, 3, 7, 8, 24, 32, 64, 255, 65534, 65535, 44100, 8000, 192000, 2**32 - 1])
        own[name] = value if name == "rate" else value & 0xFFFF
    elif kind == 3:
        sizes[random.randrange(2)] = random.choice([0, 1, 3, 2**31, 2**32 - 1, len(body) // 2, len(body) + 1])
    elif kind == 4:
        body = body[: random.choice([0, 1, 2, 3, 101, len(body) // 2])]
    bytes_each = min(65535, own["channels"] * ((own["bits"] + 7) // 8))
    form = struct.pack(
        "<HHIIHH",
        own["codec"],
        own["channels"],
        own["rate"],
        own["rate"] * bytes_each & 0xFFFFFFFF,
        bytes_each,
        own["bits"],
    )
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    if random.random() < 0.2:
        chunks = (
            random.choice([b"LIST", b"\xff\xff\xff\xff", b"fmt "]) + struct.pack("<I", random.choice(STRANGE)) + chunks
        )
    made = b"RIFF" + struct.pack("<I", sizes[1]) + b"WAVE" + chunks + b"data" + struct.pack("<I", sizes[0]) + body
    return content(made, random.randrange(2**32)) if kind == 5 else made

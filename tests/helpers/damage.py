"""Damage to the content of files, as disks, networks and enemies do it."""

import struct

import numpy as np

# Lengths, offsets and indices that a reader must not follow.
STRANGE = (0, 1, 2**16 - 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 4, 2**30)


def damaged(content, seed):
    """Return ``content`` damaged in one of eight ways, always the same for a seed."""
    rng = np.random.default_rng(seed)
    size = len(content)
    data = bytearray(content)
    start, end = sorted(rng.integers(0, size + 1, 2).tolist())
    match seed % 8:
        case 0:  # cut off
            del data[int(rng.integers(size)) :]
        case 1:  # single bytes
            for place in rng.integers(0, size, rng.integers(1, 20)).tolist():
                data[place] = int(rng.integers(256))
        case 2:  # single bits
            for place in rng.integers(0, size, rng.integers(1, 5)).tolist():
                data[place] ^= 1 << int(rng.integers(8))
        case 3:  # a range of zeros, or ones
            end = min(end, start + int(rng.integers(1, 200)))
            data[start:end] = bytes([int(rng.choice([0, 255]))]) * (end - start)
        case 4:  # two chunks exchanged
            length = int(rng.integers(1, 64))
            first, second = rng.integers(0, size - length, 2).tolist()
            data[first : first + length], data[second : second + length] = (
                content[second : second + length],
                content[first : first + length],
            )
        case 5:  # strange numbers where lengths, offsets and indices are
            for place in rng.integers(0, (size - 4) // 4, rng.integers(1, 6)).tolist():
                struct.pack_into("<I", data, 4 * place, int(rng.choice(STRANGE)))
        case 6:  # a piece lost, so that all behind it has moved
            del data[start : min(end, start + int(rng.integers(1, 40)))]
        case 7:  # small numbers changed a little: offsets that point to the neighbour, or back
            for place in rng.integers(0, (size - 4) // 4, rng.integers(1, 6)).tolist():
                (number,) = struct.unpack_from("<i", data, 4 * place)
                struct.pack_into(
                    "<i", data, 4 * place, max(-(2**31), min(2**31 - 1, number + int(rng.integers(-64, 65))))
                )
    return bytes(data)

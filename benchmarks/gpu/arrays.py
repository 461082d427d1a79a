"""Reads a file of named arrays; native/bench/arrays.h describes it."""

import struct

import numpy as np

KINDS = [np.int32, np.float32, np.float64, np.uint8]


def read_arrays(path):
    """Arrays by name; large ones stay in the file until they are looked at."""
    file = np.memmap(path, dtype=np.uint8, mode="r")
    if file[:8].tobytes() != b"HARRAYS1":
        raise ValueError(f"{path} is no file of arrays")
    arrays = {}
    at = 8
    while at < len(file):
        (length,) = struct.unpack_from("<I", file, at)
        name = file[at + 4 : at + 4 + length].tobytes().decode("latin1")
        kind, n = struct.unpack_from("<IQ", file, at + 4 + length)
        at += 16 + length
        size = n * np.dtype(KINDS[kind]).itemsize
        arrays[name] = np.frombuffer(file[at : at + size].data, KINDS[kind]) if n > 0 else np.zeros(0, KINDS[kind])
        at += size
    return arrays

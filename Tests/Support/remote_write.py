"""Writes samples to a server by remote-write 1.0, with nothing but Python's own library.

Bodies are snappy blocks of literals: every receiver reads them, no compressor is needed.
"""

import http.client
import struct

# Prometheus's staleness marker, a NaN of its own.
STALE = 0x7FF0000000000002


def varint(number):
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def message(field, body):
    return varint(field << 3 | 2) + varint(len(body)) + body


def literal_block(data):
    parts = [varint(len(data))]
    for start in range(0, len(data), 65536):
        chunk = data[start:start + 65536]
        parts.append(b"\xf4" + struct.pack("<H", len(chunk) - 1) + chunk)
    return b"".join(parts)


def encoded_labels(labels):
    return b"".join(
        message(1, message(1, name.encode()) + message(2, value.encode()))
        for name, value in sorted(labels.items()) if value)


def encoded_series(labels, samples):
    """`samples` are pairs of milliseconds and a float, or the bits of one as an integer."""
    parts = [encoded_labels(labels)]
    for time, value in samples:
        bits = struct.pack("<Q", value) if isinstance(value, int) else struct.pack("<d", value)
        parts.append(message(2, b"\x09" + bits + b"\x10" + varint(time)))
    return message(1, b"".join(parts))


def bodies(series, most=4 << 20):
    """Compressed bodies for an iterable of encoded series."""
    waiting, size = [], 0
    for item in series:
        waiting.append(item)
        size += len(item)
        if size > most:
            yield literal_block(b"".join(waiting))
            waiting, size = [], 0
    if waiting:
        yield literal_block(b"".join(waiting))


def write(port, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", "/api/v1/write", body, {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    })
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status // 100 != 2:
        raise SystemExit(f"remote-write to port {port}: {answer.status} {text[:300]!r}")

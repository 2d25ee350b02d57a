#!/usr/bin/env python3
"""Writes expected.tsv.gz: what the reference parser, Python's prometheus_client, makes of the recorded documents.

The documents are scrapes of RabbitMQ 4.0.5 (rabbitmq-4.0) and 4.3.6 (rabbitmq-4.3), on all metrics paths.
Run this in their parent directory with prometheus_client installed (Debian: python3-prometheus-client).

    document <path> <samples>
    family <name> <type> <crc32 of help> <samples> <sum of finite values> <NaNs> <infinities> <sum of crc32 of series>

A counter's family name is without `_total`, and its samples count as called `_total`, as the reference has it. The
text of a series for its crc32 is the part of the sample's name after the family's name, then name and value of each
non-empty label in order of name, each followed by a zero byte.
"""
import glob
import gzip
import math
import zlib

from prometheus_client.parser import text_string_to_metric_families

# Lines that break the format, found by reading the documents: the broker does not escape the exchange called
# ev"quoted" in two families, and an unknown path is answered with a sentence.
MALFORMED = {
    "rabbitmq-4.0/n1.detailed.exchange_bindings.txt.gz": [3],
    "rabbitmq-4.0/n1.detailed.exchange_names.txt.gz": [15],
    "rabbitmq-4.0/n1.detailed.bogus-registry.txt.gz": [1],
}


def series_crc(family, sample):
    text = sample.name[len(family.name):] + "\0"
    for name in sorted(sample.labels):
        if sample.labels[name]:
            text += name + "\0" + sample.labels[name] + "\0"
    return zlib.crc32(text.encode())


def main():
    out = []
    for path in sorted(glob.glob("rabbitmq-*/*.txt.gz")):
        lines = gzip.open(path, "rb").read().decode().split("\n")
        for number in MALFORMED.get(path, []):
            lines[number - 1] = ""
        families = list(text_string_to_metric_families("\n".join(lines)))
        assert len({family.name for family in families}) == len(families), path
        out.append(f"document\t{path}\t{sum(len(family.samples) for family in families)}")
        for family in families:
            values = [sample.value for sample in family.samples]
            fields = [
                family.name,
                family.type,
                zlib.crc32(family.documentation.encode()),
                len(values),
                repr(math.fsum(value for value in values if math.isfinite(value))),
                sum(math.isnan(value) for value in values),
                sum(math.isinf(value) for value in values),
                sum(series_crc(family, sample) for sample in family.samples),
            ]
            out.append("family\t" + "\t".join(map(str, fields)))
    with open("expected.tsv.gz", "wb") as file:
        file.write(gzip.compress(("\n".join(out) + "\n").encode(), 9, mtime=0))


main()

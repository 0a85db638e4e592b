"""Reads weir's /metrics."""

import re
from dataclasses import dataclass

SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Sample:
    name: str
    labels: dict
    value: float


def parse(text):
    """The samples of a page in the text format."""
    samples = []
    for line in text.splitlines():
        found = None if line.startswith("#") else SAMPLE.match(line)
        if found:
            labels = dict(LABEL.findall(found[2] or ""))
            samples.append(Sample(found[1], labels, float(found[3])))
    return samples


def total(samples, name, **labels):
    """The sum of the samples with this name and these labels; None if there is none."""
    values = [sample.value for sample in samples if sample.name == name
              and all(sample.labels.get(key) == value for key, value in labels.items())]
    return sum(values) if values else None


def worst_stall(before, after, name="weir_loop_lag_seconds"):
    """The upper bound, in seconds, of the longest stall of a worker between two scrapes.

    It is the bound of the highest bucket with a new count; infinity if that is the last one, 0 if
    there is none, None if the histogram does not exist. The control thread's loop does not count.
    """
    grown = buckets(after, name)
    if not grown:
        return None
    earlier = buckets(before, name)
    worst = 0.0
    for loop, counts in grown.items():
        previous = 0.0
        for bound, count in sorted(counts.items()):
            fresh = count - earlier.get(loop, {}).get(bound, 0.0)
            if fresh > previous:
                worst = max(worst, bound)
            previous = fresh
    return worst


def buckets(samples, name):
    """Cumulative counts by upper bound, for each worker's loop."""
    found = {}
    for sample in samples:
        loop = sample.labels.get("loop", "")
        if sample.name == name + "_bucket" and loop != "control":
            found.setdefault(loop, {})[float(sample.labels["le"])] = sample.value
    return found

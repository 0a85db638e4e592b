"""Slices in random order, and paired ratios of their results."""

import random
from dataclasses import dataclass

from lib import machine
from lib.load import Load
from lib.report import median

CLOCK_TICKS = 100        # Of /proc/stat, per second.
MOST_STOLEN = 0.02       # Share of the machine's time.
MOST_WAITING = 0.10      # Share of the proxy's own CPU time.
TRIES = 3


@dataclass
class Slice:
    """One proxy under load for a few seconds."""

    cpu: float           # Microseconds per request.
    load_busy: float     # Share of its core used by the load generator.
    result: dict         # The output of the load generator.
    disturbed: bool      # Another process needed the core.

    def latency(self, share):
        return self.result["latency_us"][share]


def measure(bench, proxy, arguments, loader=Load):
    """One slice; repeated a few times if the machine was busy."""
    for _ in range(TRIES):
        found = measure_once(bench, proxy, arguments, loader)
        if not found.disturbed:
            break
    return found


def measure_once(bench, proxy, arguments, loader=Load):
    with loader(bench.folder, bench.cores, *arguments) as load:
        cpu_of = proxy.process.cpu if proxy.process else lambda: (0, 0)
        cpu, waited, busy = *cpu_of(), load.cpu()[0]
        stolen = machine.stolen_ticks()
        result = load.go().result()
        stolen = machine.stolen_ticks() - stolen
        (cpu_after, waited_after), busy_after = cpu_of(), load.cpu()[0]
    if proxy.process:
        proxy.process.require_running()
    seconds = result["seconds"]
    waiting = (waited_after - waited) / 1e9
    disturbed = (stolen / CLOCK_TICKS > MOST_STOLEN * seconds * len(bench.cores.all)
                 or waiting > MOST_WAITING * seconds)
    done = max(1, result["requests"])
    return Slice((cpu_after - cpu) / 1000 / done, (busy_after - busy) / 1e9 / seconds, result,
                 disturbed)


def rotate(bench, proxies, arguments_of, rounds, loader=Load):
    """A list of slices for each proxy: in every round each gets one, in random order."""
    slices = {proxy.name: [] for proxy in proxies}
    for number in range(rounds):
        for proxy in random.sample(proxies, len(proxies)):
            slices[proxy.name].append(measure(bench, proxy, arguments_of(proxy), loader))
        machine.say(f"  round {number + 1} of {rounds}")
    return slices


def column(slices, value):
    return [value(one) for one in slices]


def best_of(columns):
    """The smallest of several, by round."""
    return [min(values) for values in zip(*columns)]


def paired_ratio(figures, reference):
    """The median of the rounds' ratios; None if a value is missing or not positive."""
    if not figures or not reference or min(reference) <= 0:
        return None
    return median([one / other for one, other in zip(figures, reference)])

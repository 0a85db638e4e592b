"""Results: medians, tables, and limits."""

import json
import statistics
from dataclasses import asdict, dataclass

median = statistics.median


def table(header, rows):
    """Lines of a table with aligned columns: the first one to the left, numbers to the right."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        first = row[0].ljust(widths[0])
        others = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("  ".join([first, *others]).rstrip())
    return "\n".join(lines)


@dataclass
class Verdict:
    """One value with a limit; `got` is None if it could not be measured."""

    measure: str
    must: float
    got: float | None
    unit: str = ""

    @property
    def mark(self):
        if self.got is None:
            return "-"
        return "pass" if self.got <= self.must else "FAIL"

    def row(self):
        got = "not measured" if self.got is None else f"{self.got:.4g} {self.unit}".strip()
        return [self.measure, f"<= {self.must:.6g} {self.unit}".strip(), got, self.mark]


def summary(verdicts):
    return table(["measure", "must", "got", ""], [verdict.row() for verdict in verdicts])


def finish(verdicts, gate, figures=None, path=None):
    """Prints the summary and writes the JSON file; returns the exit status.

    It is 1 if the gate is on and a limit is missed, or a value could not be measured.
    """
    if verdicts:
        print("\n" + summary(verdicts), flush=True)
    if path:
        content = {"figures": figures,
                   "verdicts": [{**asdict(one), "mark": one.mark} for one in verdicts]}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
    missed = any(verdict.mark != "pass" for verdict in verdicts)
    return 1 if gate and missed else 0


def add_options(parser):
    """The options shared by all tools."""
    parser.add_argument("--json", metavar="FILE", help="write all figures there")
    parser.add_argument("--gate", action="store_true",
                        help="exit with 1 when a value is missed or was not measured")


def mib(size):
    return size / 1048576

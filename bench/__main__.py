"""`make bench`: run the benchmarks of this folder, or the ones named, and print their ratios.

A benchmark is a module with a `main()` that returns its `Ratio`s; the others are what benchmarks share. The exit code
is 1 where a budget is exceeded.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

from bench.ratios import Ratio

HEADINGS = ("what", "ms", "against", "ms", "ratio", "at most")


def main(names: list[str]) -> int:
    """Run the benchmarks named, or all. Returns the exit code."""
    found = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    if unknown := set(names) - set(found):
        sys.stderr.write(f"error: there is no benchmark {', '.join(sorted(unknown))}\n")
        return 1
    ratios: list[Ratio] = []
    for name in names or found:
        module = importlib.import_module(f"bench.{name}")
        if name != "__main__" and hasattr(module, "main"):
            sys.stderr.write(f"{name} …\n")
            ratios += module.main()
    print_table(ratios)
    return 0 if all(ratio.holds for ratio in ratios) else 1


def print_table(ratios: list[Ratio]) -> None:
    """Print one line for each ratio; one over its budget ends in an exclamation mark."""
    rows = [
        (
            ratio.subject,
            f"{ratio.seconds * 1000:.3f}",
            ratio.yardstick,
            f"{ratio.yardstick_seconds * 1000:.3f}",
            f"{ratio.value:.2f}" + ("" if ratio.holds else " !"),
            "" if ratio.at_most is None else f"{ratio.at_most:g}",
        )
        for ratio in ratios
    ]
    widths = [max(len(row[column]) for row in [HEADINGS, *rows]) for column in range(len(HEADINGS))]
    for row in [HEADINGS, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

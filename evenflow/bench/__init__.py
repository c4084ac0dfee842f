"""Bench: suites over many clips, each a set of tables with intervals, seed and commit.

`SUITES` is the table: name of a suite to what it measures.
"""

from evenflow.bench.detectors import DetectorBench, bench_detectors
from evenflow.bench.table import BenchTable, Column
from evenflow.bench.world import WorldBench, bench_world
from evenflow.core.estimate import Estimate

SUITES: dict[str, str] = {
    "detectors": "planted defects found and named, false alarms, what must not matter",
}

__all__ = [
    "SUITES", "BenchTable", "Column", "DetectorBench", "Estimate", "WorldBench", "bench_detectors",
    "bench_world",
]  # fmt: skip

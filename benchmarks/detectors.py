"""How often planted defects are found and named, and how often clean footage raises an alarm.

    python -m benchmarks.detectors --set judging --seed 7 --strengths 4 5
    python -m benchmarks.detectors --clean-minutes 6

Found: a finding of 2 JND or more that overlaps the planted span within 3 frames and is absent from
the clean twin. Named: the most severe of these has the planted kind (or one that the truth lists).
"""

import argparse
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks import footage
from evenflow.continuity import INJECTORS, check, inject
from evenflow.core.clip import Clip
from evenflow.core.finding import Finding
from evenflow.core.report import Report
from evenflow.core.span import Span
from evenflow.core.times import Range

SECONDS = {"style_change": 9.0, "drift": 9.0, "unnatural_jump": 0.2, "freeze": 0.8}


def plant(clip: Clip, kind: str, strength: int, seed: int) -> tuple[Clip, Span] | None:
    """A fault at a random time; None if the clip is too short for it."""
    rng = np.random.default_rng([seed, strength, sorted(INJECTORS).index(kind), len(clip)])
    fps, count = float(clip.info.fps), len(clip)
    lost = int(INJECTORS[kind].magnitudes[strength - 1]) if kind == "unnatural_jump" else 0
    length = max(4, round(SECONDS.get(kind, 1.0) * rng.uniform(0.8, 1.4) * fps))
    if kind == "drift":
        length = min(length, count - 4)
    room = count - 16 - lost - (0 if kind == "style_change" else min(length, count // 2))
    if room < 1:
        return None
    start = (8 if kind != "drift" else 1) + int(rng.integers(0, room))
    spare = 0 if kind in ("drift", "style_change") else 4
    end = count if kind == "style_change" else min(start + length, count - spare)
    at = Range.parse(f"{start}f..{end}f")
    return inject(clip, kind, strength=strength, at=at, seed=seed)


def hits(report: Report, clean: Report, truth: Span) -> list[Finding]:
    """Findings that count as found, worst first."""

    def known(finding: Finding) -> bool:
        return any(
            c.kind == finding.kind
            and c.span.overlap(finding.span) > 0
            and c.severity_jnd > 0.7 * finding.severity_jnd
            for c in clean.findings
        )

    near = [
        f
        for f in report.findings
        if f.severity_jnd >= 2.0 and f.span.overlap(truth, slack=3) > 0 and not known(f)
    ]
    return sorted(near, key=lambda f: -f.severity_jnd)


def brief(report: Report) -> str:
    """Findings and cuts in a line."""
    seen = [
        f"{f.kind}[{f.span.start_frame},{f.span.end_frame}) {f.severity_jnd:.1f}"
        for f in report.findings
    ]
    seen += [f"{c.kind}@{c.end_frame}" for c in report.cuts]
    return ", ".join(seen) or "nothing"


def planted(clips: list[footage.Footage], strengths: list[int], seed: int, rounds: int) -> None:
    """Prints the table of planted defects."""
    table: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    misses = []
    for item in clips:
        clean = check(item.clip)
        for kind in INJECTORS:
            for strength in strengths:
                for turn in range(rounds):
                    made = plant(item.clip, kind, strength, seed + turn)
                    if made is None:
                        continue
                    clip, truth = made
                    report = check(clip)
                    near = hits(report, clean, truth)
                    names = {kind, *truth.parameters["equal"]}
                    named = bool(near) and near[0].kind in names
                    row = table[kind, strength]
                    row[0] += bool(near)
                    row[1] += named
                    row[2] += 1
                    if not named:
                        span = f"{kind} {strength} at [{truth.start_frame},{truth.end_frame})"
                        misses.append(f"  {item.name}: {span}: {brief(report)}")
        print(f"  done {item.name}, clean: {brief(clean)}", flush=True)
    print(f"{'kind':22} {'strength':>8} {'found':>7} {'named':>7} {'n':>4}")
    total = np.zeros(3)
    for (kind, strength), row in table.items():
        print(f"{kind:22} {strength:8} {row[0] / row[2]:7.2f} {row[1] / row[2]:7.2f} {row[2]:4}")
        total += row
    print(f"{'all':31} {total[0] / total[2]:7.3f} {total[1] / total[2]:7.3f} {int(total[2]):4}")
    print("\n".join(["not named:", *misses]))


def clean_alarms(clips: list[footage.Footage], minutes: float, seed: int) -> None:
    """Prints alarms a minute on clean footage, moved photographs filling up the time."""
    seconds, barely, clear = 0.0, 0, 0
    names = footage.DEVELOPMENT + footage.JUDGING
    turn = 0
    queue = list(clips)
    while queue or seconds < 60 * minutes:
        if queue:
            item = queue.pop(0)
        else:
            name = names[turn % len(names)]
            clip = footage.moved_photo(name, num_frames=240, seed=seed + 1000 + turn)
            item = footage.Footage(f"{name} {turn}", clip)
            turn += 1
        report = check(item.clip)
        seconds += report.clip["duration_s"]
        barely += sum(f.severity_jnd >= 1.5 for f in report.findings)
        clear += sum(f.severity_jnd >= 3.0 for f in report.findings)
        if report.findings or report.cuts:
            print(f"  {item.name}: {brief(report)}", flush=True)
    print(
        f"{seconds / 60:.1f} minutes: {60 * barely / seconds:.2f} alarms a minute at 1.5 JND, "
        f"{60 * clear / seconds:.2f} clear ones"
    )


def main() -> None:
    """Reads the command line and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--set", choices=["development", "judging", "none"], default="judging")
    parser.add_argument("--clips", type=Path, help="a folder of single-shot clips to add")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--strengths", type=int, nargs="+", default=[4, 5])
    parser.add_argument("--clean-minutes", type=float, help="only look for alarms on clean footage")
    options = parser.parse_args()
    sets = {"development": footage.development, "judging": footage.judging}
    clips = list(sets[options.set]()) if options.set in sets else []
    if options.clips:
        clips += list(footage.folder(options.clips))
    start = time.time()
    if options.clean_minutes is not None:
        clean_alarms(clips, options.clean_minutes, options.seed)
    else:
        planted(clips, options.strengths, options.seed, options.rounds)
    print(f"{time.time() - start:.0f} s")


if __name__ == "__main__":
    main()

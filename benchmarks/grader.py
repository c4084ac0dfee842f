"""Figures of the grader on clips that nothing was fitted on or calibrated with.

python benchmarks/grader.py --oracle 60 --clean 40 --each 3 --workers 2 -o runs/grader.json

`oracle`: exact readings; what is judged wrong is the judgement's fault. `clean`: clips are read.
`defects`: strength 3; the share of clips in which a score that should see the kind (SEES) is under
the 5th percentile of its null, beside the share of clean clips in which the same scores are.
Position, attributes and tracks of the eyes are in `benchmarks/eyes.py`. Resumable by its cache.
"""

import argparse
import json
import os
import sys
from collections import Counter, defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

ORACLE, CLEAN, BROKEN = 5_000_000, 6_000_000, 7_000_000
FRAMES = 49


def oracle_row(preset: Any, seed: int) -> dict[str, Any]:
    """Clauses of an exact reading against the true caption and the false ones."""
    from evenflow.core.errors import BadInput
    from evenflow.grading.casting import cast
    from evenflow.grading.clauses import judge
    from evenflow.grading.oracle import oracle
    from evenflow.world.language import counterfactuals, describe, parse
    from evenflow.world.sampling import random_spec

    key = f"oracle/{preset}/{seed}"
    try:
        spec = random_spec(preset, seed, frames=FRAMES)
    except BadInput:
        return {"key": key, "clauses": None}
    reading = oracle(spec)

    def share(text: str) -> tuple[float, list[list[Any]]]:
        clauses = [c for c in judge(cast(reading, parse(text))) if c.shown is not None]
        return float(np.mean([c.shown for c in clauses] or [1.0])), [
            [c.kind, c.shown, c.text] for c in clauses
        ]

    true, clauses = share(describe(spec, "L2"))
    false = [[one.what, share(one.text)[0]] for one in counterfactuals(spec, seed=seed)]
    return {"key": key, "true": true, "clauses": clauses, "false": false}


def read_row(preset: Any, seed: int, kind: str) -> dict[str, Any]:
    """A clip that is read: its clauses, and which scores are low."""
    from evenflow.core.clip import ArraySource, Clip
    from evenflow.grading.calibrate import Job, make
    from evenflow.grading.eyes import read
    from evenflow.grading.judge import grade
    from evenflow.grading.nulls import low
    from evenflow.grading.reading import LOST
    from evenflow.grading.scores import seen_by
    from evenflow.world.words import FIXTURES

    key = f"{kind or 'clean'}/{preset}/{seed}"
    made = make(Job(preset, "identity", seed, kind, 3 if kind else 0))
    if made is None:
        return {"key": key, "clauses": None}
    pictures, caption, camera, variant = made
    clip = Clip(ArraySource(pictures, Fraction(12), key))
    reading = read(clip, camera=camera, preset=preset)
    found = grade(clip, caption, preset=preset, reading=reading)
    tracks = [one for one in reading.tracks if one.kind not in FIXTURES]
    return {
        "key": key,
        "kind": kind,
        "variant": variant,
        "seen_by": list(seen_by(kind, variant)) if kind else [],
        "low": [name for name, score in found.scores.items() if low(score)],
        "measured": [name for name, score in found.scores.items() if score.value is not None],
        "order": found.scores["order"].value,
        "pairs": found.scores["order"].detail.get("pairs", 0),
        "tracks": len(tracks),
        "lost": sum(bool((one.state == LOST).any()) for one in tracks),
        "clauses": [[c.kind, c.shown, c.text, c.reason] for c in found.clauses],
    }


def run(what: str, preset: str, seed: int, kind: str) -> dict[str, Any]:
    """One line of the cache."""
    if what == "oracle":
        return oracle_row(preset, seed)
    return read_row(preset, seed, kind)


def figures(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Shares with their counts."""
    out: dict[str, Any] = {}
    for preset in ("lab", "story"):
        mine = [r for r in rows if f"/{preset}/" in r["key"] and r["clauses"] is not None]
        exact = [r for r in mine if r["key"].startswith("oracle/")]
        clean = [r for r in mine if r["key"].startswith("clean/")]
        one: dict[str, Any] = {}
        for name, some in (("oracle", exact), ("read", clean)):
            kinds: dict[str, Counter[bool]] = defaultdict(Counter)
            for row in some:
                for clause in row["clauses"]:
                    if clause[1] is not None:
                        kinds[clause[0]][clause[1]] += 1
            one[f"{name}_shown"] = {
                kind: [round(c[True] / max(c.total(), 1), 4), c.total()]
                for kind, c in sorted(kinds.items())
            }
        whats: dict[str, list[float]] = defaultdict(list)
        for row in exact:
            for what, share in row["false"]:
                whats[what].append((share < row["true"]) + 0.5 * (share == row["true"]))
        one["obedience_auc"] = {w: [round(float(np.mean(v)), 4), len(v)] for w, v in whats.items()}
        every = [v for values in whats.values() for v in values]
        if every:
            one["obedience_auc"]["all"] = [round(float(np.mean(every)), 4), len(every)]
        pairs = sum(r["pairs"] for r in clean)
        right = sum(r["pairs"] * (1 + (r["order"] or 0)) / 2 for r in clean if r["pairs"])
        one["event_order"] = [round(right / pairs, 4) if pairs else None, pairs]
        tracks = sum(r["tracks"] for r in clean)
        one["false_vanish"] = [
            round(sum(r["lost"] for r in clean) / tracks, 4) if tracks else None, tracks
        ]  # fmt: skip
        kinds_seen: dict[str, list[bool]] = defaultdict(list)
        for row in mine:
            if row.get("kind") and row["seen_by"]:
                kinds_seen[row["kind"]].append(bool(set(row["seen_by"]) & set(row["low"])))
        alarms = {}
        from evenflow.grading.scores import SEES

        for kind in sorted(kinds_seen):
            names = {n for k, v in SEES.items() if k.split("/")[0] == kind for n in v}
            alarms[kind] = float(np.mean([bool(names & set(r["low"])) for r in clean] or [0]))
        one["defects"] = {
            kind: {
                "seen": round(float(np.mean(v)), 3), "clips": len(v),
                "clean_low": round(alarms[kind], 3),
            }
            for kind, v in sorted(kinds_seen.items())
        }  # fmt: skip
        hits = [hit for v in kinds_seen.values() for hit in v]
        one["defects_seen"] = [round(float(np.mean(hits)), 4) if hits else None, len(hits)]
        out[preset] = one
    return out


def main() -> None:
    """The command."""
    from evenflow.grading.calibrate import read_cache
    from evenflow.world.clip import spread
    from evenflow.world.defects import DEFECTS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--oracle", type=int, default=60)
    parser.add_argument("--clean", type=int, default=250, help="clips of a preset that are read")
    parser.add_argument("--each", type=int, default=6, help="clips of a kind and preset")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cache", type=Path, default=Path("runs/grader/bench.jsonl"))
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/grader/bench.json"))
    said = parser.parse_args()
    jobs: list[tuple[str, str, int, str]] = []
    for preset in ("lab", "story"):
        jobs += [("oracle", preset, ORACLE + i, "") for i in range(said.oracle)]
        jobs += [("clean", preset, CLEAN + i, "") for i in range(said.clean)]
        jobs += [
            ("defect", preset, BROKEN + 100 * j + k, kind)
            for j in range(said.each)
            for k, kind in enumerate(sorted(DEFECTS))
        ]
    said.cache.parent.mkdir(parents=True, exist_ok=True)
    known = {row["key"]: row for row in read_cache(said.cache)}

    def key(job: tuple[str, str, int, str]) -> str:
        what, preset, seed, kind = job
        return f"{what if what == 'oracle' else kind or 'clean'}/{preset}/{seed}"

    left = [job for job in jobs if key(job) not in known]
    found = spread(run, left, workers=said.workers) if said.workers > 1 else (run(*j) for j in left)
    with said.cache.open("a", encoding="utf-8") as file:
        for number, row in enumerate(found, 1):
            file.write(json.dumps(row) + "\n")
            file.flush()
            known[row["key"]] = row
            sys.stderr.write(f"\r{number} of {len(left)} clips ")
    result = {"schema": "evenflow.bench_grader/1", **figures(list(known.values()))}
    said.output.parent.mkdir(parents=True, exist_ok=True)
    said.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

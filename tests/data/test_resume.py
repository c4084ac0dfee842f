"""Runs that are killed go on in other processes, with another number of ranks, byte for byte."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

RUN = """
import hashlib, json, sys
import torch
from evenflow.data.batches import Batches
from evenflow.data.buckets import Buckets
from evenflow.data.open import open_dataset

torch.set_num_threads(1)
rank, size, state = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
batches = Batches(
    open_dataset("world:flat?seed=0&n=48&frames=13&size=32"),
    buckets=Buckets(sides=(32,), frames=(5,), batch=4), rank=rank, world_size=size, seed=4,
)
if state:
    batches.load_state_dict(json.loads(state))
for one in batches:
    pictures = [hashlib.sha256(video.numpy().tobytes()).hexdigest() for video in one["video"]]
    print(json.dumps([one["number"], one["keys"], pictures, batches.state_dict()]), flush=True)
"""
BATCH = 4


def run(size: int, state: str = "", kill_after: int = 0) -> tuple[list[tuple[str, str]], str]:
    """The samples that all ranks together handed out, and the state behind the last batch."""
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, str(rank), str(size), state],
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    lines: list[list[list]] = [[] for _ in ranks]

    def read(rank: int) -> None:
        for line in ranks[rank].stdout:
            lines[rank].append(json.loads(line))

    threads = [threading.Thread(target=read, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    while kill_after and min(map(len, lines)) < kill_after:
        time.sleep(0.02)
    if kill_after:
        for one in ranks:
            os.kill(one.pid, signal.SIGKILL)
    for thread, one in zip(threads, ranks, strict=True):
        thread.join()
        one.wait()
    done = min(map(len, lines))
    out = []
    for number in range(done):
        parts = [lines[rank][number] for rank in range(size)]
        assert len({part[0] for part in parts}) == 1
        out += [
            (parts[i % size][1][i // size], parts[i % size][2][i // size]) for i in range(BATCH)
        ]
    return out, json.dumps(lines[0][done - 1][3])


@pytest.mark.slow
def test_killed_runs_go_on_with_two_four_and_one_rank():
    whole, _ = run(1)
    first, state = run(2, kill_after=4)
    second, state = run(4, state, kill_after=2)
    third, _ = run(1, state)
    assert len(whole) == 48 and first + second + third == whole

"""The stop-watch in the event loop notes what keeps it, and nothing else."""

import subprocess
import sys
import time

from bench.stretches import longest_since

PROGRAMME = """
import asyncio, pathlib, sys, time
from bench import stretches

def work(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass

async def main():
    work(0.06)
    await asyncio.sleep(0)
    for _ in range(200):
        work(0.001)
        await asyncio.sleep(0)

stretches.watch(pathlib.Path(sys.argv[1]))
asyncio.run(main())
"""


def test_the_longest_piece_is_noted_and_many_short_ones_are_none(tmp_path):
    assert longest_since(tmp_path, 0.0) == 0.0
    subprocess.run([sys.executable, "-c", PROGRAMME, tmp_path], check=True)
    assert 0.06 <= longest_since(tmp_path, 0.0) < 0.15
    assert longest_since(tmp_path, time.monotonic()) == 0.0

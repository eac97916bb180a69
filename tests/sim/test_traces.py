#!/usr/bin/python3
"""On the model alone and on SQLite in memory, equal seeds have equal traces: test_traces.py SIM_ENGINE SIM_STORE SEED RUNS."""
import re
import subprocess
import sys


def traces(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return re.findall(r"^sim: (trace of .*)$", done.stdout, re.MULTILINE)


def main() -> int:
    engine, store, seed, runs = sys.argv[1:]
    options = ("--seed", seed, "--runs", runs, "--trace")
    alone, kept = traces(engine, *options), traces(store, *options, "--store", "sqlite")
    assert len(alone) == int(runs) == len(set(alone)), alone
    different = [f"{a}, on SQLite {b}" for a, b in zip(alone, kept, strict=True) if a != b]
    assert not different, "\n".join(different)
    print(f"{runs} traces are equal")
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""A defect is found, printed as a command, and made smaller: test_minimise.py SIM_ENGINE. The model store forgets on purpose
who is essential, so somebody is paged who should not be."""
import re
import subprocess
import sys

STEPS = 1000


def run(*command: str) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    return done.returncode, done.stderr


def commands(told: str) -> list[list[str]]:
    return [found.split() for found in re.findall(r"^sim: again with (.*)$", told, re.MULTILINE)]


def value(command: list[str], option: str) -> int:
    return int(command[command.index(option) + 1]) if option in command else 0


def main() -> int:
    sim = sys.argv[1]
    status, told = run(sim, "--seed", "1", "--runs", "100", "--steps", str(STEPS), "--forgets")
    assert status == 1, f"the defect was not found: {status}\n{told}"
    first, smallest = commands(told)
    steps = value(smallest, "--steps") - value(smallest, "--from")
    assert steps < STEPS / 10, f"{steps} steps are left"
    assert "--without" in smallest, smallest
    for command in (first, smallest):
        status, again = run(sim, *command)
        assert status == 1 and "was paged by" in again, f"{command} does not fail alike: {status}\n{again}"
    status, again = run(sim, *[word for word in smallest if word != "--forgets"])
    assert status == 0, f"fails without the defect, too:\n{again}"
    print(f"{steps} of {STEPS} steps are left: {' '.join(smallest)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

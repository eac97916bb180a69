#!/usr/bin/python3
"""Sums up the result files of tests/run.sh: count and seconds of each label, what failed, and the last line
"N passed, N failed". Exit status 1 when a test failed or was not run, a preset did not build, or too few ran."""
import argparse
import collections
import json
import pathlib
import sys
import xml.etree.ElementTree as xml
from typing import NamedTuple


class Result(NamedTuple):
    preset: str
    name: str
    outcome: str  # passed, failed or skipped
    seconds: float


def labels_by_test(path):
    tests = json.loads(path.read_text(encoding="utf-8"))["tests"]
    found = {}
    for test in tests:
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        found[test["name"]] = properties.get("LABELS", ["(no label)"])
    return found


def outcome(case):
    """CTest calls a test that said SKIP_RETURN_CODE 'notrun' with a skipped element, and one that it could not start
    'notrun' or 'fail'."""
    if case.get("status") == "run":
        return "passed"
    skipped = case.find("skipped")
    if skipped is not None and "SKIP" in skipped.get("message", ""):
        return "skipped"
    return "failed"


def results_of(folder, preset):
    for path in sorted(folder.glob(f"{preset}.*.xml")):
        for case in xml.parse(path).getroot().iter("testcase"):
            yield Result(preset, case.get("name"), outcome(case), float(case.get("time") or 0))


def print_table(results, labels):
    rows = collections.defaultdict(lambda: [0, 0, 0, 0.0])
    for result in results:
        for label in labels[result.preset].get(result.name, ["(no label)"]):
            row = rows[(result.preset, label)]
            row[("passed", "failed", "skipped").index(result.outcome)] += 1
            row[3] += result.seconds
    print(f"\n{'preset':10}{'label':14}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for (preset, label), (passed, failed, skipped, seconds) in sorted(rows.items()):
        print(f"{preset:10}{label:14}{passed:8}{failed:8}{skipped:9}{seconds:9.1f}")


def print_list(labels):
    for preset, tests in labels.items():
        for name, names in sorted(tests.items(), key=lambda item: (item[1], item[0])):
            print(f"{preset:10}{','.join(names):14}{name}")


def read_minimum(path):
    lines = [line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return int(next(line for line in lines if line))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--broken", action="append", default=[], metavar="PRESET")
    parser.add_argument("--minimum", type=pathlib.Path)
    args = parser.parse_args()
    labels = {p.name.split(".")[0]: labels_by_test(p) for p in sorted(args.folder.glob("*.tests.json"))}
    if args.list:
        print_list(labels)
        return 0

    results = [r for preset in labels for r in results_of(args.folder, preset)]
    print_table(results, labels)
    count = collections.Counter(r.outcome for r in results)
    failed = count["failed"] + len(args.broken)
    for result in results:
        if result.outcome == "failed":
            print(f"failed: {result.preset} {result.name}")
    for preset in args.broken:
        print(f"failed: {preset} did not build, or CTest broke off; see above")
    if not results:
        print("failed: no test ran; a run of nothing proves nothing")
        failed += 1
    ran = count["passed"] + count["failed"]
    if args.minimum and ran < read_minimum(args.minimum):
        print(f"failed: {ran} tests ran, {args.minimum} says at least {read_minimum(args.minimum)}; "
              "find those that are missing, or lower the number and say why in the commit")
        failed += 1
    if count["skipped"]:
        print(f"skipped: {', '.join(sorted({r.name for r in results if r.outcome == 'skipped'}))}")
    print(f"{count['passed']} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

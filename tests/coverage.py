#!/usr/bin/python3
"""Branch coverage of core/engine by its units and the simulator, as clang counts it: tests/coverage.py [--layer NAME] [--runs N]
[--lines]. Builds build/coverage without assertions, whose failing side no test can take. Ends with 1 below --least."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "coverage"
FLAGS = "-O1 -g -DNDEBUG -fprofile-instr-generate -fcoverage-mapping -Wno-unused-variable -Wno-unused-but-set-variable -Wno-unused-parameter -Wno-unused-function"


def tool(name: str) -> str:
    found = shutil.which(f"{name}-14") or shutil.which(name)
    if not found:
        sys.exit(f"{name} is not installed: it comes with the package llvm")
    return found


def call(*command: str | pathlib.Path, **options: object) -> None:
    subprocess.run([str(word) for word in command], check=True, **options)  # type: ignore[call-overload]


def build(layer: str, jobs: str) -> list[pathlib.Path]:
    call("cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DCMAKE_C_COMPILER=clang", f"-DCMAKE_C_FLAGS={FLAGS}",
         "-DBUILD_TESTING=ON", stdout=subprocess.DEVNULL)
    units = sorted(path.stem for path in (ROOT / "tests" / "unit" / layer).glob("test_*.c"))
    targets = [f"{layer}_{unit}" for unit in units] + ["sim_engine"]
    call("cmake", "--build", BUILD, "-j", jobs, "--target", *targets, stdout=subprocess.DEVNULL)
    return [BUILD / "tests" / "unit" / name for name in targets[:-1]] + [BUILD / "tests" / "sim" / "sim_engine"]


def run(binaries: list[pathlib.Path], runs: str) -> pathlib.Path:
    raw, merged = BUILD / "profiles", BUILD / "merged.profdata"
    shutil.rmtree(raw, ignore_errors=True)
    raw.mkdir()
    environment = os.environ | {"LLVM_PROFILE_FILE": str(raw / "%p.profraw")}
    for binary in binaries:
        options = ["--seed", "1", "--runs", runs] if binary.name == "sim_engine" else []
        call(binary, *options, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    call(tool("llvm-profdata"), "merge", "-sparse", "-o", merged, *sorted(raw.iterdir()))
    return merged


def cov(command: str, binaries: list[pathlib.Path], merged: pathlib.Path, layer: str, *options: str) -> str:
    objects = [word for binary in binaries[:-1] for word in ("-object", str(binary))]
    return subprocess.run([tool("llvm-cov"), command, str(binaries[-1]), *objects, f"-instr-profile={merged}", *options,
                           str(ROOT / "core" / layer)], check=True, capture_output=True, text=True).stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layer", default="engine")
    parser.add_argument("--runs", default="100", help="of the simulator")
    parser.add_argument("--least", type=float, default=0, help="percent of branches")
    parser.add_argument("--lines", action="store_true", help="show the branches that were not taken")
    args = parser.parse_args()
    binaries = build(args.layer, os.environ.get("TOCSIN_JOBS", "2"))
    merged = run(binaries, args.runs)
    totals = json.loads(cov("export", binaries, merged, args.layer, "-summary-only"))["data"][0]
    for file in sorted(totals["files"], key=lambda f: f["summary"]["branches"]["percent"]):
        branches = file["summary"]["branches"]
        name = pathlib.Path(file["filename"]).relative_to(ROOT)
        print(f"{branches['percent']:6.2f} %  {branches['covered']:4} of {branches['count']:4}  {name}")
    if args.lines:
        print(cov("show", binaries, merged, args.layer, "-show-branches=count"))
    branches = totals["totals"]["branches"]
    print(f"core/{args.layer}: {branches['percent']:.2f} % of {branches['count']} branches, "
          f"{totals['totals']['lines']['percent']:.2f} % of lines")
    return 0 if branches["percent"] >= args.least else 1


if __name__ == "__main__":
    sys.exit(main())

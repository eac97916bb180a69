"""What the checks share: the tree of sources, C text without comments, problems, and the self-test.

A check is a function check(root) that yields Problem. main() runs it over the repository, or, with --self-test, over
small trees that it must judge as stated: a check that cannot fail is worse than none.
"""
import argparse
import pathlib
import re
import sys
import tempfile
from typing import NamedTuple

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SKIPPED_FOLDERS = {"node_modules", "build", "__pycache__"}


class Problem(NamedTuple):
    path: object  # of the file, below the root
    line: int
    text: str  # what is wrong; what to do

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Case(NamedTuple):
    """A tree for the self-test: files by path, and the problems it must yield as 'path:line: part of the text'."""
    name: str
    files: dict
    problems: list


def sources(root, *folders, suffixes=(".c", ".h")):
    """Files below the folders of root, in a stable order."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file() and not SKIPPED_FOLDERS & set(path.parts):
                yield path


TOKEN = re.compile(r'/\*.*?(?:\*/|\Z)|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def code_of(text):
    """The text with comments, strings and characters blanked; lines and columns stay."""
    return TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def read(path):
    return path.read_text(encoding="utf-8")


def report(problems):
    for problem in problems:
        print(problem)
    return len(problems)


def fits(found, expected):
    place, part = expected.split(": ", 1)
    return f"{found.path}:{found.line}" == place and part in found.text


def run_case(check, case):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in case.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        found = list(check(root))
    ok = len(found) == len(case.problems) and all(
        any(fits(f, e) for f in found) for e in case.problems)
    if not ok:
        print(f"self-test \"{case.name}\": expected {case.problems}, found {[str(f) for f in found]}")
    return ok


def self_test(check, cases):
    assert any(case.problems for case in cases) and any(not case.problems for case in cases)
    results = [run_case(check, case) for case in cases]
    print(f"{sum(results)} of {len(results)} self-tests passed")
    return 0 if all(results) else 1


def main(check, cases, parser=None):
    """check(root) yields problems; other arguments than --root and --self-test are bound by the caller."""
    parser = parser or argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=REPOSITORY)
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()
    if args.self_test:
        sys.exit(self_test(check, cases))
    sys.exit(1 if report(list(check(args.root.resolve()))) else 0)

#!/usr/bin/python3
"""The top level is fixed, and each of its folders and each layer says in a README.md what lives there."""
from common import SKIPPED_FOLDERS, Case, Problem, main, read

FOLDERS = {"core", "connectors", "include", "mappings", "tests", "examples"}
FILES = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "CHANGELOG.md"}
IGNORED = SKIPPED_FOLDERS | {"data"}  # as in .gitignore
LEAST_LINES = 5


def check_readme(root, folder):
    path = folder / "README.md"
    name = path.relative_to(root)
    if not path.is_file():
        return Problem(name, 1, "is missing; say in 10 to 30 lines what lives there and how to add to it")
    if len(read(path).splitlines()) < LEAST_LINES:
        return Problem(name, 1, "says too little; what lives there, and how is something added?")
    return None


def check(root):
    for entry in sorted(root.iterdir()):
        if entry.name.startswith(".") or entry.name in IGNORED:
            continue
        if entry.name not in (FOLDERS if entry.is_dir() else FILES):
            yield Problem(entry.name, 1, "does not belong on the top level; move it into one of the folders there")
    folders = [root / name for name in sorted(FOLDERS) if (root / name).is_dir()]
    layers = sorted(p for p in (root / "core").glob("*") if p.is_dir() and any(p.iterdir()))
    for folder in [*folders, *layers]:
        problem = check_readme(root, folder)
        if problem:
            yield problem
    if not folders:
        yield Problem(".", 1, "there is no folder of the project here; pass --root")


TEXT = "what\n" * 9
CASES = [
    Case("complete", {"core/README.md": TEXT, "core/base/README.md": TEXT, "tests/README.md": TEXT, ".x": "", ".ci/run": "",
                      "build/x": "", "LICENSE": ""}, []),
    Case("layer without", {"core/README.md": TEXT, "core/base/a.c": ""}, ["core/base/README.md:1: is missing"]),
    Case("folder without", {"tests/a": ""}, ["tests/README.md:1: is missing"]),
    Case("too short", {"tests/README.md": "# tests\n"}, ["tests/README.md:1: says too little"]),
    Case("stray folder", {"tests/README.md": TEXT, "docs/README.md": TEXT}, ["docs:1: does not belong"]),
    Case("stray file", {"tests/README.md": TEXT, "notes.txt": ""}, ["notes.txt:1: does not belong"]),
    Case("nothing there", {}, [".:1: there is no folder"]),
]

if __name__ == "__main__":
    main(check, CASES)

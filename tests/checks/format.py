#!/usr/bin/python3
"""All C text is as clang-format 14 writes it with the .clang-format of the repository."""
import re
import shutil
import subprocess

from common import REPOSITORY, Case, Problem, main, sources

MESSAGE = re.compile(r"^(.+?):(\d+):\d+: error: ")
BATCH = 40


def check(root):
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not tool:
        yield Problem("tests/packages.txt", 1, "clang-format is not installed; run tests/install-packages.sh test")
        return
    style = root / ".clang-format" if (root / ".clang-format").exists() else REPOSITORY / ".clang-format"
    paths = [str(p) for p in sources(root, "core", "connectors", "include", "examples", "tests")]
    for i in range(0, len(paths), BATCH):
        run = subprocess.run([tool, f"--style=file:{style}", "--dry-run", "--Werror", *paths[i:i + BATCH]],
                             capture_output=True, text=True, check=False)
        seen = set()
        for line in run.stderr.splitlines():
            match = MESSAGE.match(line)
            if match and match.group(1) not in seen:
                seen.add(match.group(1))
                name = match.group(1).removeprefix(f"{root}/")
                yield Problem(name, int(match.group(2)), f"is not formatted; run clang-format -i --style=file {name}")
        if run.returncode != 0 and not seen:
            yield Problem(".clang-format", 1, f"clang-format failed; {run.stderr.strip()}")


CASES = [
    Case("formatted", {"core/a.c": "int f(int a)\n{\n    return a;\n}\n"}, []),
    Case("indented by two", {"core/a.c": "int f(int a)\n{\n  return a;\n}\n"}, ["core/a.c:2: is not formatted"]),
    Case("brace on the line", {"include/a.h": "static int f(int a) {\n    return a;\n}\n"},
         ["include/a.h:1: is not formatted"]),
    Case("two files", {"connectors/a.c": "int  a;\n", "tests/unit/b.c": "int b ;\n", "core/c.c": "int c;\n"},
         ["connectors/a.c:1: is not formatted", "tests/unit/b.c:1: is not formatted"]),
]

if __name__ == "__main__":
    main(check, CASES)

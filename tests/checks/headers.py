#!/usr/bin/python3
"""Each header compiles alone: the SDK as C11 and C++17, the headers of the core as C11."""
import re
import shutil
import subprocess

from common import Case, Problem, main, sources

STRICT = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"]
SDK = [
    ("C11, gcc", ["gcc", "-x", "c", "-std=c11"]),
    ("C11, clang", ["clang", "-x", "c", "-std=c11"]),
    ("C++17, clang", ["clang", "-x", "c++", "-std=c++17"]),
    ("C++17, g++", ["g++", "-x", "c++", "-std=c++17"]),
]
CORE = [("C11, gcc", ["gcc", "-x", "c", "-std=c11", "-D_GNU_SOURCE"])]
# Headers of libraries that are not where the compiler looks first.
FOREIGN = subprocess.run(["pkg-config", "--cflags-only-I", "libpq"], capture_output=True, text=True,
                         check=False).stdout.split()
FAULT = re.compile(r"^(.+?):(\d+):(?:\d+:)? (?:fatal )?(?:error|warning): (.*)$", re.MULTILINE)


def compile_alone(root, path, name, command):
    name_in_tree = path.relative_to(root / ("include" if "include" in path.relative_to(root).parts[:1] else "core"))
    source = f'#include "{name_in_tree}"\n#include "{name_in_tree}"\nint tcn_not_empty;\n'
    run = subprocess.run([*command, *STRICT, f"-I{root}/include", *FOREIGN, "-iquote", f"{root}/core", "-"],
                         input=source, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return None
    match = FAULT.search(run.stderr)
    line, what = (int(match.group(2)), match.group(3)) if match else (1, run.stderr.strip())
    place = match.group(1).removeprefix(f"{root}/") if match else path.relative_to(root)
    return Problem(place, line, f"does not compile alone as {name}: {what}; include what it needs")


def check(root):
    found = False
    for folder, ways in (("include", SDK), ("core", CORE)):
        for path in sources(root, folder, suffixes=(".h",)):
            found = True
            for name, command in ways:
                # Debian's gcc package has no g++; clang is always there for C++
                if command[0] == "g++" and not shutil.which("g++"):
                    continue
                problem = compile_alone(root, path, name, command)
                if problem:
                    yield problem
                    break
    if not found:
        yield Problem("include", 1, "no header was found; a check of nothing proves nothing")


GUARD = "#ifndef A_H\n#define A_H\n{}\n#endif\n"
CASES = [
    Case("complete", {"include/tocsin/a.h": GUARD.format("#include <stdint.h>\nint32_t f(int32_t a);"),
                      "core/base/b.h": "#ifndef B_H\n#define B_H\n#include <tocsin/a.h>\n#endif\n"}, []),
    Case("missing include", {"include/tocsin/a.h": GUARD.format("int32_t f(int32_t a);")},
         ["include/tocsin/a.h:3: does not compile alone as C11"]),
    Case("no C++", {"include/tocsin/a.h": GUARD.format("int f(int class);")},
         ["include/tocsin/a.h:3: does not compile alone as C++17"]),
    Case("not C11", {"include/tocsin/a.h": GUARD.format("static int f(int a) { return ({ a; }); }")},
         ["include/tocsin/a.h:3: does not compile alone as C11"]),
    Case("no guard", {"core/base/b.h": "struct b {\n    int a;\n};\n"}, ["core/base/b.h:1: does not compile alone"]),
    Case("core header", {"core/base/b.h": "#ifndef B_H\n#define B_H\nsize_t n(void);\n#endif\n"},
         ["core/base/b.h:3: does not compile alone"]),
    Case("nothing there", {}, ["include:1: no header was found"]),
]

if __name__ == "__main__":
    main(check, CASES)

#!/usr/bin/python3
"""Includes obey core/LAYERS; connectors see the SDK, jansson and the C library, and nothing else."""
import re
from typing import NamedTuple

from common import Case, Problem, code_of, line_of, main, read, sources

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)
SEES_SDK = {"connect", "app"}
# The part of the C library that reaches nothing but memory (stdio.h for snprintf).
LIBC = {f"{name}.h" for name in ("assert ctype errno float inttypes limits math stdarg stdbool stddef stdint stdio "
                                 "stdlib string strings").split()}
LAYER_LINE = re.compile(r"^([a-z]+):([a-z ]*)(?:\|[ ]*pure[ ]*)?$")


class Include(NamedTuple):
    line: int
    name: str
    is_quoted: bool


def includes(path):
    text = read(path)
    visible = code_of(text)
    for match in INCLUDE.finditer(text):
        if visible[match.end(0) - len(match.group(0).lstrip()):match.end(0)].strip():
            yield Include(line_of(text, match.start()), match.group(1) or match.group(2), bool(match.group(1)))


def read_layers(root):
    """Layer -> set of layers that it may include, and problems of the file itself."""
    path = root / "core/LAYERS"
    layers, problems = {}, []
    for number, line in enumerate(read(path).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = LAYER_LINE.match(line)
        if not match:
            problems.append(Problem("core/LAYERS", number, "not of the form \"name: allowed ... [| pure]\"; rewrite it"))
            continue
        name, allowed = match.group(1), match.group(2).split()
        for other in allowed:
            if other not in layers:
                problems.append(Problem("core/LAYERS", number, f"{other} does not stand above {name}; a layer may only "
                                        "include layers above it, or there is a cycle"))
        layers[name] = {name, *allowed}
    return layers, problems


def check_core_include(layer, layers, include):
    top = include.name.split("/")[0]
    if include.name.startswith("tocsin/"):
        if layer not in SEES_SDK:
            return f"<{include.name}> is for {' and '.join(sorted(SEES_SDK))} only; use the types of this layer"
        return None
    if not include.is_quoted:
        return None
    if "/" not in include.name or top not in layers:
        return f"\"{include.name}\" names no layer; write \"layer/file.h\" relative to core/"
    if top not in layers[layer]:
        return (f"{layer} may not include {top}/; move the code, pass a value in, "
                "or change core/LAYERS with a reason")
    return None


def check_core(root):
    layers, problems = read_layers(root)
    yield from problems
    for path in sources(root, "core", suffixes=(".c", ".h", ".inc")):
        name = path.relative_to(root)
        layer = name.parts[1]
        if layer not in layers:
            yield Problem(name, 1, f"core/{layer} is not in core/LAYERS; add a line for it")
            continue
        for include in includes(path):
            text = check_core_include(layer, layers, include)
            if text:
                yield Problem(name, include.line, text)


def is_inside(path, folder):
    return folder.resolve() in path.resolve().parents


def check_connectors(root):
    for path in sources(root, "connectors"):
        for include in includes(path):
            if include.is_quoted and is_inside(path.parent / include.name, root / "connectors"):
                continue
            if not include.is_quoted and include.name in LIBC | {"tocsin/connector.h", "jansson.h"}:
                continue
            yield Problem(path.relative_to(root), include.line,
                          f"a connector may not include {include.name}; it has <tocsin/connector.h>, <jansson.h> and "
                          "the parts of the C library that do no I/O. Ask the host for what is missing")


def check_sdk(root):
    for path in sources(root, "include"):
        for include in includes(path):
            if include.is_quoted or include.name not in LIBC | {"jansson.h"}:
                yield Problem(path.relative_to(root), include.line,
                              f"the SDK may not depend on {include.name}; declare what is needed in the header itself")


def check(root):
    yield from check_core(root)
    yield from check_connectors(root)
    yield from check_sdk(root)


LAYERS = "# comment\nbase: | pure\nmodel: base | pure\nconnect: base model\napp: base model connect\n"
CASES = [
    Case("what is allowed", {
        "core/LAYERS": LAYERS,
        "core/base/a.c": '#include "base/a.h"\n#include <stdio.h>\n#include <sys/socket.h>\n',
        "core/base/a.h": '/* #include "app/x.h" */\n// #include "app/x.h"\n',
        "core/model/m.c": '#include "base/a.h"\n#include "model/m.h"\n',
        "core/connect/c.c": "#include <tocsin/connector.h>\n",
        "connectors/x/x.c": '#include <tocsin/connector.h>\n#include <jansson.h>\n#include "../reply.h"\n#include "y.h"\n',
        "include/tocsin/connector.h": "#include <stdint.h>\n#include <jansson.h>\n",
    }, []),
    Case("upwards", {"core/LAYERS": LAYERS, "core/base/a.c": '\n#include "model/m.h"\n'},
         ["core/base/a.c:2: base may not include model/"]),
    Case("commented line hides no include", {
        "core/LAYERS": LAYERS, "core/base/a.c": '/* x */ \n #  include "app/x.h" // y\n'},
         ["core/base/a.c:2: base may not include app/"]),
    Case("without layer", {"core/LAYERS": LAYERS, "core/base/a.c": '#include "a.h"\n'},
         ["core/base/a.c:1: names no layer"]),
    Case("dots", {"core/LAYERS": LAYERS, "core/base/a.c": '#include "../app/x.h"\n'},
         ["core/base/a.c:1: names no layer"]),
    Case("SDK in the core", {"core/LAYERS": LAYERS, "core/model/m.c": "#include <tocsin/connector.h>\n"},
         ["core/model/m.c:1: for app and connect only"]),
    Case("unknown layer", {"core/LAYERS": LAYERS, "core/other/m.c": "\n"}, ["core/other/m.c:1: not in core/LAYERS"]),
    Case("cycle", {"core/LAYERS": "base: app\napp: base\n"}, ["core/LAYERS:1: app does not stand above base"]),
    Case("bad line", {"core/LAYERS": "base; app\n"}, ["core/LAYERS:1: not of the form"]),
    Case("connector reaches the core", {"core/LAYERS": LAYERS, "connectors/x/x.c": '#include "base/a.h"\n'
                                        '#include <unistd.h>\n#include "../../core/base/a.h"\n#include <time.h>\n'},
         [f"connectors/x/x.c:{n}: a connector may not include" for n in (2, 3, 4)]),
    Case("SDK with dependencies", {"core/LAYERS": LAYERS, "include/tocsin/a.h": "#include <jansson.h>\n#include <curl/curl.h>\n"},
         ["include/tocsin/a.h:2: the SDK may not depend on curl/curl.h"]),
]

if __name__ == "__main__":
    main(check, CASES)

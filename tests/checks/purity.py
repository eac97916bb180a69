#!/usr/bin/python3
"""Layers marked pure in core/LAYERS reach no clock, file, socket, environment, process, thread or randomness, and
have no variable that changes. Looks at the symbols of their object files: --objects LAYER FILE... for each layer."""
import argparse
import functools
import pathlib
import re
import subprocess
import tempfile
from typing import NamedTuple

from common import REPOSITORY, Case, Problem, main, read

# What a pure layer may call: a function of its arguments and of memory. Everything else is refused.
PURE = re.compile("|".join(f"(?:{p})" for p in (
    r"tcn_\w+",  # ours; that it is of a pure layer is checked apart
    r"mem(?:chr|rchr|cmp|cpy|move|set|mem|pcpy)",
    r"str(?:n?len|n?cmp|r?chr|chrnul|n?dup|c?spn|pbrk|str|n?casecmp|casestr)",
    r"strto(?:l|ul|ll|ull|d|imax|umax)",
    r"v?s?nprintf|__isoc99_v?sscanf",
    r"malloc|calloc|realloc|free|abort|__assert_fail",
    r"qsort|bsearch|abs|labs|llabs",
    r"f?abs|floor|ceil|trunc|round|l?lround|l?lrint|fmod|pow|ldexp|frexp|exp|log|sqrt|nextafter|modf",
    r"__(?:mem\w+|str\w+|v?snprintf)_chk|__stack_chk_fail|__(?:u?div|u?mod|mul)[dt]i[34]",
    r"_GLOBAL_OFFSET_TABLE_",
    r"json_\w+",
    r"pcre2_\w+_8",
    r"SHA256(_Init|_Update|_Final)?|CRYPTO_memcmp",
)))
# Exceptions from the patterns above.
IMPURE = re.compile(r"json_(?:load_file|loadf|loadfd|load_callback|dump_file|dumpf|dumpfd|set_alloc_funcs2?|object_seed)"
                    r"|pcre2_jit_stack_\w+_8|(?:__)?v?fn?printf(?:_chk)?")
REASONS = (
    (r"time|clock_\w+|gettimeofday|timespec_get|localtime(_r)?|gmtime(_r)?|mktime|strftime", "reads a clock or zone; pass now_ms in"),
    (r"f?open\w*|f?read|f?write|close|fclose|stat\w*|unlink\w*|rename\w*|json_(load|dump)_?f\w*|f?puts|printf|std(in|out|err)",
     "reaches a file; take the bytes as an argument"),
    (r"socket|connect|bind|listen|accept\w*|send\w*|recv\w*|getaddrinfo|curl_\w+|event_\w+|bufferevent_\w+",
     "reaches the network; hand back an effect"),
    (r"(secure_)?getenv|setlocale|sysconf|getpid|gethostname", "reads the environment; pass the value in"),
    (r"fork|exec\w+|system|popen|kill|exit|_exit|signal|sigaction", "reaches a process"),
    (r"pthread_\w+|mtx_\w+|thrd_\w+|__tls_get_addr", "reaches a thread; give the layer its values by argument"),
    (r"rand\w*|s?random\w*|getrandom|getentropy|arc4random\w*|RAND_\w+", "draws randomness; pass the bytes in"),
    (r"__errno_location", "reads errno, which only the world sets; return a TCN_E* code"),
    (r"__ctype_\w+|tolower|toupper", "depends on the locale; compare with ASCII letters"),
)


class Symbol(NamedTuple):
    object: pathlib.Path
    name: str
    section: str


# "0000000000000010 l     O .bss	0000000000000004 counter.0"
ROW = re.compile(r"^[0-9a-f]+ .{7} (\S+)\t[0-9a-f]+ +(?:\.hidden |\.protected |0x\w+ )?(\S+)$")


def symbols(path):
    table = subprocess.run(["objdump", "-t", str(path)], capture_output=True, text=True, check=True).stdout
    for line in table.splitlines():
        match = ROW.match(line)
        if match and match.group(1) != match.group(2):  # a section is no variable
            yield Symbol(path, match.group(2), match.group(1))


def place(root, symbol):
    """File below root and line of the first use or of the definition, from the debug information."""
    rows = subprocess.run(["nm", "-l", str(symbol.object)], capture_output=True, text=True, check=True).stdout
    for row in rows.splitlines():
        match = re.match(rf"^[0-9a-f ]+ \w {re.escape(symbol.name)}\t(.*):(\d+)$", row)
        if match:
            path = pathlib.Path(match.group(1)).resolve()
            inside = path.is_relative_to(root)
            return path.relative_to(root) if inside else path, int(match.group(2))
    return symbol.object.name, 1


def is_writable(section):
    """Constant tables of pointers are in .data.rel.ro: the loader writes them once, nobody after."""
    return section == "*COM*" or re.match(r"\.(bss|tbss|data|tdata)(?!\.rel\.ro)", section)


def reason(name):
    for pattern, text in REASONS:
        if re.fullmatch(pattern, name):
            return text
    return "is not on the list of pure functions; if it depends on its arguments alone, add it to PURE in purity.py"


def pure_layers(root):
    return set(re.findall(r"^([a-z]+):[a-z ]*\| *pure", read(root / "core/LAYERS"), re.MULTILINE))


def check_layer(root, layer, found, ours):
    for symbol in found:
        if symbol.section == "*UND*":
            is_ours = symbol.name.startswith("tcn_")
            if is_ours and symbol.name not in ours:
                yield Problem(*place(root, symbol), f"{layer} is pure but calls {symbol.name}, which is defined in no "
                              "pure layer; pass its result in")
            elif IMPURE.fullmatch(symbol.name) or not PURE.fullmatch(symbol.name):
                yield Problem(*place(root, symbol), f"{layer} is pure but uses {symbol.name}: {reason(symbol.name)}")
        elif is_writable(symbol.section):
            yield Problem(*place(root, symbol), f"{layer} is pure but {symbol.name} is a variable that lives on "
                          f"({symbol.section}); make it const or put it into a struct that the caller owns")


def check(layers_objects, root):
    pure = pure_layers(root)
    tables = {layer: [s for o in objects for s in symbols(o)] for layer, objects in layers_objects.items() if layer in pure}
    ours = {s.name for table in tables.values() for s in table if s.section != "*UND*"}
    if not ours:
        yield Problem("core/LAYERS", 1, "no object file of a pure layer was given; a check of nothing proves nothing")
    for layer, table in tables.items():
        yield from check_layer(root, layer, table, ours)


def compile_and_check(root):
    """For the self-test: compiles the tree with the same kind of flags as the build."""
    layers_objects = {}
    with tempfile.TemporaryDirectory() as out:
        for path in sorted(root.glob("core/*/*.c")):
            target = pathlib.Path(out) / f"{path.parent.name}_{path.stem}.o"
            subprocess.run(["cc", "-c", "-g", "-Og", "-fPIC", "-w", "-o", target, path], check=True)
            layers_objects.setdefault(path.parent.name, []).append(target)
        yield from check(layers_objects, root)


def case(name, body, problems, more=None):
    files = {"core/LAYERS": "base: | pure\nsys: base\n", "core/base/a.c": "int tcn_here;\n".replace("int", "const int") + body}
    return Case(name, {**files, **(more or {})}, problems)


CASES = [
    case("constants and pure calls",
         "#include <string.h>\n#include <stdio.h>\n#include <stdlib.h>\nstatic const char *const names[] = {\"a\", \"b\"};\n"
         "const char *tcn_f(unsigned i) { static const int k[] = {1, 2}; char b[9]; snprintf(b, 9, \"%d\", k[i]);\n"
         "return strchr(names[i], b[0]); }\n", [],
         {"core/sys/s.c": "#include <time.h>\nstatic int n; long tcn_s(void) { n++; return time(0); }\n"}),
    case("clock", "#include <time.h>\nlong tcn_f(void)\n{\nreturn time(0);\n}\n", ["core/base/a.c:5: uses time: reads a clock"]),
    case("file", "#include <stdio.h>\nvoid tcn_f(void) { fopen(\"a\", \"r\"); }\n", ["core/base/a.c:3: uses fopen: reaches a file"]),
    case("console", "#include <stdio.h>\nvoid tcn_f(int a) { printf(\"%d\", a); }\n", ["core/base/a.c:3: uses printf"]),
    case("socket", "#include <sys/socket.h>\nint tcn_f(void) { return socket(1, 2, 3); }\n",
         ["core/base/a.c:3: uses socket: reaches the network"]),
    case("environment", "#include <stdlib.h>\nchar *tcn_f(void) { return getenv(\"A\"); }\n",
         ["core/base/a.c:3: uses getenv: reads the environment"]),
    case("process", "#include <unistd.h>\nint tcn_f(void) { return fork(); }\n", ["core/base/a.c:3: uses fork: reaches a process"]),
    case("thread", "#include <pthread.h>\nvoid tcn_f(void) { pthread_exit(0); }\n",
         ["core/base/a.c:3: uses pthread_exit: reaches a thread"]),
    case("randomness", "#include <stdlib.h>\nint tcn_f(void) { return rand(); }\n",
         ["core/base/a.c:3: uses rand: draws randomness"]),
    case("unknown function", "void frob(void);\nvoid tcn_f(void) { frob(); }\n",
         ["core/base/a.c:3: uses frob: is not on the list"]),
    case("JSON from a file", "void json_load_file(void);\nvoid tcn_f(void) { json_load_file(); }\n",
         ["core/base/a.c:3: uses json_load_file: reaches a file"]),
    case("function of a layer that is not pure", "void tcn_s(void);\nvoid tcn_f(void) { tcn_s(); }\n",
         ["core/base/a.c:3: calls tcn_s, which is defined in no pure layer"], {"core/sys/s.c": "void tcn_s(void) {}\n"}),
    case("global", "int tcn_count = 1;\n", ["core/base/a.c:2: tcn_count is a variable that lives on (.data)"]),
    case("static", "static int count;\nint tcn_f(void) { return ++count; }\n",
         ["core/base/a.c:2: count is a variable that lives on (.bss)"]),
    case("static in a function", "int tcn_f(void)\n{\nstatic int count;\nreturn ++count;\n}\n",
         ["core/base/a.c:4: is a variable that lives on (.bss)"]),
    case("thread-local", "_Thread_local int tcn_x;\n", ["core/base/a.c:2: is a variable that lives on (.tbss)"]),
    Case("nothing to look at", {"core/LAYERS": "base: | pure\nsys: base\n"}, ["core/LAYERS:1: no object file"]),
]

if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--objects", nargs="+", action="append", default=[], metavar=("LAYER", "FILE"))
    known, _ = arguments.parse_known_args()
    given = {group[0]: [pathlib.Path(f) for f in group[1:]] for group in known.objects}
    # the self-test compiles its own
    import sys
    main(compile_and_check if "--self-test" in sys.argv else functools.partial(check, given), CASES, arguments)

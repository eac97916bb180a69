#!/usr/bin/python3
"""No function over 100 lines, no file over 800."""
import re

from common import Case, Problem, code_of, line_of, main, read, sources

MAX_FUNCTION, MAX_FILE = 100, 800
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
EXTERN_C = re.compile(r'extern\s+"C"\s*\{')
NAME = re.compile(r"(\w+)\s*\([^;{}]*\)[^;{}=]*$")


def plain(text):
    """Code without comments, strings and directives, with extern "C" { opened up; same length."""
    text = EXTERN_C.sub(lambda m: " " * len(m.group()), text)
    code = code_of(text)
    return DIRECTIVE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), code)


def functions(code):
    """(name, offset of the opening brace, offset of the closing brace) of each function body."""
    depth, start, last_end, name = 0, 0, 0, None
    for match in re.finditer(r"[{};]", code):
        mark = match.group()
        if mark == "{":
            if depth == 0:
                head = NAME.search(code, last_end, match.start())
                name, start = head.group(1) if head else None, match.start()
            depth += 1
        elif mark == "}":
            depth = max(depth - 1, 0)
            if depth == 0 and name:
                yield name, start, match.start()
                name = None
        if depth == 0:
            last_end = match.end()


def check(root):
    for path in sources(root, "core", "connectors", "include", "examples", "tests"):
        name, text = path.relative_to(root), read(path)
        lines = text.count("\n")
        if lines > MAX_FILE:
            yield Problem(name, MAX_FILE + 1, f"the file has {lines} lines, more than {MAX_FILE}; split it by idea")
        code = plain(text)
        for function, start, end in functions(code):
            length = code.count("\n", start, end) + 1
            if length > MAX_FUNCTION:
                yield Problem(name, line_of(code, start),
                              f"{function} has {length} lines, more than {MAX_FUNCTION}; take its parts out by name")


def body(lines, head="int f(int a)"):
    return head + "\n{\n" + "    a();\n" * (lines - 2) + "}\n"


CASES = [
    Case("at the limits", {"core/a.c": body(100) + body(100, "static int g(void)") + "\n" * 598}, []),
    Case("long function", {"core/a.c": "int x;\n" + body(101)}, ["core/a.c:3: f has 101 lines"]),
    Case("second function", {"core/a.c": body(9) + body(120, "struct s *g(int a, int (*b)(int))")},
         ["core/a.c:12: g has 120 lines"]),
    Case("braces in text", {"core/a.c": "int f(int a)\n{\n" + "    p(\"}\"); /* } */ c = '}';\n" * 100 + "}\n"},
         ["core/a.c:2: f has 102 lines"]),
    Case("long table", {"core/a.c": "static const int t[] = {\n" + "    1,\n" * 300 + "};\nstruct s {\n" + "int a;\n" * 200 + "};\n"}, []),
    Case("function with a macro before", {"core/a.c": "#define M(a) \\\n    do { \\\n    } while (0\n" + body(101)},
         ["core/a.c:5: f has 101 lines"]),
    Case("inside extern C", {"include/a.h": "#ifdef __cplusplus\nextern \"C\" {\n#endif\n" + body(101, "static inline int f(void)")
                             + "#ifdef __cplusplus\n}\n#endif\n"}, ["include/a.h:5: f has 101 lines"]),
    Case("long file", {"connectors/x/a.c": "int x;\n" * 801}, ["connectors/x/a.c:801: the file has 801 lines"]),
]

if __name__ == "__main__":
    main(check, CASES)

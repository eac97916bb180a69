#!/usr/bin/python3
"""Functions that are not used here, and settings that switch a protection off."""
import re

from common import Case, Problem, code_of, line_of, main, read, sources

CALL = r"(?<![\w.])(?<!->)(?:{})[ \t]*\("


def call(names):
    return re.compile(CALL.format(names.replace(" ", "|")))


class Rule:
    def __init__(self, pattern, advice, but_in=None):
        self.pattern, self.advice, self.but_in = pattern, advice, but_in

    def applies_to(self, name):
        return not self.but_in or not re.fullmatch(self.but_in, name)


RULES = [
    Rule(call("sprintf vsprintf"), "writes without a bound; use snprintf or tcn_buf_fmt"),
    Rule(call("strcpy strcat stpcpy strncpy strncat gets"), "copies without a sure bound or end; use tcn_buf or tcn_arena_strdup"),
    Rule(call("strtok strtok_r"), "changes its input; use tcn_str_cut"),
    Rule(call("atoi atol atoll atof"), "cannot report an error; use tcn_str_u64 or strtoll"),
    Rule(call("gmtime gmtime_r localtime localtime_r ctime asctime mktime"),
         "depends on the zone of the machine; use base/datetime.h"),
    Rule(call("rand srand random srandom rand_r drand48"), "is predictable; use core/sys/random"),
    Rule(call("system popen"), "starts a shell; Tocsin starts no program"),
    Rule(call("alloca"), "grows the stack by input; use an arena"),
    Rule(call("tmpnam mktemp tempnam"), "is a race; use mkstemp"),
    Rule(call("setjmp longjmp"), "hides the flow of control; return an error"),
    Rule(call("time clock_gettime gettimeofday timespec_get ftime"),
         "reads the clock; only core/sys/clock.c does, everyone else is given now_ms", r"core/sys/clock\.c"),
    Rule(re.compile(r"\bCURLOPT_(?:PROXY_|DOH_)?SSL_VERIFYPEER\s*,\s*(?:0|false)"),
         "switches the check of certificates off; there is no such option in Tocsin"),
    Rule(re.compile(r"\bCURLOPT_(?:PROXY_|DOH_)?SSL_VERIFYHOST\s*,\s*+(?!2)"),
         "does not check the name in the certificate; the value is 2L"),
    Rule(re.compile(r"\bSSL_VERIFY_NONE\b"), "accepts any certificate; verify, or leave the default of the server side"),
    Rule(call("sqlite3_exec sqlite3_get_table sqlite3_mprintf"),
         "runs SQL from text; use a prepared statement of core/store", r"core/store/.*"),
]


def check(root):
    for path in sources(root, "core", "connectors", "include"):
        name = str(path.relative_to(root))
        code = code_of(read(path))
        for rule in RULES:
            for match in rule.pattern.finditer(code) if rule.applies_to(name) else ():
                word = match.group().rstrip("( \t")
                yield Problem(name, line_of(code, match.start()), f"{word} {rule.advice}")


def bad(line, part):
    return Case(line, {"core/app/a.c": f"\n{line}\n"}, [f"core/app/a.c:2: {part}"])


CASES = [
    Case("what only looks like it", {
        "core/app/a.c": "/* time(0) */ // sprintf(x)\nchar *s = \"system(1)\";\nint mytime(int), runtime (int);\n"
                        "x->time(1); x.rand(2); tcn_time_text(3); my_atoi(4); int time; snprintf(b, 3, \"\");\n"
                        "curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L); o(c, CURLOPT_SSL_VERIFYHOST, 2L);\n",
        "core/sys/clock.c": "clock_gettime(CLOCK_REALTIME, &t);\n",
        "core/store/s.c": "sqlite3_exec(db, \"BEGIN\", 0, 0, 0);\n",
    }, []),
    bad("sprintf(b, f);", "sprintf writes without a bound"),
    bad("x = strcpy (b, f);", "strcpy copies"),
    bad("!strcat(b, f);", "strcat copies"),
    bad("p = strtok(b, f);", "strtok changes"),
    bad("n = atoi(b);", "atoi cannot report"),
    bad("gmtime(&t);", "gmtime depends"),
    bad("localtime(&t);", "localtime depends"),
    bad("n = rand() % 3;", "rand is predictable"),
    bad("system(x);", "system starts a shell"),
    bad("popen(x, y);", "popen starts a shell"),
    bad("alloca(n);", "alloca grows"),
    bad("t = time(NULL);", "time reads the clock"),
    bad("clock_gettime(CLOCK_REALTIME, &t);", "clock_gettime reads the clock"),
    bad("gettimeofday(&t, 0);", "gettimeofday reads the clock"),
    bad("curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);", "CURLOPT_SSL_VERIFYPEER, 0 switches"),
    bad("curl_easy_setopt(c, CURLOPT_PROXY_SSL_VERIFYPEER,0);", "CURLOPT_PROXY_SSL_VERIFYPEER,0 switches"),
    bad("curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);", "does not check the name"),
    bad("curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 1L);", "does not check the name"),
    bad("curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, strict);", "does not check the name"),
    bad("SSL_CTX_set_verify(c, SSL_VERIFY_NONE, 0);", "SSL_VERIFY_NONE accepts"),
    bad("sqlite3_exec(db, text, 0, 0, 0);", "sqlite3_exec runs SQL"),
    Case("in a connector", {"connectors/x/x.c": "time(0);\n"}, ["connectors/x/x.c:1: time reads the clock"]),
    Case("in the SDK", {"include/tocsin/a.h": "int x = rand();\n"}, ["include/tocsin/a.h:1: rand is predictable"]),
]

if __name__ == "__main__":
    main(check, CASES)

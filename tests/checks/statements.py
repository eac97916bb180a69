#!/usr/bin/python3
"""Every statement of the store is about one account ($1), and every row that it writes says which start wrote it (epoch).

The policies of PostgreSQL keep accounts apart too, but SQLite has none. A statement is an entry "[NAME] = "SQL"" of
a table in core/store/store*.c, as the preprocessor sees it."""
import re
import subprocess

from common import Case, Problem, line_of, main, read

# Statements that are about something else, and why that is right.
EXCEPTIONS = {
    ("store_clock.c", "SUBSCRIPTIONS"): "times move; epoch stays that of whoever asked last",
    ("store.c", "EPOCH_ADD"): "epochs are counted over all accounts",
    ("store_doubts.c", "OTHER_ACCOUNT"): "a start looks whose nodes are on the database, and tells",
    ("store.c", "EPOCH_FENCE"): "the row is about the epoch that ends, and ended_by is ours",
}
ENTRY = re.compile(r'\[\s*(\w+)\s*\]\s*=\s*\(?\s*((?:"(?:\\.|[^"\\])*"\s*)+)')
LITERAL = re.compile(r'"((?:\\.|[^"\\])*)"')
IS_SQL = re.compile(r"\s*\(?(SELECT|INSERT|\{INSERT_ROWS\}|UPDATE|DELETE|WITH)\b|\{INSERT_ROWS\}")
OF_ACCOUNT = re.compile(r"\baccount_id = \$1\b")
WRITES_ROW = re.compile(r"\b(INSERT|UPDATE \w+ SET|DO UPDATE)\b|\{INSERT_ROWS\}")
INSERTS = re.compile(r"(?:INSERT|\{INSERT_ROWS\}) INTO \w+ \(account_id, epoch\b.*?(?:VALUES|SELECT) *\(?\$1, \$2\b")
SAYS_EPOCH = re.compile(r"\bepoch = (\$\d|excluded\.epoch|CASE\b)")


def expanded(path, root):
    """None when the preprocessor cannot read it."""
    done = subprocess.run(["cc", "-E", "-P", "-I", str(root / "core"), str(path)], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def statements(text):
    for entry in ENTRY.finditer(text):
        sql = "".join(LITERAL.findall(entry.group(2)))
        if IS_SQL.match(sql):
            yield entry.group(1), sql


def wrong(sql):
    """What is, in words."""
    if not OF_ACCOUNT.search(sql) and not INSERTS.search(sql):
        yield "is not of one account; say account_id = $1, or add it to EXCEPTIONS with the reason"
    if WRITES_ROW.search(sql) and not SAYS_EPOCH.search(sql) and not INSERTS.search(sql):
        yield "writes a row without its epoch; set it, or add it to EXCEPTIONS with the reason"


def check(root):
    for path in sorted((root / "core/store").glob("store*.c")):
        name, text, source = path.relative_to(root), expanded(path, root), read(path)
        if text is None:
            yield Problem(name, 1, "the preprocessor does not read it")
            continue
        for entry, sql in statements(text):
            if (path.name, entry) in EXCEPTIONS:
                continue
            line = line_of(source, max(0, source.find(f"[{entry}]")))
            for what in wrong(sql):
                yield Problem(name, line, f"{entry} {what}")


CASES = [
    Case("what is right", {"core/store/store_a.c": (
        '#define OF " WHERE account_id = $1"\n'
        'static const char *const sql[] = {\n'
        '    [GET] = "SELECT a FROM t" OF " AND id = $2",\n'
        '    [PUT] = "INSERT INTO t (account_id, epoch, id) VALUES ($1, $2, $3)",\n'
        '    [SET] = ("UPDATE t SET epoch = $2, a = $3"\n'
        '             " WHERE account_id = $1"),\n'
        '    [DROP] = "DELETE FROM t" OF,\n'
        '    [WORD] = "no statement"};\n')}, []),
    Case("no account", {"core/store/store_a.c": (
        'static const char *const sql[] = {\n'
        '    [GET] = "SELECT a FROM t WHERE id = $2",\n'
        '    [DROP] = "DELETE FROM t WHERE id = $2"};\n')},
        ["core/store/store_a.c:2: GET is not of one account", "core/store/store_a.c:3: DROP is not of one account"]),
    Case("no epoch", {"core/store/store_a.c": (
        'static const char *const sql[] = {\n'
        '    [SET] = "UPDATE t SET a = $2 WHERE account_id = $1",\n'
        '    [PUT] = "INSERT INTO t (account_id, id) SELECT $1, id FROM u WHERE account_id = $1"};\n')},
        ["core/store/store_a.c:2: SET writes a row without its epoch", "core/store/store_a.c:3: PUT writes a row without"]),
    Case("it cannot be read", {"core/store/store_a.c": '#include "nothing.h"\n'},
        ["core/store/store_a.c:1: the preprocessor does not read it"]),
]

if __name__ == "__main__":
    main(check, CASES)

/* JSON from outside: policy first, tree after; and reading a tree with file, line and path in every complaint. */
#ifndef TCN_BASE_JSON_H
#define TCN_BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include <jansson.h>

/* The policy for hostile JSON: object or array on top, no duplicate keys, no NUL byte or U+0000, strict UTF-8,
 * at most max_depth levels and max_nodes values. Depth and nodes are counted before the tree is built. */
struct tcn_json_limits {
    size_t max_bytes, max_nodes;
    unsigned max_depth;
};
extern const struct tcn_json_limits tcn_json_api;    /* 256 KiB, 20,000 nodes, depth 64 */
extern const struct tcn_json_limits tcn_json_source; /* 1 MiB, 80,000 nodes, depth 64 */
extern const struct tcn_json_limits tcn_json_file;   /* 4 MiB, 400,000 nodes, depth 64 */

/* TCN_ESYNTAX; TCN_ELIMIT for too many bytes or values; TCN_EINVALID for too many levels, which is no question of size.
 * err says line and column; the tree is yours to json_decref(). */
int tcn_json_parse(struct tcn_str text, const struct tcn_json_limits *limits, json_t **ret_root,
                   struct tcn_err *err);

/* Everything that is wrong with a file, told at once. */
#define TCN_MAX_PROBLEMS 100
struct tcn_problems {
    struct tcn_buf text; /* one line each: FILE:LINE: PATH: what is wrong; what to do */
    size_t n;            /* how often something was wrong; what is the same stands in text once */
    size_t lines;
    struct tcn_place {   /* of each line of text */
        size_t file_len; /* FILE is that much of the line; 0 when it names no line of a file */
        int line;
    } places[TCN_MAX_PROBLEMS];
};
void tcn_problems_init(struct tcn_problems *p);
void tcn_problems_done(struct tcn_problems *p);
void tcn_problems_add(struct tcn_problems *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts them in the order of the lines of their file, then of their paths; those of `file` before those of others. */
void tcn_problems_sort(struct tcn_problems *p, const char *file);

/* A parsed file with its text, so that a path can be turned into a line. */
struct tcn_doc {
    const char *file;              /* borrowed: name for messages */
    struct tcn_str text;           /* borrowed */
    json_t *root;                  /* owned */
    struct tcn_problems *problems; /* borrowed */
    struct tcn_problems
        *warnings; /* borrowed; NULL: nobody wants to know. Set it after tcn_doc_parse() */
    struct tcn_slips *slips; /* owned: members that tcn_node_only() called misspelt */
};
/* Parses text; a syntax error is added to problems with what to do about it, and returned. A byte order mark in front
 * is skipped (RFC 8259 section 8.1 permits it). tcn_doc_done releases the tree. */
int tcn_doc_parse(struct tcn_doc *doc, const char *file, struct tcn_str text,
                  struct tcn_problems *problems);
void tcn_doc_done(struct tcn_doc *doc);

/* A place in a document. Nodes live on the stack and point to their parents; json is NULL where the member
 * is absent. */
struct tcn_node {
    const struct tcn_doc *doc;
    const struct tcn_node *parent;
    const char *key; /* NULL for an array element */
    size_t index;
    json_t *json; /* borrowed from the document */
};
struct tcn_node tcn_node_root(const struct tcn_doc *doc);
/* The member of that name; when there is none, the one that tcn_node_only() called a misspelling of it, so that a slip
 * in a name is one problem and hides nothing below it. */
struct tcn_node tcn_node_member(const struct tcn_node *parent, const char *key);
struct tcn_node tcn_node_item(const struct tcn_node *parent, size_t index);
/* "$.sources.prom.auth[0].kind"; a member that is no plain name is quoted as in $["a b"]. */
void tcn_node_path(const struct tcn_node *n, struct tcn_buf *out);
/* Line of the node (from 1); the line of the nearest present ancestor when it is absent. */
int tcn_node_line(const struct tcn_node *n);
/* Adds "FILE:LINE: PATH: message" to the document's problems; returns TCN_EINVALID. Of a member whose name is called
 * misspelt nothing more is told. */
int tcn_node_problem(const struct tcn_node *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds "FILE:LINE: PATH: warning: message" to the document's warnings: what may stay as it is, and is hardly meant. */
void tcn_node_warning(const struct tcn_node *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Typed reads. An absent member leaves *ret alone and returns 0, unless TCN_NEED is given; a wrong type or
 * range adds a problem and returns TCN_EINVALID. Text is borrowed from the document. */
enum { TCN_OPTIONAL = 0, TCN_NEED = 1 };
int tcn_node_text(const struct tcn_node *parent, const char *key, int need, const char **ret);
int tcn_node_int(const struct tcn_node *parent, const char *key, int need, int64_t min, int64_t max,
                 int64_t *ret);
int tcn_node_bool(const struct tcn_node *parent, const char *key, int need, bool *ret);
/* No wait of Tocsin is longer: 3650 days. */
#define TCN_DURATION_MAX_MS (INT64_C(3650) * 86400000)
int tcn_node_duration(const struct tcn_node *parent, const char *key, int need, int64_t *ret_ms);
/* One of names (ends with NULL): *ret is its index. */
int tcn_node_choice(const struct tcn_node *parent, const char *key, int need,
                    const char *const names[], int *ret);
/* The member must be an object / array when present; ret->json is NULL when absent. */
int tcn_node_object(const struct tcn_node *parent, const char *key, int need, struct tcn_node *ret);
int tcn_node_array(const struct tcn_node *parent, const char *key, int need, struct tcn_node *ret);
/* Every member not in names (ends with NULL) is a problem that suggests the nearest name. So is a node that is there
 * and no object; what it lacks then is not told again by the typed reads. */
int tcn_node_only(const struct tcn_node *object, const char *const names[]);
/* The node refers to something by its name, word, and that is none of names (ends with NULL): "WORD is PROBLEM" with
 * the nearest name, or those that are known (tcn_buf_known). Returns TCN_EINVALID. */
int tcn_node_no_such(const struct tcn_node *n, const char *word, const char *problem,
                     const char *const names[]);
/* An element of a list: the text of its member key must not be that of an earlier element. */
int tcn_node_unique(const struct tcn_node *element, const char *key);
/* node is text that stood before as the other: one of them is too many. */
int tcn_node_twice(const struct tcn_node *node, const struct tcn_node *other);

#endif

/* Error codes and the one-line message that goes with them.
 * Functions return 0 or a negative TCN_E*; a caller who wants the text passes its own tcn_err. */
#ifndef TCN_BASE_ERR_H
#define TCN_BASE_ERR_H

enum tcn_code {
    TCN_OK = 0,
    TCN_ENOTFOUND = -1, /* no such thing */
    TCN_ECONFLICT = -2, /* exists already, or changed meanwhile */
    TCN_ELIMIT = -3,    /* a cap was reached */
    TCN_ESYNTAX = -4,   /* the bytes are not of the format */
    TCN_EINVALID = -5,  /* well formed, but not allowed */
    TCN_EIO = -6,       /* the world failed: file, socket, database */
    TCN_EBUSY = -7,     /* not now; try again */
    TCN_EAUTH = -8,     /* not who they say, or not allowed */
    TCN_EFULL = -9      /* no space left on the disk */
};

#define TCN_ERR_MSG 720

/* Caller's, of fixed size; msg is one line: what was wrong and where. */
struct tcn_err {
    int code;
    char msg[TCN_ERR_MSG];
};

/* Fills err (may be NULL) and returns code, so that "return tcn_fail(err, TCN_EINVALID, ...)" reads well. */
int tcn_fail(struct tcn_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "not found", "conflict", ...: for logs and tests. */
const char *tcn_code_name(int code);

#endif

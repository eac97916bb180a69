/* What a refusal of PostgreSQL means to who runs Tocsin: the sentence itself, taken out of what libpq makes of it, and what
 * to do. Pure. */
#ifndef TCN_STORE_POSTGRES_REMEDY_H
#define TCN_STORE_POSTGRES_REMEDY_H

#define TCN_PG_STATE 6

struct tcn_pg_refusal {
    char state[TCN_PG_STATE]; /* SQLSTATE; "": no server said it */
    char text[300];           /* one line, without where and how severe */
};

/* Of the message of a connection whose errors are verbose (PQERRORS_VERBOSE, which has the SQLSTATE): of several tries the last
 * that a server answered, else the last. */
void tcn_pg_read_refusal(const char *message, struct tcn_pg_refusal *ret);
/* What to do about it, "" when there is nothing to say. Text of servers may be in any language: what matters is known by
 * the SQLSTATE alone, text only makes it more exact. Static. */
const char *tcn_pg_remedy(const char *state, const char *text);

#endif

/* The server's clock, which all nodes go by: it comes with answers that are read anyway. */
#include "store/postgres.h"

#include "sys/clock.h"

#include <endian.h>
#include <stdlib.h>

/* Texts outside of the pipeline are answered in text, statements in binary. */
static int64_t number(const PGresult *row, int column)
{
    uint64_t big;

    if (PQfformat(row, column) == 0)
        return strtoll(PQgetvalue(row, 0, column), NULL, 10);
    if (PQgetlength(row, 0, column) != sizeof big)
        return 0;
    memcpy(&big, PQgetvalue(row, 0, column), sizeof big);
    return (int64_t)be64toh(big);
}

void tcn_pg_hear(struct tcn_db *db, const PGresult *row, int column, int64_t asked_us)
{
    int64_t now_ms = PQntuples(row) == 1 ? number(row, column) : 0;

    if (now_ms > 0)
        tcn_clock_far_hear(&db->clock, now_ms, asked_us, tcn_clock_boot_us());
}

struct tcn_clock_far *tcn_pg_clock(struct tcn_db *db)
{
    return &db->clock;
}

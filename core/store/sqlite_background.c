/* Checkpoints beside the commits: a thread with a connection of its own moves the log into the file, while the store's
 * thread goes on appending to it. What was appended meanwhile is left to the store's own checkpoint, which is short
 * then, and after which SQLite begins the log anew. */
#include "store/sqlite.h"

#include "base/xalloc.h"
#include <pthread.h>
#include <stdlib.h>

struct tcn_background {
    struct tcn_db *db; /* owned; the thread's while it runs */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t asked;
    bool is_asked, is_done, is_stopping;
    size_t moved;
};

/* SQLite syncs the file when all of the log is in it, which the store's commits prevent: the disk would do it all while the
 * store's own checkpoint waits. It syncs again, and is told there what fails here. */
static void sync_file(struct tcn_db *db)
{
    sqlite3_file *file = NULL;

    if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
        file->pMethods)
        file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

static void *run(void *arg)
{
    struct tcn_background *b = arg;

    pthread_mutex_lock(&b->mutex);
    for (;;) {
        while (!b->is_asked && !b->is_stopping)
            pthread_cond_wait(&b->asked, &b->mutex);
        if (b->is_stopping)
            break;
        b->is_asked = false;
        pthread_mutex_unlock(&b->mutex);
        /* What fails here fails in the store's own checkpoint again, and is told there. */
        tcn_sqlite_upkeep(b->db, NULL);
        sync_file(b->db);
        pthread_mutex_lock(&b->mutex);
        b->is_done = true;
        b->moved = b->db->moved_pages;
    }
    pthread_mutex_unlock(&b->mutex);
    return NULL;
}

struct tcn_background *tcn_background_start(const char *path)
{
    struct tcn_background *b;
    struct tcn_db *db;

    if (tcn_sqlite_open_beside(path, TCN_DB_GUEST, &db, NULL) < 0)
        return NULL;
    b = tcn_xcalloc(1, sizeof *b);
    b->db = db;
    pthread_mutex_init(&b->mutex, NULL);
    pthread_cond_init(&b->asked, NULL);
    if (pthread_create(&b->thread, NULL, run, b) == 0)
        return b;
    tcn_sqlite_close(db);
    free(b);
    return NULL;
}

void tcn_background_ask(struct tcn_background *b)
{
    pthread_mutex_lock(&b->mutex);
    b->is_asked = true;
    b->is_done = false;
    pthread_cond_signal(&b->asked);
    pthread_mutex_unlock(&b->mutex);
}

bool tcn_background_is_done(struct tcn_background *b, size_t *ret_moved)
{
    bool is_done;

    pthread_mutex_lock(&b->mutex);
    is_done = b->is_done;
    *ret_moved = b->moved;
    pthread_mutex_unlock(&b->mutex);
    return is_done;
}

void tcn_background_stop(struct tcn_background *b)
{
    if (!b)
        return;
    pthread_mutex_lock(&b->mutex);
    b->is_stopping = true;
    pthread_cond_signal(&b->asked);
    pthread_mutex_unlock(&b->mutex);
    pthread_join(b->thread, NULL);
    tcn_sqlite_close(b->db);
    pthread_cond_destroy(&b->asked);
    pthread_mutex_destroy(&b->mutex);
    free(b);
}

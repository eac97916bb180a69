#include "app/check_window.h"

#include "base/datetime.h"
#include "engine/mute.h"

static void local_text(const struct tcn_window *w, int64_t ms, char *ret, size_t size)
{
    tcn_time_format(ms + tcn_zone_offset_ms(w->zone, ms), "%Y-%m-%d %H:%M", ret, size);
}

static void tell(const struct tcn_window *w, int64_t now_ms, FILE *out)
{
    struct tcn_window_span span;
    char start[32], end[32];

    if (!tcn_window_span(w, now_ms, &span)) {
        fprintf(out,
                "maintenance window: %s: never again; extend its \"until\", or remove it (%s)\n",
                w->name, w->owner);
        return;
    }
    local_text(w, span.start_ms, start, sizeof start);
    local_text(w, span.end_ms, end, sizeof end);
    fprintf(out, "maintenance window: %s: %s %s to %s %s (%s)\n", w->name,
            span.start_ms <= now_ms ? "now, from" : "next from", start, end, w->zone->name,
            w->owner);
}

void tcn_check_windows(const struct tcn_directory *dir, int64_t now_ms, FILE *out)
{
    for (size_t i = 0; i < dir->n_windows; i++)
        tell(&dir->windows[i], now_ms, out);
}

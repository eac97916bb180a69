/* The pages behind an acknowledge link: plain HTML that works on any telephone, without scripts. */
#include "api/ack.h"
#include "base/datetime.h"

#define HEAD                                                                                       \
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"                              \
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"                      \
    "<meta name=\"robots\" content=\"noindex\"><title>Tocsin</title><style>"                       \
    "body{font:18px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;"     \
    "color:#1b1b1b;background:#fff}button{font:inherit;font-weight:600;padding:.9rem 1.6rem;"      \
    "border:0;border-radius:.4rem;background:#a4161a;color:#fff;width:100%}"                       \
    "dl{display:grid;grid-template-columns:max-content auto;gap:.2rem 1rem}dt{color:#555}"         \
    "dd{margin:0}p.state{padding:.6rem 1rem;background:#e6f2e6;border-radius:.4rem}"               \
    "pre{white-space:pre-wrap;font:inherit}</style></head><body>"

static void add_row(struct tcn_buf *out, const char *name, const char *value)
{
    tcn_buf_fmt(out, "<dt>%s</dt><dd>", name);
    tcn_buf_html(out, tcn_str(value ? value : "-"));
    tcn_buf_z(out, "</dd>");
}

static void add_time(struct tcn_buf *out, const char *name, int64_t ms)
{
    char text[TCN_TIME_TEXT];

    tcn_time_text(ms, text);
    add_row(out, name, text);
}

static void add_facts(struct tcn_buf *out, const struct tcn_incident *incident,
                      const struct tcn_page *page)
{
    char impact[2] = {(char)('0' + incident->impact % 10), 0};

    tcn_buf_z(out, "<dl>");
    if (incident->impact > 0)
        add_row(out, "Impact", impact);
    add_row(out, "Status", incident->status == TCN_STATUS_OPEN ? "open" : "resolved");
    add_time(out, "Since", incident->created_ms);
    add_row(out, "Paged", page->contact);
    if (incident->acknowledged_ms) {
        add_time(out, "Acknowledged", incident->acknowledged_ms);
        add_row(out, "by", incident->acknowledged_by);
    }
    tcn_buf_z(out, "</dl>");
}

static const char *sentence(enum tcn_ack_view view)
{
    switch (view) {
    case TCN_ACK_DONE:
        return "<p class=\"state\">Acknowledged. You are not paged for it any more.</p>";
    case TCN_ACK_RESOLVED:
        return "<p class=\"state\">This incident is resolved. There is nothing to do.</p>";
    case TCN_ACK_EXPIRED:
        return "<p class=\"state\">This link has expired. Acknowledge the incident in Tocsin.</p>";
    case TCN_ACK_ASK:
    default:
        return "<form method=\"post\"><button>Acknowledge</button></form>";
    }
}

void tcn_ack_page(struct tcn_buf *out, enum tcn_ack_view view, const struct tcn_incident *incident,
                  const struct tcn_page *page)
{
    tcn_buf_z(out, HEAD "<h1>");
    tcn_buf_html(out, tcn_str(incident->title));
    tcn_buf_z(out, "</h1>");
    tcn_buf_z(out, sentence(view));
    add_facts(out, incident, page);
    if (incident->summary) {
        tcn_buf_z(out, "<pre>");
        tcn_buf_html(out, tcn_str(incident->summary));
        tcn_buf_z(out, "</pre>");
    }
    tcn_buf_z(out, "</body></html>\n");
}

void tcn_ack_unknown(struct tcn_buf *out)
{
    tcn_buf_z(out, HEAD "<h1>Unknown link</h1><p>This is no acknowledge link of this Tocsin. Copy "
                        "the whole link of the mail.</p></body></html>\n");
}

void tcn_ack_unavailable(struct tcn_buf *out, bool is_post, bool is_undecided)
{
    tcn_buf_z(
        out, HEAD
        "<h1>Not possible just now</h1><p>Tocsin cannot reach its database, or not write to it. ");
    if (!is_post)
        tcn_buf_z(out, "Nothing is lost.");
    else if (is_undecided)
        tcn_buf_z(out, "Whether your answer arrived is not known yet: look again in a moment.");
    else
        tcn_buf_z(out, "<b>Your answer was not taken</b>: people are paged on.");
    tcn_buf_z(out,
              "</p><form method=\"get\"><button>Try again</button></form><p>When this stays, tell "
              "whoever runs Tocsin, and look after what the mail says: it is true all the "
              "same.</p></body></html>\n");
}

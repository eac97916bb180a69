/* Keeps secrets out of what people and disks get to see, should a remote or a library echo them. */
#include "base/text.h"
#include "connect/token.h"

#include <openssl/crypto.h>

#define SCRUB_MIN 4     /* a shorter secret would blank half of every text */
#define FORMS_OF_ONE 18 /* of a URL: the whole, from its path on, its query; six each */
#define TOKENS 2        /* the access token, and the one before it */
#define FORMS_MAX ((TCN_SECRETS_MAX + TOKENS) * FORMS_OF_ONE)
#define FORM_CAP (4 * TCN_SECRET_MAX)

/* One spelling of one secret. */
struct form {
    struct tcn_buf text;
    const char *option;
};

struct forms {
    struct form items[FORMS_MAX];
    size_t n;
};

static struct tcn_buf *add_form(struct forms *f, const char *option)
{
    struct form *form = &f->items[f->n++];

    tcn_buf_init(&form->text, FORM_CAP);
    form->option = option;
    return &form->text;
}

static void drop_if_short(struct forms *f)
{
    struct tcn_buf *last = &f->items[f->n - 1].text;

    if (last->len >= SCRUB_MIN && tcn_buf_ok(last))
        return;
    tcn_buf_done(last);
    f->n--;
}

/* Base64 of "user:SECRET" has three alignments: the characters that the secret alone determines are the same for
 * each, whatever stands before and after it. */
static void add_base64(struct forms *f, const char *option, struct tcn_str secret, size_t shift)
{
    static const char zero[2];
    struct tcn_buf plain, coded, *form = add_form(f, option);
    size_t first = (shift * 8 + 5) / 6, last = (shift + secret.len) * 8 / 6;

    tcn_buf_init(&plain, FORM_CAP);
    tcn_buf_init(&coded, FORM_CAP);
    tcn_buf_add(&plain, zero, shift);
    tcn_buf_str(&plain, secret);
    tcn_base64(&coded, plain.ptr, plain.len);
    if (tcn_buf_ok(&coded) && last > first && last - first >= 2 * SCRUB_MIN)
        tcn_buf_add(form, coded.ptr + first, last - first);
    OPENSSL_cleanse(plain.ptr, plain.len);
    OPENSSL_cleanse(coded.ptr, coded.len);
    tcn_buf_done(&plain);
    tcn_buf_done(&coded);
    drop_if_short(f);
}

static void add_json(struct forms *f, const char *option, struct tcn_str secret)
{
    struct tcn_buf quoted, *form = add_form(f, option);

    tcn_buf_init(&quoted, FORM_CAP);
    tcn_buf_json(&quoted, secret);
    if (tcn_buf_ok(&quoted) && quoted.len > 2)
        tcn_buf_add(form, quoted.ptr + 1, quoted.len - 2);
    OPENSSL_cleanse(quoted.ptr, quoted.len);
    tcn_buf_done(&quoted);
    drop_if_short(f);
}

static void add_forms(struct forms *f, const char *option, struct tcn_str secret)
{
    tcn_buf_str(add_form(f, option), secret);
    drop_if_short(f);
    tcn_buf_percent(add_form(f, option), secret);
    drop_if_short(f);
    add_json(f, option, secret);
    for (size_t shift = 0; shift < 3; shift++)
        add_base64(f, option, secret, shift);
}

/* A receiver that is asked for a path tells of the path, not of the URL. */
static void add_parts(struct forms *f, const char *option, struct tcn_str url)
{
    const char *host = strstr(url.ptr, "://"), *path = host ? strchr(host + 3, '/') : NULL,
               *query = strchr(url.ptr, '?');

    if (path)
        add_forms(f, option, tcn_str(path));
    if (query)
        add_forms(f, option, tcn_str(query + 1));
}

static void add_secret(struct forms *f, const struct tocsin_option *option,
                       const struct tcn_secret *value)
{
    add_forms(f, option->name, tcn_secret_view(value));
    if ((option->flags & TOCSIN_INSTEAD) != 0)
        add_parts(f, option->name, tcn_secret_view(value));
}

static void add_tokens(struct forms *f, const struct tcn_instance *i)
{
    const struct tcn_str tokens[TOKENS] = {tcn_token_view(i), tcn_token_view_of_last(i)};

    for (size_t n = 0; n < TOKENS; n++)
        if (tokens[n].ptr)
            add_forms(f, TCN_TOKEN_NAME, tokens[n]);
}

static void free_forms(struct forms *f)
{
    for (size_t i = 0; i < f->n; i++) {
        OPENSSL_cleanse(f->items[i].text.ptr, f->items[i].text.len);
        tcn_buf_done(&f->items[i].text);
    }
}

/* The longest form that text starts with. */
static const struct form *form_at(const struct forms *f, struct tcn_str text)
{
    const struct form *best = NULL;

    for (size_t i = 0; i < f->n; i++)
        if (tcn_str_starts(text, tcn_buf_view(&f->items[i].text)) &&
            (!best || f->items[i].text.len > best->text.len))
            best = &f->items[i];
    return best;
}

void tcn_instance_scrub(const struct tcn_instance *i, struct tcn_str text, struct tcn_buf *ret)
{
    struct forms forms = {.n = 0};

    for (size_t n = 0; n < i->n_secrets; n++)
        if (i->secrets[n].value.ptr)
            add_secret(&forms, i->secrets[n].option, &i->secrets[n].value);
    add_tokens(&forms, i);
    while (text.len > 0 && tcn_buf_ok(ret)) {
        const struct form *found = form_at(&forms, text);
        size_t n = found ? found->text.len : 1;

        if (found)
            tcn_buf_fmt(ret, "[secret %s]", found->option);
        else
            tcn_buf_char(ret, text.ptr[0]);
        text.ptr += n;
        text.len -= n;
    }
    free_forms(&forms);
}

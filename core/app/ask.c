#include "app/ask.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "sys/file.h"
#include "sys/secret.h"

#include <curl/curl.h>
#include <stdlib.h>

#define ANSWER_MAX (32u << 20)
#define CONNECT_S 5L
#define ANSWER_S 30L

struct tcn_ask {
    char *url; /* owned; without a slash at its end */
    char *ca_file;
    struct tcn_secret header; /* Authorization: Bearer TOKEN */
    CURL *easy;
    struct tcn_buf body;
};

static const struct tcn_json_limits of_answers = {ANSWER_MAX, 2000000, 64};

/* -- who is asked, and as whom ------------------------------------------------------------------------------------- */

static int set_url(struct tcn_ask *a, const char *url, struct tcn_err *err)
{
    size_t n;

    if (!url)
        url = getenv("TOCSIN_URL");
    if (!url || !*url)
        url = TCN_ASK_URL;
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return tcn_fail(err, TCN_EINVALID,
                        "\"%.200s\" is no URL of a server: write it as https://tocsin.example",
                        url);
    a->url = tcn_xstrdup(url);
    n = strlen(a->url);
    while (n > 0 && a->url[n - 1] == '/')
        a->url[--n] = '\0';
    return 0;
}

static int use_token(struct tcn_ask *a, struct tcn_str token, struct tcn_err *err)
{
    static const char name[] = "Authorization: Bearer ";
    struct tcn_buf header;

    while (token.len > 0 && strchr("\r\n\t ", token.ptr[token.len - 1]))
        token.len--;
    if (token.len == 0 || memchr(token.ptr, '\n', token.len) || memchr(token.ptr, '\r', token.len))
        return tcn_fail(err, TCN_EINVALID, "the token is empty or has several lines");
    tcn_buf_init(&header, TCN_SECRET_MAX);
    tcn_buf_z(&header, name);
    tcn_buf_add(&header, token.ptr, token.len);
    tcn_secret_set(&a->header, header.ptr, header.len);
    tcn_buf_done(&header);
    return 0;
}

static int set_token(struct tcn_ask *a, const char *file, struct tcn_err *err)
{
    const char *value = getenv("TOCSIN_TOKEN");
    struct tcn_buf text;
    int r;

    if (!file && (!value || !*value))
        return tcn_fail(err, TCN_EINVALID,
                        "no token: set TOCSIN_TOKEN, or name a file with --token-file; \"tokens\" "
                        "of the configuration has them");
    if (!file)
        return use_token(a, tcn_str(value), err);
    tcn_buf_init(&text, TCN_SECRET_MAX);
    if ((r = tcn_file_read(file, &text, err)) == 0)
        r = use_token(a, tcn_buf_view(&text), err);
    tcn_buf_done(&text);
    return r;
}

int tcn_ask_open(const struct tcn_ask_options *options, struct tcn_ask **ret, struct tcn_err *err)
{
    struct tcn_ask *a = tcn_xcalloc(1, sizeof *a);
    int r;

    tcn_buf_init(&a->body, ANSWER_MAX);
    a->ca_file = tcn_xstrdup(options->ca_file);
    if ((r = set_url(a, options->url, err)) == 0)
        r = set_token(a, options->token_file, err);
    if (r == 0 && !(a->easy = curl_easy_init()))
        r = tcn_fail(err, TCN_EIO, "libcurl cannot be used");
    if (r < 0)
        tcn_ask_close(a);
    else
        *ret = a;
    return r;
}

void tcn_ask_close(struct tcn_ask *a)
{
    if (!a)
        return;
    if (a->easy)
        curl_easy_cleanup(a->easy);
    tcn_secret_done(&a->header);
    tcn_buf_done(&a->body);
    free(a->ca_file);
    free(a->url);
    free(a);
}

const char *tcn_ask_url(const struct tcn_ask *a)
{
    return a->url;
}

/* -- one question -------------------------------------------------------------------------------------------------- */

static size_t on_body(char *bytes, size_t one, size_t n, void *arg)
{
    struct tcn_buf *body = arg;

    tcn_buf_add(body, bytes, one * n);
    return tcn_buf_ok(body) ? one * n : 0;
}

/* The connection, if there is one, stays. */
static void set_options(struct tcn_ask *a, const char *url, bool is_post,
                        struct curl_slist *headers)
{
    CURL *c = a->easy;

    curl_easy_reset(c);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L); /* the token is for nobody else */
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, ANSWER_S);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    if (a->ca_file) {
        curl_easy_setopt(c, CURLOPT_CAINFO, a->ca_file);
        curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    if (is_post)
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, "");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &a->body);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
}

static int perform(struct tcn_ask *a, const char *path, bool is_post, long *ret_status,
                   struct tcn_err *err)
{
    struct curl_slist *headers = curl_slist_append(NULL, a->header.ptr);
    struct tcn_buf url;
    CURLcode code;

    tcn_buf_init(&url, 8192);
    tcn_buf_fmt(&url, "%s%s", a->url, path);
    tcn_buf_clear(&a->body);
    set_options(a, tcn_buf_view(&url).ptr, is_post, headers);
    code = curl_easy_perform(a->easy);
    curl_slist_free_all(headers);
    tcn_buf_done(&url);
    if (code != CURLE_OK)
        return tcn_fail(err, TCN_EIO, "%s does not answer: %s; --url says where Tocsin is", a->url,
                        curl_easy_strerror(code));
    curl_easy_getinfo(a->easy, CURLINFO_RESPONSE_CODE, ret_status);
    return 0;
}

static int refused(const struct tcn_ask *a, const char *path, long status, const json_t *answer,
                   struct tcn_err *err)
{
    json_t *error = json_object_get(answer, "error");
    const char *why = json_string_value(json_object_get(error, "message"));
    const char *code = json_string_value(json_object_get(error, "code"));
    int r = status == 404 ? TCN_ENOTFOUND : status == 409 ? TCN_ECONFLICT : TCN_EINVALID;

    if (code && strcmp(code, "busy") == 0)
        r = TCN_EBUSY;
    if (!why)
        return tcn_fail(err, TCN_EIO, "%s%.200s answered %ld, and not as Tocsin does", a->url, path,
                        status);
    return tcn_fail(err, r, "%.400s (%.200s answered %ld)", why, path, status);
}

static int ask(struct tcn_ask *a, const char *path, bool is_post, json_t **ret, struct tcn_err *err)
{
    struct tcn_err unread;
    json_t *answer = NULL;
    long status = 0;
    int r = perform(a, path, is_post, &status, err);

    if (r < 0)
        return r;
    r = tcn_json_parse(tcn_buf_view(&a->body), &of_answers, &answer, &unread);
    if (r < 0 || status < 200 || status >= 300) {
        r = refused(a, path, status, answer, err);
        json_decref(answer);
        return r;
    }
    *ret = answer;
    return 0;
}

int tcn_ask_get(struct tcn_ask *a, const char *path, json_t **ret, struct tcn_err *err)
{
    return ask(a, path, false, ret, err);
}

int tcn_ask_post(struct tcn_ask *a, const char *path, json_t **ret, struct tcn_err *err)
{
    return ask(a, path, true, ret, err);
}

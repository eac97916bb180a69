/* Shared by the files of the transfer: transfer.c (life, callbacks), transfer_options.c, transfer_mail.c,
 * transfer_dialogue.c. */
#ifndef TCN_CONNECT_TRANSFER_INTERNAL_H
#define TCN_CONNECT_TRANSFER_INTERNAL_H

#include "connect/message.h"
#include "connect/transfer.h"

#define TCN_DIALOGUE_SOCKETS 4 /* libcurl tries two addresses at a time */

/* How far a mail is; times are monotonic, 0 = not yet. */
struct tcn_dialogue {
    int64_t begin_us, text_us; /* on a thread; the server asked for the text */
    bool is_connected;
    bool was_late; /* it was ended because an answer did not come */
    int status;    /* the answer that decides: to the text, or a refusal before it */
    curl_socket_t sockets[TCN_DIALOGUE_SOCKETS]; /* open ones */
    size_t n_sockets;
};

struct tcn_transfer {
    struct tcn_pump_wait wait; /* first */
    struct tcn_pump *pump;     /* borrowed */
    const struct tcn_instance *instance;
    tcn_transfer_done *done;
    void *ctx;
    uint32_t verb;
    bool is_running, is_mail;
    bool may_be_sent;   /* libcurl was about to write the request */
    bool was_refused;   /* the address is not allowed */
    bool was_plain;     /* because the call is not encrypted and the address not of this machine */
    bool was_too_large; /* head or body over its cap */
    bool only_loopback; /* not encrypted: any other address is refused */
    struct tcn_url url;
    struct tcn_message message;
    struct tcn_buf body;        /* of the answer */
    struct tcn_buf request_url; /* with secrets: wiped */
    struct tcn_buf request_body;
    struct curl_slist *headers, *recipients; /* headers: wiped */
    curl_mime *mime;
    struct tcn_dialogue dialogue; /* of a mail */
    char curl_error[CURL_ERROR_SIZE];
    struct tocsin_response response;
};

/* Sets every option of t->wait.easy. TCN_EINVALID, TCN_ELIMIT, TCN_EIO. */
int tcn_transfer_options(struct tcn_transfer *t, const struct tocsin_request *rq,
                         struct tcn_err *err);
/* The part of it that is about a mail. */
int tcn_transfer_mail(struct tcn_transfer *t, const struct tocsin_request *rq, struct tcn_err *err);
/* The part of that about patience, after what a mail has in common with other calls. */
void tcn_dialogue_options(struct tcn_transfer *t);
/* A line of an answer. */
void tcn_dialogue_answer(struct tcn_transfer *t, struct tcn_str line);
void tcn_dialogue_opened(struct tcn_dialogue *d, curl_socket_t fd);
/* The server asked for the text: it may have arrived. */
bool tcn_dialogue_has_text(const struct tcn_dialogue *d);
/* Appends a header line. TCN_EIO. */
int tcn_transfer_header(struct tcn_transfer *t, const char *line, struct tcn_err *err);

/* libcurl's callbacks, in transfer.c. */
size_t tcn_transfer_on_body(char *bytes, size_t size, size_t n, void *ctx);
size_t tcn_transfer_on_header(char *bytes, size_t size, size_t n, void *ctx);
curl_socket_t tcn_transfer_on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *addr);
int tcn_transfer_on_request(void *ctx, char *remote_ip, char *local_ip, int remote_port,
                            int local_port);

#endif

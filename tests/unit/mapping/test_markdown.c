/* Markdown as plain text and as an Atlassian document. */
#include "fixture.h"

#include "mapping/markdown.h"

static const char *render(struct tcn_value (*to)(struct tcn_work *, struct tcn_str),
                          const char *text)
{
    static char result[20000];
    struct tcn_arena arena;
    struct tcn_work work;
    struct tcn_value v;
    struct tcn_str s;

    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    tcn_work_init(&work, &arena, TCN_MAPPING_ARENA_BYTES / 2);
    v = to(&work, tcn_str(text));
    s = tcn_value_text(&work, &v);
    snprintf(result, sizeof result, "%s", work.spent ? work.spent : s.ptr);
    tcn_arena_done(&arena);
    return result;
}

struct text_case {
    const char *name, *text, *want;
};

static void check(struct tcn_value (*to)(struct tcn_work *, struct tcn_str),
                  const struct text_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = render(to, cases[i].text);

        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: %s, wanted %s", cases[i].name, got, cases[i].want);
    }
}

static void plain(void **state)
{
    static const struct text_case cases[] = {
        {"nothing", "", ""},
        {"text", "a b", "a b"},
        {"strong and em", "a **b** *c* d", "a b c d"},
        {"an open mark is text", "2 * 3 = 6 and **x", "2 * 3 = 6 and **x"},
        {"code", "use `a*b*c` now", "use a*b*c now"},
        {"an open code is text", "a ` b", "a ` b"},
        {"link", "see [the runbook](https://example.com/r) now",
         "see the runbook (https://example.com/r) now"},
        {"bare URL", "see https://example.com/a_b*c.", "see https://example.com/a_b*c."},
        {"no link to script", "[x](javascript:alert(1))", "[x](javascript:alert(1))"},
        {"heading", "## Top\nbelow", "Top\nbelow"},
        {"seven signs are text", "####### x", "####### x"},
        {"lists", "- a\n* b\n+ c", "- a\n- b\n- c"},
        {"ordered", "1. a\n2. b", "1. a\n2. b"},
        {"a year is no list", "2026.05", "2026.05"},
        {"paragraphs", "a\n\n\n\nb", "a\n\nb"},
        {"line ends stay", "a\r\nb\nc", "a\nb\nc"},
        {"code block", "```sh\n**raw**\n- x\n```\nafter", "**raw**\n- x\n\nafter"},
        {"open code block", "```\nx", "x"},
        {"table", "| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2"},
        {"utf-8", "**\xc3\xa4\xe2\x82\xac**", "\xc3\xa4\xe2\x82\xac"},
    };

    (void)state;
    check(tcn_markdown_plain, cases, ARRAY_LEN(cases));
}

#define DOC(content) "{\"type\":\"doc\",\"version\":1,\"content\":[" content "]}"
#define PARA(content) "{\"type\":\"paragraph\",\"content\":[" content "]}"
#define TEXT(t) "{\"type\":\"text\",\"text\":\"" t "\"}"
#define MARKED(t, marks) "{\"type\":\"text\",\"text\":\"" t "\",\"marks\":[" marks "]}"

static void adf(void **state)
{
    static const struct text_case cases[] = {
        {"nothing", "", DOC("")},
        {"text", "a", DOC(PARA(TEXT("a")))},
        {"strong", "**a** b", DOC(PARA(MARKED("a", "{\"type\":\"strong\"}") "," TEXT(" b")))},
        {"strong em", "***a***", DOC(PARA(MARKED("a", "{\"type\":\"strong\"},{\"type\":\"em\"}")))},
        {"code has no strong", "**`a`**", DOC(PARA(MARKED("a", "{\"type\":\"code\"}")))},
        {"link", "[a](http://x)",
         DOC(PARA(MARKED("a", "{\"type\":\"link\",\"attrs\":{\"href\":\"http://x\"}}")))},
        {"line end", "a\nb", DOC(PARA(TEXT("a") ",{\"type\":\"hardBreak\"}," TEXT("b")))},
        {"heading", "# a",
         DOC("{\"type\":\"heading\",\"attrs\":{\"level\":1},\"content\":[" TEXT("a") "]}")},
        {"list", "- a\n- b",
         DOC("{\"type\":\"bulletList\",\"content\":[{\"type\":\"listItem\",\"content\":[" PARA(
             TEXT("a")) "]},"
                        "{\"type\":\"listItem\",\"content\":[" PARA(TEXT("b")) "]}]}")},
        {"two lists", "- a\n1. b",
         DOC("{\"type\":\"bulletList\",\"content\":[{\"type\":\"listItem\",\"content\":[" PARA(
             TEXT("a")) "]}]},"
                        "{\"type\":\"orderedList\",\"content\":[{\"type\":\"listItem\",\"content\":"
                        "[" PARA(TEXT("b")) "]}]}")},
        {"code block", "```c\nint x;\n```",
         DOC("{\"type\":\"codeBlock\",\"attrs\":{\"language\":\"c\"},\"content\":[" TEXT(
             "int x;") "]}")},
        {"empty code block", "```\n```", DOC("{\"type\":\"codeBlock\",\"content\":[]}")},
        {"table", "|a|b|\n|-|-|\n|1|2|",
         DOC("{\"type\":\"table\",\"content\":[{\"type\":\"tableRow\",\"content\":[{\"type\":"
             "\"tableHeader\",\"content\":[" PARA(
                 TEXT("a")) "]},{\"type\":\"tableHeader\","
                            "\"content\":[" PARA(TEXT(
                                "b")) "]}]},"
                                      "{\"ty"
                                      "pe\":"
                                      "\"tab"
                                      "leRow"
                                      "\","
                                      "\"con"
                                      "tent"
                                      "\":[{"
                                      "\"typ"
                                      "e\":"
                                      "\"tab"
                                      "leCel"
                                      "l\","
                                      "\"con"
                                      "tent"
                                      "\":"
                                      "[" PARA(TEXT("1")) "]},{\"type\":\"tableCell\",\"content\":"
                                                          "[" PARA(TEXT("2")) "]}]}]}")},
    };

    (void)state;
    check(tcn_markdown_adf, cases, ARRAY_LEN(cases));
}

static struct tcn_value read_document(struct tcn_work *w, struct tcn_str text)
{
    static json_t *root;
    struct tcn_value document;

    json_decref(root);
    root = json_loadb(text.ptr, text.len, 0, NULL);
    assert_non_null(root);
    document = tcn_value_of_json(root);
    return tcn_adf_markdown(w, document);
}

#define NODE(type, content) "{\"type\":\"" type "\",\"content\":[" content "]}"
#define LEAF(type, attrs) "{\"type\":\"" type "\",\"attrs\":{" attrs "}}"
#define ITEM(content) NODE("listItem", content)

/* What people write in Jira and markdown does not have. */
static void read_back(void **state)
{
    static const struct text_case cases[] = {
        {"nothing", DOC(""), ""},
        {"no content", "{\"type\":\"doc\"}", ""},
        {"not a document", "{\"content\":{\"content\":7}}", ""},
        {"items that are none", DOC("1,null,\"x\",[],{}," PARA(TEXT("a") ",7,{}")), "a"},
        {"mentions", DOC(PARA(LEAF("mention", "\"id\":\"1\",\"text\":\"@Mia K\"") "," TEXT(", "))),
         "@Mia K, "},
        {"a mention without a name", DOC(PARA(LEAF("mention", "\"id\":\"712020:5a\""))),
         "@712020:5a"},
        {"emoji, state, date, card",
         DOC(PARA(LEAF("emoji", "\"shortName\":\":x:\"") "," LEAF(
             "status",
             "\"text\":\"DONE\"") "," LEAF("date",
                                           "\"timestamp\":\"1772236800000\"") "," LEAF("inlineCard",
                                                                                       "\"url\":"
                                                                                       "\"https://"
                                                                                       "c."
                                                                                       "example"
                                                                                       "\""))),
         ":x:DONE2026-02-28https://c.example"},
        {"a file between paragraphs",
         DOC(PARA(TEXT("a")) "," NODE("mediaSingle",
                                      LEAF("media", "\"id\":\"1\"")) "," PARA(TEXT("b"))),
         "a\n\n[attachment]\n\nb"},
        {"a rule", DOC(PARA(TEXT("a")) ",{\"type\":\"rule\"}"), "a\n\n---"},
        {"a panel is what it holds", DOC(NODE("panel", PARA(TEXT("a")) "," PARA(TEXT("b")))),
         "a\n\nb"},
        {"a link that is no web address",
         DOC(PARA(MARKED("a", "{\"type\":\"link\",\"attrs\":{\"href\":\"mailto:x@y\"}}"))),
         "a (mailto:x@y)"},
        {"a mark before a blank", DOC(PARA(TEXT("a") "," MARKED(" b", "{\"type\":\"strong\"}"))),
         "a **b**"},
        {"lists in lists",
         DOC(NODE("bulletList", ITEM(PARA(TEXT("a")) "," NODE(
                                    "orderedList", ITEM(PARA(TEXT("b"))) "," ITEM(PARA(
                                                       TEXT("c"))))) "," ITEM(PARA(TEXT("d"))))),
         "- a\n  1. b\n  2. c\n- d"},
        {"an item of two paragraphs and lines",
         DOC(NODE("bulletList", ITEM(PARA(TEXT("a") ",{\"type\":\"hardBreak\"}," TEXT(
                                    "b")) "," PARA(TEXT("c"))))),
         "- a b c"},
        {"tasks",
         DOC(NODE("taskList",
                  "{\"type\":\"taskItem\",\"attrs\":{\"state\":\"DONE\"},\"content\":[" TEXT(
                      "a") "]}," NODE("taskItem", TEXT("b")))),
         "- [x] a\n- [ ] b"},
        {"two lists",
         DOC(NODE("bulletList", ITEM(PARA(TEXT("a")))) "," NODE("orderedList",
                                                                ITEM(PARA(TEXT("b"))))),
         "- a\n\n1. b"},
    };

    (void)state;
    check(read_document, cases, ARRAY_LEN(cases));
}

/* What is written is read as what makes the same document; a CR within a line is no matter. */
static bool comes_back(const char *text)
{
    char *clean = strdup(text), *once, *markdown;
    bool same;

    for (char *at = clean; (at = strchr(at, '\r')) != NULL;)
        *at = ' ';
    once = strdup(render(tcn_markdown_adf, clean));
    markdown = strdup(render(read_document, once));
    same = strcmp(once, render(tcn_markdown_adf, markdown)) == 0;
    free(markdown);
    free(once);
    free(clean);
    return same;
}

/* What Tocsin wrote it reads as what makes the same document again, so that no side corrects the other. */
static void there_and_back(void **state)
{
    static const char *const texts[] = {
        "",
        "web is down",
        "**web** is down\n\n- see https://example.com/r\n- call *Mia*",
        "a **b *c* d** e ***f*** g",
        "*a***b** and **a***b*",
        "**a `b` c** `d`",
        "[the graph](https://g.example/?a=1&b=2) or https://h.example/x.",
        "**[bold](https://b.example)**",
        "# One\n\n###### Six\n\ntext\nnext line",
        "1. a\n2. b\n\nthen\n\n* c\n+ d",
        "```\nx\n\ny\n```",
        "```sh\nls -l | wc\n```\n\nafter",
        "```\n```",
        "| host | load |\n|---|---|\n| web-1 | 97 % |\n| web-2 | **3 %** |",
        "| one |",
        "2 * 3 = 6, a_b_c, 5 < 6 & \"x\" [y] `",
        "\xc3\xa4 **\xe2\x82\xac**",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (!comes_back(texts[i]))
            fail_msg("%s becomes another document", texts[i]);
}

/* ADF refuses empty texts and unknown nesting: true for whatever people write. */
static void check_node(json_t *node)
{
    const char *type = json_string_value(json_object_get(node, "type"));
    json_t *item;
    size_t i;

    assert_non_null(type);
    if (strcmp(type, "text") == 0)
        assert_true(json_string_length(json_object_get(node, "text")) > 0);
    if (json_object_get(node, "marks"))
        assert_true(json_array_size(json_object_get(node, "marks")) > 0);
    json_array_foreach(json_object_get(node, "content"), i, item)
    {
        if (strcmp(type, "bulletList") == 0 || strcmp(type, "orderedList") == 0)
            assert_string_equal(json_string_value(json_object_get(item, "type")), "listItem");
        check_node(item);
    }
}

static void any_text(void **state)
{
    static const char alphabet[] = "ab *`[]()|-#\n\r1.<>&\"\\h";
    uint32_t seed = 12345;
    size_t others = 0;
    char text[120];

    (void)state;
    print_message("seed %u\n", seed);
    for (size_t round = 0; round < 3000; round++) {
        size_t n = round % (sizeof text - 1);
        json_t *doc;

        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        text[n] = '\0';
        (void)render(tcn_markdown_plain, text);
        doc = parse_json(render(tcn_markdown_adf, text));
        check_node(doc);
        json_decref(doc);
        others += !comes_back(text);
    }
    /* Marks that cross each other, as in "*a `*` b", which markdown has no way to say otherwise. */
    assert_true(others < 10);
}

/* Nothing in a text makes it cost more than its length allows. */
static void hostile(void **state)
{
    static const char *const bits[] = {"[", "**", "`", "*a", "[a](", "http://", "|", "- ", "```\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bits); i++) {
        char *text = malloc(200001);
        size_t len = strlen(bits[i]), n = 200000 / len;

        for (size_t k = 0; k < n; k++)
            memcpy(text + k * len, bits[i], len);
        text[n * len] = '\0';
        (void)render(tcn_markdown_plain, text);
        (void)render(tcn_markdown_adf, text);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),          cmocka_unit_test(adf),      cmocka_unit_test(read_back),
        cmocka_unit_test(there_and_back), cmocka_unit_test(any_text), cmocka_unit_test(hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

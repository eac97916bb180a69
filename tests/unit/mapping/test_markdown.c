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
    }
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
        cmocka_unit_test(plain),
        cmocka_unit_test(adf),
        cmocka_unit_test(any_text),
        cmocka_unit_test(hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

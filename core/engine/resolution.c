#include "engine/resolution.h"
#include "base/str.h"

#include <string.h>

#define LONGEST 12

/* Letters and digits, in lower case. Also without the apostrophe that word processors write; other letters are kept, so
 * that they match nothing. False when it is longer than any known spelling. */
static bool bare(const char *told, char ret[LONGEST + 1])
{
    static const char apostrophe[] = "\xe2\x80\x99";
    size_t n = 0;

    while (*told) {
        unsigned char c = (unsigned char)*told;
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

        if (strncmp(told, apostrophe, 3) == 0) {
            told += 3;
            continue;
        }
        told++;
        if (!is_letter && !(c >= '0' && c <= '9') && c < 0x80)
            continue;
        if (n == LONGEST)
            return false;
        ret[n++] = (char)(is_letter ? c | 0x20 : c);
    }
    ret[n] = 0;
    return true;
}

const char *tcn_resolution_code(const char *told)
{
    /* "Won't Do" is what Jira calls it today. */
    static const char *const spellings[] = {"wontfix", "wontdo", "willnotfix"};
    char word[LONGEST + 1];

    if (!told || !*told)
        return "manual";
    if (!bare(told, word))
        return told;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strcmp(word, spellings[i]) == 0)
            return TCN_RESOLUTION_WONT_FIX;
    return told;
}

bool tcn_resolution_mutes(const struct tcn_resolution *resolution)
{
    return strcmp(resolution->code, TCN_RESOLUTION_WONT_FIX) == 0;
}

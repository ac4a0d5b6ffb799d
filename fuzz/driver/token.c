/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "token.h"

#include <ctype.h>
#include <string.h>

static bool is_number(const char *word, size_t len)
{
    static const char hexadecimal[] = "0123456789abcdef";
    return isdigit((unsigned char)word[0]) || (len == 2 && strspn(word, hexadecimal) >= 2);
}

/* A status that the library gave where it should not have: the same check gives ADDR for an
 * element, TABLE_ADDR for a table and RING_ADDR for a ring, and several oracles see it, each in its
 * words.
 *
 * Returns  where its name's last word begins, or NULL. */
static const char *status_in(const char *text)
{
    static const char prefix[] = "VVS_E_";
    size_t line = strcspn(text, "\n");
    const char *at = strstr(text, prefix);
    if (!at || at >= text + line) {
        return NULL;
    }
    const char *word = at + strlen(prefix);
    for (at = word; isalnum((unsigned char)*at) || *at == '_'; at++) {
        word = *at == '_' ? at + 1 : word;
    }
    return word;
}

bool token_detail(char *out_detail, size_t capacity, const char *text)
{
    size_t len = 0;
    const char *status = status_in(text);
    const char *behind = strstr(text, ": ");
    if (behind && behind < text + strcspn(text, "\n")) {
        text = behind + 2;
    }
    if (status) {
        for (; isalnum((unsigned char)*status) && len + 1 < capacity; status++) {
            out_detail[len++] = *status;
        }
        out_detail[len] = '\0';
        return true;
    }
    while (*text != '\0' && *text != '\n' && len + 1 < capacity) {
        size_t word = 0;
        while (isalnum((unsigned char)text[word]) || text[word] == '_') {
            word++;
        }
        if (word != 0 && is_number(text, word)) {
            len -= len != 0 && out_detail[len - 1] == '-';
            out_detail[len++] = '#';
            text += word;
            continue;
        }
        size_t piece = word != 0 ? word : 1;
        for (; piece != 0 && len + 1 < capacity; piece--) {
            out_detail[len++] = *text++;
        }
    }
    out_detail[len] = '\0';
    return false;
}

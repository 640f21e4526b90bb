/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/gluster_dict.h"

#include <endian.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

void gluster_dict_fini(struct gluster_dict *dict)
{
        text_fini(&dict->pairs);
        dict->count = 0;
}

static void number_add(struct text *text, size_t value)
{
        uint32_t big_endian = htobe32((uint32_t)value);

        text_add_bytes(text, &big_endian, sizeof big_endian);
}

void gluster_dict_add(struct gluster_dict *dict, const char *key, const char *value)
{
        number_add(&dict->pairs, strlen(key));
        number_add(&dict->pairs, strlen(value) + 1);
        text_add_bytes(&dict->pairs, key, strlen(key) + 1);
        text_add_bytes(&dict->pairs, value, strlen(value) + 1);
        dict->count++;
}

void gluster_dict_addf(struct gluster_dict *dict, const char *key, const char *format, ...)
{
        AUTO_FREE char *value = NULL;
        va_list arguments;

        va_start(arguments, format);
        if (vasprintf(&value, format, arguments) < 0)
                abort();
        va_end(arguments);
        gluster_dict_add(dict, key, value);
}

void gluster_dict_render(const struct gluster_dict *dict, struct text *out)
{
        number_add(out, dict->count);
        text_add_bytes(out, dict->pairs.data, dict->pairs.length);
}

/* What is left to read. */
struct rest {
        const unsigned char *at;
        size_t length;
};

static bool number_take(struct rest *rest, size_t *value)
{
        uint32_t big_endian;

        if (rest->length < sizeof big_endian)
                return false;
        memcpy(&big_endian, rest->at, sizeof big_endian);
        rest->at += sizeof big_endian;
        rest->length -= sizeof big_endian;
        *value = be32toh(big_endian);
        return true;
}

static const unsigned char *bytes_take(struct rest *rest, size_t length)
{
        const unsigned char *bytes = rest->at;

        if (rest->length < length)
                return NULL;
        rest->at += length;
        rest->length -= length;
        return bytes;
}

/* One pair; `value` is NULL when it is no string. */
struct pair {
        const char *key, *value;
        size_t key_length;
};

static bool pair_take(struct rest *rest, struct pair *pair)
{
        size_t value_length;

        if (!number_take(rest, &pair->key_length) || !number_take(rest, &value_length))
                return false;
        pair->key = (const char *)bytes_take(rest, pair->key_length + 1);
        pair->value = (const char *)bytes_take(rest, value_length);
        if (!pair->key || !pair->value ||
            memchr(pair->key, '\0', pair->key_length + 1) != pair->key + pair->key_length)
                return false;
        if (value_length == 0 || memchr(pair->value, '\0', value_length) != pair->value + value_length - 1)
                pair->value = NULL;
        return true;
}

const char *gluster_dict_find(const void *bytes, size_t length, const char *key)
{
        struct rest rest = { bytes, length };
        struct pair pair;
        size_t count;

        if (!number_take(&rest, &count))
                return NULL;
        while (count-- > 0 && pair_take(&rest, &pair))
                if (pair.key_length == strlen(key) && memcmp(pair.key, key, pair.key_length) == 0)
                        return pair.value;
        return NULL;
}

void gluster_dict_each(const void *bytes, size_t length,
                       void (*each)(void *context, const char *key, const char *value), void *context)
{
        struct rest rest = { bytes, length };
        struct pair pair;
        size_t count;

        if (!number_take(&rest, &count))
                return;
        while (count-- > 0 && pair_take(&rest, &pair))
                if (pair.value)
                        each(context, pair.key, pair.value);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/gluster/access_list_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "domain/canary.h"
#include "domain/path_rules.h"

#define HEADER "gatehouse-access 1"
#define VOLUME_ID_LENGTH (ACCESS_VOLUME_ID_SIZE - 1)

/* Letters and digits of the C locale, whatever the locale is. */
static bool is_alphanumeric(char character)
{
        return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
               (character >= '0' && character <= '9');
}

void access_file_fini(struct access_file *file)
{
        access_list_fini(&file->list);
        *file = (struct access_file){ 0 };
}

bool access_volume_is_valid(const char *name)
{
        size_t length = 0;

        for (; name[length]; length++)
                if (length == ACCESS_VOLUME_MAX || (!is_alphanumeric(name[length]) && !strchr("_-", name[length])))
                        return false;
        return length > 0;
}

static bool volume_id_is_valid(const char *id)
{
        for (size_t i = 0; i < VOLUME_ID_LENGTH; i++) {
                bool dash = i == 8 || i == 13 || i == 18 || i == 23;

                if (dash ? id[i] != '-' : !memchr("0123456789abcdef", id[i], 16))
                        return false;
        }
        return id[VOLUME_ID_LENGTH] == '\0';
}

static bool component_is_plain(const char *component, size_t length)
{
        if (length == 0 || length > PATH_COMPONENT_MAX_BYTES)
                return false;
        for (size_t i = 0; i < length; i++)
                if (!is_alphanumeric(component[i]) && !memchr("._-", component[i], 3))
                        return false;
        return !(length == 1 && component[0] == '.') && !(length == 2 && memcmp(component, "..", 2) == 0);
}

bool access_path_is_plain(const char *path)
{
        if (strcmp(path, CANARY_PATH) == 0)
                return true;
        if (path[0] != '/' || strlen(path) > PATH_MAX_BYTES || strncmp(path + 1, ".gatehouse", 10) == 0 ||
            strcmp(path, "/.glusterfs") == 0 || strncmp(path, "/.glusterfs/", 12) == 0)
                return false;
        for (const char *at = path; *at; at += 1 + strcspn(at + 1, "/"))
                if (!component_is_plain(at + 1, strcspn(at + 1, "/")))
                        return false;
        return true;
}

/* CRC-32 of IEEE 802.3 (reflected 0x04C11DB7), a byte at a time: the filter reads the list for each volfile. */
static uint32_t checksum(const char *bytes, size_t length)
{
        uint32_t table[256], crc = 0xFFFFFFFFu;

        for (uint32_t byte = 0; byte < 256; byte++) {
                table[byte] = byte;
                for (int bit = 0; bit < 8; bit++)
                        table[byte] = (table[byte] >> 1) ^ (0xEDB88320u & (0u - (table[byte] & 1)));
        }
        for (size_t i = 0; i < length; i++)
                crc = (crc >> 8) ^ table[(crc ^ (unsigned char)bytes[i]) & 0xFF];
        return ~crc;
}

/* Whether addresses are IPv4, sorted and without doubles. */
static bool addresses_are_plain(const struct address *addresses, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (addresses[i].family != ADDRESS_V4 ||
                    (i > 0 && address_compare(&addresses[i - 1], &addresses[i]) >= 0))
                        return false;
        return true;
}

static int entry_check(const struct access_list *list, size_t place, struct fault *fault)
{
        const struct access_entry *entry = &list->entries[place];

        if (!access_path_is_plain(entry->path))
                return fault_set(fault, FAULT_INVALID, "print access list: an access list cannot hold the path %s",
                                 entry->path);
        if (place > 0 && strcmp(list->entries[place - 1].path, entry->path) >= 0)
                return fault_set(fault, FAULT_INVALID, "print access list: %s is out of order", entry->path);
        if (entry->address_count == 0 || !addresses_are_plain(entry->addresses, entry->address_count))
                return fault_set(fault, FAULT_INVALID, "print access list: addresses of %s are not sorted IPv4",
                                 entry->path);
        return 0;
}

static int file_check(const struct access_file *file, struct fault *fault)
{
        const struct access_list *list = &file->list;
        size_t addresses = list->peer_count;

        if (!access_volume_is_valid(file->volume))
                return fault_set(fault, FAULT_INVALID, "print access list: %s is not a volume's name",
                                 file->volume);
        if (file->volume_id[0] && !volume_id_is_valid(file->volume_id))
                return fault_set(fault, FAULT_INVALID, "print access list: %s is not a volume's id",
                                 file->volume_id);
        if (list->peer_count > ACCESS_PEERS_MAX)
                return fault_set(fault, FAULT_TOO_LARGE, "print access list: more than %d storage nodes",
                                 ACCESS_PEERS_MAX);
        if (!addresses_are_plain(list->peers, list->peer_count))
                return fault_set(fault, FAULT_INVALID, "print access list: storage nodes are not sorted IPv4");
        for (size_t i = 0; i < list->entry_count; i++) {
                int failed = entry_check(list, i, fault);

                if (failed)
                        return failed;
                addresses += list->entries[i].address_count;
        }
        if (addresses > ACCESS_ADDRESSES_MAX)
                return fault_set(fault, FAULT_TOO_LARGE,
                                 "print access list: %zu addresses, at most %d are allowed", addresses,
                                 ACCESS_ADDRESSES_MAX);
        return 0;
}

static void addresses_print(const struct address *addresses, size_t count, const char *after, struct text *out)
{
        char text[ADDRESS_TEXT_SIZE];

        for (size_t i = 0; i < count; i++) {
                text_add(out, address_format(&addresses[i], text));
                text_add(out, after);
        }
}

int access_file_print(const struct access_file *file, struct text *out, struct fault *fault)
{
        AUTO_TEXT struct text text = { 0 };
        const struct access_list *list = &file->list;
        int failed = file_check(file, fault);

        if (failed)
                return failed;
        text_addf(&text, HEADER "\nvolume %s\nid %s\ngeneration %" PRIu64 "\npeers %zu\n", file->volume,
                  file->volume_id[0] ? file->volume_id : "-", list->generation, list->peer_count);
        addresses_print(list->peers, list->peer_count, "\n", &text);
        text_addf(&text, "entries %zu\n", list->entry_count);
        for (size_t i = 0; i < list->entry_count; i++) {
                const struct access_entry *entry = &list->entries[i];

                text_addf(&text, "%s %zu\n", entry->path, entry->address_count);
                addresses_print(entry->addresses, entry->address_count, "\n", &text);
        }
        text_addf(&text, "end %08" PRIx32 "\n", checksum(text_get(&text), text.length));
        if (text.length > ACCESS_TEXT_MAX)
                return fault_set(fault, FAULT_TOO_LARGE, "print access list: %zu bytes, at most %d are allowed",
                                 text.length, ACCESS_TEXT_MAX);
        text_add_bytes(out, text_get(&text), text.length);
        return 0;
}

/* Reading: one line at a time. */
struct reader {
        const char *text;
        size_t length;
        size_t at;        /* of the next line */
        unsigned line;    /* number of the line in `word` */
        size_t addresses; /* taken so far */
        char word[PATH_MAX_BYTES + 32];
        struct fault *fault;
};

static int reader_refuse(const struct reader *reader, const char *what)
{
        return fault_set(reader->fault, FAULT_MALFORMED, "read access list: line %u is not %s", reader->line,
                         what);
}

/* The next line, without its newline, into reader->word. A line that is cut, too long or holds NUL is refused. */
static int reader_line(struct reader *reader, const char *what)
{
        const char *start = reader->text + reader->at;
        const char *end = memchr(start, '\n', reader->length - reader->at);

        reader->line++;
        if (!end || (size_t)(end - start) >= sizeof reader->word || memchr(start, '\0', (size_t)(end - start)))
                return reader_refuse(reader, what);
        memcpy(reader->word, start, (size_t)(end - start));
        reader->word[end - start] = '\0';
        reader->at += (size_t)(end - start) + 1;
        return 0;
}

/* A decimal number without sign or leading zeros, and nothing after it. */
static bool number_parse(const char *text, uint64_t most, uint64_t *number)
{
        uint64_t value = 0;

        if (!isdigit((unsigned char)text[0]) || (text[0] == '0' && text[1]))
                return false;
        for (; *text; text++) {
                unsigned digit = (unsigned)(*text - '0');

                if (digit > 9 || value > (most - digit) / 10)
                        return false;
                value = value * 10 + digit;
        }
        *number = value;
        return true;
}

/* The line "key <value>"; the value stays in reader->word. */
static int reader_value(struct reader *reader, const char *key, const char **value)
{
        size_t length = strlen(key);
        int failed = reader_line(reader, key);

        if (failed)
                return failed;
        if (strncmp(reader->word, key, length) != 0 || reader->word[length] != ' ')
                return reader_refuse(reader, key);
        *value = reader->word + length + 1;
        return 0;
}

static int reader_number(struct reader *reader, const char *key, uint64_t most, uint64_t *number)
{
        const char *value;
        int failed = reader_value(reader, key, &value);

        if (!failed && !number_parse(value, most, number))
                failed = reader_refuse(reader, key);
        return failed;
}

/* `count` lines with an address each, sorted. Caller frees *addresses, also on a fault. */
static int reader_addresses(struct reader *reader, uint64_t count, struct address **addresses)
{
        char canonical[ADDRESS_TEXT_SIZE];

        *addresses = NULL;
        reader->addresses += count;
        if (reader->addresses > ACCESS_ADDRESSES_MAX)
                return reader_refuse(reader, "within the limit of addresses");
        *addresses = memory_new(count, sizeof **addresses);
        for (uint64_t i = 0; i < count; i++) {
                struct address *address = &(*addresses)[i];
                int failed = reader_line(reader, "an address");

                if (failed)
                        return failed;
                if (address_parse(reader->word, address) || address->family != ADDRESS_V4 ||
                    strcmp(address_format(address, canonical), reader->word) != 0)
                        return reader_refuse(reader, "an IPv4 address");
                if (i > 0 && address_compare(address - 1, address) >= 0)
                        return reader_refuse(reader, "in order");
        }
        return 0;
}

/* Everything up to and including the peers. */
static int reader_head(struct reader *reader, struct access_file *file)
{
        AUTO_FREE struct address *peers = NULL;
        const char *value;
        uint64_t generation, count;
        int failed = reader_line(reader, "the header");

        if (!failed && strcmp(reader->word, HEADER) != 0)
                failed = reader_refuse(reader, "\"" HEADER "\"");
        if (failed || (failed = reader_value(reader, "volume", &value)))
                return failed;
        if (!access_volume_is_valid(value))
                return reader_refuse(reader, "a volume's name");
        memcpy(file->volume, value, strlen(value) + 1);
        if ((failed = reader_value(reader, "id", &value)))
                return failed;
        if (strcmp(value, "-") != 0) {
                if (!volume_id_is_valid(value))
                        return reader_refuse(reader, "a volume's id");
                memcpy(file->volume_id, value, sizeof file->volume_id);
        }
        if ((failed = reader_number(reader, "generation", UINT64_MAX, &generation)) ||
            (failed = reader_number(reader, "peers", ACCESS_PEERS_MAX, &count)) ||
            (failed = reader_addresses(reader, count, &peers)))
                return failed;
        access_list_init(&file->list, peers, count);
        file->list.generation = generation;
        return 0;
}

/* "<path> <count>" and the addresses. */
static int reader_entry(struct reader *reader, struct access_list *list)
{
        AUTO_FREE struct address *addresses = NULL;
        AUTO_FREE char *path = NULL;
        uint64_t count;
        char *blank;
        int failed = reader_line(reader, "a directory");

        if (failed)
                return failed;
        blank = strchr(reader->word, ' ');
        if (!blank || !number_parse(blank + 1, ACCESS_ADDRESSES_MAX, &count) || count == 0)
                return reader_refuse(reader, "a directory and the number of its addresses");
        *blank = '\0';
        if (!access_path_is_plain(reader->word))
                return reader_refuse(reader, "a path that a list can hold");
        if (list->entry_count > 0 && strcmp(list->entries[list->entry_count - 1].path, reader->word) >= 0)
                return reader_refuse(reader, "in order");
        path = memory_text(reader->word);
        failed = reader_addresses(reader, count, &addresses);
        for (uint64_t i = 0; !failed && i < count; i++)
                access_list_add(list, path, &addresses[i]);
        return failed;
}

/* The entries and the closing line. */
static int reader_rest(struct reader *reader, struct access_list *list)
{
        char end[16];
        uint64_t count;
        int failed = reader_number(reader, "entries", ACCESS_ADDRESSES_MAX, &count);

        for (uint64_t i = 0; !failed && i < count; i++)
                failed = reader_entry(reader, list);
        if (failed)
                return failed;
        snprintf(end, sizeof end, "end %08" PRIx32, checksum(reader->text, reader->at));
        failed = reader_line(reader, "the closing line");
        if (!failed && strcmp(reader->word, end) != 0)
                failed = reader_refuse(reader, "the closing line with the checksum of what is before it");
        if (!failed && reader->at != reader->length)
                failed = reader_refuse(reader, "the last line");
        return failed;
}

/* Leaves what access_file_parse keeps when the rest is in doubt. */
static void file_keep_peers(struct access_file *file)
{
        struct access_list peers;

        access_list_init(&peers, file->list.peers, file->list.peer_count);
        access_list_fini(&file->list);
        file->list = peers;
}

int access_file_parse(const char *text, size_t length, struct access_file *file, struct fault *fault)
{
        struct reader reader = { .text = text, .length = length, .fault = fault };
        int failed;

        if (length > ACCESS_TEXT_MAX)
                return fault_set(fault, FAULT_MALFORMED, "read access list: more than %d bytes", ACCESS_TEXT_MAX);
        failed = reader_head(&reader, file);
        if (failed) {
                access_file_fini(file);
                return failed;
        }
        failed = reader_rest(&reader, &file->list);
        if (failed)
                file_keep_peers(file);
        return failed;
}

/* "<path>(a|b)" */
static void value_entry_print(const char *path, const struct address *addresses, size_t count, struct text *out)
{
        static const struct address nobody = { .family = ADDRESS_V4 };

        text_add(out, path);
        text_add_char(out, '(');
        addresses_print(count ? addresses : &nobody, count ? count : 1, "|", out);
        out->data[out->length - 1] = ')'; /* in place of the last bar */
}

void access_value_print_peers(const struct address *peers, size_t count, struct text *out)
{
        value_entry_print("/", peers, count, out);
}

void access_value_print(const struct access_list *list, struct text *out)
{
        char canary[ACCESS_CANARY_SIZE];

        access_value_print_peers(list->peers, list->peer_count, out);
        text_add_char(out, ',');
        value_entry_print(access_list_canary(list->generation, canary), list->peers, list->peer_count, out);
        for (size_t i = 0; i < list->entry_count; i++) {
                const struct access_entry *entry = &list->entries[i];

                text_add_char(out, ',');
                value_entry_print(entry->path, entry->addresses, entry->address_count, out);
        }
}

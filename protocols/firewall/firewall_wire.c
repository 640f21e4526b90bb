/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/firewall/firewall_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define RECORD_SIZE 18
#define ROLE_PEER 0
#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

static void record_add(struct text *records, unsigned role, const struct address *address)
{
        unsigned char record[RECORD_SIZE] = { (unsigned char)role, address->family };

        memcpy(record + 2, address->bytes, sizeof address->bytes);
        text_add_bytes(records, record, sizeof record);
}

void firewall_wire_add_peers(struct text *records, const struct address *peers, size_t count)
{
        for (size_t i = 0; i < count; i++)
                record_add(records, ROLE_PEER, &peers[i]);
}

void firewall_wire_add_pairs(struct text *records, const struct firewall_pair *pairs, size_t count)
{
        for (size_t i = 0; i < count; i++)
                record_add(records, 1 + (unsigned)pairs[i].service, &pairs[i].address);
}

int firewall_wire_put(struct message *message, const struct text *records, struct fault *fault)
{
        if (records->length > (size_t)RECORD_SIZE * FIREWALL_RECORDS_MAX)
                return fault_set(fault, FAULT_TOO_LARGE, "hand over firewall set: more than %d addresses",
                                 FIREWALL_RECORDS_MAX);
        message->fd = memfd_create("gatehouse-firewall", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        for (size_t at = 0; message->fd >= 0 && at < records->length;) {
                ssize_t put = write(message->fd, records->data + at, records->length - at);

                if (put < 0 && errno != EINTR)
                        break;
                at += put > 0 ? (size_t)put : 0;
        }
        if (message->fd < 0 || lseek(message->fd, 0, SEEK_END) != (off_t)records->length ||
            fcntl(message->fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL))
                return fault_set_errno(fault, FAULT_EXHAUSTED, errno, "hand over firewall set");
        return 0;
}

int firewall_wire_take(const struct message *message, struct text *records, struct fault *fault)
{
        int seals = message->fd >= 0 ? fcntl(message->fd, F_GET_SEALS) : -1;
        char block[16384];
        struct stat status;
        ssize_t got;

        /* Any other file could change under the reader, or never answer. */
        if (seals < 0 || (~seals & SEALS) || fstat(message->fd, &status) || status.st_size % RECORD_SIZE != 0 ||
            status.st_size > (off_t)RECORD_SIZE * FIREWALL_RECORDS_MAX)
                return fault_set(fault, FAULT_MALFORMED, "take firewall set: no sealed memory with records");
        while ((got = pread(message->fd, block, sizeof block, (off_t)records->length)) > 0)
                text_add_bytes(records, block, (size_t)got);
        if (got < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "take firewall set");
        return 0;
}

/* Whether the bytes are what record_add writes: one address has one form. */
static bool record_read(const unsigned char record[RECORD_SIZE], unsigned *role, struct address *address)
{
        static const unsigned char zero[12], mapped[12] = { [10] = 0xFF, [11] = 0xFF };

        *role = record[0];
        *address = (struct address){ .family = record[1] };
        memcpy(address->bytes, record + 2, sizeof address->bytes);
        if (*role > SERVICE_COUNT)
                return false;
        if (address->family == ADDRESS_V4)
                return memcmp(address->bytes + 4, zero, sizeof zero) == 0;
        return address->family == ADDRESS_V6 && memcmp(address->bytes, mapped, sizeof mapped) != 0;
}

int firewall_wire_read(const struct text *records, uint64_t first, uint64_t count, struct firewall_set *set,
                       struct fault *fault)
{
        uint64_t total = records->length / RECORD_SIZE;
        size_t peer_count = 0, pair_count = 0;

        if (first > total || count > total - first)
                return fault_set(fault, FAULT_MALFORMED, "read firewall set: records are missing");
        AUTO_FREE struct address *peers = memory_new(count, sizeof *peers);
        AUTO_FREE struct firewall_pair *pairs = memory_new(count, sizeof *pairs);
        for (uint64_t i = first; i < first + count; i++) {
                struct address address;
                unsigned role;

                if (!record_read((const unsigned char *)records->data + i * RECORD_SIZE, &role, &address))
                        return fault_set(fault, FAULT_MALFORMED, "read firewall set: a record is malformed");
                if (address_kind(&address) != ADDRESS_USABLE)
                        return fault_set(fault, FAULT_INVALID, "read firewall set: one of them %s",
                                         address_kind_sentence(address_kind(&address)));
                if (role == ROLE_PEER)
                        peers[peer_count++] = address;
                else
                        pairs[pair_count++] = (struct firewall_pair){ address, (enum firewall_service)(role - 1) };
        }
        firewall_set_peers(set, peers, peer_count);
        firewall_set_open_all(set, pairs, pair_count);
        return 0;
}

int firewall_wire_read_pair(const struct text *records, size_t index, struct firewall_pair *pair,
                            struct fault *fault)
{
        struct address address;
        unsigned role;

        if (index >= records->length / RECORD_SIZE ||
            !record_read((const unsigned char *)records->data + index * RECORD_SIZE, &role, &address) ||
            role == ROLE_PEER)
                return fault_set(fault, FAULT_MALFORMED, "read firewall pair: record %zu is none", index);
        *pair = (struct firewall_pair){ address, (enum firewall_service)(role - 1) };
        return 0;
}

void firewall_wire_put_ports(struct message *message, const struct firewall_ports *ports)
{
        message_put_u64(message, ports->brick_first);
        message_put_u64(message, ports->brick_last);
        message_put_u64(message, ports->volfiled);
}

int firewall_wire_take_ports(struct message *message, struct firewall_ports *ports, struct fault *fault)
{
        uint64_t first = message_take_u64(message);
        uint64_t last = message_take_u64(message);
        uint64_t volfiled = message_take_u64(message);

        if (message->broken || first > UINT16_MAX || last > UINT16_MAX || volfiled > UINT16_MAX)
                return fault_set(fault, FAULT_MALFORMED, "read request: not three ports");
        *ports = (struct firewall_ports){ (uint16_t)first, (uint16_t)last, (uint16_t)volfiled };
        return firewall_ports_check(ports, fault);
}

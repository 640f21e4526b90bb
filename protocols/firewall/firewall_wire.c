/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protocols/firewall/firewall_wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sealed_memory.h"

enum { RECORD_PEER = 0, RECORD_PAIR = 1, RECORD_BINDING = RECORD_PAIR + SERVICE_COUNT, RECORD_NFS_HELD };

/* What a record says. */
struct record {
        unsigned role;
        struct address address;
        struct mac mac;
};

static void record_add(struct text *records, unsigned role, const struct address *address, const struct mac *mac)
{
        unsigned char bytes[FIREWALL_RECORD_SIZE] = { (unsigned char)role };

        if (address) {
                bytes[1] = address->family;
                memcpy(bytes + 2, address->bytes, sizeof address->bytes);
        }
        if (mac)
                memcpy(bytes + 18, mac->bytes, sizeof mac->bytes);
        text_add_bytes(records, bytes, sizeof bytes);
}

void firewall_wire_add_peers(struct text *records, const struct address *peers, size_t count)
{
        for (size_t i = 0; i < count; i++)
                record_add(records, RECORD_PEER, &peers[i], NULL);
}

void firewall_wire_add_pairs(struct text *records, const struct firewall_pair *pairs, size_t count)
{
        for (size_t i = 0; i < count; i++)
                record_add(records, RECORD_PAIR + (unsigned)pairs[i].service, &pairs[i].address, NULL);
}

void firewall_wire_add_bindings(struct text *records, const struct firewall_binding *bindings, size_t count)
{
        for (size_t i = 0; i < count; i++)
                record_add(records, RECORD_BINDING, &bindings[i].address, &bindings[i].mac);
}

void firewall_wire_add_hold(struct text *records)
{
        record_add(records, RECORD_NFS_HELD, NULL, NULL);
}

uint64_t firewall_wire_add(struct text *records, const struct firewall_set *set)
{
        firewall_wire_add_peers(records, set->peers, set->peer_count);
        firewall_wire_add_pairs(records, set->pairs, set->pair_count);
        firewall_wire_add_bindings(records, set->bindings, set->binding_count);
        if (set->nfs_held)
                firewall_wire_add_hold(records);
        return set->peer_count + set->pair_count + set->binding_count + set->nfs_held;
}

int firewall_wire_put(struct message *message, const struct text *records, struct fault *fault)
{
        if (records->length > (size_t)FIREWALL_RECORD_SIZE * FIREWALL_RECORDS_MAX)
                return fault_set(fault, FAULT_TOO_LARGE, "hand over firewall set: more than %d addresses",
                                 FIREWALL_RECORDS_MAX);
        message->fd = sealed_memory_make("gatehouse-firewall", records->data, records->length, fault);
        return message->fd < 0 ? fault_prefix(fault, "hand over firewall set") : 0;
}

int firewall_wire_take(const struct message *message, struct text *records, struct fault *fault)
{
        int failed = sealed_memory_read(message->fd, (size_t)FIREWALL_RECORD_SIZE * FIREWALL_RECORDS_MAX, records,
                                        fault);

        if (!failed && records->length % FIREWALL_RECORD_SIZE != 0)
                failed = fault_set(fault, FAULT_MALFORMED, "read sealed memory: the last record is cut off");
        return failed ? fault_prefix(fault, "take firewall set") : 0;
}

static bool is_zero(const void *bytes, size_t size)
{
        static const struct record zero;

        return memcmp(bytes, &zero, size) == 0;
}

static bool address_is_canonical(const struct address *address)
{
        static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };

        if (address->family == ADDRESS_V4)
                return is_zero(address->bytes + 4, 12);
        return address->family == ADDRESS_V6 && memcmp(address->bytes, mapped, sizeof mapped) != 0;
}

/* Whether the bytes are what record_add writes: one address has one form. */
static bool record_read(const unsigned char bytes[FIREWALL_RECORD_SIZE], struct record *record)
{
        *record = (struct record){ .role = bytes[0], .address.family = bytes[1] };
        memcpy(record->address.bytes, bytes + 2, sizeof record->address.bytes);
        memcpy(record->mac.bytes, bytes + 18, sizeof record->mac.bytes);
        if (record->role == RECORD_NFS_HELD)
                return is_zero(&record->address, sizeof record->address) && is_zero(&record->mac, MAC_SIZE);
        if (record->role > RECORD_NFS_HELD || !address_is_canonical(&record->address))
                return false;
        return record->role == RECORD_BINDING || is_zero(&record->mac, MAC_SIZE);
}

static int record_check(const struct record *record, struct fault *fault)
{
        enum address_kind kind = address_kind(&record->address);

        if (record->role != RECORD_NFS_HELD && kind != ADDRESS_USABLE)
                return fault_set(fault, FAULT_INVALID, "read firewall set: one of them %s",
                                 address_kind_sentence(kind));
        if (record->role == RECORD_BINDING && !mac_is_usable(&record->mac))
                return fault_set(fault, FAULT_INVALID, "read firewall set: one of them is no interface's address");
        return 0;
}

int firewall_wire_read(const struct text *records, uint64_t first, uint64_t count, struct firewall_set *set,
                       struct fault *fault)
{
        uint64_t total = records->length / FIREWALL_RECORD_SIZE;
        size_t peer_count = 0, pair_count = 0, binding_count = 0;
        int failed;

        if (first > total || count > total - first)
                return fault_set(fault, FAULT_MALFORMED, "read firewall set: records are missing");
        AUTO_FREE struct address *peers = memory_new(count, sizeof *peers);
        AUTO_FREE struct firewall_pair *pairs = memory_new(count, sizeof *pairs);
        AUTO_FREE struct firewall_binding *bindings = memory_new(count, sizeof *bindings);
        for (uint64_t i = first; i < first + count; i++) {
                struct record record;

                if (!record_read((const unsigned char *)records->data + i * FIREWALL_RECORD_SIZE, &record))
                        return fault_set(fault, FAULT_MALFORMED, "read firewall set: a record is malformed");
                if ((failed = record_check(&record, fault)))
                        return failed;
                if (record.role == RECORD_PEER)
                        peers[peer_count++] = record.address;
                else if (record.role == RECORD_BINDING)
                        bindings[binding_count++] = (struct firewall_binding){ record.address, record.mac };
                else if (record.role == RECORD_NFS_HELD)
                        set->nfs_held = true;
                else
                        pairs[pair_count++] =
                                (struct firewall_pair){ record.address,
                                                        (enum firewall_service)(record.role - RECORD_PAIR) };
        }
        firewall_set_peers(set, peers, peer_count);
        firewall_set_open_all(set, pairs, pair_count);
        firewall_set_bindings(set, bindings, binding_count);
        return 0;
}

int firewall_wire_read_pair(const struct text *records, size_t index, struct firewall_pair *pair,
                            struct fault *fault)
{
        struct record record;

        if (index >= records->length / FIREWALL_RECORD_SIZE ||
            !record_read((const unsigned char *)records->data + index * FIREWALL_RECORD_SIZE, &record) ||
            record.role < RECORD_PAIR || record.role >= RECORD_PAIR + SERVICE_COUNT)
                return fault_set(fault, FAULT_MALFORMED, "read firewall pair: record %zu is none", index);
        *pair = (struct firewall_pair){ record.address, (enum firewall_service)(record.role - RECORD_PAIR) };
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

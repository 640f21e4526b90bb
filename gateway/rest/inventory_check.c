/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/inventory_check.h"

#include <string.h>

#include "base/memory.h"
#include "domain/json_reader.h"

void inventory_check_uid(const struct snapshot *now, const struct environment *existing,
                         const struct environment *wanted, const char *pointer, struct violations *violations)
{
        const struct environment *same_uid = snapshot_environment_by_uid(now, wanted->uid);
        AUTO_FREE char *place = json_pointer_key(pointer, "uid");

        if (existing && strcmp(existing->uid, wanted->uid) != 0)
                violation_add(violations, place, "environment.uid_differs",
                              "environment %s has the uid %s; delete it before another one takes its name",
                              existing->document.id, existing->uid);
        else if (same_uid && same_uid != existing)
                violation_add(violations, place, "environment.uid_taken", "environment %s has this uid",
                              same_uid->document.id);
}

void inventory_check_layers(const struct snapshot *now, const struct environment *existing,
                            const struct environment *wanted, const char *pointer, struct violations *violations)
{
        AUTO_FREE char *place = json_pointer_key(pointer, "layers");

        for (size_t i = 0; existing && i < existing->layer_count; i++) {
                struct snapshot_walk walk;

                if (environment_has_layer(wanted, existing->layers[i]))
                        continue;
                snapshot_walk_layer(&walk, now, existing->uid, existing->layers[i]);
                if (snapshot_walk_next(&walk))
                        violation_add(violations, place, "environment.layer_in_use",
                                      "layer %s still has nodes; delete them first", existing->layers[i]);
        }
}

void inventory_check_node(const struct snapshot *now, const struct environment *environment,
                          const struct node *node, const char *pointer, struct violations *violations)
{
        AUTO_FREE char *addresses = json_pointer_key(pointer, "addresses");
        AUTO_FREE char *layer = json_pointer_key(pointer, "layer");

        if (!environment_has_layer(environment, node->layer))
                violation_add(violations, layer, "layer.unknown", "environment %s has no layer %s",
                              environment->document.id, node->layer);
        for (size_t i = 0; i < node->address_count; i++) {
                AUTO_FREE char *place = json_pointer_index(addresses, i);
                char text[ADDRESS_TEXT_SIZE];

                if (snapshot_address_is_storage(now, &node->addresses[i]))
                        violation_add(violations, place, "address.storage_node",
                                      "%s is a storage node's address and can be no client's",
                                      address_format(&node->addresses[i], text));
        }
}

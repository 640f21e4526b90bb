/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How storages are, in a few words for a cell of a table, out of what the API tells under `status`.
 */
#pragma once

struct json_t;

/* Sets of each of `items` (storages) the members `room` ("12.4 GiB of 1.0 TiB free"), `heal` ("degraded: 1 brick
 * down, 4 entries wait"; "-" of a single storage) and, where somebody has to do something, `need` with the cause.
 */
void storages_describe(struct json_t *items);

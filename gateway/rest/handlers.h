/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One function for each operation of the API, rest_<noun>_<verb>, called in the event thread with an
 * authenticated request whose query names and body size have been checked. Each sets the reply or suspends.
 */
#pragma once

#include "rest/request.h"

void rest_apply(struct request *request);

void rest_environment_list(struct request *request);
void rest_environment_get(struct request *request);
void rest_environment_put(struct request *request);
void rest_environment_delete(struct request *request);

void rest_node_list(struct request *request);
void rest_node_get(struct request *request);
void rest_node_put(struct request *request);
void rest_node_delete(struct request *request);

void rest_inventory_list(struct request *request);
void rest_inventory_put(struct request *request);
void rest_inventory_heartbeat(struct request *request);
void rest_inventory_get(struct request *request);
void rest_inventory_delete(struct request *request);

void rest_storage_list(struct request *request);
void rest_storage_get(struct request *request);
void rest_storage_put(struct request *request);
void rest_storage_delete(struct request *request);

void rest_export_list(struct request *request);
void rest_export_get(struct request *request);
void rest_export_create(struct request *request);
void rest_export_patch(struct request *request);
void rest_export_revoke(struct request *request);
void rest_export_delete(struct request *request);

void rest_grant_list(struct request *request);

void rest_mount_list(struct request *request);
void rest_mounted_get(struct request *request);
void rest_mounted_put(struct request *request);

void rest_token_list(struct request *request);
void rest_token_create(struct request *request);
void rest_token_get(struct request *request);
void rest_token_delete(struct request *request);

void rest_drift_get(struct request *request);
void rest_verification_get(struct request *request);
void rest_verification_run(struct request *request);

void rest_task_list(struct request *request);
void rest_task_get(struct request *request);

void rest_event_list(struct request *request);

void rest_metrics_get(struct request *request);
void rest_openapi_get(struct request *request);

void rest_health_get(struct request *request);

void rest_platform_file(struct request *request);

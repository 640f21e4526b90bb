/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The description of the API as it is served: gateway/rest/openapi.yaml as JSON, compiled in, so that it is of the
 * gatehoused that answers. Made when Gatehouse is built.
 */
#pragma once

extern const char openapi_json[];

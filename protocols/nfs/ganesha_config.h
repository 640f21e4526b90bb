/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The EXPORT block that NFS-Ganesha is given for one export: pure text. Its parser ends the whole server on some
 * mistakes (V4.3: a syntax error in a file given to AddExport, an empty expression), and a name that got out of
 * its quotes would be configuration, so everything is checked here again, whoever checked it before.
 */
#pragma once

#include "base/fault.h"
#include "base/text.h"
#include "domain/nfs_export.h"

#define GANESHA_PATH_MAX 4000 /* bytes of Path: below Ganesha's MAXPATHLEN of 4096, and holds a mount root */
#define GANESHA_VOLUME_MAX 255

/* "EXPORT(Export_Id=65534)" and the NUL. */
#define GANESHA_EXPRESSION_SIZE 32

/* Appends the block of `export` to `block`:
 * - strings in double quotes, made of UTF-8 without control characters, `"` and `\`, paths absolute without empty,
 *   "." or ".." components; addresses printed from their bytes; clients in ascending order without doubles, each a
 *   usable one (address_kind);
 * - Access_Type=NONE for the export, and CLIENT blocks, one for each kind of access, that say all that
 * DisplayExport shows of a client: what is inherited would be invisible there;
 * - after them a CLIENT block that refuses everybody else. The first that matches counts, so that Access_Type of
 * the export, which DisplayExport does not show, lets nobody in whatever becomes of it. INVALID, with nothing
 * appended, when any of it does not hold. Source: NFS-Ganesha V4.3, config_parsing/conf_lex.l and
 * support/exports.c. */
int ganesha_config_render(const struct nfs_export *export, struct text *block, struct fault *fault);

/* The expression that selects the block of export `number` in its file; never empty. INVALID for a number that is
 * not 1..EXPORT_NUMBER_MAX. */
int ganesha_config_expression(uint16_t number, char expression[GANESHA_EXPRESSION_SIZE], struct fault *fault);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/example.h"

#include <stddef.h>
#include <string.h>

static const struct {
        const char *noun, *verb, *example;
} rows[] = {
        { "environment", "apply",
          "  [{\"name\": \"shop\", \"uid\": \"e-100\", \"account\": \"acme\", \"state\": \"running\",\n"
          "    \"platform_version\": \"8.3\", \"layers\": [\"cp\"],\n"
          "    \"nodes\": [{\"id\": \"web1\", \"layer\": \"cp\", \"addresses\": [\"10.77.0.21\"],\n"
          "               \"image\": \"nginx:1.27\", \"os\": {\"id\": \"debian\", \"version\": \"12\"}}]}]\n" },
        { "inventory", "apply",
          "  {\"source\": \"platform\", \"revision\": 42,\n"
          "   \"environments\": [{\"name\": \"shop\", \"uid\": \"e-100\", \"account\": \"acme\",\n"
          "                     \"state\": \"running\", \"platform_version\": \"8.3\", \"layers\": [\"cp\"],\n"
          "                     \"nodes\": [{\"id\": \"web1\", \"layer\": \"cp\", \"addresses\": "
          "[\"10.77.0.21\"],\n"
          "                                \"os\": {\"id\": \"debian\"}}]}]}\n" },
        { "storage", "apply",
          "  {\"name\": \"files\", \"kind\": \"cluster\", \"account\": \"acme\", \"addresses\": "
          "[\"10.77.0.11\"],\n"
          "   \"volume\": \"data\", \"mount_root\": \"/data\"}\n"
          "or, without GlusterFS:\n"
          "  {\"name\": \"local\", \"kind\": \"single\", \"account\": \"acme\", \"addresses\": [\"10.77.0.11\"],\n"
          "   \"mount_root\": \"/srv/data\"}\n" },
        { "export", "create",
          "  gatehouse export create --storage files --path /shared/site --environment shop \\\n"
          "            --mount-path /var/www/site --wait 30\n" },
        { "apply", NULL,
          "  {\"manager\": \"deploy\",\n"
          "   \"exports\": [{\"storage\": \"files\", \"path\": \"/shared/site\", \"environment\": \"shop\",\n"
          "                \"target\": {\"layer\": \"cp\"}, \"mount_path\": \"/var/www/site\"}]}\n" },
        { "node", "report",
          "  {\"client\": \"by hand\", \"items\": [{\"export\": \"ex-01m823jcn5ejm6fe029bt819e5\",\n"
          "                                     \"state\": \"mounted\"}]}\n" },
};

const char *example_find(const struct command *command)
{
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                if (strcmp(rows[i].noun, command->noun) == 0 &&
                    (rows[i].verb ? command->verb && strcmp(rows[i].verb, command->verb) == 0 : !command->verb))
                        return rows[i].example;
        return NULL;
}

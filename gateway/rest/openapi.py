# SPDX-License-Identifier: GPL-2.0-or-later
"""openapi.py DESCRIPTION: writes the C source of openapi.h, the description of the API as JSON. Run by make."""

import json
import sys

import yaml

LINE = 100  # characters of JSON in a line of C

with open(sys.argv[1], encoding="utf-8") as source:
    text = json.dumps(yaml.safe_load(source), separators=(",", ":"))
print("/* Made of openapi.yaml by openapi.py. */")
print('#include "rest/openapi.h"\n')
print("const char openapi_json[] =")
for at in range(0, len(text), LINE):
    print('        "' + text[at:at + LINE].replace("\\", "\\\\").replace('"', '\\"') + '"')
print("        ;")

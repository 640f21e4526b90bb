# SPDX-License-Identifier: GPL-2.0-or-later
"""openapi.py DESCRIPTION: what is wrong with a description of an API (OpenAPI 3.1.0), a line each.

Members that its kind of object does not have (a comma in an unquoted description makes one), references that lead
nowhere, components that nothing refers to, operations without a tag that is described, and examples that their own
schema refuses.
"""

import sys

import yaml

ANNOTATIONS = "title description default deprecated readOnly writeOnly example examples $ref $comment"
OBJECTS = {  # OpenAPI 3.1.0, section 4.8; JSON Schema 2020-12
    "document": "openapi info jsonSchemaDialect servers paths webhooks components security tags externalDocs",
    "path": "$ref summary description get put post delete options head patch trace servers parameters",
    "operation": "tags summary description externalDocs operationId parameters requestBody responses callbacks deprecated"
                 " security servers",
    "parameter": "name in description required deprecated allowEmptyValue style explode allowReserved schema example examples"
                 " content $ref",
    "header": "description required deprecated style explode schema example examples content $ref",
    "body": "description content required $ref",
    "response": "description headers content links $ref",
    "media": "schema example examples encoding",
    "schema": ANNOTATIONS + " type enum const format pattern minLength maxLength minimum maximum exclusiveMinimum"
              " exclusiveMaximum multipleOf minItems maxItems uniqueItems contains minContains maxContains minProperties"
              " maxProperties required dependentRequired contentEncoding contentMediaType items prefixItems properties"
              " patternProperties additionalProperties propertyNames unevaluatedItems unevaluatedProperties dependentSchemas"
              " allOf anyOf oneOf not if then else",
}
KINDS = {  # what stands in a member: an object of that kind, a list of them, or a map of them by name
    "document": {"paths": "{path", "components": "components"},
    "components": {"schemas": "{schema", "parameters": "{parameter", "headers": "{header", "responses": "{response",
                   "requestBodies": "{body"},
    "path": {verb: "operation" for verb in "get put post delete options head patch trace".split()} | {"parameters": "[parameter"},
    "operation": {"parameters": "[parameter", "requestBody": "body", "responses": "{response"},
    "parameter": {"schema": "schema", "content": "{media"},
    "header": {"schema": "schema", "content": "{media"},
    "body": {"content": "{media"},
    "response": {"headers": "{header", "content": "{media"},
    "media": {"schema": "schema"},
    "schema": {"items": "schema", "contains": "schema", "additionalProperties": "schema", "propertyNames": "schema", "not": "schema",
               "unevaluatedItems": "schema", "unevaluatedProperties": "schema", "if": "schema", "then": "schema", "else": "schema",
               "properties": "{schema", "patternProperties": "{schema", "dependentSchemas": "{schema", "allOf": "[schema",
               "anyOf": "[schema", "oneOf": "[schema", "prefixItems": "[schema"},
}


class Description:
    def __init__(self, document):
        self.document = document
        self.references = set()
        self.wrong = []
        try:
            import jsonschema
            self.validator = jsonschema.Draft202012Validator
        except ImportError:
            self.validator = None

    def found(self, reference):
        at = self.document
        for name in reference.removeprefix("#/").split("/"):
            at = at.get(name) if isinstance(at, dict) else None
        return at

    def reference_check(self, place, reference):
        self.references.add(reference)
        if not reference.startswith("#/") or self.found(reference) is None:
            self.wrong.append(f"{place}: {reference} leads nowhere")

    def examples_check(self, place, schema):
        for example in schema.get("examples", []) + ([schema["example"]] if "example" in schema else []):
            whole = {key: value for key, value in schema.items() if key not in ("example", "examples")}
            whole["components"] = self.document["components"]
            for error in self.validator(whole).iter_errors(example):
                self.wrong.append(f"{place}: its example: {error.message}")

    def operation_check(self, place, operation):
        described = {tag["name"] for tag in self.document.get("tags", [])}
        if not operation.get("tags") or not described.issuperset(operation["tags"]):
            self.wrong.append(f"{place}: no tag of those that are described")

    def look(self, place, kind, value):
        if kind[0] in "{[":
            items = value.items() if kind[0] == "{" else enumerate(value)
            for name, item in items:
                self.look(f"{place}/{name}", kind[1:], item)
            return
        if not isinstance(value, dict):  # true and false are schemas
            return
        for name in value:
            if kind in OBJECTS and name not in OBJECTS[kind].split() and not str(name).startswith("x-"):
                self.wrong.append(f"{place}: {name!r} is no member of a {kind}")
            if name in KINDS[kind]:
                self.look(f"{place}/{name}", KINDS[kind][name], value[name])
        if "$ref" in value:
            self.reference_check(place, value["$ref"])
        if kind == "operation":
            self.operation_check(place, value)
        if kind == "schema" and self.validator:
            self.examples_check(place, value)

    def unused_check(self):
        for kind, components in self.document["components"].items():
            for name in components:
                if kind != "securitySchemes" and f"#/components/{kind}/{name}" not in self.references:
                    self.wrong.append(f"#/components/{kind}/{name}: nothing refers to it")


with open(sys.argv[1], encoding="utf-8") as source:
    description = Description(yaml.safe_load(source))
description.look("#", "document", description.document)
description.unused_check()
print("\n".join(description.wrong), end="\n" if description.wrong else "")

# SPDX-License-Identifier: GPL-2.0-or-later
"""The description of the API (OpenAPI 3.1): its operations, values that a schema allows, and whether it is well-formed.
Knows nothing of Gatehouse but what the description says."""

import datetime
import ipaddress
import json
import re
import string
import sre_parse

import jsonschema
import yaml

METHODS = ("get", "put", "post", "patch", "delete")


class Operation:
    """One method of one path, with everything that is referred to put in its place."""

    def __init__(self, description, path, method, item, operation):
        self.name = operation["operationId"]
        self.path, self.method = path, method.upper()
        self.parameters = {}
        for parameter in item.get("parameters", []) + operation.get("parameters", []):
            parameter = description.resolve(parameter)
            self.parameters[parameter["in"], parameter["name"]] = parameter
        body = operation.get("requestBody")
        self.media, self.body = next(iter(body["content"].items())) if body else (None, None)
        self.body = self.body and self.body["schema"]
        self.responses = {status: description.resolve(r) for status, r in operation["responses"].items()}
        security = operation.get("security", description.root.get("security", []))
        # Roles, each enough by itself; None = anybody may ask.
        self.roles = {role for each in security for role in each.get("bearer", [])} if security else None

    def of(self, place):
        return {name: p for (where, name), p in self.parameters.items() if where == place}

    def response(self, status):
        """What is said of this status by itself; `default` is for what the gateway itself could not do."""
        if str(status) in self.responses:
            return self.responses[str(status)]
        return self.responses.get("default") if status in (414, 429, 431, 503) else None


class Description:
    def __init__(self, file):
        with open(file, encoding="utf-8") as text:
            self.root = yaml.safe_load(text)
        self.operations = [Operation(self, path, method, item, item[method])
                           for path, item in self.root["paths"].items() for method in METHODS if method in item]
        self.formats = jsonschema.FormatChecker(formats=())
        self.formats.checks("date-time", ValueError)(time_read)
        self.formats.checks("ipv4", ValueError)(lambda value: not isinstance(value, str) or ipaddress.IPv4Address(value))
        self.formats.checks("ipv6", ValueError)(lambda value: not isinstance(value, str) or ipaddress.IPv6Address(value))

    def resolve(self, node):
        while "$ref" in node:
            others = {k: v for k, v in node.items() if k != "$ref"}
            target = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = {**target, **others}
        return node

    def flat(self, schema):
        """The schema with its reference and its allOf put into one."""
        schema = dict(self.resolve(schema))
        whole = {}
        for part in [self.flat(part) for part in schema.pop("allOf", [])] + [schema]:
            properties = {**whole.get("properties", {}), **part.get("properties", {})}
            required = whole.get("required", []) + part.get("required", [])
            whole.update(part)
            if properties:
                whole.update(properties=properties, required=required)
        return whole

    def violations(self, schema, value):
        """What is wrong with `value`, as "place: why"."""
        validator = jsonschema.Draft202012Validator(
            {**schema, "components": self.root["components"]}, format_checker=self.formats)
        return ["/" + "/".join(map(str, e.absolute_path)) + ": " + e.message[:300]
                for e in validator.iter_errors(value)]

    def undescribed(self, schema, value, place=""):
        """The members of `value` that the schema does not know, wherever it knows any."""
        branches = [self.flat(schema)]
        branches += [self.flat(s) for word in ("oneOf", "anyOf") for s in branches[0].get(word, [])]
        if isinstance(value, list):
            items = next((b["items"] for b in branches if "items" in b), None)
            return [w for i, v in enumerate(value) if items for w in self.undescribed(items, v, f"{place}/{i}")]
        if not isinstance(value, dict) or any("additionalProperties" in b and b["additionalProperties"] for b in branches):
            return []
        known = [b["properties"] for b in branches if b.get("properties")]
        wrong = []
        for name, member in value.items():
            schemas = [p[name] for p in known if name in p]
            if schemas:
                found = [self.undescribed(s, member, f"{place}/{name}") for s in schemas]
                wrong += min(found, key=len)
            elif known:
                wrong.append(f"{place}/{name}: not described")
        return wrong

    def faults(self):
        """What is wrong with the description itself, beyond what its own validator finds."""
        wrong, names = [], set()
        if not str(self.root.get("openapi", "")).startswith("3.1."):
            wrong.append("openapi: not 3.1")
        for place, node in self.nodes(self.root, ""):
            if "$ref" in node:
                try:
                    self.resolve(node)
                except (KeyError, TypeError):
                    wrong.append(f"{place}: {node['$ref']} leads nowhere")
            if place.endswith("/schema") or re.fullmatch("/components/schemas/[^/]+", place):
                try:
                    jsonschema.Draft202012Validator.check_schema(node)
                except jsonschema.SchemaError as error:
                    wrong.append(f"{place}: {error.message}")
        for operation in self.operations:
            captures = set(re.findall(r"{(\w+)}", operation.path))
            if captures != set(operation.of("path")):
                wrong.append(f"{operation.name}: the path has {captures}, described are {set(operation.of('path'))}")
            if operation.name in names:
                wrong.append(f"{operation.name}: there are two")
            names.add(operation.name)
            if not any(status.startswith("2") for status in operation.responses):
                wrong.append(f"{operation.name}: never succeeds")
            wrong += [f"{operation.name} {status}: no description" for status, r in operation.responses.items()
                      if "description" not in r]
        return wrong

    def nodes(self, node, place):
        if isinstance(node, dict):
            yield place, node
            for name, child in node.items():
                yield from self.nodes(child, f"{place}/{name}")
        elif isinstance(node, list):
            for i, child in enumerate(node):
                yield from self.nodes(child, f"{place}/{i}")


def time_read(value):
    if isinstance(value, str):
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value):
            raise ValueError(value)
        datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", value).replace("Z", "+00:00"))
    return True


class Values:
    """Values of schemas, from a seeded source of chance; `seen` has what replies had under a name. With `exemplary`
    False none is one of the description's examples."""

    def __init__(self, description, chance, exemplary=True):
        self.description, self.chance, self.exemplary, self.seen = description, chance, exemplary, {}

    def learn(self, schema, value, name=None):
        """Remembers the texts of `value` by the names of their members, but words of a fixed choice."""
        schema = self.description.flat(schema)
        if isinstance(value, dict):
            for key, member in value.items():
                if key in schema.get("properties", {}):
                    self.learn(schema["properties"][key], member, key)
        elif isinstance(value, list):
            for member in value[:20]:
                self.learn(schema.get("items", {}), member, name.removesuffix("s"))
        elif isinstance(value, str) and "enum" not in schema:
            branches = [self.description.flat(s) for word in ("oneOf", "anyOf") for s in schema.get(word, [])]
            self.note(value, self.key(name, any("format" in s for s in [schema] + branches)))

    @staticmethod
    def key(name, formatted):
        """What has a format, as an address, is none of the names that stand under the same word elsewhere."""
        return f"{name}@" if formatted else name

    def note(self, value, name):
        known = self.seen.setdefault(name, [])
        if value not in known:
            known.append(value)
            del known[:-24]

    def forget(self, value):
        for known in self.seen.values():
            known[:] = [other for other in known if other != value]

    def of(self, schema, name=None, depth=0):
        chance, schema = self.chance, self.description.flat(schema)
        for word in ("oneOf", "anyOf"):
            if word in schema:
                branch = chance.choice(schema[word])
                return self.of({**{k: v for k, v in schema.items() if k != word}, "allOf": [branch]}, name, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return chance.choice(schema["enum"])
        kind = schema.get("type", "object" if "properties" in schema else "string")
        kind = chance.choice(kind) if isinstance(kind, list) else kind
        return getattr(self, kind)(schema, name, depth)

    def null(self, _schema, _name, _depth):
        return None

    def boolean(self, _schema, _name, _depth):
        return self.chance.random() < 0.5

    def integer(self, schema, _name, _depth):
        least, most = schema.get("minimum", 0), schema.get("maximum", 2**31)
        small = min(most, least + self.chance.randint(0, 9))
        return self.chance.choice([least, most, self.chance.randint(least, most)] + [small] * 5)

    def array(self, schema, name, depth):
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", 3), least + 2)
        items = [self.of(schema["items"], name and name.removesuffix("s"), depth + 1) for _ in range(self.chance.randint(least, most))]
        if schema.get("uniqueItems"):
            items = [item for i, item in enumerate(items) if item not in items[:i]]
        return items

    def object(self, schema, _name, depth):
        required = schema.get("required", [])
        if "examples" in schema and self.exemplary and self.chance.random() < 0.6:
            value = dict(self.chance.choice(schema["examples"]))
            changed = [name for name in value if name in schema.get("properties", {}) and self.chance.random() < 0.2]
            return {**value, **{name: self.of(schema["properties"][name], name, depth + 1) for name in changed}}
        share = self.chance.choice([0, 0, 0.15, 0.5])
        chosen = {name: member for name, member in schema.get("properties", {}).items()
                  if name in required or self.chance.random() < share}
        value = {name: self.of(member, name, depth + 1) for name, member in chosen.items()}
        if isinstance(schema.get("additionalProperties"), dict):
            for _ in range(self.chance.randint(0, 2)):
                value[self.word()] = self.of(schema["additionalProperties"], None, depth + 1)
        return value

    def word(self):
        return "".join(self.chance.choices(string.ascii_lowercase, k=self.chance.randint(1, 8)))

    def string(self, schema, name, _depth):
        chance, format_ = self.chance, schema.get("format")
        known = [v for v in self.seen.get(self.key(name, format_), []) if re.search(schema.get("pattern", ""), v)]
        if known and chance.random() < 0.85:
            return chance.choice(known)
        if "examples" in schema and self.exemplary and chance.random() < 0.5:
            return chance.choice(schema["examples"])
        if format_ == "date-time":
            return f"{chance.randint(2027, 2090)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T{chance.randint(0, 23):02}:00:00Z"
        if format_ in ("ipv4", "ipv6"):
            return {"ipv4": "10.78.%d.%d", "ipv6": "fd78::%x:%x"}[format_] % (chance.randint(1, 250), chance.randint(1, 250))
        if "pattern" in schema:
            return self.matching(sre_parse.parse(schema["pattern"]))[:schema.get("maxLength", 1024)]
        least = schema.get("minLength", 0)
        return "".join(chance.choices(string.ascii_letters + "äß漢 /", k=max(least, chance.randint(1, min(12, schema.get("maxLength", 12))))))

    def matching(self, parsed):
        """A text that a regular expression matches; repeats are short."""
        return "".join(self.matching_one(op, value) for op, value in parsed)

    def matching_one(self, op, value):
        chance, op = self.chance, str(op)
        if op == "LITERAL":
            return chr(value)
        if op == "IN":
            if str(value[0][0]) == "NEGATE":
                return chance.choice([c for c in string.ascii_letters if not any(str(o) == "LITERAL" and chr(v) == c for o, v in value)])
            return self.matching_one(*chance.choice(value))
        if op == "RANGE":
            return chr(chance.randint(*value))
        if op == "CATEGORY":
            return chance.choice(string.digits)
        if op == "MAX_REPEAT":
            least, most, inner = value
            return "".join(self.matching(inner) for _ in range(chance.randint(least, min(most, least + 6))))
        if op == "SUBPATTERN":
            return self.matching(value[3])
        if op == "BRANCH":
            return self.matching(chance.choice(value[1]))
        return "" if op == "AT" else chance.choice(string.ascii_letters)

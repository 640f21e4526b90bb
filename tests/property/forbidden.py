# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns a request that the description allows into one that it forbids, and says how it must be refused."""

import copy
import json

# A value of each type; what a schema does not want is taken from here.
SAMPLES = [None, True, 0, -1, 1.5, 2**63 - 1, "", "\u0001", "x" * 5000, [], [[]], {}, {"a": {"a": {}}}]
NOT_THERE = {404, 409, 412, 422, 428}  # may be said before a body is looked at


class Forbidden:
    def __init__(self, description, chance):
        self.description, self.chance = description, chance

    def make(self, call):
        """Changes `call`; (kind, statuses, pointers that must be among errors), or None when nothing was found."""
        ways = [self.query_unknown, self.method_unknown, self.target_bad]
        if call.operation.of("path"):
            ways += [self.path_bad]
        if any(name != "parameters" for name in call.operation.of("query")):
            ways += [self.query_bad, self.query_twice]
        if call.operation.of("header"):
            ways += [self.header_bad]
        if call.operation.body:
            ways += [self.bytes_bad, self.type_bad]
            if call.operation.media.endswith("json"):
                ways += [self.member_bad] * 5 + [self.members_bad] * 3
        else:
            ways += [self.body_unwanted]
        found = self.chance.choice(ways)(call)
        if found and call.operation.path.startswith("/1.0/"):
            return found[0], {200}, []  # it says so in its own words
        return found

    # --- The target ------------------------------------------------------------------------------------------
    def query_unknown(self, call):
        if call.operation.path.startswith("/1.0/"):
            return None  # passes over what it does not know
        call.query.append(("not_a_parameter", "1"))
        return "unknown query parameter", {400}, []

    def method_unknown(self, call):
        if call.operation.path.startswith("/1.0/"):
            return None
        call.operation = copy.copy(call.operation)
        call.operation.method = self.chance.choice(["TRACE", "BREW", "get", "PROPFIND"])
        call.operation.responses = {"405": {"$ref": "#/components/responses/Problem"}}
        call.operation.responses = {"405": self.description.resolve(call.operation.responses["405"])}
        return "unknown method", {405}, []

    def target_bad(self, call):
        bad = self.chance.choice(["%ff", "%", "%zz", "%00", "%c0%af"])
        target = call.target()
        if "{" in call.operation.path and self.chance.random() < 0.5:
            path = target.split("?")[0]
            call.raw_path = path + bad
        elif call.operation.path.startswith("/1.0/"):
            return None
        else:
            call.raw_path = target + ("&" if "?" in target else "?") + "limit=" + bad
        return "malformed target", {400}, []

    def path_bad(self, call):
        name = self.chance.choice(list(call.operation.of("path")))
        call.path[name] = self.chance.choice(["..", "-", "ä", "a" * 129, "a b", "%", "a\\b", "'", "{id}", "*", "\t"])
        return "name that nothing can have", NOT_THERE | {400, 422}, []

    def query_bad(self, call):
        name = self.chance.choice([name for name in call.operation.of("query") if name != "parameters"])
        schema = self.description.flat(call.operation.of("query")[name]["schema"])
        value = "zz" if name == "cursor" else self.text_against(schema)
        if value is None:
            return None
        call.query = [q for q in call.query if q[0] != name] + [(name, value)]
        return "bad query parameter", {400, 404} if call.path else {400}, []

    def query_twice(self, call):
        name = self.chance.choice([name for name in call.operation.of("query") if name != "parameters"])
        call.query += [(name, "1"), (name, "1")]
        return "query parameter twice", {400}, []

    def text_against(self, schema):
        """A text that a query or a header cannot have by this schema, or None."""
        kind = schema.get("type")
        if "enum" in schema or kind == "boolean":
            return self.chance.choice(["", "nonsense", "TRUE", "0"])
        if kind == "integer":
            return self.chance.choice(["", "x", "-1", "1.5", "1e3", "9" * 40, "0x10", "1 2", "+1"])
        if schema.get("format") == "date-time":
            return self.chance.choice(["yesterday", "2026-13-01T00:00:00Z", "2026-01-01", "1", ""])
        candidates = ["", "a b", "ä", "x" * 5000, "-x"]
        wrong = [c for c in candidates if self.description.violations(schema, c)]
        return self.chance.choice(wrong) if wrong else None

    def header_bad(self, call):
        name = self.chance.choice(list(call.operation.of("header")))
        value = self.text_against(self.description.flat(call.operation.of("header")[name]["schema"]))
        if value is None or name in ("Prefer", "Last-Event-ID", "If-None-Match"):  # may be passed over
            return None
        call.headers[name] = value.strip().encode("utf-8").decode("latin-1")
        if name.startswith("Inventory-"):
            call.headers.setdefault("Inventory-Source", "somebody")
            call.headers.setdefault("Inventory-Revision", "1")
        if name == "If-Match":
            return "tag that nothing has", NOT_THERE, []
        if name.startswith("Inventory-"):
            return "bad header field", {400, 404, 422}, []  # told with what is wrong with the body
        return "bad header field", {400, 404} if call.path else {400}, []

    # --- The body --------------------------------------------------------------------------------------------
    def body_unwanted(self, call):
        call.body, call.headers["Content-Type"] = b'{"a": 1}', "application/json"
        return "body where there is none", {400}, []

    def type_bad(self, call):
        call.headers["Content-Type"] = self.chance.choice(["text/plain", "application/jsonx", "application/xml", "/", "json"])
        return "other content type", {415}, []

    def bytes_bad(self, call):
        good = call.bytes()
        if not call.operation.media.endswith("json"):
            call.body = self.chance.choice([b"%ff", b"a=%zz", b"\xff\xfe=1", b"&" * 9 + b"a=\x00"])
            return "malformed body", {400}, []
        if self.chance.random() < 0.05:
            call.body = good.rstrip() + b" " * (8 << 20)
            return "large body", {413}, []
        deep = b'{"a": ' + b"[" * 40 + b"1" + b"]" * 40 + b"}"
        twice = b'{"storage": 1, "storage": 1}'
        call.body = self.chance.choice([
            b"", b"{", b"[]", b"7", b'"text"', b"null", b"\xff\xfe", good[:-1], good + b"}", good + b"{}", b"\xef\xbb\xbf" + good,
            b'{"a": "\xff"}', b'{"a": "\xc0\xaf"}', b'{"a": "\\u0000"}', b'{"a\\u0000": 1}', b'{"a": "\\ud800"}', b'{"a": 1e999}',
            b'{"a": NaN}', b'{"a": 01}', b"{'a': 1}", b'{"a": 1,}', b'{"a": ' + b"9" * 400 + b"}",
            deep, twice, b"[" * 50000, b'{"a":' * 5000])
        return "malformed body", {400, 404} if call.path else {400}, []

    def member_bad(self, call):
        place = self.spoil(call)
        return place and ("forbidden member", NOT_THERE | {422}, [place])

    def members_bad(self, call):
        places = [self.spoil(call), self.spoil(call)]
        if None in places or any(a != b and a.startswith(b) for a in places for b in places):
            return None
        return "two forbidden members", NOT_THERE | {422}, places

    def spoil(self, call):
        """Puts one thing into the body that the schema forbids; its pointer, or None."""
        value = copy.deepcopy(call.json)
        holder, place, schema = self.walk(value, self.description.flat(call.operation.body))
        members = [m for m in schema.get("properties", {}) if m in holder]
        required = [m for m in schema.get("required", []) if m in holder]
        way = self.chance.random()
        if way < 0.2 and required:
            name = self.chance.choice(required)
            del holder[name]
        elif way < 0.35 or not members:
            name = "not_a_member"
            holder[name] = self.chance.choice(SAMPLES)
        else:
            name = self.chance.choice(members)
            holder[name] = self.chance.choice(SAMPLES[1 - (name in required):])  # null is as if it were left out
        before, after = (len(self.description.violations(call.operation.body, v)) for v in (call.json, value))
        if after <= before:
            return None
        call.json = value
        return f"{place}/{name}"

    def walk(self, value, schema, place=""):
        """An object somewhere within `value`, its pointer and its schema."""
        inner = []
        for name, member in value.items():
            known = schema.get("properties", {}).get(name)
            known = known and self.description.flat(known)
            if isinstance(member, dict) and known and known.get("properties"):
                inner.append((member, known, f"{place}/{name}"))
            if isinstance(member, list) and known and "items" in known:
                inner += [(m, self.description.flat(known["items"]), f"{place}/{name}/{i}")
                          for i, m in enumerate(member) if isinstance(m, dict)]
        if inner and self.chance.random() < 0.6:
            member, known, at = self.chance.choice(inner)
            return self.walk(member, known, at)
        return value, place, schema

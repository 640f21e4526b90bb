# SPDX-License-Identifier: GPL-2.0-or-later
"""api_property.py DESCRIPTION SERVER: sends requests that the description allows, and requests that it forbids, to every
operation of a real server, and holds each reply to the description. GATEHOUSE_SEED and GATEHOUSE_OPERATIONS choose
another run, or a longer one; the same seed sends the same requests."""

import collections
import copy
import json
import os
import random
import re
import sys
import time

from description import Description, Values
from forbidden import Forbidden
from http_calls import Call, Server

# Of the API's own: what is not there, in conflict, or refused for what no schema can say.
ALLOWED_REFUSALS = {404, 409, 412, 422, 507}

PROOF = 3  # how often each operation succeeds, and is sent what is forbidden, at least


class Wrong(Exception):
    pass


class Run:
    def __init__(self, description, server, seed):
        self.description, self.server = description, server
        self.chance = random.Random(seed)
        self.values = Values(description, self.chance)
        self.forbidden = Forbidden(description, self.chance)
        self.counts = {o.name: collections.Counter() for o in description.operations}
        self.fresh = Values(description, self.chance, exemplary=False)
        self.cursors, self.orders, self.objects, self.shown = {}, {}, {}, {}
        self.taken = {}  # by operation: members of the body that were in conflict with what is there
        self.kinds, self.wrong = collections.Counter(), []
        # What examples of bodies refer to stays as it is, or nothing could be made of it any more.
        self.pillars = {value for o in description.operations if o.body
                        for example in description.flat(o.body).get("examples", [])
                        for value in example.values() if isinstance(value, str)} | {"101"}

    # --- Making requests -------------------------------------------------------------------------------------
    def parameter(self, operation, where, name, parameter):
        if name == "cursor":
            return self.cursors.get(operation.name)
        if name == "Prefer":
            return self.chance.choice(["wait=0"] * 7 + ["wait=1", "wait=20", "wait=60"])
        key = name if where != "path" else self.collection(operation, name) + "." + name
        value = self.values.of(parameter["schema"], key)
        return value if isinstance(value, str) else json.dumps(value)

    @staticmethod
    def collection(operation, name):
        """What comes before the parameter in the path: of what it is the name."""
        return operation.path.split("/{%s}" % name)[0].rsplit("/", 1)[1]

    def path_of(self, operation):
        """The parameters of the path: most often of an object that was seen to be there."""
        known = self.known(operation)
        if known and self.chance.random() < 0.85:
            return dict(self.chance.choice(known))
        return {name: self.parameter(operation, "path", name, parameter)
                for name, parameter in operation.of("path").items()}

    def known(self, operation):
        """The paths of objects that the operation can be about; of those that may go when it replaces or removes them."""
        under = [template for template in self.objects if self.objects[template] and
                 (operation.path + "/").startswith(template + "/")]
        known = self.objects[max(under, key=len)] if under else []
        if operation.method in ("DELETE", "PUT"):
            known = [path for path in known if list(path.values())[-1] not in self.pillars]
        if operation.method == "DELETE":  # most often of what nothing that was seen needs
            word = operation.path.rsplit("/", 2)[-2].removesuffix("s")
            known = [path for path in known if self.chance.random() < 0.1 or
                     not any(item.get(word) == list(path.values())[-1] for item in self.shown.values())]
        return known

    def allowed(self, operation):
        call = Call(operation)
        call.path = {**{name: self.parameter(operation, "path", name, parameter)
                        for name, parameter in operation.of("path").items()}, **self.path_of(operation)}
        if operation.method in ("DELETE", "PUT") and operation.path.endswith("}") and \
                list(call.path.values())[-1] in self.pillars:
            call.path[list(call.path)[-1]] = self.values.word()
        for name, parameter in operation.of("query").items():
            share = 0.4 if name == "cursor" else 0.15
            if parameter["schema"].get("type") != "object" and self.chance.random() < share:
                value = self.parameter(operation, "query", name, parameter)
                call.query += [(name, value)] if value is not None else []
            elif parameter["schema"].get("$ref"):
                self.query_of(call, parameter)
        if any(name == "cursor" for name, _ in call.query):  # it is of one order
            call.query = [q for q in call.query if q[0] != "sort"] + self.orders[operation.name]
        for name, parameter in operation.of("header").items():
            if parameter.get("required") or self.chance.random() < 0.1:
                call.headers[name] = "*" if name == "If-Match" and self.chance.random() < 0.7 else \
                    self.parameter(operation, "header", name, parameter)
        if "Inventory-Source" in call.headers or "Inventory-Revision" in call.headers:  # together
            for name in ("Inventory-Source", "Inventory-Revision"):
                call.headers[name] = self.parameter(operation, "header", name, operation.of("header")[name])
        for _ in range(30 if operation.body else 0):
            call.json = self.body_of(operation, call.target().split("?")[0])
            if not self.description.violations(operation.body, call.json):
                break
        return call

    def body_of(self, operation, target):
        """A new body; in place of what is there most often that with a change, so that the world stays a world."""
        made, there = self.values.of(operation.body), self.shown.get(target)
        known = self.description.flat(operation.body).get("properties", {})
        if operation.method != "PUT" or not there or self.chance.random() < 0.2:
            renewed = [name for name in sorted(self.taken.get(operation.name, ())) if name in made and self.chance.random() < 0.7]
            return {**made, **{name: self.renewed(known[name], name, made[name]) for name in renewed}}
        kept = {name: member for name, member in there.items() if name in known}
        return {**kept, **{name: member for name, member in made.items() if self.chance.random() < 0.15}}

    def renewed(self, schema, name, value):
        """What is most likely not there yet; a number is one that is larger."""
        if isinstance(value, int) and not isinstance(value, bool):
            return min(self.description.flat(schema).get("maximum", 2**53), value + 2**self.chance.randint(0, 20))
        return self.fresh.of(schema, name)

    def query_of(self, call, parameter):
        """A query whose parameters are the members of one object (explode)."""
        if "properties" in self.description.flat(parameter["schema"]):
            call.query += [(k, v if isinstance(v, str) else json.dumps(v))
                           for k, v in self.values.of(parameter["schema"]).items()]

    # --- Holding replies -------------------------------------------------------------------------------------
    def hold(self, call, answer):
        """Raises Wrong when the reply is none that the description has."""
        operation, response = call.operation, call.operation.response(answer.status)
        if answer.status >= 500 and str(answer.status) not in operation.responses:
            raise Wrong(f"status {answer.status}")
        if answer.status in (429, 503) and not answer.headers.get("retry-after"):
            raise Wrong(f"{answer.status} without Retry-After")
        if not response:
            raise Wrong(f"status {answer.status} is not described")
        for name, header in response.get("headers", {}).items():
            header = self.description.resolve(header)
            value = answer.headers.get(name.lower())
            if value is None and header.get("required"):
                raise Wrong(f"{answer.status} without {name}")
            if value is not None:
                self.hold_value(header["schema"], value if header["schema"].get("type") != "integer" else int(value), name)
        content = response.get("content")
        if not content or call.operation.method == "HEAD":
            if answer.text:
                raise Wrong(f"{answer.status} with a body")
            return
        media = answer.headers.get("content-type", "").split(";")[0]
        if media not in content:
            raise Wrong(f"{answer.status} is {media}, not {' or '.join(content)}")
        if media.endswith("json"):
            value = answer.json()
            self.hold_value(content[media]["schema"], value, "body")
            if answer.status == 200 and (("dry_run", "true") in call.query) != value.get("dry_run", False):
                raise Wrong("a dry run is answered as the write, or a write as a dry run")
            if answer.status >= 400 and value.get("status", answer.status) != answer.status and not media.endswith("/json"):
                raise Wrong("status of the body is another than that of the reply")

    def hold_value(self, schema, value, what):
        wrong = self.description.violations(schema, value) or self.description.undescribed(schema, value)
        if wrong:
            raise Wrong(f"{what}: " + "; ".join(wrong[:4]))

    def report(self, call, answer, why, kind):
        self.kinds[call.operation.name, kind, str(why)[:30]] += 1
        if self.kinds[call.operation.name, kind, str(why)[:30]] > 2:
            return
        reply = f"{answer.status} {answer.text[:1500]!r}" if answer else "no reply"
        self.wrong.append(f"{call.operation.name} ({kind}): {why}\n    {call}\n    {reply}")

    def served(self):
        operation = next(o for o in self.description.operations if o.path == "/openapi.json")
        call = Call(operation)
        answer = self.server.send(call, "")
        if answer.json() != self.description.root:
            self.report(call, answer, "it is not the description", "as nobody")

    def streams(self):
        """What answers a stream of events, too: its first events are as the description has them."""
        make = next(o for o in self.description.operations if o.name == "createToken")
        for operation in self.description.operations:
            if "text/event-stream" not in operation.responses.get("200", {}).get("content", {}):
                continue
            call = Call(operation, headers={"Accept": "text/event-stream", "Last-Event-ID": "0"})
            for i in range(3):
                self.server.send(Call(make, json={"name": f"stream-{i}", "scope": "operator"}))
            self.counts[operation.name]["streams"] += 1
            try:
                self.stream_hold(*self.server.stream(call, 20))
            except Wrong as wrong:
                self.report(call, None, wrong, "stream")

    def stream_hold(self, status, media, lines):
        if status != 200 or not media.startswith("text/event-stream"):
            raise Wrong(f"{status} {media}")
        events = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
        if len(events) < 3:
            raise Wrong(f"no three events in {lines}")
        for event in events:
            self.hold_value({"$ref": "#/components/schemas/Event"}, event, "event")
        for line in lines:
            if line and not line.startswith(("retry: ", "id: ", "data: ", ":")):
                raise Wrong(f"no line of a stream: {line!r}")

    def runs(self):
        """A verification that was asked for ends, and what it has found is as the description has it."""
        ask, read = (next(o for o in self.description.operations if o.name == name) for name in ("verify", "getVerification"))
        until, number = time.monotonic() + 30, self.server.send(Call(ask)).json()["run"]
        answer = self.server.send(Call(read))
        while answer.json()["run"] < number and time.monotonic() < until:
            time.sleep(0.01)
            answer = self.server.send(Call(read))
        try:
            self.hold(Call(read), answer)
            if answer.json()["run"] < number or not any(row["result"] == "passed" for row in answer.json()["items"]):
                raise Wrong(f"run {number} has not ended, or found nothing")
        except Wrong as wrong:
            self.report(Call(read), answer, wrong, "run")

    def tags(self):
        """What has a tag is changed, replaced and removed by that one alone."""
        for write in (o for o in self.description.operations if "If-Match" in o.of("header")):
            read = next((o for o in self.description.operations if o.path == write.path and o.method == "GET"), None)
            answers = ((path, self.server.send(Call(read, path))) for path in self.objects.get(write.path, []) if read)
            path, there = next(((p, a) for p, a in answers if a.status == 200), (None, None))
            if not there:
                continue
            known = self.description.flat(write.body).get("properties", {}) if write.body else {}
            body = {n: m for n, m in there.json().items() if n in known} if write.method == "PUT" else {} if write.body else None
            for tag, refused in (('"of nothing"', True), (there.headers.get("etag"), False)):
                call = Call(write, path, [("dry_run", "true")], {"If-Match": tag}, body)
                answer = self.server.send(call)
                self.counts[write.name]["tags"] += 1
                if (answer.status == 412) != refused:
                    self.report(call, answer, "it is not done by its tag alone", "tag")

    # --- Who may ---------------------------------------------------------------------------------------------
    def scopes(self):
        """Each operation by a token of each scope: the description names those that open it (security); nobody else
        succeeds, changes anything, or is shown what belongs to another account."""
        secrets = {scope: self.token(scope, scope, {}) for scope in ("operator", "inventory")}
        secrets["account"] = self.token("acc", "account", {"account": "acme"})
        secrets["node"] = self.token("node", "node", {"node": "101"})
        reader = self.token("reader", "operator", {"right": "read"})
        foreign = self.token("foreign", "account", {"account": "foreign"})
        for operation in self.description.operations:
            if operation.roles is None:
                continue
            for scope, secret in secrets.items():
                if scope != "inventory" or operation.name not in ("apply", "createToken"):  # some bodies of these
                    self.scope_try(operation, secret, "as " + scope, None if scope in operation.roles else {403, 404})
            if operation.name != "apply":
                self.scope_try(operation, foreign, "as another account",
                               {403, 404} if "{" in operation.path or "account" not in operation.roles else
                               {422} if operation.name == "createExport" else {200})
            if operation.method != "GET":
                self.scope_try(operation, reader, "as one who may read", {403})
            self.scope_try(operation, "", "as nobody", {401, 429})
            self.scope_try(operation, "gh_" + "A" * 43, "with an unknown token", {401, 429})

    def token(self, name, scope, members):
        create = next(o for o in self.description.operations if o.name == "createToken")
        answer = self.server.send(Call(create, json={"name": "scope-" + name, "scope": scope, **members}))
        return answer.json()["secret"]

    def scope_call(self, operation):
        """A request by the example of the description, for what is there, that changes nothing."""
        call = Call(operation, path={name: {"environments": "shop", "nodes": "101", "storages": "files"}.get(
            self.collection(operation, name), "x") for name in operation.of("path")})
        body = operation.body and self.description.flat(operation.body)
        if body:
            call.json = copy.deepcopy(body["examples"][0]) if "examples" in body else self.values.of(operation.body)
        if "dry_run" in operation.of("query"):
            call.query.append(("dry_run", "true"))
        if "If-Match" in operation.of("header"):
            call.headers["If-Match"] = "*"
        return call

    def scope_try(self, operation, secret, who, statuses):
        call = self.scope_call(operation)
        answer = self.server.send(call, secret)
        self.counts[operation.name]["by scope"] += 1
        try:
            self.hold(call, answer)
            if statuses and answer.status not in statuses:
                raise Wrong(f"wanted {' or '.join(map(str, sorted(statuses)))}")
            if statuses is None and answer.status in (401, 403):
                raise Wrong("the description says that this scope may")
            sent = json.dumps(call.json) + call.target()
            for word in ("acme", "shop", "files", "10.77.0.21"):
                if who == "as another account" and word.encode() in answer.text and word not in sent:
                    raise Wrong(f"it is shown {word} of another account")
        except Wrong as wrong:
            self.report(call, answer, wrong, who)

    def broken(self):
        """A flood of fields, a target that is too long and a body that is cut off change nothing of any operation."""
        for operation in self.description.operations:
            before = self.server.revision()
            for status, headers, query in ((431, {f"X-{i}": "x" for i in range(110)}, []), (414, {}, [("x", "x" * 9000)])):
                call = self.scope_call(operation)
                call.query, call.headers = query, {**call.headers, **headers}
                answer = self.server.send(call)
                self.counts[operation.name]["broken"] += 1
                if answer.status != status and (answer.status, answer.json().get("reason")) != (200, status):
                    self.report(call, answer, f"wanted {status}", "broken")
            call = self.scope_call(operation)
            call.query = []
            if operation.body:
                self.server.cut_off(call)
            if self.server.revision() != before and self.newest_actor().startswith(("uid:", "token:")):
                self.report(call, None, "something was changed by what is broken", "broken")

    # --- The two kinds ---------------------------------------------------------------------------------------
    def try_allowed(self, operation):
        call = self.allowed(operation)
        for turn in range(3):
            call = call and self.repaired(call, self.allowed_send(call), turn)

    def repaired(self, call, answer, turn):
        """The request with other values where it was refused for what is there: what the object itself or the one
        around it has, new ones for what is taken, those of the description's example for what is not known, or none.
        None: there is nothing to repair."""
        if answer.status == 409 and call.operation.method == "DELETE":
            return self.cleared(call, answer)
        if answer.status not in (409, 422) or not isinstance(call.json, dict):
            return None
        schema = self.description.flat(call.operation.body)
        members, example = schema.get("properties", {}), self.example_like(schema, call.json)
        places = {error["pointer"].split("/")[1] for error in answer.json().get("errors", []) if "/" in error["pointer"][:1]}
        again = copy.deepcopy(call)
        again.headers.pop("Idempotency-Key", None)
        if answer.status == 409:
            self.taken.setdefault(call.operation.name, set()).update(places & set(members))
        for name in sorted(places & set(members)):
            value, there = again.json.get(name), self.there(call, name)
            if there not in (None, value):
                again.json[name] = there
            elif answer.status == 422 and name in example and example[name] != value:
                again.json[name] = example[name]
            elif answer.status == 422 and value is not None and name not in schema.get("required", []):
                del again.json[name]
            else:
                again.json[name] = self.renewed(members[name], name, value)
                if isinstance(value, int) and turn > 0:  # nor is a larger number right: it counts something else
                    again.json.update({other: self.fresh.of(members[other], other) for other in schema.get("required", [])
                                       if isinstance(again.json.get(other), str)})
        wrong = not places & set(members) or self.description.violations(call.operation.body, again.json)
        return None if wrong else again

    def cleared(self, call, answer):
        """The same once more when what is told to stand in its way has been removed; None: nothing is told."""
        told, removed = " ".join(error["detail"] for error in answer.json().get("errors", [])), False
        for operation in (o for o in self.description.operations if o.method == "DELETE" and len(o.of("path")) == 1):
            word = operation.path.rsplit("/", 2)[-2].removesuffix("s")
            for name in re.findall(rf"\b{word} (\S+)", told):
                path = dict.fromkeys(operation.of("path"), name)
                removed = self.allowed_send(Call(operation, path, headers={"Prefer": "wait=20"})).status < 300 or removed
        return call if removed else None

    @staticmethod
    def example_like(schema, value):
        """The example that has the most in common with `value`."""
        return max(schema.get("examples", [{}]), key=lambda e: sum(value.get(name) == member for name, member in e.items()))

    def there(self, call, name):
        """What the object of the path was seen to have under the name, or one of what that around it has; or None."""
        path = call.target().split("?")[0]
        while path:
            shown = self.shown.get(path, {})
            if shown.get(name) is not None:
                return shown[name]
            around = shown.get(name + "s") or self.within(shown, name)
            if around:
                return self.chance.choice(around)
            path = path.rsplit("/", 1)[0]
        return None

    def within(self, shown, name):
        """What was seen under the name in one of those that the object names: a node of its environment."""
        found = []
        for template, paths in self.objects.items():
            if template.rsplit("/", 2)[-2] == name + "s":
                found += [last for *outer, last in (list(path.values()) for path in paths)
                          if outer and all(value in shown.values() for value in outer)]
        return found

    def allowed_send(self, call):
        operation = call.operation
        answer = self.server.send(call)
        self.counts[operation.name]["allowed"] += 1
        self.counts[operation.name][answer.status] += 1
        try:
            self.hold(call, answer)
            if answer.status >= 400 and answer.status not in ALLOWED_REFUSALS and answer.status != 503:
                raise Wrong("it is as described, and was refused")
        except Wrong as wrong:
            self.report(call, answer, wrong, "allowed")
        if answer.status < 300:
            self.counts[operation.name]["done"] += 1
        if ("dry_run", "true") not in call.query:
            self.remember(call, answer)
        return answer

    def remember(self, call, answer):
        """What is there, or is not any more."""
        operation = call.operation
        if operation.method == "DELETE":
            if answer.status < 300 or answer.status == 404:
                known = self.objects.get(operation.path, [])
                known[:] = [path for path in known if path != call.path]
                self.values.forget(list(call.path.values())[-1])
                self.shown.pop(call.target().split("?")[0], None)
            return
        if answer.status >= 300 or answer.headers.get("content-type") != "application/json":
            return
        value = answer.json()
        if operation.method == "PUT" and operation.path.endswith("}"):
            self.object_seen(operation.path, call.path)
        if operation.path.endswith("}"):
            self.shown[call.target().split("?")[0]] = value
        for below in self.description.operations:  # what the path of a list, and the name of an item, lead to
            name = below.path.removeprefix(operation.path + "/{").removesuffix("}")
            if below.path == operation.path + "/{%s}" % name:
                for item in value.get("items", [value]):
                    if isinstance(item.get(name), str):
                        path = {**call.path, name: item[name]}
                        self.object_seen(below.path, path)
                        self.shown[Call(below, path=path).target()] = item
                        self.values.note(item[name], operation.path.rsplit("/", 1)[1] + "." + name)
                        self.values.note(item[name], operation.path.rsplit("/", 1)[1].removesuffix("s"))
        self.cursors[operation.name] = value.get("next") or None
        self.orders[operation.name] = [q for q in call.query if q[0] == "sort"]
        self.values.learn(operation.response(answer.status)["content"]["application/json"]["schema"], value)
        for name in ("If-Match", "If-None-Match"):
            if "etag" in answer.headers:
                self.values.note(answer.headers["etag"], name)

    def object_seen(self, template, path):
        known = self.objects.setdefault(template, [])
        if path not in known:
            known.append(path)
            del known[:-12]

    def try_forbidden(self, operation):
        call = self.allowed(operation)
        call.headers.pop("Prefer", None)
        call.headers.pop("Idempotency-Key", None)
        call.query = [q for q in call.query if q[0] != "cursor"]
        found = self.forbidden.make(call)
        if not found:
            return
        kind, statuses, places = found
        before = self.server.revision()
        answer = self.server.send(call)
        self.counts[operation.name]["forbidden"] += 1
        self.counts[operation.name][answer.status] += 1
        self.counts["kinds"] = self.counts.get("kinds", collections.Counter())
        self.counts["kinds"][kind] += 1
        try:
            if answer.status not in statuses:
                raise Wrong(f"wanted {' or '.join(map(str, sorted(statuses)))}")
            if self.server.revision() != before and self.newest_actor().startswith(("uid:", "token:")):
                raise Wrong("something was changed by it")
            self.hold(call, answer)
            if answer.status == 200:
                if not answer.json()["result"]:
                    raise Wrong("it says that it was done")
            elif answer.headers.get("content-type") != "application/problem+json":
                raise Wrong(f"refused as {answer.headers.get('content-type')}")
            if answer.status == 422 and places:
                told = [error["pointer"] for error in answer.json().get("errors", [])]
                # What is around is told first: what is within it may be told when that is right.
                for place in (p for p in places if p.count("/") == min(map(lambda p: p.count("/"), places))):
                    if not any(pointer == place or pointer.startswith(place + "/") for pointer in told) and len(told) < 90:
                        raise Wrong(f"{place} is wrong and not told: {told}")
        except Wrong as wrong:
            self.report(call, answer, wrong, "forbidden: " + kind)

    def newest_actor(self):
        """Who made the newest change: a long run sees sources of the inventory fall silent, which is nobody's request."""
        events = next(o for o in self.description.operations if o.path == "/v1/events")
        items = self.server.send(Call(events, query=[("limit", "1")])).json()["items"]
        return items[0]["actor"] if items else ""

    def go(self, count):
        operations = self.description.operations
        for _ in range(count):
            # Objects are made more often than they are removed, and seldom removed before there is one.
            operation = self.chance.choice(operations)
            while operation.method == "DELETE" and self.chance.random() < (0.75 if self.known(operation) else 0.95):
                operation = self.chance.choice(operations)
            (self.try_allowed if self.chance.random() < 0.5 else self.try_forbidden)(operation)
            if len(self.wrong) >= 40:
                return

        # By chance alone a few come away with nothing: they go on, among the others that make what they need.
        for _ in range(count):
            behind = self.unproven()
            if not behind:
                return
            operation = self.chance.choice(self.chance.choice([behind, operations]))
            if operation.method == "DELETE" and not self.known(operation):
                continue
            (self.try_allowed if self.chance.random() < 0.5 else self.try_forbidden)(operation)

    def unproven(self):
        """The operations that did not succeed often enough yet, or were not sent what is forbidden."""
        return [operation for operation in self.description.operations
                if min(self.counts[operation.name][what] for what in ("allowed", "done", "forbidden")) < PROOF]

    def table(self):
        print(f"{'operation':22} {'allowed':>8} {'done':>6} {'forbidden':>9} {'scopes':>6}  statuses")
        for operation in self.description.operations:
            counts = self.counts[operation.name]
            statuses = ", ".join(f"{s}: {n}" for s, n in sorted((s, n) for s, n in counts.items() if isinstance(s, int)))
            print(f"{operation.name:22} {counts['allowed']:8} {counts['done']:6} {counts['forbidden']:9} {counts['by scope']:6}  {statuses}")
        print("forbidden: " + ", ".join(f"{kind} {n}" for kind, n in sorted(self.counts.get("kinds", {}).items())))


def main():
    description = Description(sys.argv[1])
    seed, count = int(os.environ.get("GATEHOUSE_SEED", 1)), int(os.environ.get("GATEHOUSE_OPERATIONS", 4000))
    wrong = description.faults()
    server = Server(sys.argv[2])
    run = Run(description, server, seed)
    try:
        run.served()
        run.scopes()
        run.streams()
        run.broken()
        run.go(count)
        run.runs()
        run.tags()
    except (OSError, EOFError) as error:
        wrong.append(f"the server does not answer any more: {error!r}")
    status = server.stop()
    if status:
        wrong.append(f"the server ended with {status}")
    run.table()
    if count >= 3000:  # a shorter run proves little
        wrong += [f"{o.name} succeeded, or was sent what is forbidden, less than {PROOF} times" for o in run.unproven()]
    for line in wrong + run.wrong:
        print(line)
    print(f"seed {seed}, {count} requests: {len(wrong + run.wrong)} wrong")
    return bool(wrong or run.wrong)


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: GPL-2.0-or-later
"""examples.py DESCRIPTION PAGE: what is wrong with the examples of the page that the description of the API does not
bear out, a line each.

A request is an indented line that begins with gh: its method, path, query, header fields and body must be what one
operation takes. An indented object behind it is its reply; "..." stands for what was left out, and what was not is a
member that the operation answers. Any other object is JSON.
"""

import json
import os
import re
import shlex
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "property"))
from description import Description  # noqa: E402


def blocks(text):
    """(number of the line, text) of each indented block; lines that begin less deep in one begin another."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        begins = re.match(r"    (\S)", line)
        if begins and (begins[1] != "}" or not found):
            found.append([number, line[4:], number])
        elif line.startswith("     ") and found and found[-1][2] == number - 1:
            found[-1][1] += "\n" + line
            found[-1][2] = number
    return [(number, block) for number, block, _ in found]


def request_of(block):
    """(method, target, header fields, body) of a line of gh, or None."""
    words = shlex.split(block.replace("\\\n", " "))
    if "gh" not in words[:2]:
        return None
    headers = {"Content-Type": words[0].removeprefix("type=") if words[0] != "gh" else "application/json"}
    method, target, body = None, None, None
    rest = iter(words[words.index("gh") + 1:])
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, value = next(rest).split(": ", 1)
            headers[name] = value
        elif word == "-d":
            body = next(rest)
        elif word.startswith("http://localhost/"):
            target = word.removeprefix("http://localhost")
        elif word != "-N":
            raise ValueError(f"{word} is not understood")
    return method or "GET", target, headers, body


class Page:
    def __init__(self, description):
        self.description, self.wrong, self.operation = description, [], None

    def operation_of(self, method, path):
        for operation in self.description.operations:
            pattern = "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in operation.path.split("/"))
            if operation.method == method and re.fullmatch(pattern, path):
                return operation
        raise ValueError(f"there is no operation {method} {path}")

    def values_check(self, place, values):
        known = self.operation.of(place)
        known = {name.lower() if place == "header" else name: parameter for name, parameter in known.items()}
        for name, value in values:
            if name not in known and not (place == "header" and name in ("content-type", "accept")):
                raise ValueError(f"{self.operation.name} takes no {place} {name}")
            schema = name in known and self.description.flat(known[name]["schema"])
            if schema and schema.get("type") in ("integer", "boolean"):
                value = json.loads(value)
            for wrong in self.description.violations(schema, value) if schema else []:
                raise ValueError(f"{name}{wrong}")

    def request_check(self, method, target, headers, body):
        path, _, query = target.partition("?")
        self.operation = self.operation_of(method, urllib.parse.unquote(path))
        self.values_check("query", urllib.parse.parse_qsl(query))
        self.values_check("header", [(name.lower(), value) for name, value in headers.items()])
        if body is None and not self.operation.body:
            return
        if body is None or not self.operation.body:
            raise ValueError("it has no body" if body is None else "it takes no body")
        if headers["Content-Type"] != self.operation.media:
            raise ValueError(f"its body is {headers['Content-Type']}, not {self.operation.media}")
        for wrong in self.description.violations(self.operation.body, json.loads(body)):
            raise ValueError(f"its body: {wrong}")

    def reply_check(self, block):
        whole = re.sub(r"(?<=[{\[])\.\.\.(, )?|, \.\.\.", "", block)
        value = json.loads(whole if whole.startswith("{") else "{" + whole.removesuffix(",") + "}")
        schemas = [content["schema"] for status, response in self.operation.responses.items() if status.startswith("2")
                   for content in [response.get("content", {}).get("application/json")] if content] if self.operation else []
        found = []
        for schema in schemas:
            found.append(self.description.undescribed(schema, value) + (self.description.violations(schema, value)
                                                                        if whole == block else []))
        if found and min(found, key=len):
            raise ValueError(f"{self.operation.name} does not answer this: " + "; ".join(min(found, key=len)[:3]))

    def look(self, text):
        """Returns how many requests there are."""
        count, last = 0, 0
        for number, block in blocks(text):
            try:
                request = request_of(block) if re.match(r"(type=\S+ )?gh ", block) else None
                if request:
                    count, last = count + 1, number + block.count("\n")
                    self.request_check(*request)
                elif block.startswith(("{", '"')):
                    if number > last + 2:
                        self.operation = None  # the page tells elsewhere of what it is
                    self.reply_check(block)
            except (ValueError, StopIteration) as error:
                self.wrong.append(f"line {number}: {error}")
        return count


page = Page(Description(sys.argv[1]))
with open(sys.argv[2], encoding="utf-8") as source:
    requests = page.look(source.read())
if requests < 20:
    page.wrong.append(f"{requests} requests are read in it, which is too few")
print("\n".join(page.wrong), end="\n" if page.wrong else "")

# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads contrib/jps: the manifest is YAML of events that the platform documents and actions that are there, with no command
for a shell; the script is ECMAScript 5 without placeholders; each request of gatehouse-report is an operation of the API;
README.md tells of each event. Each finding is seen to be made, on copies that are wrong."""
import re
import sys

import yaml

# https://github.com/virtuozzo/cloudscripting-docs, docs/creating-manifest/events.md; sleep has none.
EVENTS = set("""onInstall onUninstall onAfterChangeTopology onAfterScaleOut onAfterScaleIn onAfterServiceScaleOut onAfterStart
    onAfterStop onAfterClone onBeforeMigrate onAfterMigrate onAfterConfirmTransfer onAfterRestartContainer onAfterRedeployContainer
    onBeforeDelete onAfterDelete""".split())
KEYS = {"type", "id", "version", "name", "description", "baseUrl", "settings", "actions"}


def manifest_wrong(text):
    manifest = yaml.safe_load(text)
    events = {key for key in manifest if key.startswith("on")}
    fields = {field["name"] for field in manifest["settings"]["fields"]}
    yield from (f"{key} is no member of a manifest" for key in manifest.keys() - events - KEYS)
    yield from (f"{event} is no event, or is missing" for event in events ^ EVENTS)
    if manifest["type"] != "update":
        yield "an add-on is of type update"
    for where in sorted(events | {"actions"}):
        lists = manifest[where].values() if where == "actions" else [manifest[where]]
        for action in (action for actions in lists for action in actions):
            verb = next(iter(action))
            if verb not in (("script",) if where == "actions" else (*manifest["actions"], "install")):
                yield f"{where}: {verb} is no action of this manifest"
    for found in re.findall(r"\$\{([^}]+)\}", text):
        if not (found in ("env.envName", "event.response.env.envName", "baseUrl", "this.envName", "this.state")
                or found.removeprefix("settings.") in fields):
            yield f"the placeholder {found} is not known"


def script_wrong(text):
    code = re.sub(r"//.*", "", text)
    for word in (r"\$\{", "`", "=>", r"\blet ", r"\bconst ", r"\beval\b", r"\bnew Function\b"):
        if re.search(word, code):
            yield f"gatehouse.js: {word}"
    asked = set(re.findall(r'getParam\("(\w+)"\)', text))
    if asked != {"task", "state", "envName", "gatewayEnv", "gatewayNode", "url", "layers"}:
        yield f"gatehouse.js asks for {sorted(asked)}"


def requests_wrong(text, paths):
    found = re.findall(r'request (GET|PUT|POST|DELETE|PATCH) "?(/[^" ]*)', text)
    if len(found) < 4:
        yield "gatehouse-report: its requests cannot be read any more"
    for method, path in found:
        pattern = re.sub(r"[^/]*\$[^/]*", r"\\{\\w+\\}", path)
        if not any(re.fullmatch(pattern, there) and method.lower() in operations for there, operations in paths.items()):
            yield f"gatehouse-report: the API has no {method} {path}"


def main(root):
    def read(path):
        with open(f"{root}/{path}", encoding="utf8") as file:
            return file.read()
    manifest, script, program = (read("contrib/jps/" + name) for name in ("gatehouse.jps", "gatehouse.js", "gatehouse-report"))
    paths, readme = yaml.safe_load(read("gateway/rest/openapi.yaml"))["paths"], read("contrib/jps/README.md")
    wrong = [*manifest_wrong(manifest), *script_wrong(script), *requests_wrong(program, paths),
             *(f"contrib/jps/README.md: nothing about {event}" for event in sorted(EVENTS) if event not in readme)]
    for seen in (manifest_wrong(manifest.replace("onAfterStop", "onAfterSleep")),
                 manifest_wrong(manifest.replace("- tell:", "- cmd:", 1)),
                 manifest_wrong(manifest.replace("${settings.url}", "${nodes.cp.master.id}")),
                 script_wrong(script + "let x = 1;"), script_wrong(script + '"${env.envName}"'),
                 requests_wrong(program.replace("request PUT", "request PATCH"), paths),
                 requests_wrong(program.replace("/v1/tokens/jps-$1", "/v1/tokens/jps/$1"), paths)):
        if not list(seen):
            wrong.append("something wrong is not seen")
    print("\n".join(wrong) if wrong else "contrib/jps is as it should be")
    return 1 if wrong else 0


sys.exit(main(sys.argv[1]))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of an environment as contrib/jps/gatehouse.jps has it: each event of the manifest, played with the real script
and the real gatehouse-report against the server of the unit tests, and what the server says then. By jps.test."""
import base64
import contextlib
import copy
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
JPS = os.path.join(HERE, "..", "..", "contrib", "jps")
URL, TOKENS = "", {} # of the server, once it runs
SETTINGS = {"gatewayEnv": "files", "gatewayNode": "900", "url": "https://10.78.0.11:8470", "layers": "cp,cache"}
# All that any shell is ever given.
COMMAND = re.compile(r"gatehouse-report (inventory|forget) [A-Za-z0-9+/=]+|gatehouse-report token [0-9]+"
                     r"|install -d -m 0700 /etc/gatehouse|sh /etc/gatehouse/node-setup")
MANIFEST = yaml.safe_load(open(os.path.join(JPS, "gatehouse.jps"), encoding="ascii"))


def node(number, layer, address, image=("nginx", "1.27-alpine")):
    return {"id": number, "nodeGroup": layer, "address": "192.0.2.1", "intIP": address, "nodeType": "docker",
            "customitem": {"dockerName": image[0], "dockerTag": image[1]}}


class Platform:
    def __init__(self, folder):
        self.environments, self.tokens, self.folder = {}, {}, folder

    def make(self, name, uid, nodes):
        self.environments[name] = {"result": 0, "nodes": nodes,
                                   "env": {"appid": uid, "ownerUid": 1234, "status": 1, "envName": name}}
        return self.environments[name]

    def calls(self, event, env, response=None):
        """What the manifest has its scripts do for the event: their parameters."""
        for action in MANIFEST[event]:
            (verb, given), = action.items()
            given = self.fill(given, {"env": {"envName": env}, "settings": SETTINGS, "event": {"response": response},
                                      "baseUrl": MANIFEST["baseUrl"]})
            if verb == "install":
                assert given["jps"] == MANIFEST["baseUrl"] + "/gatehouse.jps" and given["settings"] == SETTINGS, given
                yield from self.calls("onInstall", given["envName"])
                continue
            for script in MANIFEST["actions"][verb]:
                params = self.fill(script, {"this": given, "settings": SETTINGS, "baseUrl": MANIFEST["baseUrl"]})
                assert params["script"] == MANIFEST["baseUrl"] + "/gatehouse.js", params
                yield params

    def world(self, params):
        return copy.deepcopy({"session": "s", "gateway": "files", "params": params, "environments": self.environments})

    def fill(self, value, words):
        if isinstance(value, dict):
            return {key: self.fill(member, words) for key, member in value.items()}

        def word(match):
            found = words
            for part in match.group(1).split("."):
                found = found[part]
            return str(found)
        return re.sub(r"\$\{([^}]+)\}", word, str(value))

    def play(self, worlds):
        path = os.path.join(self.folder, "worlds.json")
        with open(path, "w", encoding="utf8") as file:
            json.dump(worlds, file)
        ran = subprocess.run(["node", os.path.join(HERE, "jps_world.js"), path, os.path.join(JPS, "gatehouse.js")],
                             check=True, stdout=subprocess.PIPE, timeout=300)
        answers = json.loads(ran.stdout)
        for noted in answers:
            for command in noted["commands"]:
                assert COMMAND.fullmatch(command["command"]) and command["user"] == "root", command
            for file in noted["files"]:
                if file["path"] == "/etc/gatehouse/token":
                    self.tokens[file["node"]] = file["body"].strip()
        return answers

    def fine(self, event, env="web", response=None):
        answers = self.play([self.world(params) for params in self.calls(event, env, response)])
        assert answers
        for noted in answers:
            assert noted["answer"]["result"] == 0, (event, noted["answer"])
        return answers


def get(path, token=None):
    request = urllib.request.Request(URL + path, headers={"Authorization": "Bearer " + (token or TOKENS["inventory"])})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None


def environment(name="web"):
    return get("/v1/environments/" + name)[1]


def addresses(name="web"):
    return {item["id"]: item["addresses"] for item in get(f"/v1/environments/{name}/nodes")[1]["items"]}


def opens(number, token):
    return get(f"/v1/nodes/{number}/mounts", token)[0]


def life(platform):
    web = platform.make("web", "e1f0", [node(401, "cp", "10.78.0.21"), node(402, "sqldb", "10.78.0.22")])
    answers = platform.fine("onInstall")
    assert environment()["state"] == "running" and environment()["account"] == "1234", environment()
    assert environment()["source"] == "jps-web" and sorted(environment()["layers"]) == ["cp", "sqldb"], environment()
    assert addresses() == {"401": ["10.78.0.21"], "402": ["10.78.0.22"]}, addresses()
    assert get("/v1/environments/web/nodes/401")[1]["image"] == "nginx:1.27-alpine"
    assert [(file["node"], file["path"]) for file in answers[1]["files"]] == [
        ("401", "/etc/gatehouse/" + name) for name in
        ("mount.gatehouse", "gatehouse-mounts.service", "node-setup", "token", "client.conf")], answers[1]["files"]
    assert answers[1]["files"][-1]["body"] == (
        "url = https://10.78.0.11:8470\ntoken_file = /etc/gatehouse/token\nnode = 401\n"), answers[1]["files"]
    assert opens(401, platform.tokens["401"]) == 200 and opens(402, platform.tokens["401"]) == 404
    assert platform.tokens["401"] not in json.dumps(answers[1]["commands"])

    web["nodes"].append(node(403, "cp", "10.78.0.23"))
    for event in ("onAfterScaleOut", "onAfterServiceScaleOut"):
        platform.fine(event)
        assert addresses()["403"] == ["10.78.0.23"] and opens(403, platform.tokens["403"]) == 200
    gone = web["nodes"].pop()
    platform.fine("onAfterScaleIn")
    assert "403" not in addresses() and opens(403, platform.tokens[str(gone["id"])]) == 401

    web["env"]["status"] = 2
    platform.fine("onAfterStop")
    assert environment()["state"] == "stopped"
    web["env"]["status"] = 3 # what the platform says now goes before the event's word
    platform.fine("onAfterStart")
    assert environment()["state"] == "starting"
    web["env"]["status"] = 12 # one that nobody here knows
    platform.fine("onAfterStart")
    assert environment()["state"] == "running"
    web["env"].update(status=4, ownerUid=4321)
    platform.fine("onAfterChangeTopology")
    assert environment()["state"] == "sleeping" and environment()["account"] == "4321"

    web["env"].update(status=1, ownerUid=1234)
    platform.fine("onBeforeMigrate")
    assert environment()["state"] == "migrating"
    web["nodes"][0]["intIP"] = "10.78.0.121"
    platform.fine("onAfterMigrate")
    assert environment()["state"] == "running" and addresses()["401"] == ["10.78.0.121"]
    old = platform.tokens["401"]
    platform.fine("onAfterRestartContainer") # nodes without systemd have lost their follower
    assert opens(401, old) == 401 and opens(401, platform.tokens["401"]) == 200
    web["env"]["ownerUid"] = 4321
    platform.fine("onAfterConfirmTransfer")
    assert environment()["account"] == "4321", environment()
    web["env"]["ownerUid"] = 1234
    platform.fine("onAfterConfirmTransfer")
    assert environment()["account"] == "1234", environment()
    old = platform.tokens["401"]
    web["nodes"][0]["customitem"]["dockerTag"] = "1.28"
    platform.fine("onAfterRedeployContainer")
    assert get("/v1/environments/web/nodes/401")[1]["image"] == "nginx:1.28"
    assert opens(401, old) == 401 and opens(401, platform.tokens["401"]) == 200

    platform.make("web-2", "e1f1", [node(501, "cp", "10.78.0.31"), node(502, "sqldb", "10.78.0.32")])
    platform.fine("onAfterClone", response={"env": {"envName": "web-2"}})
    assert addresses("web-2")["501"] == ["10.78.0.31"] and opens(501, platform.tokens["501"]) == 200
    platform.fine("onUninstall", "web-2")
    assert get("/v1/environments/web-2")[0] == 404 and get("/v1/environments/web")[0] == 200


def hostile(platform):
    """Words of the platform that are none: refused before any command runs, and nothing has changed."""
    web, before, worlds, whys = platform.environments["web"], environment(), [], []
    for word in ("x; id", "$(id)", "a'b", 'a"b', "a\nb", "1\n", "", "-rf", "../x", "\u00e4", None):
        for place, why in (("id", "id"), ("nodeGroup", "layer"), ("intIP", "address"), ("appid", "appid"), ("ownerUid", "uid"),
                           ("envName", "name"), ("gatewayNode", "gateway")):
            params = next(platform.calls("onAfterChangeTopology", "web"))
            world = platform.world({**params, place: word} if place in params else params)
            world["environments"]["web"]["nodes"][0].update({place: word, "address": word} if place in web["nodes"][0] else {})
            world["environments"]["web"]["env"].update({place: word} if place in ("appid", "ownerUid") else {})
            worlds.append(world)
            whys.append(why)
    for world, why, noted in zip(worlds, whys, platform.play(worlds)):
        assert noted["answer"]["result"] == 99 and why in noted["answer"]["error"], (why, world, noted)
        assert not noted["commands"] and not noted["files"], noted
    image = web["nodes"][0]["customitem"]["dockerName"]
    web["nodes"][0]["customitem"]["dockerName"] = "$(id)"
    platform.fine("onAfterChangeTopology") # an image that is none is nobody's: NFS
    assert "image" not in get("/v1/environments/web/nodes/401")[1]
    web["nodes"][0]["customitem"]["dockerName"] = image
    platform.fine("onAfterChangeTopology")
    assert {**environment(), "source_revision": 0, "revision": 0} == {**before, "source_revision": 0, "revision": 0}


def late(platform):
    """A report that comes late is no failure and changes nothing; a contradiction is one."""
    def report(revision, state):
        body = {"source": "jps-web", "revision": revision, "environments": [
            {"name": "web", "uid": "e1f0", "account": "1234", "state": state, "layers": ["cp"], "nodes": []}]}
        words = base64.b64encode(json.dumps(body, separators=(",", ":")).encode()).decode()
        return subprocess.run(["gatehouse-report", "inventory", words], stderr=subprocess.PIPE, text=True, check=False)
    before = environment()
    assert report(1, "sleeping").returncode == 0 and environment() == before
    newest = [item["revision"] for item in get("/v1/inventory")[1]["items"] if item["source"] == "jps-web"][0]
    told = report(newest, "sleeping")
    assert told.returncode == 1 and "409" in told.stderr and environment() == before, told
    for words in ("e30", "a b", "$(id)", "JGAoaWQpYA==", ""): # no base64, and base64 of what is no report
        told = subprocess.run(["gatehouse-report", "inventory", words], stderr=subprocess.PIPE, check=False)
        assert told.returncode != 0, words
    for words in ("1;id", "", "x"):
        assert subprocess.run(["gatehouse-report", "token", words], stderr=subprocess.PIPE, check=False).returncode == 2
    os.chmod(os.environ["GATEHOUSE_REPORT_CURL"], 0o640)
    assert report(newest + 1, "sleeping").returncode == 2 and environment() == before
    os.chmod(os.environ["GATEHOUSE_REPORT_CURL"], 0o600)


def write(path, body, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf8") as file:
        file.write(body)
    os.chmod(path, mode)


def follower(root):
    """The pid of the one that follows, once it is there."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with open(root + "/run/gatehouse-follow.pid", encoding="ascii") as file:
                pid = int(file.read())
            with open(f"/proc/{pid}/cmdline", encoding="ascii") as file:
                if "mount.gatehouse" in file.read():
                    return pid
        except (OSError, ValueError):
            pass
        assert time.monotonic() < deadline, "nothing follows"
        select.select([], [], [], 0.05)


def setup(platform):
    """node-setup: without systemd it starts one follower and replaces it, with systemd it hands that over."""
    root, here = platform.folder + "/root", platform.folder + "/root/etc/gatehouse/"
    write(here + "mount.gatehouse", '#!/bin/sh\n[ "$1" != --explain ] || exit "$(cat "$0.lacks")"\nread -r nothing <"$0.fifo"\n')
    write(here + "gatehouse-mounts.service", "[Service]\nExecStart=/usr/local/sbin/mount.gatehouse --apply --follow\n")
    write(here + "token", "gh_x\n")
    write(here + "client.conf", "node = 401\n")
    write(root + "/bin/systemctl", '#!/bin/sh\necho "$@" >>"${0%/bin/systemctl}/systemctl"\n', 0o755)
    os.makedirs(root + "/usr/sbin")
    os.mkfifo(root + "/usr/sbin/mount.gatehouse.fifo")
    world = {**os.environ, "GATEHOUSE_NODE_ROOT": root, "PATH": root + "/bin:" + os.environ["PATH"]}

    def run(lacks=1): # 1: the gateway does not answer; 2: a program is not there
        write(root + "/usr/sbin/mount.gatehouse.lacks", str(lacks))
        return subprocess.run(["node-setup"], env=world, check=lacks != 2, timeout=60).returncode
    assert run(lacks=2) == 1 and not os.path.exists(root + "/run")
    pid = first = None
    try:
        run()
        pid = first = follower(root)
        assert os.stat(here + "token").st_mode & 0o777 == 0o600 and os.stat(here).st_mode & 0o777 == 0o700
        run()
        deadline = time.monotonic() + 60
        while (pid := follower(root)) == first:
            assert time.monotonic() < deadline, "the first one goes on"
        assert not os.path.exists(f"/proc/{first}") or "mount" not in open(f"/proc/{first}/cmdline", encoding="ascii").read()
    finally:
        for left in {pid, first} - {None}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)
    os.makedirs(root + "/run/systemd/system")
    run()
    with open(root + "/etc/systemd/system/gatehouse-mounts.service", encoding="ascii") as unit:
        assert "ExecStart=/usr/sbin/mount.gatehouse --apply --follow\n" in unit.read()
    with open(root + "/systemctl", encoding="ascii") as calls:
        assert calls.read().split("\n")[-2] == "restart gatehouse-mounts.service"


def end(platform):
    platform.fine("onBeforeDelete")
    assert environment()["state"] == "stopped"
    del platform.environments["web"]
    platform.fine("onAfterDelete")
    assert get("/v1/environments/web")[0] == 404
    assert not [item for item in get("/v1/inventory")[1]["items"] if item["source"].startswith("jps-web")]
    secrets = json.dumps(get("/v1/events?limit=1000", TOKENS["operator"])[1])
    assert TOKENS["inventory"] not in secrets and "gh_" not in secrets


def token_make(socket, scope):
    """Over the Unix socket: who may open it is operator."""
    body = json.dumps({"name": "of-" + scope, "scope": scope})
    made = subprocess.run(["curl", "-sS", "--fail", "--unix-socket", socket, "--json", body, "http://localhost/v1/tokens"],
                          check=True, stdout=subprocess.PIPE, timeout=60)
    return json.loads(made.stdout)["secret"]


def main(server):
    global URL
    pipe = subprocess.PIPE
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen([server], stdin=pipe, stdout=pipe, text=True) as api:
        port, socket = api.stdout.readline().split()
        URL = "http://127.0.0.1:" + port
        TOKENS.update({scope: token_make(socket, scope) for scope in ("operator", "inventory")})
        os.environ["GATEHOUSE_REPORT_CURL"] = os.path.join(folder, "report.curl")
        os.environ["GATEHOUSE_REPORT_URL"] = URL
        os.environ["PATH"] = os.path.abspath(JPS) + ":" + os.environ["PATH"]
        write(os.environ["GATEHOUSE_REPORT_CURL"], 'header = "Authorization: Bearer ' + TOKENS["inventory"] + '"\n', 0o600)
        platform = Platform(folder)
        for part in (life, hostile, late, setup, end):
            part(platform)
        api.stdin.close()


main(sys.argv[1])

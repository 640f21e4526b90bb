// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the add-on does, run by the platform for each event (its engine knows ECMAScript 5; `jelastic`, `session`,
// `getParam` and `toJSON` are its). Task `tell` reads the environment anew and has gatehouse-report, on the gateway's
// node, tell Gatehouse all of it; task `prepare` brings mount.gatehouse and a token to the nodes that mount.
//
// Whatever comes from outside is one of an alphabet or refused. What goes to a shell is a word of this file, a checked
// id, or base64: no quoting, however many shells there are between.

var NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
var ID = /^[0-9]{1,18}$/;
var ADDRESS = /^[0-9A-Fa-f][0-9A-Fa-f.:]{1,44}$/;
var IMAGE = /^[A-Za-z0-9][A-Za-z0-9._:\/@-]{0,511}$/;
var URL = /^https?:\/\/[A-Za-z0-9.:_\[\]-]{1,255}$/;
var SECRET = /^gh_[A-Za-z0-9_-]{43}$/;

// What the platform calls a status, as far as it is known; for others the event's word stands.
var STATES = { 1: "running", 2: "stopped", 3: "starting", 4: "sleeping" };

function checked(value, alphabet, what) {
    value = value === null || value === undefined ? "" : String(value);
    if (!alphabet.test(value)) throw what + " has a character that is not expected there, or is missing";
    return value;
}

function answered(reply, what) {
    if (!reply || reply.result != 0) throw what + ": " + (reply && reply.error ? String(reply.error) : "no answer");
    return reply;
}

function base64(text) { // of ASCII, which is all that passes the alphabets
    var digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", out = "", i, bits;
    for (i = 0; i < text.length; i += 3) {
        bits = text.charCodeAt(i) << 16 | (text.charCodeAt(i + 1) || 0) << 8 | (text.charCodeAt(i + 2) || 0);
        out += digits.charAt(bits >> 18) + digits.charAt(bits >> 12 & 63);
        out += i + 1 < text.length ? digits.charAt(bits >> 6 & 63) : "=";
        out += i + 2 < text.length ? digits.charAt(bits & 63) : "=";
    }
    return out;
}

function environment(name) {
    return answered(jelastic.env.control.GetEnvInfo(name, session), "the environment cannot be read");
}

function run(env, node, command) {
    var reply = jelastic.env.control.ExecCmdById(env, session, node, toJSON([{ command: command }]), true, "root");
    var first = reply && reply.responses && reply.responses[0];
    if (first && first.errOut && (reply.result != 0 || first.result != 0)) throw String(first.errOut);
    answered(reply, "a command on node " + node);
    if (first) answered(first, "a command on node " + node);
    return first && first.out ? String(first.out).replace(/\s+$/, "") : "";
}

function image_of(node) {
    var docker = node.customitem || {}, name = docker.dockerName || node.nodeType;
    if (name && docker.dockerName && docker.dockerTag) name += ":" + docker.dockerTag;
    return name && IMAGE.test(String(name)) ? String(name) : null; // unknown is safe: such a node mounts by NFS
}

function node_report(node) {
    var report = {
        id: checked(node.id, ID, "a node's id"),
        layer: checked(node.nodeGroup, NAME, "a layer"),
        addresses: [checked(node.intIP || node.address, ADDRESS, "a node's address")]
    };
    var image = image_of(node);
    if (image) report.image = image;
    return report;
}

function environment_report(name, said) {
    var info = environment(name), nodes = [], layers = [], i;
    for (i = 0; i < info.nodes.length; i++) {
        nodes.push(node_report(info.nodes[i]));
        if (layers.indexOf(nodes[i].layer) < 0) layers.push(nodes[i].layer);
    }
    return {
        name: name,
        uid: checked(info.env.appid, NAME, "the environment's appid"),
        account: checked(info.env.ownerUid || info.env.uid, ID, "the owner's uid"),
        state: said != "running" ? said : STATES[info.env.status] || said, // whoever says that nobody is let in is believed
        layers: layers,
        nodes: nodes
    };
}

// The revision is the time before the reading: of two reports of one environment the later reading wins.
function tell(gateway, name) {
    var said = checked(getParam("state"), /^(running|stopped|migrating|gone)$/, "the state");
    var report = { source: "jps-" + name, revision: new Date().getTime(), environments: [] };
    if (said != "gone") report.environments.push(environment_report(name, said));
    run(gateway.env, gateway.node, "gatehouse-report " + (said == "gone" ? "forget " : "inventory ") +
        base64(JSON.stringify(report)));
}

function file_read(gateway, path) {
    return answered(jelastic.env.file.Read({
        envName: gateway.env, session: session, nodeId: gateway.node, path: path, user: "root" }), path).body;
}

function file_write(name, id, path, body) {
    answered(jelastic.env.file.Write({
        envName: name, session: session, nodeId: id, path: path, body: body, user: "root" }), path);
}

// The token travels in the body of a file, never in a command; its folder is root's before it is there.
function node_prepare(gateway, name, id, url, programs) {
    var secret = checked(run(gateway.env, gateway.node, "gatehouse-report token " + id), SECRET, "the token"), i;
    run(name, id, "install -d -m 0700 /etc/gatehouse");
    for (i = 0; i < programs.length; i++) file_write(name, id, programs[i].to, programs[i].body);
    file_write(name, id, "/etc/gatehouse/token", secret + "\n");
    file_write(name, id, "/etc/gatehouse/client.conf",
        "url = " + url + "\ntoken_file = /etc/gatehouse/token\nnode = " + id + "\n");
    run(name, id, "sh /etc/gatehouse/node-setup");
}

function prepare(gateway, name) {
    var url = checked(getParam("url"), URL, "the gateway's address");
    var layers = String(getParam("layers")).split(/[ ,]+/), info = environment(name), i, id;
    var programs = [
        { from: "/usr/sbin/mount.gatehouse", to: "/etc/gatehouse/mount.gatehouse" },
        { from: "/usr/lib/systemd/system/gatehouse-mounts.service", to: "/etc/gatehouse/gatehouse-mounts.service" },
        { from: "/usr/share/gatehouse/jps/node-setup", to: "/etc/gatehouse/node-setup" }
    ];
    for (i = 0; i < programs.length; i++) programs[i].body = file_read(gateway, programs[i].from);
    for (i = 0; i < info.nodes.length; i++) {
        if (layers.indexOf(String(info.nodes[i].nodeGroup)) < 0) continue;
        id = checked(info.nodes[i].id, ID, "a node's id");
        node_prepare(gateway, name, id, url, programs);
    }
}

try {
    var gateway = {
        env: checked(getParam("gatewayEnv"), NAME, "the gateway's environment"),
        node: checked(getParam("gatewayNode"), ID, "the gateway's node id")
    };
    var envName = checked(getParam("envName"), NAME, "the environment's name");
    if (getParam("task") == "tell") tell(gateway, envName);
    else prepare(gateway, envName);
    return { result: 0 };
} catch (problem) {
    return { result: 99, error: "Gatehouse: " + problem };
}

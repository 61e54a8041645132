/** The thread that watches: it turns while the main one does not. Says where that one stands, and ends the process. */
import { writeSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { workerData } from "node:worker_threads";
import { beatsIn, type Watched } from "./watchdog.ts";

const { beats, patience }: Watched = workerData;
/** How long it may take to find out where the other thread stands, in milliseconds. */
const whereLimit = 2_000;
let last = -1;
/** Counts what this thread saw itself: time in which the whole process was paused does not count. */
let still = 0;

const timer = setInterval(() => {
  const now = Atomics.load(beats, 0);
  still = now === last ? still + 1 : 0;
  last = now;
  if (still < beatsIn) return;
  clearInterval(timer);
  void end();
}, patience / beatsIn);

/** As `process.exit` of the main thread, where that can still be told to; a first process (PID 1) heeds no SIGKILL. */
async function end(): Promise<void> {
  setTimeout(() => {
    say("where, it does not tell");
    process.kill(process.pid, "SIGKILL");
  }, whereLimit);
  const session = new Session();
  session.connectToMainThread();
  const files = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params }) => void files.set(params.scriptId, params.url));
  session.on("Debugger.paused", ({ params }) => {
    const [frame] = params.callFrames;
    const file = files.get(frame?.location.scriptId ?? "");
    say(frame ? `at ${nameOf(file)}:${frame.location.lineNumber + 1}` : "in no code of ours");
    const expression = "process.reallyExit(70)";
    if (frame)
      void session.post("Debugger.evaluateOnCallFrame", {
        ...{ callFrameId: frame.callFrameId, expression },
      });
  });
  await session.post("Debugger.enable");
  await session.post("Debugger.pause");
}

/** Straight to the file: the other thread, which would pass it on, stands still. */
function say(where: string): void {
  const msg = `Shipmate stood still for ${patience / 1_000} s, ${where}, and ends so that it can be started again.`;
  writeSync(2, `${JSON.stringify({ level: "fatal", time: new Date().toISOString(), msg })}\n`);
}

function nameOf(url: string | undefined): string {
  if (!url) return "code without a file";
  return url.startsWith("file:") ? relative(process.cwd(), fileURLToPath(url)) : url;
}

/**
 * Where the control planes of tests live, and that none of them outlives whoever started it: each has a guard, a shell
 * that waits on a pipe from its owner and takes the plane down when the owner closes it, or dies. As Vitest's
 * globalSetup this file gives the whole run a folder for the one control plane that the tests share; the first
 * test that asks starts it.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** Takes down what the run shared, and waits for it. */
export default async function setup(): Promise<undefined | (() => Promise<void>)> {
  const tool = kubeTool();
  if (tool === undefined) return undefined;
  const { home, end } = await guarded(tool);
  process.env["SHIPMATE_TEST_KUBE_HOME"] = home;
  return end;
}

/** The tool that starts control planes. Undefined where there is none. */
export function kubeTool(): string | undefined {
  const folder = process.env["SHIPMATE_TEST_KUBE"];
  return folder ? join(folder, "kube") : undefined;
}

/** A new folder for one control plane; `end`, or this process's end, takes down what runs there and removes it. */
export async function guarded(tool: string): Promise<{ home: string; end(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), "shipmate-kube-"));
  const guard = spawn("/bin/sh", ["-c", watch, tool, home], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.unref();
  const over = once(guard, "exit");
  return {
    home,
    end: async () => {
      guard.ref();
      guard.stdin.end();
      await over;
    },
  };
}

/**
 * A start that was cut short may still be bringing its supervisor up, hence the wait. The pretend nodes send a sign of
 * life once a minute and the controller waits for 50 s only, so that they would be taken for dead now and then, and
 * their pods for not ready: the guard renews their leases.
 */
const watch = `trap '' INT TERM HUP
renew() {
  while sleep 10 && [ -d "$2" ]; do
    [ -e "$2/ready" ] || continue
    [ -s "$2/leases.json" ] || "$1" kubectl --kubeconfig "$2/kubeconfig" --request-timeout 5s get leases -n kube-node-lease -o json >"$2/leases.json"
    now=$(date -u +%Y-%m-%dT%H:%M:%S.000000Z)
    "$1" kubectl --kubeconfig "$2/kubeconfig" --request-timeout 5s patch -f "$2/leases.json" --type merge -p "{\\"spec\\":{\\"renewTime\\":\\"$now\\"}}"
  done
}
renew "$0" "$1" >/dev/null 2>&1 </dev/null &
renewing=$!
cat >/dev/null
kill -9 "$renewing"
if [ -e "$1/starting" ]; then
  if [ ! -e "$1/ready" ]; then sleep 8; fi
  "$0" down "$1"
fi
rm -rf -- "$1"`;

/** Starts the control plane of a folder, once, whoever asks; its kubeconfig's path. */
export async function started(tool: string, home: string, nodes?: number): Promise<string> {
  const [ready, broken] = [join(home, "ready"), join(home, "broken")];
  if (await first(join(home, "starting"))) {
    const args = ["up", ...(nodes === undefined ? [] : ["--nodes", String(nodes)]), home];
    const up = () => promisify(execFile)(tool, args);
    try {
      // On a busy machine it may take longer than the tool waits: once more, from what has come up by then.
      await up().catch(up);
      await writeFile(ready, "");
    } catch (error) {
      await writeFile(broken, String(error));
    }
  }
  while (!existsSync(ready)) {
    if (existsSync(broken)) throw new Error(`starting kube: ${await readFile(broken, "utf8")}`);
    await sleep(100);
  }
  return join(home, "kubeconfig");
}

async function first(file: string): Promise<boolean> {
  try {
    await writeFile(file, "", { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

/** One service in one environment: its state, which every change replaces on disk first, and its front. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { readState, writeState } from "./disk.ts";
import { type Front, openFront } from "./front.ts";
import type { Health } from "./health.ts";
import { logPath } from "./log-file.ts";
import { freePort } from "./ports.ts";
import { nothing, type Process, processesOf, type State } from "./state.ts";

export interface Place {
  readonly service: string;
  readonly environment: string;
}

export interface Keeper {
  readonly place: Place;
  /** `web in production`: what people call it, and the object's name in previews. */
  readonly name: string;
  readonly logs: string;
  state(): State;
  /** On disk once this returns, and, if `durable`, past a power cut; then the supervisor is woken. */
  put(changes: Partial<State>, durable?: boolean): void;
  /** Records a process that is about to be started, on a free port of its own. */
  planned(version: string): Promise<Process>;
  logOf(process: Process): string;
  /** Opens the front if it is not open, and remembers its port. */
  front(): Promise<Front>;
  /** The front, where it is open. */
  opened(): Front | undefined;
  closeFront(): Promise<void>;
  /** What the last questions after the health of a process gave, by instance. */
  readonly health: Map<string, Health>;
}

export interface Keeping {
  readonly folder: string;
  readonly now: () => number;
  readonly id: () => string;
  readonly wake: () => void;
  readonly log: (says: string) => void;
}

export function keep(place: Place, { folder, now, id, wake, log }: Keeping): Keeper {
  const home = join(folder, place.environment, place.service);
  const path = join(home, "state.json");
  const logs = join(home, "logs");
  const name = `${place.service} in ${place.environment}`;
  let state = readState(path, log) ?? nothing;
  let opening: Promise<Front> | undefined;
  let open: Front | undefined;

  function put(changes: Partial<State>, durable = false): void {
    const next = { ...state, ...changes };
    writeState(path, next, durable);
    state = next;
    wake();
  }
  async function openOnce(): Promise<Front> {
    const front = await openFront(`${folder} ${name}`, name, state.port);
    if (front.port !== state.port) put({ port: front.port });
    open = front;
    return front;
  }
  return {
    place,
    name,
    logs,
    put,
    state: () => state,
    health: new Map(),
    logOf: (process) => logPath(logs, process),
    async planned(version) {
      mkdirSync(logs, { recursive: true });
      const n = state.processes + 1;
      const port = await freePort(`${folder} ${name} ${n}`);
      const taken = processesOf(state).some((process) => process.port === port);
      if (taken) throw new Error(`choosing a port for ${name}: ${port} is still taken`);
      const instance = `${place.environment}-${place.service}-${n}-${id()}`;
      return { n, version, instance, port, pid: null, started: now() };
    },
    front: () => {
      opening ??= openOnce().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    opened: () => open,
    async closeFront() {
      const front = await opening;
      opening = undefined;
      open = undefined;
      await front?.close();
    },
  };
}

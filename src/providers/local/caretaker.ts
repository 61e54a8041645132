/** Calls one service's supervisor when there is something to do: never twice at once, and never for nothing. */
import type { Keeper } from "./keeper.ts";
import { processes } from "./process.ts";
import { processesOf } from "./state.ts";
import { type Supervising, supervisor } from "./supervisor.ts";

export interface Caretaker {
  readonly keeper: Keeper;
  /** There may be something to do. */
  wake(): void;
  /** Ends the care; with `stop` the service's processes are stopped too, and started again by the next life. */
  close(stop: boolean): Promise<void>;
}

export interface Care {
  readonly keep: (wake: () => void) => Keeper;
  readonly parts: Omit<Supervising, "keeper" | "processes">;
}

/** After a fault of its own the supervisor is called again after so many milliseconds. */
const patience = 1_000;

export function caretaker({ keep, parts }: Care): Caretaker {
  let closed = false;
  let woken = false;
  let turning: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const keeper = keep(wake);
  const owned = processes(wake);
  const { turn } = supervisor({ ...parts, keeper, processes: owned });

  function wake(): void {
    if (closed) return;
    woken = true;
    clearTimeout(timer);
    turning ??= Promise.resolve()
      .then(turns)
      .finally(() => {
        turning = undefined;
        if (woken) wake();
      });
  }
  async function turns(): Promise<void> {
    while (woken && !closed) {
      woken = false;
      clearTimeout(timer);
      const wait = await turn().catch((error: unknown) => {
        parts.log(`looking after ${keeper.name}: ${said(error)}`);
        return patience;
      });
      if (wait <= 0) woken = true;
      else if (Number.isFinite(wait)) timer = setTimeout(wake, wait).unref();
    }
  }
  async function stop(): Promise<void> {
    const { serving, candidate, leaving } = keeper.state();
    const all = processesOf(keeper.state());
    const up = async () => {
      const fates = await Promise.all(all.map((one) => owned.fate(one, keeper.logOf(one))));
      return all.filter((_, i) => fates[i]?.is === "alive");
    };
    for (const one of all) await owned.signal(one, "SIGTERM");
    const end = Date.now() + parts.limits.stop;
    while ((await up()).length > 0 && Date.now() < end) await pause(20);
    for (const one of await up()) await owned.signal(one, "SIGKILL");
    while ((await up()).length > 0) await pause(20);
    if (serving) keeper.put({ serving: { ...serving, process: null, next: 0, why: "" } });
    if (candidate) keeper.put({ candidate: null });
    if (leaving.length > 0) keeper.put({ leaving: [] });
  }
  return {
    keeper,
    wake,
    async close(stopping) {
      closed = true;
      clearTimeout(timer);
      await turning;
      clearTimeout(timer);
      if (stopping) await stop();
      owned.close();
      await keeper.closeFront();
    },
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function said(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${said(error.cause)}`;
}

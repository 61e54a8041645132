/** How a Shipmate is seen from outside: what happens in it becomes metrics, lines of the log and traces. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Config } from "./config.ts";
import { startTracing } from "./engine/tracing.ts";
import type { Log } from "./observe/log.ts";
import type { Happened, Meter } from "./observe/meter.ts";
import { metrics } from "./observe/metrics.ts";
import { openTraces, traceOf } from "./observe/trace.ts";
import type { Database } from "./store/database.ts";
import { readFigures } from "./store/figures.ts";

export interface SeeingParts {
  readonly config: Config;
  readonly database: Database;
  readonly log: Log;
  readonly mask: <T>(value: T) => T;
  readonly troubled: (error: unknown, doing: string) => void;
  /** For how long the most silent cluster's watch has been so, in milliseconds; undefined: no cluster is connected. */
  readonly silence?: () => number | undefined;
  /** Whether Redis answers; undefined: none is set. */
  readonly redis?: () => boolean | undefined;
}
export interface Seeing {
  readonly meter: Meter;
  /** For `/metrics`. */
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
  close(): Promise<void>;
}

export async function openSeeing(parts: SeeingParts): Promise<Seeing> {
  const { config, database, log, mask, troubled, silence, redis } = parts;
  const version = await versionOfThis();
  const measured = metrics({
    ...{ version, mode: config.mode, count: () => readFigures(database) },
    ...(silence && { silence }),
    ...(redis && { redis }),
  });
  const traces =
    config.traces === undefined
      ? undefined
      : await openTraces({ endpoint: config.traces, version, mask });
  const tracing =
    traces &&
    startTracing({
      ...{ database, send: traces.send },
      troubled: (error) => troubled(error, "sending traces"),
    });
  const says = logged(log, traces !== undefined);
  return {
    meter(happened) {
      measured.meter(happened);
      says(happened);
      if (happened.is === "ended") tracing?.ended(happened.run);
    },
    metrics: async () => ({ type: measured.contentType, text: await measured.text() }),
    async close() {
      measured.close();
      await tracing?.close();
      await traces?.close();
    },
  };
}

/** What becomes a line, with the run's id and step. Each line of a run has its trace where one is sent. */
function logged(log: Log, traced: boolean): Meter {
  const about = (run: string, more: object) => ({
    run,
    ...(traced && { trace: traceOf(run) }),
    ...more,
  });
  return (happened: Happened) => {
    switch (happened.is) {
      case "step": {
        const { run, step, kind, seconds } = happened;
        log.info(about(run, { step, kind, seconds }), "a step came to its result");
        break;
      }
      case "effect": {
        const { run, step, op, back } = happened;
        log.info(about(run, { step, op }), back ? "took back" : "carried out");
        break;
      }
      case "fault": {
        const { run, step, says, count } = happened;
        log.warn(about(run, { step, says, count }), "something did not work");
        break;
      }
      case "ended": {
        const { run, workflow, state, seconds } = happened;
        log.info(about(run, { workflow, state, seconds }), "a run ended");
        break;
      }
      case "lease lost":
        log.warn(about(happened.run, {}), "another process has taken a run over");
        break;
    }
  };
}

const Package = z.object({ version: z.string() });

async function versionOfThis(): Promise<string> {
  const text = await readFile(new URL("../package.json", import.meta.url), "utf8");
  return Package.parse(JSON.parse(text)).version;
}

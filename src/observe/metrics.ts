/** What is measured, in Prometheus' words. Every label has few values, and none names a person, a service or a place. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Happened, Meter } from "./meter.ts";

/** What is counted anew each time somebody asks. Ages in milliseconds. */
export interface Counted {
  readonly runs: { readonly [state: string]: number };
  readonly due: number;
  readonly inbox: number;
  readonly inbox_age: number;
  readonly behind: {
    readonly [surface: string]: { readonly messages: number; readonly age: number };
  };
  readonly unsealed: number;
  readonly unsealed_age: number;
  readonly head_age: number | null;
}

export interface MetricsParts {
  readonly mode: string;
  readonly version: string;
  /** Throws, or takes longer than two seconds, where the database is away. */
  readonly count: () => Promise<Counted>;
  /** For how many milliseconds no cluster's watch has been silent at most; undefined: no cluster is connected. */
  readonly silence?: () => number | undefined;
  /** Whether Redis answers; undefined: none is set. */
  readonly redis?: () => boolean | undefined;
  /** Milliseconds since whenever; the process's own clock unless told. */
  readonly now?: () => number;
}

export interface Metrics {
  readonly meter: Meter;
  readonly contentType: string;
  /** Everything as text. Never throws; what comes from the database is left out while that is away. */
  text(): Promise<string>;
  close(): void;
}

/** States of a run that is under way: each is told, though no run is in it. */
const states = ["planning", "waiting", "queued", "running", "parked"];
/** In seconds: from what needs no network to what needs minutes. */
const spans = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
/** How long the database is waited for, and how long an answer of its is good: who asks all day costs it little. In milliseconds. */
const patience = 2_000;
const fresh = 1_000;

export function metrics({
  mode,
  version,
  count,
  silence,
  redis,
  now = () => performance.now(),
}: MetricsParts): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const histogram = (name: string, help: string, labelNames: string[]) =>
    new Histogram({ name, help, labelNames, registers, buckets: spans });

  const info = gauge("shipmate_info", "1: which Shipmate this is.", ["version", "mode"]);
  info.set({ version, mode }, 1);

  const ended = counter("shipmate_runs_ended_total", "Runs that ended here.", ["state"]);
  const steps = histogram(
    "shipmate_step_seconds",
    "From when a step was last taken up to its result: what it waited for before does not count.",
    ["kind"],
  );
  const calls = histogram("shipmate_operation_seconds", "Calls of providers.", [
    "op",
    "face",
    "came",
  ]);
  const effects = counter("shipmate_effects_total", "Effects whose results were recorded.", [
    "op",
    "back",
  ]);
  const faults = counter(
    "shipmate_faults_total",
    "Faults in runs, tried again or put before a person.",
  );
  const leases = counter(
    "shipmate_leases_lost_total",
    "Runs that this process drove and another one took.",
  );
  const acks = histogram(
    "shipmate_ack_seconds",
    "How long storing what somebody said took; the chat is answered right after it.",
    ["surface", "came"],
  );
  const posts = histogram(
    "shipmate_card_seconds",
    "From when a message was to change to when it stood so.",
    ["surface"],
  );
  const limited = counter(
    "shipmate_chat_limited_total",
    "Times that a chat refused a message to be slowed down (429).",
    ["surface"],
  );
  const troubles = counter(
    "shipmate_troubles_total",
    "Errors that nobody expected; the log has each.",
  );

  const up = gauge("shipmate_database_up", "1: the database answers.");
  const bell = gauge("shipmate_redis_up", "1: Redis answers.");
  const runs = gauge("shipmate_runs", "Runs under way.", ["state"]);
  const due = gauge("shipmate_runs_due", "Runs that have something to do and that nobody drives.");
  const inbox = gauge("shipmate_inbox_open", "What people said and nothing was done about.");
  const inboxAge = gauge("shipmate_inbox_age_seconds", "The age of the oldest of them.");
  const behind = gauge("shipmate_cards_behind", "Messages that are not as they should be.", [
    "surface",
  ]);
  const lag = gauge("shipmate_card_lag_seconds", "For how long the oldest of them is so.", [
    "surface",
  ]);
  const unsealed = gauge("shipmate_audit_unsealed", "Rows of the audit that have no link yet.");
  const unsealedAge = gauge("shipmate_audit_lag_seconds", "The age of the oldest of them.");
  const headAge = gauge("shipmate_audit_head_age_seconds", "The age of the newest linked row.");
  /** Without an answer they tell nothing: a 0 would be a claim. */
  const labelled = [runs, behind, lag];
  const plain = [due, inbox, inboxAge, unsealed, unsealedAge, headAge];

  const silent = gauge(
    "shipmate_watch_stale_seconds",
    "For how long a cluster's watch has told nothing though it should: the longest of all.",
  );
  const own = ofProcess(counter, gauge);

  const meter = (happened: Happened): void => {
    switch (happened.is) {
      case "step":
        steps.observe({ kind: happened.kind }, happened.seconds);
        break;
      case "effect":
        effects.inc({ op: happened.op, back: String(happened.back) });
        break;
      case "fault":
        faults.inc();
        break;
      case "call": {
        const { op, face, came, seconds } = happened;
        calls.observe({ op, face, came }, seconds);
        break;
      }
      case "ended":
        ended.inc({ state: happened.state });
        break;
      case "lease lost":
        leases.inc();
        break;
      case "stored":
        acks.observe({ surface: happened.surface, came: happened.came }, happened.seconds);
        break;
      case "posted":
        posts.observe({ surface: happened.surface }, happened.seconds);
        break;
      case "held off":
        limited.inc({ surface: happened.surface });
        break;
      case "trouble":
        troubles.inc();
        break;
    }
  };

  const take = async (): Promise<void> => {
    const counted = await within(patience, count()).catch(() => undefined);
    for (const one of labelled) one.reset();
    for (const one of plain) one.remove();
    up.set(counted === undefined ? 0 : 1);
    if (counted === undefined) return;
    for (const state of states) runs.set({ state }, 0);
    for (const [state, number] of Object.entries(counted.runs)) runs.set({ state }, number);
    due.set(counted.due);
    inbox.set(counted.inbox);
    inboxAge.set(counted.inbox_age / 1_000);
    for (const [surface, { messages, age }] of Object.entries(counted.behind)) {
      behind.set({ surface }, messages);
      lag.set({ surface }, age / 1_000);
    }
    unsealed.set(counted.unsealed);
    unsealedAge.set(counted.unsealed_age / 1_000);
    if (counted.head_age !== null) headAge.set(counted.head_age / 1_000);
  };
  let taken = Number.NEGATIVE_INFINITY;
  let taking: Promise<void> | undefined;

  return {
    meter,
    contentType: registry.contentType,
    async text() {
      if (now() - taken > fresh)
        taking ??= take().finally(() => {
          taken = now();
          taking = undefined;
        });
      await taking;
      const still = silence?.();
      if (still === undefined) silent.remove();
      else silent.set(still / 1_000);
      const answers = redis?.();
      if (answers === undefined) bell.remove();
      else bell.set(answers ? 1 : 0);
      own.look();
      return registry.metrics();
    },
    close: () => own.close(),
  };
}

/** What Prometheus' own clients call them. */
function ofProcess(
  counter: (name: string, help: string) => Counter,
  gauge: (name: string, help: string) => Gauge,
) {
  const memory = gauge("process_resident_memory_bytes", "Resident memory.");
  const cpu = counter("process_cpu_seconds_total", "User and system time.");
  const start = gauge("process_start_time_seconds", "When the process began, since 1970.");
  const loop = gauge(
    "nodejs_eventloop_lag_p99_seconds",
    "The event loop's lag since the last look.",
  );
  const delays = monitorEventLoopDelay({ resolution: 20 });
  delays.enable();
  return {
    look() {
      const used = process.cpuUsage();
      memory.set(process.memoryUsage.rss());
      cpu.reset();
      cpu.inc((used.user + used.system) / 1_000_000);
      start.set(Math.round(Date.now() / 1_000 - process.uptime()));
      loop.set(Number.isFinite(delays.percentile(99)) ? delays.percentile(99) / 1e9 : 0);
      delays.reset();
    },
    close: () => void delays.disable(),
  };
}

async function within<T>(limit: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${limit} ms`)), limit);
  work.catch(() => {});
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

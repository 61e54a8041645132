/** One process of Shipmate in a simulation: engine, door, projector and sealer over a database, providers and a chat that fail. */
import type { CommandDefinition } from "../../src/core/command.ts";
import type { Json } from "../../src/core/operation.ts";
import type { Person } from "../../src/core/person.ts";
import type { Preview } from "../../src/core/plan.ts";
import type { Run, See } from "../../src/core/provider.ts";
import { Refusal } from "../../src/core/refusal.ts";
import type { Intent, Surface } from "../../src/core/surface.ts";
import { createDoor, type TheDoor } from "../../src/engine/door.ts";
import { createEngine } from "../../src/engine/engine.ts";
import type { Served, Server } from "../../src/engine/operations.ts";
import type { PlanPolicy } from "../../src/engine/policy.ts";
import { createProjector } from "../../src/engine/projector.ts";
import type { AnyWorkflow } from "../../src/engine/replay.ts";
import { sealAudit } from "../../src/store/audit.ts";
import type { Database, Sql } from "../../src/store/database.ts";
import type { Call, Faults } from "./faults.ts";
import type { Actor, Stage } from "./stage.ts";
import type { Witness } from "./witness.ts";

export interface Process {
  readonly actor: Actor;
  /** Something may be due. */
  look(): void;
  /** Something may have to be posted. */
  show(): void;
  seal(): void;
  /** Gives back once it is acked; whoever waits for a dead or sleeping process waits for ever. */
  hear(intent: Intent, acked: () => void): void;
  /** What others left in the inbox. */
  takeUp(): void;
}

export interface ProcessParts {
  readonly stage: Stage;
  readonly faults: Faults;
  readonly actor: Actor;
  readonly database: Database;
  readonly served: readonly Served[];
  readonly witness: Witness;
  readonly surface: Surface;
  readonly workflows: readonly AnyWorkflow[];
  readonly commands: readonly CommandDefinition[];
  readonly people: readonly Person[];
  readonly policy: PlanPolicy;
  /** Something may have to be posted. */
  readonly changed: () => void;
  /** The others may hear it. */
  readonly ring: (from: Actor) => void;
  /** Nothing but what the faults threw may come here. */
  readonly broke: (what: string, error: unknown) => void;
}

/** How many runs one process drives side by side. */
const most = 2;

export function openProcess(parts: ProcessParts): Process {
  const { stage, faults, actor, people } = parts;
  const database = faultyDatabase(parts.database, faults, actor);
  const nameOf = (id: string) => people.find((person) => person.id === id)?.name ?? id;
  let ids = 0;
  let driving = 0;
  let again = false;
  const engine = createEngine({
    ...{ database, nameOf, policy: parts.policy, workflows: parts.workflows },
    served: parts.served.map((one) => faultyServed(one, parts)),
    id: () => `${actor.name}-${++ids}`,
    doorbell: { ring: () => parts.ring(actor), listen() {}, async close() {} },
    changed: parts.changed,
  });
  const door: TheDoor = createDoor({
    ...{ database, engine, commands: parts.commands, mask: (text) => text },
    policy: {
      identify: ({ id }) => people.find((person) => person.id === id),
      may: () => ({ ok: true }),
      rights: () => "may do everything",
    },
    posted: parts.changed,
    troubled: (error, doing) => parts.broke(doing, error),
    closing: new AbortController().signal,
  });
  const projector = createProjector({
    ...{ database, nameOf, surfaces: [faultySurface(parts.surface, faults, actor)] },
    mask: (value) => value,
    clock: stage.now,
    troubled: (error, message) => parts.broke(`posting ${message}`, error),
  });

  const doing = (what: string, body: () => Promise<unknown>): void => {
    stage.as(actor, () => void body().catch((error: unknown) => parts.broke(what, error)));
  };
  const look = (): void => {
    if (driving >= most) {
      again = true;
      return;
    }
    driving += 1;
    doing("driving", async () => {
      try {
        do {
          again = false;
          await engine.turn();
        } while (again);
      } finally {
        driving -= 1;
      }
    });
  };
  let showing = false;
  let more = false;
  const show = (): void => {
    more = true;
    if (showing) return;
    showing = true;
    const settle = async () => {
      try {
        while (more) {
          more = false;
          await projector.settle();
        }
      } finally {
        showing = false;
      }
    };
    // Its own timers would look every 2 s for days: the simulation wakes it when something is due.
    stage.as(
      actor,
      () => void settle().catch((error: unknown) => parts.broke("posting", error)),
      false,
    );
  };
  return {
    ...{ actor, look, show },
    seal: () => doing("sealing", () => sealAudit(database)),
    hear: (intent, acked) =>
      doing("hearing", async () => {
        await door.store(intent);
        acked();
        await door.enter(intent.key, intent.at.surface);
      }),
    takeUp: () => doing("taking up", () => door.takeUp(5_000)),
  };
}

function faultyDatabase(real: Database, faults: Faults, actor: Actor): Database {
  const over = (sql: Sql): Sql => ({
    query: (row, text, values) =>
      faults.call(
        actor,
        statement(text, () => sql.query(row, text, values)),
      ),
    run: (text, values) =>
      faults.call(
        actor,
        statement(text, () => sql.run(text, values)),
      ),
  });
  return {
    kind: real.kind,
    ...over(real),
    urgent: over(real.urgent),
    transaction: (body) =>
      faults.call(actor, {
        kind: "transaction",
        label: "transaction",
        work: (broken) =>
          real.transaction((sql) => body(broken ? breaking(sql, broken) : sql, () => {})),
      }),
    close: async () => {},
  };
}

function statement<T>(text: string, work: () => Promise<T>): Call<T> {
  return { kind: "sql", label: labelOf(text), work };
}

/** The third statement finds the connection gone. */
function breaking(sql: Sql, error: Error): Sql {
  let left = 2;
  const next = <T>(work: () => Promise<T>): Promise<T> =>
    left-- > 0 ? work() : Promise.reject(error);
  return {
    query: (row, text, values) => next(() => sql.query(row, text, values)),
    run: (text, values) => next(() => sql.run(text, values)),
  };
}

/** `UPDATE runs`, `INSERT journal`: what a statement is about, for the trace. */
function labelOf(text: string): string {
  const verb = text.trim().split(/\s/)[0] ?? "";
  const table = /(?:UPDATE|INTO|FROM) shipmate\.(\w+)/.exec(text)?.[1];
  return `${verb} ${table ?? ""}`;
}

function faultyServed({ role, route }: Served, parts: ProcessParts): Served {
  return {
    role,
    route(input) {
      const { name, provider } = route(input);
      const faces = Object.entries(provider).map(([key, face]) => {
        const op = role[key]?.op ?? key;
        return [key, typeof face === "function" ? read(parts, op, face) : effect(parts, op, face)];
      });
      return { name, provider: Object.fromEntries(faces) as Server["provider"] };
    },
  };
}

const refusal = () => new Refusal("The outside does not want this now. Ask again later.");

/** A look: `(input, signal)`. */
function read({ faults, actor }: ProcessParts, label: string, face: object) {
  return (...args: readonly unknown[]) =>
    faults.call(actor, {
      ...{ kind: "read", label, refusal },
      work: async () => called(face, ...args),
      ...(args[1] instanceof AbortSignal && { signal: args[1] }),
    });
}

interface Faces {
  preview(input: Json, see: See<Json>): Promise<Preview<Json>>;
  run(input: Json, how: Run<Json>): Promise<Json>;
  find?(input: Json, key: string): Promise<unknown>;
}

function effect(parts: ProcessParts, op: string, faces: unknown): Faces {
  const { faults, actor, witness } = parts;
  const { preview, run, find } = faces as Faces;
  return {
    preview: (input, see) => {
      const call = { kind: "read", label: `${op} preview`, signal: see.signal, refusal } as const;
      return faults.call(actor, { ...call, work: () => preview(input, see) });
    },
    run: (input, how) => {
      const call = { kind: "effect", label: `${op} run`, signal: how.signal, refusal } as const;
      const carry = witness.asked({ actor, op, input, how }, () => run(input, how));
      return faults.call(actor, { ...call, work: carry });
    },
    ...(find && {
      find: (input, key) => {
        const call = { kind: "read", label: `${op} find` } as const;
        return faults.call(actor, { ...call, work: () => find(input, key) });
      },
    }),
  };
}

const called = (face: object, ...args: readonly unknown[]): unknown =>
  Reflect.apply(face as () => unknown, undefined, args);

function faultySurface(real: Surface, faults: Faults, actor: Actor): Surface {
  const { find } = real;
  return {
    ...real,
    post: (place, message, signal) => {
      const label = `post ${message.id}`;
      const work = () => real.post(place, message, signal);
      return faults.call(actor, { kind: "chat", label, work, signal });
    },
    edit: (place, ref, message, signal) => {
      const label = `edit ${message.id}: ${message.card.state?.word ?? ""}`;
      const work = () => real.edit(place, ref, message, signal);
      return faults.call(actor, { kind: "chat", label, work, signal });
    },
    ...(find && {
      find: (place, id, signal) => {
        const work = () => find(place, id, signal);
        return faults.call(actor, { kind: "read", label: `find ${id}`, work, signal });
      },
    }),
  };
}

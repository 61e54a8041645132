/** A door that keeps what it is given, dedupes as the real one does, and answers what the test says. */
import type { Json } from "../../../src/core/operation.ts";
import type { Answer, Door, Intent } from "../../../src/core/surface.ts";

export interface RecordingDoor extends Door {
  readonly stored: readonly Intent[];
  readonly entered: readonly string[];
  /** What happened, in order: `store`, `stored`, `enter`. */
  readonly order: readonly string[];
}

export function recordingDoor({
  answer = () => ({ is: "run", run: "run-1" }),
  check = () => ({}),
  wait = 0,
  broken = () => false,
  stands = (_id, _at, ref) => ref,
}: {
  readonly answer?: (intent: Intent) => Answer;
  readonly check?: (
    command: string,
    values: { readonly [field: string]: Json },
  ) => { readonly [field: string]: string };
  /** How long a row takes, in milliseconds. */
  readonly wait?: number;
  /** Whether the database is away. */
  readonly broken?: () => boolean;
  readonly stands?: (
    ...of: Parameters<Door["stands"]>
  ) => string | undefined | Promise<string | undefined>;
} = {}): RecordingDoor {
  const rows = new Map<string, Intent>();
  const entered: string[] = [];
  const order: string[] = [];
  return {
    get stored() {
      return [...rows.values()];
    },
    entered,
    order,
    check,
    stands: async (id, at, ref) => stands(id, at, ref),
    async store(intent) {
      order.push("store");
      if (broken()) throw new Error("the database is away");
      await new Promise((resolve) => setTimeout(resolve, wait));
      order.push("stored");
      if (rows.has(intent.key)) return "seen";
      rows.set(intent.key, intent);
      return "new";
    },
    async enter(key) {
      order.push("enter");
      entered.push(key);
      const intent = rows.get(key);
      if (intent === undefined) throw new Error(`no row ${key}`);
      return answer(intent);
    },
  };
}

/** What the web needs from the rest of the house. */
import type { CommandDefinition } from "../core/command.ts";
import type { Look } from "../core/operation.ts";
import type { Door } from "../core/surface.ts";
import type { Platform } from "../platform/schema.ts";
import type { Database } from "../store/database.ts";
import type { Bus } from "../surfaces/console/bus.ts";

export interface Parts {
  readonly door: Door;
  readonly database: Database;
  /** What the manifests say now. */
  readonly platform: () => Platform;
  readonly bus: Bus;
  readonly commands: readonly Typed[];
  /** Reads with a person's rights. Throws a Refusal where they may not. */
  look<R>(person: string, look: Look<R>): Promise<R>;
  /** What a person may do, in a sentence for people. */
  rights(person: string): string;
  /** Whether nobody changed the audit log behind our back, and what is wrong where somebody did. */
  audit(): Promise<{ readonly holds: boolean; readonly says: string }>;
  /** The lines of a run's services, as they come; absent where nothing can be followed. */
  logs?(person: string, run: string, signal: AbortSignal): AsyncIterable<{ readonly text: string }>;
  /** The same data without secrets: everything that is answered goes through it before it becomes JSON. */
  mask<T>(value: T): T;
  /** A fresh id. */
  id(): string;
}

/** What of a command one can type. */
export type Typed = Pick<CommandDefinition, "name" | "summary" | "examples" | "args" | "words">;

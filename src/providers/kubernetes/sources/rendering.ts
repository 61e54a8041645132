/** What the forms of manifests share while they are rendered. */
import { createHash } from "node:crypto";
import type { Tools } from "./tool.ts";

export interface Rendering {
  /** The project's folder. */
  readonly root: string;
  readonly tools: Tools;
  /** What was printed for these very files and arguments before, else what `print` prints. */
  readonly remembered: Memory;
}
export type Memory = (of: readonly string[], print: () => Promise<string>) => Promise<string>;

/** Keeps what tools printed lately: a plan is looked at more than once, and a tool takes longer than all the rest. */
export function memory(most: number = 30): Memory {
  const printed = new Map<string, string>();
  return async (of, print) => {
    const key = createHash("sha256").update(JSON.stringify(of)).digest("hex");
    const text = printed.get(key) ?? (await print());
    printed.delete(key);
    printed.set(key, text);
    const [oldest] = printed.keys();
    if (printed.size > most && oldest !== undefined) printed.delete(oldest);
    return text;
  };
}

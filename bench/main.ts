/**
 * `npm run bench [-- part ...] [short]`: start, click, ack, runs and memory, each in a process of its own, one after the
 * other. `short` only shows that each of them works: its figures mean nothing.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const parts = ["start", "click", "ack", "runs", "memory"] as const;
const words = process.argv.slice(2);
const asked = parts.filter((part) => words.includes(part));
const more = words.filter((word) => !parts.some((part) => part === word));

for (const part of asked.length > 0 ? asked : parts) {
  console.log(`\n${part}`);
  const child = spawn(process.execPath, [join(import.meta.dirname, `${part}.ts`), ...more], {
    stdio: "inherit",
  });
  const [code] = await once(child, "exit");
  if (code !== 0) process.exitCode = 1;
}

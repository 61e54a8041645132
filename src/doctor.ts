/** `npm run doctor`: says in one sentence each what is right and what to do about what is not. Exit code 1: something is wrong. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { loadEnvironment } from "./config.ts";
import { examine } from "./doctor/examine.ts";
import type { Finding } from "./doctor/finding.ts";
import { line } from "./observe/text.ts";

/** A line for each finding, and how many of them are wrong. */
export function report(findings: readonly Finding[]): string {
  const widest = Math.max(...findings.map(({ of }) => of.length));
  const lines = findings.map(
    ({ of, is, says }) => `${is.padEnd(5)}  ${of.padEnd(widest)}  ${line(says)}`,
  );
  const wrong = findings.filter(({ is }) => is === "wrong").length;
  const sum =
    wrong === 0
      ? "Nothing is wrong."
      : `${wrong} ${wrong === 1 ? "thing is" : "things are"} wrong.`;
  return `${lines.join("\n")}\n\n${sum}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  loadEnvironment();
  const findings = await examine({ root: join(import.meta.dirname, "..") });
  process.stdout.write(report(findings), () =>
    process.exit(findings.some(({ is }) => is === "wrong") ? 1 : 0),
  );
}

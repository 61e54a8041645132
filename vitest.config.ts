/** How the tests run: projects told apart by the file's name, on Node's own type stripping. */
import { defineConfig } from "vitest/config";
import { brief, counts } from "./test/reporter.ts";
import { SlowFirst } from "./test/slow-first.ts";

const suite = (name: string, include: string, exclude: readonly string[], seconds: number) => ({
  extends: true as const,
  test: {
    name,
    include: [include],
    exclude: [...exclude],
    testTimeout: seconds * 1000,
    hookTimeout: seconds * 1000,
  },
});

/** One process for many files: what they import, and PostgreSQL's machine code, is made once and not per file. */
const together = (one: ReturnType<typeof suite>) => ({
  ...one,
  test: { ...one.test, isolate: false },
});

const slow = ["servers", "browser", "crash", "scenarios", "kubernetes", "sim"].map(
  (name) => `test/**/*.${name}.test.ts`,
);

/** Continuous integration names a file for what fails, and prints it at its end. */
const failures = process.env["SHIPMATE_TEST_FAILURES"] || undefined;

export default defineConfig({
  test: {
    experimental: { viteModuleRunner: false },
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    // What a test waits for may take long on a machine that does much else: it says how long where it claims a time.
    expect: { poll: { timeout: 25_000 } },
    globalSetup: ["./test/kube-home.ts"],
    reporters: failures === undefined ? ["default", counts()] : brief(failures),
    projects: [
      together(suite("quick", "test/**/*.test.ts", slow, 180)),
      suite("servers", "test/**/*.servers.test.ts", [], 240),
      suite("browser", "test/**/*.browser.test.ts", [], 240),
      suite("crash", "test/**/*.crash.test.ts", [], 600),
      suite("scenarios", "test/**/*.scenarios.test.ts", [], 240),
      suite("sim", "test/**/*.sim.test.ts", [], 180),
      suite("kubernetes", "test/**/*.kubernetes.test.ts", [], 600),
    ],
  },
});

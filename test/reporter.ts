/** Prints the counts of a test run last, and why and how often something was left out; keeps what failed in a file. */
import { appendFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";

type Print = (line: string) => void;

/** A Vitest reporter that ends the output with one line a reason, and `N passed, N failed, N skipped` alone on a line. */
export function counts(print: Print = (line) => process.stdout.write(`${line}\n`)): Reporter {
  return {
    onTestRunEnd(modules, errors) {
      const tally = { passed: 0, failed: 0, skipped: 0 };
      const reasons = new Map<string, number>();
      for (const module of modules) {
        for (const test of module.children.allTests()) {
          const result = test.result();
          if (result.state === "pending") continue;
          tally[result.state] += 1;
          if (result.state !== "skipped") continue;
          const reason =
            result.note ??
            (broke(test) ? "tests behind a hook that failed" : "tests that say no reason");
          reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        }
      }
      tally.failed += modules.filter(brokeOutsideItsTests).length + errors.length;
      for (const [reason, times] of reasons) print(`left out: ${reason}, ${tests(times)}`);
      print(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
    },
  };
}

/** The same reports in few lines, for a log that is read from its end: what fails is also appended to `file` at once. */
export function brief(file: string): ("minimal" | Reporter)[] {
  return ["minimal", counts(), failures(file)];
}

/** Appends each failure, when it happens, as a line that names it and the first lines of why. */
function failures(file: string): Reporter {
  const report = (where: string, errors: readonly SerializedError[]): void => {
    const why = errors.flatMap((error) => explained(error).slice(0, 15));
    appendFileSync(file, `${[where, ...why.map((line) => `    ${line}`)].join("\n")}\n`);
  };
  const place = (module: TestModule): string => `${module.project.name} ${module.relativeModuleId}`;
  return {
    onTestCaseResult(test) {
      const { state, errors = [] } = test.result();
      if (state === "failed") report(`${place(test.module)} > ${test.fullName}`, errors);
    },
    onTestSuiteResult(suite) {
      const errors = suite.errors();
      if (errors.length > 0) report(`${place(suite.module)} > ${suite.fullName}`, errors);
    },
    onTestModuleEnd(module) {
      const errors = module.errors();
      if (errors.length > 0) report(place(module), errors);
    },
    onTestRunEnd(_modules, errors) {
      for (const error of errors) report("outside of any test", [error]);
    },
  };
}

/** What an error says, how the two values differ, and where. */
function explained(error: SerializedError): readonly string[] {
  const lines = (text: string): readonly string[] =>
    stripVTControlCharacters(text)
      .split("\n")
      .filter((line) => line.trim() !== "");
  const at = (error.stacks ?? []).slice(0, 2).map(({ file, line }) => `at ${file}:${line}`);
  const diff = typeof error["diff"] === "string" ? lines(error["diff"]) : [];
  return [...lines(error.message).slice(0, 8), ...at, ...diff];
}

/** Whether a hook of its file or of a suite around it failed, so that it never ran. */
function broke(test: TestCase): boolean {
  for (let around: TestCase["parent"] = test.parent; ; around = around.parent) {
    if (around.errors().length > 0) return true;
    if (around.type === "module") return false;
  }
}

/** A file that did not load, or whose hooks failed, counts as one failure. */
function brokeOutsideItsTests(module: TestModule): boolean {
  if (module.errors().length > 0) return true;
  return [...module.children.allSuites()].some((suite) => suite.errors().length > 0);
}

function tests(times: number): string {
  return times === 1 ? "1 test" : `${times} tests`;
}

/** Prints the counts of a test run last, and why and how often something was left out. */
import type { Reporter, TestCase, TestModule } from "vitest/node";

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

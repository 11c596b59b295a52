import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { runChecks } from "./check.ts";
import { findChromium } from "../test/browser/chromium.ts";
import { root, runStep, stepEnv } from "./run-step.ts";

/** `npm test`: checks, build, and every test there is. The last line counts them: `N passed, N failed, N skipped`. */
const REPORT = join(root, "test-results", "vitest.json");

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numFailedTestSuites: number;
  success: boolean;
}

const totals = { passed: 0, failed: 0, skipped: 0 };

const checks = await runChecks();
totals.passed += checks.passed;
totals.failed += checks.failed;

count(await runStep({ name: "build", command: ["node", "cli/build.ts"] }));
count(await runStep({ name: "size of the Worker", command: ["node", "cli/deploy.ts", "--dry-run"], live: true }));

// Found (or installed) once, before the tests; without one the browser's tests are skipped, or fail with CI=true.
const chromium = findChromium();
if ("path" in chromium) process.env["CHROMIUM_PATH"] = stepEnv["CHROMIUM_PATH"] = chromium.path;
else console.log(chromium.missing);

rmSync(REPORT, { force: true });
mkdirSync(dirname(REPORT), { recursive: true });
const passed = await runStep({
  name: "tests",
  command: ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`],
  live: true,
});
countReport(passed);

console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;

function count(success: boolean): void {
  if (success) totals.passed++;
  else totals.failed++;
}

/** A suite that did not even load has no tests to count, and an error outside all tests has none either: each is a failure. */
function countReport(success: boolean): void {
  let failed = 0;
  try {
    const report = JSON.parse(readFileSync(REPORT, "utf8")) as VitestReport;
    totals.passed += report.numPassedTests;
    totals.skipped += report.numPendingTests + report.numTodoTests;
    failed = report.numFailedTests;
  } catch {
    console.log("vitest left no report.");
  }
  totals.failed += success ? failed : Math.max(failed, 1);
}

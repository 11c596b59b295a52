import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findChromium } from "../test/browser/chromium.ts";
import { runChecks } from "./check.ts";
import { root, runStep, stepEnv } from "./run-step.ts";

/** `npm test`: checks, build, and every test there is. The last line counts them: `N passed, N failed, N skipped`. */
const RESULTS = join(root, "test-results");

/** One after the other: servers and browsers among busy neighbours would be slow, and slow looks like broken. */
const PROJECTS = ["unit", "workerd", "e2e"];

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
}

const totals = { passed: 0, failed: 0, skipped: 0 };

const checks = await runChecks();
totals.passed += checks.passed;
totals.failed += checks.failed;

count(await runStep({ name: "build", command: ["node", "cli/build.ts"] }));
count(await runStep({ name: "size of the Worker", command: ["node", "cli/deploy.ts", "--dry-run"], live: true }));

// Found (or installed) once, before the tests; without one the browser's tests are skipped, or fail with CI=true.
const chromium = findChromium();
if ("path" in chromium) stepEnv["CHROMIUM_PATH"] = chromium.path;
else console.log(chromium.missing);

mkdirSync(RESULTS, { recursive: true });
for (const project of PROJECTS) {
  const report = join(RESULTS, `${project}.json`);
  rmSync(report, { force: true });
  const passed = await runStep({
    name: `${project} tests`,
    command: [
      "vitest",
      "run",
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ],
    live: true,
  });
  countReport(report, passed);
}

console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;

function count(success: boolean): void {
  if (success) totals.passed++;
  else totals.failed++;
}

/** A suite that did not even load has no tests to count, and an error outside all tests has none either: each is a failure. */
function countReport(path: string, success: boolean): void {
  let failed = 0;
  try {
    const report = JSON.parse(readFileSync(path, "utf8")) as VitestReport;
    totals.passed += report.numPassedTests;
    totals.skipped += report.numPendingTests + report.numTodoTests;
    failed = report.numFailedTests;
  } catch {
    console.log("vitest left no report.");
  }
  totals.failed += success ? failed : Math.max(failed, 1);
}

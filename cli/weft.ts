import { approveCommand } from "./commands/approve.ts";
import { blocksCommand } from "./commands/blocks.ts";
import { cancelCommand } from "./commands/cancel.ts";
import { estimateCommand } from "./commands/estimate.ts";
import { executionsCommand } from "./commands/executions.ts";
import { exportCommand } from "./commands/export.ts";
import { fakeLlmCommand } from "./commands/fake-llm.ts";
import { forkCommand } from "./commands/fork.ts";
import { importCommand } from "./commands/import.ts";
import { logsCommand } from "./commands/logs.ts";
import { nodeCommand } from "./commands/node.ts";
import { pauseCommand, resumeCommand } from "./commands/pause.ts";
import { redriveCommand } from "./commands/redrive.ts";
import { retryCommand } from "./commands/retry.ts";
import { reviewsCommand } from "./commands/reviews.ts";
import { runCommand } from "./commands/run.ts";
import { showCommand } from "./commands/show.ts";
import { startCommand } from "./commands/start.ts";
import { validateCommand } from "./commands/validate.ts";
import { runCommandLine } from "./run-command.ts";
import { readEnvironment } from "./runtime/settings.ts";

const COMMANDS = [
  runCommand,
  validateCommand,
  importCommand,
  exportCommand,
  blocksCommand,
  startCommand,
  estimateCommand,
  executionsCommand,
  showCommand,
  logsCommand,
  nodeCommand,
  cancelCommand,
  pauseCommand,
  resumeCommand,
  retryCommand,
  forkCommand,
  redriveCommand,
  reviewsCommand,
  approveCommand,
  fakeLlmCommand,
];

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // The second time means it.
    if (interruption.signal.aborted) process.exit(130);
    interruption.abort();
  });
}
// Whoever reads our output may stop reading: `weft blocks | head`.
process.stdout.on("error", () => process.exit(0));

process.exitCode = await runCommandLine(COMMANDS, process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  interactive: process.stderr.isTTY === true && process.env["TERM"] !== "dumb" && process.env["CI"] === undefined,
  columns: process.stderr.columns ?? 80,
  rows: process.stderr.rows ?? 24,
  environment: readEnvironment(),
  signal: interruption.signal,
});

import { describe, expect, it } from "vitest";
import { commandIo } from "../command-io.testkit.ts";
import { runCommandLine } from "../run-command.ts";
import { estimateCommand } from "./estimate.ts";
import { forkCommand } from "./fork.ts";
import { nodeCommand } from "./node.ts";
import { redriveCommand } from "./redrive.ts";
import { retryCommand } from "./retry.ts";
import { showCommand } from "./show.ts";
import { startCommand } from "./start.ts";

const COMMANDS = [startCommand, nodeCommand, showCommand, estimateCommand, retryCommand, forkCommand, redriveCommand];

describe("commands that talk to a server", () => {
  it.each([
    ["start", []],
    ["start", ["a", "b"]],
    ["start", ["a", "--version", "0"]],
    ["start", ["a", "--wait", "soon"]],
    ["start", ["a", "--wait", "0"]],
    ["start", ["a", "--until", "x", "--only", "y"]],
    ["start", ["a", "--pinned", "x.json", "--saved-pins"]],
    ["start", ["a", "--pinned", "no-such-file.json"]],
    ["start", ["a", "--input-file", "no-such-file.json"]],
    ["node", []],
    ["node", ["a", "b", "c"]],
    ["show", []],
    ["estimate", ["a", "b"]],
    ["retry", ["a", "--idempotency-key"]],
    ["fork", ["a"]],
    ["fork", ["a", "b", "--input", "pin"]],
    ["redrive", ["--status", "COMPLETED"]],
  ])("say how they are used instead of asking it: %s %j", async (name, args) => {
    // Nobody listens there: a request would end with another code.
    const { io, said } = commandIo({ WEFT_URL: "http://127.0.0.1:1", WEFT_API_KEY: "key" });
    expect(await runCommandLine(COMMANDS, [name, ...args], io)).toBe(2);
    expect(said.out).toBe("");
    expect(said.err).toContain(`Usage: weft ${name} `);
  });
});

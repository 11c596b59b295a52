import { describe, expect, it } from "vitest";
import type { NodeDetail } from "#worker/contracts/rerun.ts";
import { formatNodeDetail } from "./node-detail.ts";

const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 20, 0, second)).toISOString();
const error = { code: "http_error", message: "It answered 500." };

const node: NodeDetail = {
  node_execution_id: "n5",
  node_id: "call",
  block_id: "b",
  status: "COMPLETED",
  attempt: 2,
  input: { url: "https://weft.test/", list: [1, 2] },
  output: { response: [{ ok: true }, "second"] },
  error: null,
  usage: null,
  reused: null,
  queued_at: at(0),
  started_at: at(1),
  ended_at: at(9),
  duration_ms: 8_000,
  attempts: [
    { attempt: 1, started_at: at(1), ended_at: at(2), outcome: "retrying", error, retry_at: at(7), usage: null },
    { attempt: 2, started_at: at(7), ended_at: at(9), outcome: "completed", error: null, retry_at: null, usage: null },
  ],
  causes: [
    { pin: "url", node_execution_id: "n2", node_id: "address", source_name: "output", at: at(0) },
    { pin: "list", node_execution_id: null, node_id: null, source_name: null, at: null },
  ],
  missing_pins: [],
  explanation: { code: "completed", message: "It ran because all its linked pins had a value." },
};

describe("a node execution for people", () => {
  it("tells why, when, in which attempts, from where and with what", () => {
    expect(formatNodeDetail(node).split("\n")).toEqual([
      "n5  call  COMPLETED",
      "It ran because all its linked pins had a value. (completed)",
      "",
      `queued   ${at(0)}`,
      `started  ${at(1)}`,
      `ended    ${at(9)}  (8.0 s)`,
      "",
      "ATTEMPT  STARTED                   TOOK   OUTCOME    WHY",
      `1        ${at(1)}  1.0 s  retrying   It answered 500. (http_error); again not before ${at(7)}`,
      `2        ${at(7)}  2.0 s  completed`,
      "",
      "PIN   FROM                 NODE EXECUTION  AT",
      `url   output of address    n2              ${at(0)}`,
      "list  an input of the run",
      "",
      "Input",
      "  url: https://weft.test/",
      "  list: [ 1, 2 ]",
      "",
      "Output",
      '  response: { "ok": true }',
      "  response: second",
      "",
    ]);
  });

  it("tells what one that has not run still lacks, and nothing that is not there", () => {
    const waiting: NodeDetail = {
      ...node,
      status: "INCOMPLETE",
      input: {},
      output: {},
      queued_at: null,
      started_at: null,
      ended_at: null,
      duration_ms: null,
      attempts: [],
      causes: [],
      missing_pins: ["url", "list"],
      explanation: { code: "lacks_inputs", message: "It waits for values." },
    };
    expect(formatNodeDetail(waiting)).toBe(
      "n5  call  INCOMPLETE\nIt waits for values. (lacks_inputs)\n\nLacks a value at: url, list\n",
    );
  });

  it("tells the error that it ended with", () => {
    expect(formatNodeDetail({ ...node, status: "FAILED", error })).toContain("Error: It answered 500. (http_error)\n");
  });
});

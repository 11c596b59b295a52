import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { readLog } from "./worker-log.ts";

it("reads structured lines and plain ones, over the borders of chunks, without the runtime's noise", async () => {
  const stream = new PassThrough();
  const seen: string[] = [];
  readLog(stream, (level, message) => void seen.push(`${level}: ${message}`));
  stream.write('{"timestamp":1,"level":"warn","mess');
  stream.write('age":"slow"}\nplain\n{"timestamp":1,"level":"error","message":"took recursive isolate lock"}\n');
  const cache = "NOSENTRY per-isolate bootstrap compile cache failed its compatibility check; normalized = primordials";
  stream.write(`${JSON.stringify({ timestamp: 1, level: "warn", message: cache })}\n`);
  stream.end("*** Received signal #6\n");
  await setImmediate();
  await setImmediate();
  expect(seen).toEqual(["warn: slow", "log: plain", "error: *** Received signal #6"]);
});

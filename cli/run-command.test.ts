import { describe, expect, it } from "vitest";
import { ApiError } from "./client.ts";
import { commandIo } from "./command-io.testkit.ts";
import { type Command, UsageError } from "./command.ts";
import { runCommandLine } from "./run-command.ts";

function failing(error: Error): Command {
  return { name: "try", usage: "FILE", summary: "tries", run: () => Promise.reject(error) };
}

async function run(error: Error, argv = ["try", "x"]) {
  const { io, said } = commandIo();
  return { code: await runCommandLine([failing(error)], argv, io), ...said };
}

describe("runCommandLine", () => {
  it("tells how to use a command that was used wrongly", async () => {
    expect(await run(new UsageError("Name one file."))).toEqual({
      code: 2,
      out: "",
      err: "weft try: Name one file.\nUsage: weft try FILE\n",
    });
  });

  it.each([
    [400, 2],
    [413, 2],
    [422, 2],
    [401, 1],
    [404, 1],
    [500, 1],
    [0, 1],
  ])("exits after a refusal with status %i with %i, and shows its details", async (status, code) => {
    const refusal = new ApiError(status, { code: "some_code", message: "No.", details: { why: "because" } });
    const result = await run(refusal);
    expect(result.code).toBe(code);
    expect(result.err).toBe('weft try: No. (some_code)\n{\n  "why": "because"\n}\n');
  });

  it("lets a bug be seen as one", async () => {
    await expect(run(new TypeError("bug"))).rejects.toThrow(TypeError);
  });

  it("explains a command without running it", async () => {
    expect(await run(new TypeError("never"), ["try", "--help"])).toEqual({
      code: 0,
      out: "weft try FILE\n\ntries\n",
      err: "",
    });
  });

  it("tells when to come back, where the server does", async () => {
    const refusal = new ApiError(503, { code: "overloaded", message: "Too much." }, 2);
    expect(await run(refusal)).toEqual({
      code: 1,
      out: "",
      err: "weft try: Too much. (overloaded)\nThe server asks to wait 2 s before the next try.\n",
    });
  });
});

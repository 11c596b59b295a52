import { describe, expect, it } from "vitest";
import { ApiError } from "./client.ts";
import { wholeOutputs } from "./whole-outputs.ts";

const [there, gone] = ["a".repeat(64), "b".repeat(64)];
const shown = (sha256: string) => ({
  $value: {
    sha256,
    size: 300_000,
    type: "string",
    preview: '"x',
    url: `/api/v1/executions/${"0".repeat(36)}/values/${sha256}`,
  },
});
const client = {
  value: async (id: string, sha256: string) => {
    if (id === "run" && sha256 === there) return "the value";
    throw new ApiError(404, { code: "not_found", message: "There is no value with this id." });
  },
};

describe("the outputs of a run", () => {
  it("have large values in them, however deep", async () => {
    const outputs = { text: [shown(there), "small"], deep: [{ list: [1, shown(there)] }], ["__proto__"]: [1] };
    expect(await wholeOutputs(client, { id: "run", outputs })).toEqual({
      text: ["the value", "small"],
      deep: [{ list: [1, "the value"] }],
      ["__proto__"]: [1],
    });
  });

  it("keep what only looks like one", async () => {
    const own = [shown(gone), { $value: 1 }, { $value: { sha256: "../x" } }];
    expect(await wholeOutputs(client, { id: "run", outputs: { own } })).toEqual({ own });
  });

  it("are not given when the server fails", async () => {
    const failing = { value: () => Promise.reject(new ApiError(500, { code: "internal_error", message: "oops" })) };
    await expect(wholeOutputs(failing, { id: "run", outputs: { text: [shown(there)] } })).rejects.toThrow("oops");
  });
});

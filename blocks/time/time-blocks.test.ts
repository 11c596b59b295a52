import { describe, expect, it } from "vitest";
import type { JsonObject } from "#graph/json.ts";
import { type Block, Suspension } from "../define-block.ts";
import { runBlock } from "../run-block.ts";
import { testContext } from "../test-context.testkit.ts";
import countdownTimer from "./countdown-timer.ts";
import getCurrentDate from "./get-current-date.ts";

async function run(block: Block, data: JsonObject, at = testContext()): Promise<[string, unknown, number][]> {
  const outputs: [string, unknown, number][] = [];
  for (;;) {
    try {
      for await (const [pin, value] of runBlock(block, { input_default: {}, data }, at.ctx)) {
        outputs.push([pin, value, at.ctx.now()]);
      }
      return outputs;
    } catch (error) {
      if (!(error instanceof Suspension)) {
        throw error;
      }
      await at.ctx.sleep((error.wait.until ?? 0) - at.ctx.now());
      at.ctx.resume = { reason: "timer", state: error.wait.state, data: null };
    }
  }
}

describe("CountdownTimerBlock", () => {
  it("waits the sum of its amounts before each message", async () => {
    const at = testContext({ now: 0 });
    const input = { input_message: { any: ["thing"] }, seconds: "1.5", minutes: 1, hours: "0", days: "", repeat: 3 };
    expect(await run(countdownTimer, input, at)).toEqual([
      ["output_message", { any: ["thing"] }, 61_500],
      ["output_message", { any: ["thing"] }, 123_000],
      ["output_message", { any: ["thing"] }, 184_500],
    ]);
  });

  it("waits up to a year in all", async () => {
    expect((await run(countdownTimer, { days: 366 })).length).toBe(1);
    expect((await run(countdownTimer, { hours: 8, repeat: 1000 })).length).toBe(1000);
    await expect(run(countdownTimer, { days: 367 })).rejects.toMatchObject({ code: "wait_too_long" });
    await expect(run(countdownTimer, { days: 1, repeat: 367 })).rejects.toMatchObject({ code: "wait_too_long" });
  });

  it.each<JsonObject>([{ seconds: -1 }, { minutes: "-1" }, { hours: "soon" }, { days: "Infinity" }])(
    "refuses %j",
    async (input) => {
      await expect(run(countdownTimer, input)).rejects.toMatchObject({ code: "invalid_wait" });
    },
  );

  it.each([0, 1001, -1])("does not repeat %s times", async (repeat) => {
    await expect(run(countdownTimer, { repeat })).rejects.toMatchObject({ code: "invalid_input" });
  });
});

describe("GetCurrentDateBlock", () => {
  const date = async (data: JsonObject, at = testContext()) =>
    (await run(getCurrentDate, { trigger: "x", ...data }, at)).map(([, value]) => value);

  it("goes back by days of the calendar, also over a change of the clocks", async () => {
    // 00:30 in Berlin on the day after the clocks went forward: 24 hours earlier is 23:30 two dates before.
    const at = testContext({ now: Date.UTC(2026, 2, 29, 22, 30) });
    const format_type = { discriminator: "iso8601", timezone: "Europe/Berlin" };
    expect(await date({ offset: 1, format_type }, at)).toEqual(["2026-03-29"]);
    expect(await date({ format_type }, at)).toEqual(["2026-03-30"]);
  });

  it.each([
    ["", "2026-01-01"],
    ["  ", "2026-01-01"],
    ["-1", "2026-01-02"],
    [366, "2024-12-31"],
  ])("with the offset %j gives %s", async (offset, expected) => {
    expect(await date({ offset })).toEqual([expected]);
  });

  it.each(["1.5", "x", "1e99", 1_000_001])("refuses the offset %j", async (offset) => {
    await expect(run(getCurrentDate, { trigger: "x", offset })).rejects.toMatchObject({ code: "invalid_offset" });
  });
});

import * as z from "zod";
import { BlockError, defineBlock, Suspension } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";

/** Waits for a call from outside at an address of its own. Weft's own block: AutoGPT has webhooks that start runs, but none within one. */
export default defineBlock({
  id: "5012b723-5fba-4c2b-b75b-4a8752e30235",
  name: "WaitForCallBlock",
  description:
    "Gives an address, and waits until somebody calls it: a payment service, a form, another program. Whoever has the address may call it, once. Nothing runs meanwhile.",
  categories: ["INPUT"],
  effects: "idempotent",
  waits: true,
  input: z.object({
    trigger: anyValue().optional().meta({ description: "Anything: the address is made when it arrives." }),
    timeout_seconds: z
      .number()
      .min(0)
      .max(31_622_400)
      .default(0)
      .meta({ description: "Go on without a call after this time, at most a year; 0: never." }),
    on_timeout: z
      .enum(["yield", "fail"])
      .default("yield")
      .meta({ description: "What it means when nobody calls in time: a value at `timed_out`, or a failure." }),
  }),
  output: z.object({
    url: z.string().meta({ description: "Where to call, with POST. It is given out before the wait." }),
    data: anyValue().optional().meta({ description: "What was sent: JSON, a form's fields, or a text." }),
    timed_out: z.boolean().optional().meta({ description: "True when nobody called in time." }),
  }),
  examples: [
    {
      name: "somebody calls",
      input: { trigger: "order 7" },
      waits: [{ kind: "callback", payload: { url: "https://weft.test/callback" }, data: { paid: true } }],
      expect: [
        ["url", "https://weft.test/callback"],
        ["data", { paid: true }],
      ],
    },
    {
      name: "nobody calls in time",
      input: { timeout_seconds: 60 },
      waits: [{ kind: "callback", reason: "timeout" }],
      expect: [
        ["url", "https://weft.test/callback"],
        ["timed_out", true],
      ],
    },
    {
      name: "nobody calls in time and that is an error",
      input: { timeout_seconds: 60, on_timeout: "fail" },
      waits: [{ kind: "callback", reason: "timeout" }],
      expect: [["url", "https://weft.test/callback"]],
      expectError: "Nobody called",
    },
  ],
  async *run({ input, ctx }) {
    if (ctx.resume === null) {
      const url = ctx.callbackUrl();
      yield ["url", url];
      const until = input.timeout_seconds > 0 ? ctx.now() + input.timeout_seconds * 1_000 : null;
      throw new Suspension({ kind: "callback", until, state: null, payload: { url } });
    }
    if (ctx.resume.reason !== "timeout") {
      yield ["data", ctx.resume.data];
    } else if (input.on_timeout === "fail") {
      throw new BlockError("callback_timeout", "Nobody called in time.");
    } else {
      yield ["timed_out", true];
    }
  },
});

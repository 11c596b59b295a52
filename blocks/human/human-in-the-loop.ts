import * as z from "zod";
import { BlockError, defineBlock, Suspension } from "#blocks/define-block.ts";
import { anyValue } from "#blocks/pin-types.ts";

/** What comes back from a person (graph/run/wait.ts `ReviewDecision`). */
const decisionSchema = z.object({
  approved: z.boolean(),
  data: z.unknown().optional(),
  message: z.string().optional(),
});

/**
 * Asks a person (autogpt.md §4.10). The block is not run again for the decision's sake: it goes on where it waited, once (quirk i). `timeout_seconds`
 * and `timeout_action` are Weft's own: without them it waits for as long as it takes.
 */
export default defineBlock({
  id: "8b2a7b3c-6e9d-4a5f-8c1b-2e3f4a5b6c7d",
  name: "HumanInTheLoopBlock",
  description:
    "Holds the data until a person has approved, edited or rejected it. Other branches of the agent go on meanwhile.",
  categories: ["BASIC"],
  uiType: "Human In The Loop",
  effects: "idempotent",
  waits: true,
  input: z.object({
    data: anyValue().meta({ description: "What the person is shown and may edit." }),
    name: z.string().meta({ description: "What the person is asked, in a few words." }),
    editable: z.boolean().default(true).meta({ description: "Whether the person may change the data." }),
    timeout_seconds: z
      .number()
      .min(0)
      .max(31_622_400)
      .default(0)
      .meta({ description: "Go on without an answer after this time; 0: never." }),
    timeout_action: z
      .enum(["reject", "approve", "fail"])
      .default("reject")
      .meta({ description: "What it means when nobody answers in time." }),
  }),
  output: z.object({
    approved_data: anyValue().optional().meta({ description: "The data as approved, with the person's changes." }),
    rejected_data: anyValue().optional().meta({ description: "The data as rejected." }),
    review_message: z.string().optional().meta({ description: "What the person wrote, if anything." }),
  }),
  examples: [
    {
      name: "approved as it is",
      input: { data: "Dear Ada", name: "Send this letter?" },
      waits: [
        {
          kind: "review",
          payload: { name: "Send this letter?", data: "Dear Ada", editable: true },
          data: { approved: true },
        },
      ],
      expect: [["approved_data", "Dear Ada"]],
    },
    {
      name: "approved with changes",
      input: { data: "Dear Ada", name: "Send this letter?" },
      waits: [{ kind: "review", data: { approved: true, data: "Dearest Ada", message: "warmer" } }],
      expect: [
        ["approved_data", "Dearest Ada"],
        ["review_message", "warmer"],
      ],
    },
    {
      name: "changes to data that is not editable do not count",
      input: { data: 1, name: "ok?", editable: false },
      waits: [{ kind: "review", data: { approved: true, data: 2 } }],
      expect: [["approved_data", 1]],
    },
    {
      name: "rejected",
      input: { data: { n: 1 }, name: "ok?" },
      waits: [{ kind: "review", data: { approved: false, message: "no" } }],
      expect: [
        ["rejected_data", { n: 1 }],
        ["review_message", "no"],
      ],
    },
    {
      name: "nobody answers",
      input: { data: 1, name: "ok?", timeout_seconds: 60 },
      waits: [{ kind: "review", reason: "timeout" }],
      expect: [
        ["rejected_data", 1],
        ["review_message", "Nobody answered in time."],
      ],
    },
    {
      name: "nobody answers and that is a yes",
      input: { data: { n: 1 }, name: "ok?", timeout_seconds: 60, timeout_action: "approve" },
      waits: [{ kind: "review", reason: "timeout" }],
      expect: [
        ["approved_data", { n: 1 }],
        ["review_message", "Nobody answered in time."],
      ],
    },
    {
      name: "nobody answers and that is an error",
      input: { data: 1, name: "ok?", timeout_seconds: 60, timeout_action: "fail" },
      waits: [{ kind: "review", reason: "timeout" }],
      expectError: "Nobody answered",
    },
  ],
  async *run({ input, ctx }) {
    if (ctx.resume === null) {
      const until = input.timeout_seconds > 0 ? ctx.now() + input.timeout_seconds * 1_000 : null;
      const payload = { name: input.name, data: input.data, editable: input.editable };
      throw new Suspension({ kind: "review", until, state: null, payload });
    }
    const { approved, data, message } = decision(ctx.resume.reason, ctx.resume.data, input.timeout_action);
    const given = input.editable && data !== undefined ? data : input.data;
    if (approved) {
      yield ["approved_data", given as typeof input.data];
    } else {
      yield ["rejected_data", given as typeof input.data];
    }
    if (message !== undefined && message !== "") {
      yield ["review_message", message];
    }
  },
});

function decision(
  reason: string,
  data: unknown,
  onTimeout: "reject" | "approve" | "fail",
): z.output<typeof decisionSchema> {
  if (reason !== "timeout") {
    return decisionSchema.parse(data);
  }
  if (onTimeout === "fail") {
    throw new BlockError("review_timeout", "Nobody answered the review in time.");
  }
  return { approved: onTimeout === "approve", message: "Nobody answered in time." };
}

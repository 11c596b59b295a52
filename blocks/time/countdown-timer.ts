import * as z from "zod";
import { BlockError, defineBlock, Suspension } from "#blocks/define-block.ts";
import { anyValue } from "#blocks/pin-types.ts";

/** A wait ends within a year. */
const MAX_TOTAL_SECONDS = 366 * 86_400;

const amount = (unit: string) =>
  z
    .union([z.number(), z.string()])
    .default(0)
    .meta({ description: `${unit} to wait; the four amounts add up.` });

/**
 * Waits, then gives a message, `repeat` times (autogpt.md §6.1, CountdownTimerBlock; up to 7 days there, up to a year here). Nothing runs while it
 * waits. It is `pure`, so that the Worker that begins a run can put it to sleep, without a message and a consumer.
 */
export default defineBlock({
  id: "d67a9c52-5e4e-11e2-bcfd-0800200c9a71",
  name: "CountdownTimerBlock",
  description:
    "Waits for the given time and then gives the message; with repeat, several times over. All waits together may last a year, and cost nothing meanwhile.",
  categories: ["TEXT"],
  effects: "pure",
  waits: true,
  input: z.object({
    input_message: anyValue()
      .default("timer finished")
      .meta({ description: "What to give when the time is over.", advanced: false }),
    seconds: amount("Seconds"),
    minutes: amount("Minutes"),
    hours: amount("Hours"),
    days: amount("Days"),
    repeat: z.int().min(1).max(1000).default(1).meta({ description: "How many times to wait and give the message." }),
  }),
  output: z.object({
    output_message: anyValue().meta({ description: "The message. Comes after each wait." }),
  }),
  examples: [
    {
      name: "once",
      input: { input_message: "tea is ready", minutes: "3" },
      waits: [{ kind: "timer" }],
      expect: [["output_message", "tea is ready"]],
    },
    {
      name: "repeated",
      input: { seconds: 2, repeat: 3 },
      waits: [{ kind: "timer" }, { kind: "timer" }, { kind: "timer" }],
      expect: [
        ["output_message", "timer finished"],
        ["output_message", "timer finished"],
        ["output_message", "timer finished"],
      ],
    },
    { name: "no time at all", input: {}, expect: [["output_message", "timer finished"]] },
    { name: "too long", input: { days: 400 }, expectError: "34560000 seconds" },
    { name: "too long when repeated", input: { days: 100, repeat: 4 }, expectError: "34560000 seconds" },
    { name: "not an amount", input: { seconds: "a while" }, expectError: "seconds" },
  ],
  async *run({ input, ctx }) {
    const wait =
      secondsOf("seconds", input.seconds) +
      secondsOf("minutes", input.minutes) * 60 +
      secondsOf("hours", input.hours) * 3_600 +
      secondsOf("days", input.days) * 86_400;
    if (wait * input.repeat > MAX_TOTAL_SECONDS) {
      throw new BlockError(
        "wait_too_long",
        `The waits add up to ${wait * input.repeat} seconds, and this block can wait ${MAX_TOTAL_SECONDS} (a year). Shorten them, or start the agent on a schedule.`,
      );
    }
    let done = 0;
    if (ctx.resume !== null) {
      yield ["output_message", input.input_message];
      done = typeof ctx.resume.state === "number" ? ctx.resume.state + 1 : 1;
    }
    if (done >= input.repeat) {
      return;
    }
    if (wait > 0) {
      throw new Suspension({ kind: "timer", until: ctx.now() + wait * 1_000, state: done, payload: null });
    }
    for (; done < input.repeat; done += 1) {
      yield ["output_message", input.input_message];
    }
  },
});

function secondsOf(name: string, amountOf: number | string): number {
  const value = typeof amountOf === "string" && amountOf.trim() === "" ? 0 : Number(amountOf);
  if (!Number.isFinite(value) || value < 0) {
    throw new BlockError(
      "invalid_wait",
      `The pin ${name} has ${JSON.stringify(amountOf)}, which is not an amount of time.`,
    );
  }
  return value;
}

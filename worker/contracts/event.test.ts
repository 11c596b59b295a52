import { describe, expect, expectTypeOf, it } from "vitest";
import type { z } from "zod";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { executionEventSchema, TERMINAL_EVENT_TYPES } from "./event.ts";

describe("the contract of events", () => {
  it("knows every event of a run, and no other", () => {
    expectTypeOf<z.infer<typeof executionEventSchema>["type"]>().toEqualTypeOf<ExecutionEvent["type"]>();
    const types = new Set(executionEventSchema.options.map((option) => option.shape.type.value));
    expect([...TERMINAL_EVENT_TYPES].filter((type) => !types.has(type as ExecutionEvent["type"]))).toEqual([]);
    expect(TERMINAL_EVENT_TYPES.size).toBe(3);
  });

  it("keeps values as they are", () => {
    const event = {
      seq: 3,
      at: "2026-11-22T20:16:00.000Z",
      type: "node_output",
      node_execution_id: "e",
      node_id: "n",
      pin: "result",
      value: JSON.parse('{"__proto__":[null,{"a":1}]}') as unknown,
    };
    expect(executionEventSchema.parse(event)).toEqual(event);
    expect(executionEventSchema.safeParse({ ...event, type: "node_exploded" }).success).toBe(false);
  });
});

import * as z from "zod";
import type { JsonValue } from "#graph/json.ts";
import { BlockError, defineBlock } from "../define-block.ts";
import { list, MAX_ELEMENTS } from "../pin-types.ts";

export default defineBlock({
  id: "9f616084-1d9f-4f8e-bc00-5b9d2a75cd75",
  name: "InterleaveListsBlock",
  description: "Takes one element of each list in turn until all are used up.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({ lists: z.array(list()).meta({ description: "The lists." }) }),
  output: z.object({
    interleaved_list: list().meta({ description: "One list." }),
    length: z.int().meta({ description: "Number of its elements." }),
  }),
  examples: [
    {
      name: "lists of one length",
      input: {
        lists: [
          [1, 2],
          ["a", "b"],
        ],
      },
      expect: [
        ["interleaved_list", [1, "a", 2, "b"]],
        ["length", 4],
      ],
    },
    {
      name: "lists of several lengths",
      input: { lists: [[1, 2, 3], [], ["a"]] },
      expect: [
        ["interleaved_list", [1, "a", 2, 3]],
        ["length", 4],
      ],
    },
    {
      name: "no lists",
      input: { lists: [] },
      expect: [
        ["interleaved_list", []],
        ["length", 0],
      ],
    },
  ],
  async *run({ input }) {
    const result = interleave(input.lists);
    yield ["interleaved_list", result];
    yield ["length", result.length];
  },
});

/** Lists that are used up are not looked at again: the work is that of the elements. */
function interleave(lists: JsonValue[][]): JsonValue[] {
  const count = lists.reduce((sum, { length }) => sum + length, 0);
  if (count > MAX_ELEMENTS) {
    throw new BlockError(
      "too_many_items",
      `The lists have ${count} elements together; at most ${MAX_ELEMENTS} are possible.`,
    );
  }
  const result: JsonValue[] = [];
  let open = lists.filter(({ length }) => length > 0);
  for (let index = 0; open.length > 0; index += 1) {
    for (const items of open) {
      result.push(items[index] ?? null);
    }
    open = open.filter(({ length }) => length > index + 1);
  }
  return result;
}

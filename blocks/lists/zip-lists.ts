import * as z from "zod";
import { BlockError, defineBlock } from "../define-block.ts";
import { anyValue, list, MAX_ELEMENTS } from "../pin-types.ts";

export default defineBlock({
  id: "0d0e684f-5cb9-4c4b-b8d1-47a0860e0c07",
  name: "ZipListsBlock",
  description: "Joins the first elements of several lists, then the second ones, and so on.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    lists: z.array(list()).meta({ description: "The lists." }),
    pad_to_longest: z
      .boolean()
      .default(false)
      .meta({ description: "Go on to the end of the longest list instead of the shortest.", advanced: true }),
    fill_value: anyValue().default(null).meta({ description: "What to put where a list has ended.", advanced: true }),
  }),
  output: z.object({
    zipped_list: list().meta({ description: "A list of lists, one for each position." }),
    length: z.int().meta({ description: "Number of positions." }),
  }),
  examples: [
    {
      name: "up to the shortest",
      input: {
        lists: [
          [1, 2, 3],
          ["a", "b"],
        ],
      },
      expect: [
        [
          "zipped_list",
          [
            [1, "a"],
            [2, "b"],
          ],
        ],
        ["length", 2],
      ],
    },
    {
      name: "up to the longest",
      input: { lists: [[1, 2], ["a"]], pad_to_longest: true, fill_value: 0 },
      expect: [
        [
          "zipped_list",
          [
            [1, "a"],
            [2, 0],
          ],
        ],
        ["length", 2],
      ],
    },
    {
      name: "no lists",
      input: { lists: [] },
      expect: [
        ["zipped_list", []],
        ["length", 0],
      ],
    },
    {
      name: "an empty list",
      input: { lists: [[1], []] },
      expect: [
        ["zipped_list", []],
        ["length", 0],
      ],
    },
  ],
  async *run({ input: { lists, pad_to_longest, fill_value } }) {
    const lengths = lists.map((items) => items.length);
    const length = lengths.reduce((a, b) => (pad_to_longest ? Math.max(a, b) : Math.min(a, b)), lengths[0] ?? 0);
    if (length * lists.length > MAX_ELEMENTS) {
      throw new BlockError(
        "too_many_items",
        `The result would have ${length * lists.length} elements; at most ${MAX_ELEMENTS} are possible.`,
      );
    }
    const zipped = Array.from({ length }, (_, index) =>
      lists.map((items) => (index < items.length ? (items[index] ?? null) : fill_value)),
    );
    yield ["zipped_list", zipped];
    yield ["length", length];
  },
});

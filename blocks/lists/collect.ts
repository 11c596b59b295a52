import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue, list } from "../pin-types.ts";

/** Most values of one list; a run gathers no more (rule GA5). */
const MAX_ITEMS = 100_000;

/** The engine gathers: the block is run with all values of `item` as a list there (rules GA1 to GA7 of the execution's SPEC.md). */
export default defineBlock({
  id: "030c7584-ea30-4a05-9b48-edc88368905f",
  name: "CollectBlock",
  description:
    "Gathers the values that arrive at one pin to a list: every so many, or all of them once everything before it is over.",
  categories: ["BASIC", "LOGIC"],
  effects: "pure",
  gathers: { pin: "item", count_pin: "count" },
  input: z.object({
    item: anyValue().meta({
      description: "Each value that arrives is one element. Where the node is run by itself: the elements as a list.",
    }),
    count: z.int().min(0).max(MAX_ITEMS).optional().meta({
      description:
        "How many make a list; then the next list begins. Without it there is one list, when nothing more can arrive.",
      advanced: false,
    }),
  }),
  output: z.object({
    list: list().meta({ description: "The values in the order in which they arrived." }),
    count: z.int().meta({ description: "How many there are." }),
  }),
  examples: [
    {
      name: "three values that arrived",
      input: { item: ["a", null, { n: 1 }] },
      expect: [
        ["list", ["a", null, { n: 1 }]],
        ["count", 3],
      ],
    },
    {
      name: "two of a known number",
      input: { item: [1, 2], count: 2 },
      expect: [
        ["list", [1, 2]],
        ["count", 2],
      ],
    },
    {
      name: "nothing arrived",
      input: { item: [] },
      expect: [
        ["list", []],
        ["count", 0],
      ],
    },
    {
      name: "a value of the node's own",
      input: { item: "only" },
      expect: [
        ["list", ["only"]],
        ["count", 1],
      ],
    },
  ],
  async *run({ input }) {
    const values = Array.isArray(input.item) ? input.item : [input.item];
    yield ["list", values];
    yield ["count", values.length];
  },
});

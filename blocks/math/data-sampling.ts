import * as z from "zod";
import { BlockError, defineBlock } from "../define-block.ts";
import { dictionary, list } from "../pin-types.ts";
import { sampleIndices, SAMPLING_METHODS } from "./sampling-methods.ts";
import { seededRandom } from "./seeded-random.ts";

const ROWS = [
  { k: "a", w: 1 },
  { k: "a", w: 0 },
  { k: "b", w: 0 },
  { k: "b", w: 0 },
];

const key = (description: string) => z.string().nullable().default(null).meta({ description });

export default defineBlock({
  id: "4a448883-71fa-49cf-91cf-70d793bd7d87",
  name: "DataSamplingBlock",
  description: "Takes a sample of a list of records.",
  categories: ["LOGIC"],
  effects: "pure",
  input: z.object({
    data: z.union([list(), dictionary()]).meta({ description: "The records; a single dictionary is a list of one." }),
    sample_size: z.int().min(0).default(10).meta({ description: "How many to take.", advanced: false }),
    sampling_method: z
      .enum(SAMPLING_METHODS)
      .default("random")
      .meta({ description: "How to choose them.", advanced: false }),
    accumulate: z.boolean().default(false).meta({ description: "Not offered: nothing is shared between executions." }),
    random_seed: z.int().nullable().default(null).meta({ description: "The same seed gives the same sample." }),
    stratify_key: key("Field that groups the records, for stratified sampling."),
    weight_key: key("Field with the weight, for weighted sampling."),
    cluster_key: key("Field that groups the records, for cluster sampling."),
  }),
  output: z.object({
    sampled_data: list().meta({ description: "The records that were chosen." }),
    sample_indices: z.array(z.int()).meta({ description: "Their positions in the list, from 0." }),
  }),
  examples: [
    {
      name: "the first",
      input: { data: [[1], [2], [3]], sample_size: 2, sampling_method: "top" },
      expect: [
        ["sampled_data", [[1], [2]]],
        ["sample_indices", [0, 1]],
      ],
    },
    {
      name: "the last",
      input: { data: [[1], [2], [3]], sample_size: 2, sampling_method: "bottom" },
      expect: [
        ["sampled_data", [[2], [3]]],
        ["sample_indices", [1, 2]],
      ],
    },
    {
      name: "at random",
      input: { data: [[1], [2], [3]], sample_size: 2 },
      random: [0.9, 0],
      expect: [
        ["sampled_data", [[3], [2]]],
        ["sample_indices", [2, 1]],
      ],
    },
    {
      name: "every second",
      input: { data: [[0], [1], [2], [3]], sample_size: 2, sampling_method: "systematic" },
      random: [0.5],
      expect: [
        ["sampled_data", [[1], [3]]],
        ["sample_indices", [1, 3]],
      ],
    },
    {
      name: "some of every group",
      input: { data: ROWS, sample_size: 2, sampling_method: "stratified", stratify_key: "k" },
      random: [0, 0.9, 0, 0],
      expect: [
        ["sampled_data", [ROWS[0], ROWS[3]]],
        ["sample_indices", [0, 3]],
      ],
    },
    {
      name: "by weight, with putting back",
      input: { data: ROWS, sample_size: 2, sampling_method: "weighted", weight_key: "w" },
      expect: [
        ["sampled_data", [ROWS[0], ROWS[0]]],
        ["sample_indices", [0, 0]],
      ],
    },
    {
      name: "a reservoir",
      input: { data: [[1], [2], [3]], sample_size: 1, sampling_method: "reservoir" },
      random: [0, 0.9],
      expect: [
        ["sampled_data", [[2]]],
        ["sample_indices", [1]],
      ],
    },
    {
      name: "whole groups",
      input: { data: ROWS, sample_size: 2, sampling_method: "cluster", cluster_key: "k" },
      random: [0.9, 0],
      expect: [
        ["sampled_data", [ROWS[2], ROWS[3]]],
        ["sample_indices", [2, 3]],
      ],
    },
    {
      name: "a single record",
      input: { data: { a: 1 }, sample_size: 1 },
      expect: [
        ["sampled_data", [{ a: 1 }]],
        ["sample_indices", [0]],
      ],
    },
    {
      name: "none",
      input: { data: [[1]], sample_size: 0 },
      expect: [
        ["sampled_data", []],
        ["sample_indices", []],
      ],
    },
    { name: "more than there are", input: { data: [[1]], sample_size: 2 }, expectError: "only 1" },
    {
      name: "without its key",
      input: { data: ROWS, sample_size: 2, sampling_method: "cluster" },
      expectError: '"cluster_key"',
    },
    {
      name: "gathering over executions",
      input: { data: ROWS, sample_size: 1, accumulate: true },
      expectError: '"accumulate"',
    },
  ],
  async *run({ input, ctx }) {
    if (input.accumulate) {
      throw new BlockError(
        "not_supported",
        'The pin "accumulate" is not offered: executions share nothing. Gather the records first, with AddToListBlock in a loop.',
      );
    }
    const data = Array.isArray(input.data) ? input.data : [input.data];
    if (input.sample_size > data.length) {
      throw new BlockError(
        "invalid_input",
        `The sample should have ${input.sample_size} records, but there are only ${data.length}.`,
      );
    }
    const indices = sampleIndices(input.sampling_method, {
      data,
      size: input.sample_size,
      random: input.random_seed === null ? () => ctx.random() : seededRandom(input.random_seed),
      stratifyKey: input.stratify_key,
      weightKey: input.weight_key,
      clusterKey: input.cluster_key,
    });
    yield ["sampled_data", indices.map((index) => data[index] ?? null)];
    yield ["sample_indices", indices];
  },
});

import type { JsonValue } from "#graph/json.ts";
import { isJsonObject } from "#graph/json-value.ts";
import { getOwn } from "#graph/own-property.ts";
import { BlockError } from "../define-block.ts";

export const SAMPLING_METHODS = [
  "random",
  "systematic",
  "top",
  "bottom",
  "stratified",
  "weighted",
  "reservoir",
  "cluster",
] as const;
export type SamplingMethod = (typeof SAMPLING_METHODS)[number];

export interface Sampling {
  data: readonly JsonValue[];
  /** At most the number of elements. */
  size: number;
  /** Uniform in [0, 1). */
  random: () => number;
  stratifyKey: string | null;
  weightKey: string | null;
  clusterKey: string | null;
}

/** Indices of the sample, in the order of drawing. */
const METHODS: Readonly<Record<SamplingMethod, (sampling: Sampling) => number[]>> = {
  random: (sampling) => draw(indicesOf(sampling.data), sampling.size, sampling.random),
  systematic,
  top: ({ size }) => Array.from({ length: size }, (_, index) => index),
  bottom: ({ data, size }) => Array.from({ length: size }, (_, index) => data.length - size + index),
  stratified,
  weighted,
  reservoir,
  cluster,
};

/** @throws BlockError `invalid_input` when the method lacks its key or meets elements without it */
export function sampleIndices(method: SamplingMethod, sampling: Sampling): number[] {
  return sampling.size === 0 ? [] : METHODS[method](sampling);
}

const indicesOf = (data: readonly JsonValue[]): number[] => Array.from(data.keys());

/** Draws without putting back (Fisher and Yates). */
function draw(from: number[], size: number, random: () => number): number[] {
  const pool = [...from];
  for (let at = 0; at < size; at += 1) {
    const other = at + Math.floor(random() * (pool.length - at));
    [pool[at], pool[other]] = [pool[other] ?? 0, pool[at] ?? 0];
  }
  return pool.slice(0, size);
}

function systematic({ data, size, random }: Sampling): number[] {
  const step = Math.floor(data.length / size);
  const start = Math.floor(random() * step);
  return Array.from({ length: size }, (_, index) => start + index * step);
}

/** From each group a share like its share of the data, then at random until there are enough. */
function stratified({ data, size, random, stratifyKey }: Sampling): number[] {
  const sample: number[] = [];
  for (const members of groupsOf(data, required(stratifyKey, "stratify_key")).values()) {
    const share = Math.max(1, Math.floor((members.length / data.length) * size));
    for (const index of draw(members, Math.min(share, members.length), random)) {
      sample.push(index);
    }
  }
  if (sample.length >= size) {
    return draw(sample, size, random);
  }
  const taken = new Set(sample);
  const rest = indicesOf(data).filter((index) => !taken.has(index));
  return [...sample, ...draw(rest, size - sample.length, random)];
}

/** Draws with putting back, by weight. */
function weighted({ data, size, random, weightKey }: Sampling): number[] {
  const key = required(weightKey, "weight_key");
  let total = 0;
  const upTo = data.map((item) => {
    const weight = memberOf(item, key);
    if (typeof weight !== "number" || weight < 0) {
      throw new BlockError(
        "invalid_input",
        `Weighted sampling needs a number that is not negative under "${key}" in every element.`,
      );
    }
    return (total += weight);
  });
  if (total === 0) {
    throw new BlockError("invalid_input", "Weighted sampling needs at least one weight above 0.");
  }
  return Array.from({ length: size }, () => {
    return firstAbove(upTo, random() * total);
  });
}

/** Index of the first of the rising `sums` that is above `point`, by halving. */
function firstAbove(sums: readonly number[], point: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] ?? 0) > point) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

function reservoir({ data, size, random }: Sampling): number[] {
  const kept = Array.from({ length: size }, (_, index) => index);
  for (let index = size; index < data.length; index += 1) {
    const place = Math.floor(random() * (index + 1));
    if (place < size) {
      kept[place] = index;
    }
  }
  return kept;
}

/** Whole groups in random order until there are enough; the last is cut. */
function cluster({ data, size, random, clusterKey }: Sampling): number[] {
  const groups = [...groupsOf(data, required(clusterKey, "cluster_key")).values()];
  const order = draw(indicesOf(groups), groups.length, random);
  return order.flatMap((index) => groups[index] ?? []).slice(0, size);
}

function groupsOf(data: readonly JsonValue[], key: string): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [index, item] of data.entries()) {
    const name = JSON.stringify(memberOf(item, key) ?? null);
    const members = groups.get(name);
    if (members) {
      members.push(index);
    } else {
      groups.set(name, [index]);
    }
  }
  return groups;
}

function memberOf(item: JsonValue, key: string): JsonValue | undefined {
  if (Array.isArray(item)) {
    return item[Number(key)];
  }
  return isJsonObject(item) ? getOwn(item, key) : undefined;
}

function required(key: string | null, pin: string): string {
  if (key === null || key === "") {
    throw new BlockError("invalid_input", `This sampling method needs the pin "${pin}".`);
  }
  return key;
}

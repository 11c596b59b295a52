import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { blockRegistry } from "#blocks/registry.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { isJsonObject } from "#graph/json-value.ts";
import { DEFAULT_STEP_LIMIT, graphWeftSchema, nodeWeftSchema } from "#graph/model/graph-file.ts";
import { importGraph } from "#graph/model/import-graph.ts";
import { validateGraph } from "#graph/validation/validate-graph.ts";

/** docs/settings.md says what the schema says: every setting, its bounds, its default; its examples are taken as they stand. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const page = read("docs/settings.md");
const [intro = "", nodes = "", agents = ""] = page.split(/^## (?:Nodes|Agents)$/m);

interface Row {
  setting: string;
  takes: string;
  without: string;
}

const rowsOf = (text: string): Row[] =>
  [...text.matchAll(/^\| `([\w.]+)` \| (.+?) \| (.+?) \| [A-Z0-9, ]+ \|$/gm)].map(
    ([, setting = "", takes = "", without = ""]) => ({ setting, takes, without }),
  );
const examplesOf = (text: string): JsonObject[] =>
  [...text.matchAll(/^```json\n(.*?)^```/gms)].map(([, code = ""]) => JSON.parse(code) as JsonObject);

/** The settings of a schema, as paths. */
function settingsOf(schema: z.core.$ZodType, path: string[] = []): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return settingsOf(schema.unwrap(), path);
  if (!(schema instanceof z.ZodObject)) return [path.join(".")];
  return Object.entries(schema.shape).flatMap(([key, part]) => settingsOf(part as z.core.$ZodType, [...path, key]));
}

/** The settings that an example has, as paths. What a node pins is a value, not settings. */
function settingsIn(value: JsonValue, path: string[] = []): string[] {
  return isJsonObject(value) && path.at(-1) !== "pinned"
    ? Object.entries(value).flatMap(([key, part]) => settingsIn(part, [...path, key]))
    : [path.join(".")];
}

/** The example with another value at a path. */
function changed(example: JsonObject, setting: string, value: JsonValue): JsonObject {
  const copy = structuredClone(example);
  const path = setting.split(".");
  const last = path.pop() ?? "";
  let at = copy;
  for (const key of path) at = at[key] as JsonObject;
  at[last] = value;
  return copy;
}

const number = (text: string): number => Number(text.replaceAll(",", ""));

describe.each([
  { place: "nodes", text: nodes, schema: nodeWeftSchema },
  { place: "agents", text: agents, schema: graphWeftSchema },
])("settings of $place", ({ text, schema }) => {
  const rows = rowsOf(text);
  const examples = examplesOf(text);
  const accepts = (value: JsonObject): boolean => schema.safeParse(value).success;

  test("are all told, and no others", () => {
    expect(rows.map(({ setting }) => setting).toSorted()).toEqual(settingsOf(schema).toSorted());
  });

  test("have examples that the schema takes, with nothing that it does not know", () => {
    expect(examples.filter((example) => !accepts(example))).toEqual([]);
    const shown = new Set(examples.flatMap((example) => settingsIn(example)));
    expect([...shown].toSorted()).toEqual(settingsOf(schema).toSorted());
  });

  const bounded = rows.flatMap(({ setting, takes }) => {
    const found = /^(whole )?numbers from ([\d.,]+\d|\d)(?: to ([\d.,]+\d|\d))?/.exec(takes);
    return found === null ? [] : [{ setting, whole: found[1] !== undefined, from: found[2] ?? "", to: found[3] }];
  });

  test.each(bounded)("$setting takes what the page says, from $from to $to", ({ setting, whole, from, to }) => {
    const example = examples.find((candidate) => settingsIn(candidate).includes(setting)) ?? {};
    // A bound beside it (max_seconds) must not be what refuses.
    const free = structuredClone(example);
    if (setting === "flow.debounce.seconds") delete (free["flow"] as { debounce: JsonObject }).debounce["max_seconds"];
    const base = setting === "flow.debounce.max_seconds" ? changed(free, "flow.debounce.seconds", 0.1) : free;
    const taken = (value: number): boolean => accepts(changed(base, setting, value));
    const step = whole ? 1 : 0.01;
    expect([taken(number(from)), taken(number(from) - step)]).toEqual([true, false]);
    if (to !== undefined) expect([taken(number(to)), taken(number(to) + step)]).toEqual([true, false]);
    expect(taken(number(from) + 0.5)).toBe(!whole);
  });

  test("name every number that they take", () => {
    const numbers = settingsOf(schema).filter((setting) => /(_ms|_limit|limit|seconds|_attempts)$/.test(setting));
    expect(bounded.map(({ setting }) => setting).toSorted()).toEqual(numbers.toSorted());
  });
});

test("defaults are those of the schema", () => {
  const told = Object.fromEntries(rowsOf(page).map(({ setting, without }) => [setting, without]));
  const { retry } = nodeWeftSchema.parse({ retry: {} });
  expect(number(told["retry.max_attempts"] ?? "")).toBe(retry?.max_attempts);
  expect(number(told["retry.backoff_ms"] ?? "")).toBe(retry?.backoff_ms);
  expect(number(told["retry.max_backoff_ms"] ?? "")).toBe(retry?.max_backoff_ms);
  expect(number(told["step_limit"] ?? "")).toBe(DEFAULT_STEP_LIMIT);
});

test("the file at the top is imported and may be run", () => {
  const { graph, warnings } = importGraph(examplesOf(intro)[0], blockRegistry.catalog);
  const { errors, node_errors } = validateGraph(graph, blockRegistry.catalog, { forRun: true });
  expect({ errors, node_errors, warnings }).toEqual({ errors: [], node_errors: {}, warnings: [] });
});

test("names rules that there are", () => {
  const rules = new Set(
    ["durable-objects/execution/SPEC.md", "durable-objects/workspace/SPEC.md"].flatMap((file) =>
      [...read(file).matchAll(/^- \*\*([A-Z]{2}\d+)\*\*/gm)].map(([, id = ""]) => id),
    ),
  );
  const named = [...page.matchAll(/\b[A-Z]{2}\d+\b/g)].map(([id]) => id);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((id) => !rules.has(id))).toEqual([]);
});

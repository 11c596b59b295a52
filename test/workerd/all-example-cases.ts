import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ExampleCases } from "./example-cases.ts";

const CASES = join(fileURLToPath(import.meta.url), "../example-cases");

export function allExampleCases(): ExampleCases[] {
  return readdirSync(CASES).map((name) => JSON.parse(readFileSync(join(CASES, name), "utf8")) as ExampleCases);
}

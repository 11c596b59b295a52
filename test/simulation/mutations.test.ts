import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { MUTATIONS } from "./mutations.ts";

it.each(MUTATIONS)("the bug $name can be put in", ({ file, find }) => {
  const source = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url).href), "utf8");
  expect(source.split(find)).toHaveLength(2);
});

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { MUTATIONS } from "./mutations.ts";

it.each(MUTATIONS)("the bug $name can be put in", ({ file, find }) => {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  expect(source.split(find)).toHaveLength(2);
});

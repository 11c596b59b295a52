import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { MUTATIONS } from "./mutations.ts";
import type { Mutation } from "./mutations.ts";

it.each(MUTATIONS)("the bug $name can be put in", ({ file, find }) => {
  const source = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url).href), "utf8");
  expect(source.split(find)).toHaveLength(2);
});

it("README's table has a row for every bug", () => {
  const readme = readFileSync(fileURLToPath(new URL("README.md", import.meta.url).href), "utf8");
  const row = ({ name, what, rule }: Mutation): string => `\n| \`${name}\`: ${what} | ${rule} | `;
  expect(MUTATIONS.filter((mutation) => !readme.includes(row(mutation)))).toEqual([]);
});

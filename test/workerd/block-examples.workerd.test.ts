import { expect, test } from "vitest";
import { describeExamples } from "#blocks/examples.testkit.ts";
import { renderTemplate } from "#blocks/template/render-template.ts";
import { PythonPattern } from "#blocks/text/python-pattern.ts";

// Blocks run in workerd, where the stack is smaller and the clock stands still while code computes.
describeExamples();

test.each([
  ["deep nesting", `{{ ${"(".repeat(50_000)}1${")".repeat(50_000)} }}`],
  ["recursion", "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}"],
  ["loops", "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}"],
  ["deep ifs", "{% if 1 %}".repeat(20_000) + "{% endif %}".repeat(20_000)],
])("a template is stopped: %s", (_name, template) => {
  expect(() => renderTemplate(template, {})).toThrow("stopped");
});

test("a pattern nested deeply is refused, not a crash", () => {
  const nested = `${"(".repeat(2_000)}a${")".repeat(2_000)}`;
  expect(() => new PythonPattern(nested, { caseSensitive: true, dotAll: true })).toThrow("pattern");
});

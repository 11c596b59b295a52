import { describe, expect, test } from "vitest";
import type { JsonValue } from "#graph/json.ts";
import { renderTemplate } from "./render-template.ts";

describe("renderTemplate formats texts as Python's % does", () => {
  const cases: [template: string, values: Record<string, JsonValue>, expected: string][] = [
    [
      "{{ '%.2f'|format(x) }} {{ '%s and %d'|format('a', 3) }} {{ '%(a)s'|format(a=1) }}",
      { x: 3.14159 },
      "3.14 a and 3 1",
    ],
    [
      "{{ '%s and %d' % ('a', 3) }} {{ '%.2f' % x }} {{ '%.1f%%' % (x * 10) }} {{ '%s' % (x,) }}",
      { x: 3.14159 },
      "a and 3 3.14 31.4% 3.14159",
    ],
    [
      "{{ '%05d|%-5s|%+d|%x|%X|%o|%c|%%|%r' % (42, 'ab', 3, 255, 255, 8, 'z', 'q') }}",
      {},
      "00042|ab   |+3|ff|FF|10|z|%|'q'",
    ],
    [
      "{{ '%e|%g|%5.1f|%G|%.3g|%#x|% d|%i' % (12345.678, 0.0001, 2.25, 1e-10, 1234.5, 255, 5, true) }}",
      {},
      "1.234568e+04|0.0001|  2.2|1E-10|1.23e+03|0xff| 5|1",
    ],
    [
      "{{ '%(a)s-%(b)03d' % {'a': 'x', 'b': 7} }} {{ '%s' % [1, 2] }} {{ '%s' % {} }} {{ '%s' % none }}",
      {},
      "x-007 [1, 2] {} None",
    ],
    [
      "{{ '%*d|%-*s|%.*f' % (5, 42, 4, 'a', 1, 2.55) }} {{ '%.3s' % 'abcdef' }} {{ '%d' % -3.9 }} {{ '%c' % 65 }}",
      {},
      "   42|a   |2.5 abc -3 A",
    ],
    [
      "{{ '%.0f %.0f %.0f %.2f %.1f %.3f' % (0.5, 1.5, 2.5, 1.005, 0.25, 1e22) }} {{ '%6.2f' % -0.001 }}",
      {},
      "0 2 2 1.00 0.2 10000000000000000000000.000  -0.00",
    ],
    ["{{ '%d' % -0.001 }} {{ '%s' % 0.00001 }} {{ 0.00012 }} {{ '%+d' % 0 }}", {}, "0 1e-05 0.00012 +0"],
  ];
  test.each(cases)("%s", (template, values, expected) => {
    expect(renderTemplate(template, values)).toBe(expected);
  });
});

import { describe, expect, test } from "vitest";
import type { JsonValue } from "#graph/json.ts";
import { renderTemplate } from "./render-template.ts";

describe("renderTemplate formats texts as Python's str.format does", () => {
  const cases: [template: string, values: Record<string, JsonValue>, expected: string][] = [
    [
      "{{ '{:.2f}'.format(x) }} {{ '{} {name}'.format(1, name='n') }} {{ '{0} {1} {0}'.format('a', 'b') }}",
      { x: 3.14159 },
      "3.14 1 n a b a",
    ],
    [
      "{{ '{:>8}|{:<8}|{:^8}|{:*^9}|{:8}|{:8}'.format('ab', 'ab', 'ab', 'ab', 'ab', 1) }}",
      {},
      "      ab|ab      |   ab   |***ab****|ab      |       1",
    ],
    [
      "{{ '{:,}|{:_}|{:,.2f}|{:10.2f}|{:<10.2f}|{:+.1f}|{:05d}|{:=+6d}'.format(1234567, 1234567, 12345.678, 1.5, 1.5, 1.25, -42, 7) }}",
      {},
      "1,234,567|1_234_567|12,345.68|      1.50|1.50      |+1.2|-0042|+    7",
    ],
    [
      "{{ '{:x} {:#x} {:X} {:b} {:o} {:c} {:%} {:.1%} {:e} {:g} {:n}'.format(255, 255, 255, 5, 8, 97, 0.25, 0.256, 12345.678, 0.0001, 7) }}",
      {},
      "ff 0xff FF 101 10 a 25.000000% 25.6% 1.234568e+04 0.0001 7",
    ],
    [
      "{{ '{a[b]} {c[0]} {c[0].d}'.format(a={'b': 1}, c=[{'d': 5}]) }} {{ '{!r:>6} {!s}'.format('a', 'b') }}",
      {},
      "1 {'d': 5} 5    'a' b",
    ],
    [
      "{{ '{:{w}}|{:>{w}.{p}f}'.format('a', 3.14159, w=5, p=2) }} {{ '{{}} {}'.format(none) }} {{ '{:>3}'.format(true) }}",
      {},
      "a    | 3.14 {} None   1",
    ],
    ["{{ '{:é>4}|{:.2}|{}'.format('猫', 'abc', 0.1) }}", {}, "ééé猫|ab|0.1"],
    ["{{ '{:012,.2f}|{:08,}|{:04,}|{:}'.format(1234.5, -1234, 1, 0.00001) }}", {}, "0,001,234.50|-001,234|0,001|1e-05"],
  ];
  test.each(cases)("%s", (template, values, expected) => {
    expect(renderTemplate(template, values)).toBe(expected);
  });
});

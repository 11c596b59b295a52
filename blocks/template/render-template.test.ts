import { describe, expect, test } from "vitest";
import { BlockError } from "#blocks/define-block.ts";
import type { JsonValue } from "#graph/json.ts";
import { renderTemplate } from "./render-template.ts";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof BlockError ? error.code : `not a BlockError: ${String(error)}`;
  }
  return "no error";
}

describe("renderTemplate fills in as Jinja does", () => {
  const cases: [template: string, values: Record<string, JsonValue>, expected: string][] = [
    ["Hi {{ name }}!\n", { name: "Bo" }, "Hi Bo!"],
    ["no tags {x}", {}, "no tags {x}"],
    ["{{ a }} {{ b }} {{ c }}", { a: null, b: true, c: ["x", 1, { k: "it's" }] }, `None True ['x', 1, {'k': "it's"}]`],
    ["{{ missing }}|{{ missing|default('d') }}|{{ missing or 'z' }}", {}, "|d|z"],
    [
      "{% for x in xs %}{{ loop.index }}:{{ x.n }},{% else %}none{% endfor %}",
      { xs: [{ n: 1 }, { n: 2 }] },
      "1:1,2:2,",
    ],
    ["{% for x in xs %}{{ x }}{% else %}none{% endfor %}", { xs: [] }, "none"],
    ["{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", { d: { b: 1, a: 2 } }, "b=1;a=2;"],
    ["{% for c in 'ab' %}{{ c }}-{% endfor %}", {}, "a-b-"],
    ["{% for x in nothing %}x{% endfor %}", {}, ""],
    ["{% if x is defined and x > 1 %}big{% elif x %}small{% else %}no{% endif %}", { x: 2 }, "big"],
    ["{{ 'yes' if y else 'no' }}", { y: [] }, "no"],
    ["{{ 主题 }}: {{ 对象.名字 }}", { 主题: "猫", 对象: { 名字: "咪咪" } }, "猫: 咪咪"],
    ["{% raw %}{{ x }}{% endraw %}{# gone #}!", { x: 1 }, "{{ x }}!"],
    ["a  {{- x -}}  b", { x: 1 }, "a1b"],
    ["{% if true %}\n  x\n{% endif %}", {}, "\n  x\n"],
    ["{{ 6 / 2 }} {{ 7 // 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 'ab' * 2 }}", {}, "3.0 3 2 1024 abab"],
    ["{{ [1] == [1] }} {{ '1' == 1 }} {{ 'a' < 'b' }} {{ 2 in xs }}", { xs: [1, 2] }, "True False True True"],
    ["{{ xs|map(attribute='n')|join(', ') }} {{ xs|sum(attribute='n') }}", { xs: [{ n: 1 }, { n: 2 }] }, "1, 2 3"],
    ["{{ xs|selectattr('n', 'gt', 1)|list }}", { xs: [{ n: 1 }, { n: 2 }] }, "[{'n': 2}]"],
    ["{{ xs|sort(reverse=true)|first }} {{ xs|unique|list|length }} {{ xs|max }}", { xs: [3, 1, 3] }, "3 2 3"],
    [
      "{{ xs|sort(attribute='n', reverse=true)|map(attribute='t')|join }} {{ {'a': 1, 'b': 2, 'c': 1}|dictsort(by='value', reverse=true) }}",
      {
        xs: [
          { n: 1, t: "a" },
          { n: 2, t: "b" },
          { n: 1, t: "c" },
        ],
      },
      "bac [['b', 2], ['a', 1], ['c', 1]]",
    ],
    [
      "{% for t, g in xs|groupby('t') %}{{ t }}{{ g|length }} {% endfor %}{{ xs|groupby('t', case_sensitive=true)|length }}",
      { xs: [{ t: "b" }, { t: "A" }, { t: "a" }] },
      "A2 b1 3",
    ],
    [
      "{% for t, g in xs|groupby('t', default='?') %}{{ t }}{{ g|length }} {% endfor %}",
      { xs: [{ t: "b" }, {}] },
      "?1 b1 ",
    ],
    ["{{ 3.14159|round(2) }} {{ 2.5|round|int }} {{ '5'|int + 1 }} {{ 'x'|int }}", {}, "3.14 2 6 0"],
    ["{{ ', '.join(['a', 'b']) }} {{ 'A,B'.split(',') }} {{ ' a '.strip() }}", {}, "a, b ['A', 'B'] a"],
    ["{{ 'hello world'|title }} {{ 'abc'|replace('b', 'x') }} {{ 'hello'[1:3] }}", {}, "Hello World axc el"],
    ["{{ x|tojson }}", { x: { a: [1, null] } }, '{"a":[1,null]}'],
    ["{% macro tag(n) %}<{{ n }}>{% endmacro %}{{ tag('a') }}{{ tag('b') }}", {}, "<a><b>"],
    ["{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", {}, "6"],
    ["{% set l = [] %}{% for i in [1, 2] %}{% set _ = l.append(i) %}{% endfor %}{{ l }}", {}, "[1, 2]"],
    ["{% filter upper %}a{{ x }}{% endfilter %}", { x: "b" }, "AB"],
    ["{{ text }}", { text: "{{ 7 * 7 }}" }, "{{ 7 * 7 }}"],
    ["{{ d.items() | list }} {{ d['a b'] }}", { d: { "a b": 1 } }, "[['a b', 1]] 1"],
    ['{{ "a\\d\\n" }}', {}, "a\\d\n"],
    ["{{ {'a': {'b': 1}}['a'] }}", {}, "{'b': 1}"],
  ];
  test.each(cases)("%s", (template, values, expected) => {
    expect(renderTemplate(template, values)).toBe(expected);
  });

  test("escapes for HTML when asked, but not what is safe already", () => {
    const template = "{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{{ h }} {{ h|safe }} {{ m(h) }} {{ h|e }}";
    expect(renderTemplate(template, { h: `<i a="1">&'` }, { escapeHtml: true })).toBe(
      `&lt;i a=&#34;1&#34;&gt;&amp;&#39; <i a="1">&' <b>&lt;i a=&#34;1&#34;&gt;&amp;&#39;</b> &lt;i a=&#34;1&#34;&gt;&amp;&#39;`,
    );
  });
});

describe("renderTemplate says what is wrong", () => {
  test.each([
    ["{{ x", "invalid_template"],
    ["{% if x %}", "invalid_template"],
    ["{{ }}", "invalid_template"],
    ["{# open", "invalid_template"],
    ["{% include 'secret' %}", "invalid_template"],
    ["{% import 'os' as os %}", "invalid_template"],
    ["{{ 'open }}", "invalid_template"],
    ["{{ foo.bar }}", "template_failed"],
    ["{{ 1 / 0 }}", "template_failed"],
    ["{{ 1|nofilter }}", "template_failed"],
    ["{{ 'a' + 1 }}", "template_failed"],
    ["{{ 'a'.format(1) }}", "template_failed"],
  ])("%s", (template, code) => {
    expect(codeOf(() => renderTemplate(template, {}))).toBe(code);
  });
});

describe("renderTemplate is bounded", () => {
  test.each([
    ["sequence repeat", "{{ [0] * 999999999 }}", {}],
    ["text repeat", "{{ 'a' * 999999999 }}", {}],
    ["exponent", "{{ 10 ** 100000 }}", {}],
    ["range", "{{ range(999999999)|list }}", {}],
    ["padding", "{{ 'a'.ljust(999999999) }}", {}],
    ["indent", "{{ 'a\nb'|indent(999999999) }}", {}],
    ["replace", "{{ 'aaaa'.replace('a', b) }}", { b: "x".repeat(8_000_000) }],
    ["join", "{{ xs|join(b) }}", { xs: numbers(100), b: "x".repeat(1_000_000) }],
    ["text doubling", `{% set x = 'aaaa' %}${"{% set x = x ~ x %}".repeat(60)}{{ x|length }}`, {}],
    [
      "set block doubling",
      `{% set x = 'aaaa' %}${"{% set x %}{{ x }}{{ x }}{% endset %}".repeat(60)}{{ x|length }}`,
      {},
    ],
    ["list doubling", `{% set x = [1] %}${"{% set x = x + x %}".repeat(60)}{{ x|length }}`, {}],
    ["nested list", `{% set x = [1] %}${"{% set x = [x, x] %}".repeat(60)}{{ x }}`, {}],
    [
      "nested loops",
      "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}",
      { x: numbers(500) },
    ],
    ["recursion", "{% macro f(x) %}{{ f(x) }}{{ f(x) }}{% endmacro %}{{ f(1) }}", {}],
    ["deep nesting", `{{ ${"(".repeat(50_000)}1${")".repeat(50_000)} }}`, {}],
    ["deep list", `{{ ${"[".repeat(50_000)}1${"]".repeat(50_000)} }}`, {}],
    ["long template", "x".repeat(1_000_001), {}],
  ])("%s", (_name, template, values) => {
    expect(codeOf(() => renderTemplate(template, values))).toBe("template_too_costly");
  });

  test("long runs of whitespace are read in linear time", () => {
    const blank = " ".repeat(400_000);
    expect(renderTemplate(`${blank}{{${blank}x}}`, { x: 1 })).toBe(`${blank}1`);
    expect(renderTemplate(`{{ '${blank}'|length }}`, {})).toBe("400000");
  });

  test("an ordinary large list is no problem", () => {
    expect(renderTemplate("{% for x in xs %}{{ x }},{% endfor %}", { xs: numbers(20_000) })).toHaveLength(108_890);
  });
});

describe("renderTemplate reaches nothing of JavaScript", () => {
  test.each([
    "{{ x.constructor }}{{ x.__proto__ }}{{ x['constructor'] }}{{ x.toString }}",
    "{{ ''.constructor }}{{ [].constructor }}{{ (1).constructor }}{{ ''.__class__ }}",
    "{{ constructor }}{{ __proto__ }}{{ self }}{{ globalThis }}{{ process }}{{ config }}",
    "{{ range.constructor }}{{ loop }}{{ x.get('__proto__') or '' }}",
  ])("%s", (template) => {
    expect(renderTemplate(template, { x: {} })).toBe("");
  });

  test.each([
    "{{ ''.replace }}",
    "{% set f = 'a'.replace %}{{ f('a', 'b') }}",
    "{{ 'a'['replace']('a', 'b') }}",
    "{{ range }}",
  ])("%s is refused", (template) => {
    expect(codeOf(() => renderTemplate(template, {}))).toBe("template_failed");
  });

  test("names such as __proto__ are data like any other", () => {
    const values = JSON.parse('{"__proto__": {"a": 1}, "x": {"__proto__": "p", "constructor": "c"}}') as Record<
      string,
      JsonValue
    >;
    expect(renderTemplate("{{ __proto__.a }} {{ x.__proto__ }} {{ x.constructor }} {{ x }}", values)).toBe(
      "1 p c {'__proto__': 'p', 'constructor': 'c'}",
    );
    expect(renderTemplate("{{ x|tojson }}", values)).toBe('{"__proto__":"p","constructor":"c"}');
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
  });
});

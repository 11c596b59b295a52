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

/** The text, or the code of the failure. */
function outcomeOf(render: () => string): string {
  let text = "";
  const code = codeOf(() => (text = render()));
  return code === "no error" ? text : code;
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
      "bac [('b', 2), ('a', 1), ('c', 1)]",
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
    ["{{ d.items() | list }} {{ d['a b'] }}", { d: { "a b": 1 } }, "[('a b', 1)] 1"],
    ['{{ "a\\d\\n" }}', {}, "a\\d\n"],
    ["{{ {'a': {'b': 1}}['a'] }}", {}, "{'b': 1}"],
  ];
  test.each(cases)("%s", (template, values, expected) => {
    expect(renderTemplate(template, values)).toBe(expected);
    outcomeOf(() => renderTemplate(template, {}));
    expect(renderTemplate(template, values), "as it was read before").toBe(expected);
  });

  test("escapes for HTML when asked, but not what is safe already", () => {
    const template = "{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{{ h }} {{ h|safe }} {{ m(h) }} {{ h|e }}";
    expect(renderTemplate(template, { h: `<i a="1">&'` }, { escapeHtml: true })).toBe(
      `&lt;i a=&#34;1&#34;&gt;&amp;&#39; <i a="1">&' <b>&lt;i a=&#34;1&#34;&gt;&amp;&#39;</b> &lt;i a=&#34;1&#34;&gt;&amp;&#39;`,
    );
  });
});

describe("renderTemplate has Jinja's statements", () => {
  const cases: [template: string, values: Record<string, JsonValue>, expected: string][] = [
    [
      "{% for g in xs|groupby('t') %}{{ g.grouper }}={{ g.list|length }};{{ g[0] }} {% endfor %}",
      { xs: [{ t: "a" }, { t: "b" }, { t: "a" }] },
      "a=2;a b=1;b ",
    ],
    [
      "{% for n, items in xs|groupby('t') %}{{ n }}={{ items|length }};{% endfor %}{{ xs|groupby('t')|map(attribute='grouper')|join }}",
      { xs: [{ t: "a" }, { t: "b" }, { t: "a" }] },
      "a=2;b=1;ab",
    ],
    [
      "{{ xs|groupby('t')|map(attribute='list')|map('length')|list }} {{ (xs|groupby('t'))[1] }}",
      { xs: [{ t: "a" }, { t: "b" }, { t: "a" }] },
      "[2, 1] ('b', [{'t': 'b'}])",
    ],
    [
      "{% for x in [1, 2, 3] %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a', 'b') }} {% endfor %}",
      {},
      "1032TrueFalse312a 2121FalseFalse3113b 3210FalseTrue312a ",
    ],
    ["{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{% endfor %}", {}, "TrueFalseTrue"],
    ["{% for x in [1, 2, 3] if x > 1 %}{{ x }}{{ loop.length }}{% else %}none{% endfor %}", {}, "2232"],
    ["{% for a, b in [(1, 2), [3, 4]] %}{{ a }}{{ b }}{% endfor %}", {}, "1234"],
    ["{% set x = 0 %}{% for i in [1, 2] %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}", {}, "110"],
    [
      "{% for i in t recursive %}{{ i.n }}{{ loop.depth }}{% if i.c %}({{ loop(i.c) }}){% endif %}{% endfor %}",
      { t: [{ n: "a", c: [{ n: "b" }, { n: "c", c: [{ n: "d" }] }] }] },
      "a1(b2c2(d3))",
    ],
    [
      "{% with a = 1, b = [2, 3] %}{{ a }}{{ b[1] }}{% set q = 4 %}{{ q }}{% endwith %}{{ a }}{{ q }}{% with %}5{% endwith %}",
      {},
      "1345",
    ],
    [
      "{% set u | upper %}a{{ 'b' }}{% endset %}{{ u }} {{ (1,) }} {{ () }} {{ (1, 2)[0] }} {{ (1, 2,)|list }}",
      {},
      "AB (1,) () 1 [1, 2]",
    ],
    [
      "{% macro m(a, b='x') %}{{ a }}{{ b }}{% if caller is defined %}{{ caller(a) }}{% endif %}{% endmacro %}{{ m(1) }}{{ m(b=3, a=4) }}{% call(v) m(5) %}<{{ v }}>{% endcall %}",
      {},
      "1x435x<5>",
    ],
    [
      "{{ 9 is divisibleby(3) }} {{ 9 is not divisibleby 3 }} {{ 3 is in [1, 3] }} {{ 3 is not in xs.a }} {{ 'a' is eq 'a' and 1 is lt 2 }} {{ 'y' if 4 is ge(4) else 'n' }}",
      { xs: { a: [3] } },
      "True False True False True y",
    ],
    [
      "{{ 1.0 is float }} {{ 1 is float }} {{ 2 is integer }} {{ range is callable }} {{ x is sameas false }} {{ none is none }}",
      { x: false },
      "True False True True True True",
    ],
    [
      "{{ 1e3 }} {{ 1.5e-3 }} {{ 0x1f }} {{ 1_000 }} {{ xs.0 }} {{ xs[-1] }} {{ 'a' ~ 2.0 }} {{ 3 * 'x' }}",
      { xs: [7, 8] },
      "1000.0 0.0015 31 1000 7 8 a2.0 xxx",
    ],
  ];
  test.each(cases)("%s", (template, values, expected) => {
    expect(renderTemplate(template, values)).toBe(expected);
    outcomeOf(() => renderTemplate(template, {}));
    expect(renderTemplate(template, values), "as it was read before").toBe(expected);
  });
});

describe("renderTemplate has Jinja's filters and Python's methods", () => {
  const cases: [template: string, values: Record<string, JsonValue>, expected: string][] = [
    [
      "{{ [1, 2, 3, 4, 5, 6, 7]|slice(3)|list }} {{ [1, 2, 3, 4]|slice(3, 'x')|list }} {{ [1, 2, 3]|batch(2, 'x')|list }}",
      {},
      "[[1, 2, 3], [4, 5], [6, 7]] [[1, 2], [3, 'x'], [4, 'x']] [[1, 2], [3, 'x']]",
    ],
    [
      "{{ 'the quick brown fox jumps over'|wordwrap(10) }}|{{ 'abcdefghijk lm'|wordwrap(5) }}|{{ 'abcdefgh'|wordwrap(5, false) }}|{{ 'a b c d'|wordwrap(3, wrapstring='/') }}",
      {},
      "the quick\nbrown fox\njumps over|abcde\nfghij\nk lm|abcdefgh|a b/c d",
    ],
    [
      "{{ 'one two-three four\\n\\nfive six'|wordwrap(8, wrapstring='/') }}|{{ 'one two-three four'|wordwrap(8, break_on_hyphens=false) }}",
      {},
      "one two-/three/four//five six|one two-\nthree\nfour",
    ],
    [
      "{{ 1|filesizeformat }} {{ 0|filesizeformat }} {{ 13000|filesizeformat }} {{ 4100000|filesizeformat }} {{ 1024|filesizeformat(true) }} {{ 5000000|filesizeformat(binary=true) }} {{ '300'|filesizeformat }}",
      {},
      "1 Byte 0 Bytes 13.0 kB 4.1 MB 1.0 KiB 4.8 MiB 300 Bytes",
    ],
    [
      "{{ xs|map(attribute='a', default='D')|list }} {{ ['b', 'A', 'c']|sort|join }} {{ ['b', 'A']|min }}",
      { xs: [{ a: null }, { a: 1 }, {}] },
      "[None, 1, 'D'] Abc A",
    ],
    [
      "{{ xs|sort(attribute='a,b')|map(attribute='b')|list }} {{ [[1, 2], [3]]|sum(start=[]) }} {{ d|dictsort(by='value') }}",
      {
        xs: [
          { a: 1, b: 2 },
          { a: 1, b: 1 },
          { a: 0, b: 5 },
        ],
        d: { b: 1, a: 0 },
      },
      "[5, 1, 2] [1, 2, 3] [('a', 0), ('b', 1)]",
    ],
    [
      "{{ 42.55|round(1) }} {{ 2.675|round(2) }} {{ 42|round }} {{ 2.5|round }} {{ 42.1|round(0, 'ceil') }} {{ 1234|round(-2) }}",
      {},
      "42.5 2.67 42 2.0 43.0 1200",
    ],
    [
      "{{ \"it's a dog-house (big)\"|title }} {{ 5|replace(5, 6) }} {{ '<p>A &amp; <!-- x > --> b</p>'|striptags }} {{ {'a': 'b c'}|urlencode }}",
      {},
      "It's A Dog-House (Big) 6 A & b a=b+c",
    ],
    [
      "{{ '1f'|int(base=16) }} {{ 'x'|int(7) }} {{ '4.9'|int }} {{ 'foo bar baz qux'|truncate(9) }} {{ '<'|forceescape }}",
      {},
      "31 7 4 foo... &lt;",
    ],
    [
      "{{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=')[0] }} {{ 'a b c'.rsplit(' ', 1) }} {{ 'aXb'.swapcase() }} {{ 'ab'.index('b') }} {{ 'x'.center(5, '*') }} {{ '-5'.zfill(4) }}",
      {},
      "('a', '=', 'b=c') a=b ['a b', 'c'] AxB 1 **x** -005",
    ],
    [
      "{% set a = [1] %}{% set _ = a.extend([2, 3]) %}{{ a.pop() }}{{ a }}{{ a.insert(0, 9) }}{{ a }} {% set d = {'a': 1} %}{% set _ = d.update({'b': 2}, c=3) %}{{ d.pop('a') }}{{ d }}{{ d.setdefault('z', 1) }}{{ d.get('q', 'none') }}",
      {},
      "3[1, 2]None[9, 1, 2] 1{'b': 2, 'c': 3}1none",
    ],
  ];
  test.each(cases)("%s", (template, values, expected) => {
    expect(renderTemplate(template, values)).toBe(expected);
    outcomeOf(() => renderTemplate(template, {}));
    expect(renderTemplate(template, values), "as it was read before").toBe(expected);
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
    ["{{ '%s %s'|format('a') }}", "template_failed"],
    ["{{ '%d' % 'a' }}", "template_failed"],
    ["{{ 'a' % 1 }}", "template_failed"],
    ["{{ '%z' % 1 }}", "template_failed"],
    ["{{ '%' % 1 }}", "template_failed"],
    ["{{ '%(a)s' % 1 }}", "template_failed"],
    ["{{ '{} {}'.format('a') }}", "template_failed"],
    ["{{ '{:d}'.format('a') }}", "template_failed"],
    ["{{ '{:d}'.format(1.5) }}", "template_failed"],
    ["{{ '{:>5}'.format(none) }}", "template_failed"],
    ["{{ '{a}'.format(1) }}", "template_failed"],
    ["{{ '{'.format(1) }}", "template_failed"],
    ["{{ '}'.format(1) }}", "template_failed"],
    ["{{ '{0.__class__}'.format(1) }}", "template_failed"],
    ["{{ [1, 2]|random }}", "template_failed"],
    ["{{ 1 is nosuch(1) }}", "template_failed"],
    ["{% for a, b in [[1]] %}{% endfor %}", "template_failed"],
    ["{% break %}", "template_failed"],
    ["{% with a %}{% endwith %}", "invalid_template"],
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
    ["printf width", "{{ '%999999999d' % 1 }}", {}],
    ["printf width as a value", "{{ '%*d' % (999999999, 1) }}", {}],
    ["printf precision", "{{ '%.999999999f' % 1 }}", {}],
    ["format width", "{{ '{:999999999}'.format(1) }}", {}],
    ["format width as a value", "{{ '{:{w}}'.format(1, w=999999999) }}", {}],
    ["format precision", "{{ '{:.999f}'.format(1) }}", {}],
    ["printf places", "{{ ('%s' * 3000) % ((b,) * 3000) }}", { b: "x".repeat(1_000_000) }],
    ["format places", "{{ ('{0}' * 3000).format(b) }}", { b: "x".repeat(1_000_000) }],
    ["batch", "{{ [1]|batch(999999999, 0)|list }}", {}],
    ["slice", "{{ [1]|slice(999999999, 0)|list }}", {}],
    ["list repeat of a large list", "{{ [b] * 10000 }}", { b: numbers(100_000) }],
    ["loop in itself", "{% for x in xs recursive %}{{ loop(xs) }}{% endfor %}", { xs: [1] }],
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

describe("renderTemplate leaves loops early", () => {
  test("break and continue, more often than templates may be nested", () => {
    const template =
      "{% for i in range(900) %}{% if i < 890 %}{% continue %}{% elif i > 893 %}{% break %}{% endif %}{{ i }},{% endfor %}";
    expect(renderTemplate(template, {})).toBe("890,891,892,893,");
  });

  test("a loop that grows its own list goes through it as it was", () => {
    expect(renderTemplate("{% for x in xs %}{% set _ = xs.append(x) %}{{ x }}{% endfor %}", { xs: [1, 2] })).toBe("12");
  });

  test("fillings of format strings have no way to objects", () => {
    expect(
      renderTemplate("{{ '{0[__proto__]} {0[constructor]}'.format(x) }}", {
        x: JSON.parse('{"__proto__":"p","constructor":"c"}'),
      }),
    ).toBe("p c");
    expect(codeOf(() => renderTemplate("{{ '{0[constructor]}'.format(x) }}", { x: {} }))).toBe("template_failed");
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

describe("renderTemplate keeps what it has read", () => {
  test("without mixing up one template with another, however many there are", () => {
    const many = Array.from({ length: 500 }, (_, index) => `${index}: {{ x${index} }}{% set y = ${index} %}{{ y }}`);
    for (const round of [1, 2]) {
      many.forEach((template, index) => {
        expect(renderTemplate(template, { [`x${index}`]: round })).toBe(`${index}: ${round}${index}`);
      });
    }
  });

  test("and does not keep what cannot be read", () => {
    for (const _ of [1, 2]) {
      expect(codeOf(() => renderTemplate("{% if x %}", { x: 1 }))).toBe("invalid_template");
    }
  });
});

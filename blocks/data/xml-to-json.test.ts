import { describe, expect, test } from "vitest";
import type { JsonObject } from "#graph/json.ts";
import { BlockError } from "../define-block.ts";
import { xmlToJson } from "./xml-to-json.ts";

function codeOf(xml: string): string {
  try {
    return `read: ${JSON.stringify(xmlToJson(xml))}`;
  } catch (error) {
    return error instanceof BlockError ? error.code : String(error);
  }
}

describe("shape", () => {
  test.each<[string, JsonObject]>([
    ["<a/>", { a: "" }],
    ["<a> x </a>", { a: "x" }],
    ["<a>007</a>", { a: "007" }],
    ["<a>true</a><a>1e5</a>", { a: ["true", "1e5"] }],
    ["<a><b>1</b><c>2</c><b>3</b></a>", { a: { b: ["1", "3"], c: "2" } }],
    ["<a><!-- no --><?php no ?>x</a>", { a: "x" }],
    ['<a x="1 &lt; 2">&#65;&#x42;&quot;</a>', { a: { "@x": "1 < 2", "#text": 'AB"' } }],
    ["<ns:a xmlns:ns='u'>x</ns:a>", { "ns:a": { "@xmlns:ns": "u", "#text": "x" } }],
    ["<答案>是</答案>", { 答案: "是" }],
    ["Well: <a>1</a> and <b>2</b>.", { a: "1", b: "2" }],
    ["<a>&copy;&unknown;&amp;lt;</a>", { a: "©&unknown;&lt;" }],
    ["\ufeff<?xml version='1.0' encoding='utf-8'?>\n<a>x</a>", { a: "x" }],
  ])("%s", (xml, expected) => {
    expect(xmlToJson(xml)).toEqual(expected);
  });

  test("names of JavaScript are names like any other", () => {
    const parsed = xmlToJson('<__proto__><polluted>1</polluted></__proto__><constructor a="1"/><a __proto__="x">y</a>');
    expect(JSON.stringify(parsed)).toBe(
      '{"__proto__":{"polluted":"1"},"constructor":{"@a":"1"},"a":{"@__proto__":"x","#text":"y"}}',
    );
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("refused", () => {
  test.each([
    ["", "invalid_xml"],
    ["no tags", "invalid_xml"],
    ["<a>", "invalid_xml"],
    ["<a></b>", "invalid_xml"],
    ["<a b=1/>", "invalid_xml"],
    ["<a/></root><root><b/>", "invalid_xml"],
    [`${"<a>".repeat(200)}${"</a>".repeat(200)}`, "invalid_xml"],
    ['<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><a>&lol2;</a>', "unsupported_xml"],
    ['<a><!ENTITY x SYSTEM "file:///etc/passwd"></a>', "unsupported_xml"],
    [`<a>${"x".repeat(10_000_000)}</a>`, "input_too_large"],
  ])("%s", (xml, code) => {
    expect(codeOf(xml)).toBe(code);
  });
});

import { describe, expect, it } from "vitest";
import { en } from "./en.ts";
import { createFormat } from "./format.ts";
import { chooseLanguage } from "./language.ts";
import { zh } from "./zh.ts";

const choose = (headers: Record<string, string>) => chooseLanguage(new Headers(headers));

describe("chooseLanguage", () => {
  it.each([
    ["zh-CN,zh;q=0.9,en;q=0.8", "zh"],
    ["en-US,en;q=0.9,zh;q=0.5", "en"],
    ["de, zh-TW;q=0.3", "zh"],
    ["en;q=0.1, zh;q=0.2", "zh"],
    ["zh;q=0, en;q=0.1", "en"],
    ["fr", "en"],
    [";;q=x,,", "en"],
  ])("reads Accept-Language %s as %s", (header, language) => {
    expect(choose({ "Accept-Language": header })).toBe(language);
  });

  it("puts the person's own choice first, if it is a language", () => {
    expect(choose({ Cookie: "a=b; weft_language=zh", "Accept-Language": "en" })).toBe("zh");
    expect(choose({ Cookie: "weft_language=klingon", "Accept-Language": "zh" })).toBe("zh");
    expect(choose({})).toBe("en");
  });
});

describe("messages", () => {
  it("are there in Chinese wherever they are in English, and are not left in English", () => {
    const untranslated: string[] = [];
    const walk = (a: unknown, b: unknown, path: string): void => {
      if (typeof a === "string") {
        expect(typeof b, path).toBe("string");
        if (a === b) {
          untranslated.push(path);
        }
      } else if (typeof a === "object" && a !== null && typeof b === "object" && b !== null) {
        expect(Object.keys(b).toSorted(), path).toEqual(Object.keys(a).toSorted());
        for (const [key, value] of Object.entries(a)) {
          walk(value, (b as Record<string, unknown>)[key], `${path}.${key}`);
        }
      }
    };
    walk(en, zh, "");
    expect(untranslated).toEqual([".app.name", ".form.as_json", ".node.id"]);
  });
});

describe("createFormat", () => {
  it.each([
    [0, "0 ms"],
    [999.4, "999 ms"],
    [1_000, "1 s"],
    [12_345, "12.3 s"],
    [59_999, "59.9 s"],
    [60_000, "1 min 0 s"],
    [3_725_000, "1 h 2 min"],
    [200_000_000, "2 d 7 h"],
  ])("writes %d ms as %s", (milliseconds, text) => {
    expect(createFormat("en").duration(milliseconds)).toBe(text);
  });

  it.each([
    [0.002_36, "$0.0024"],
    [0.5, "$0.50"],
    [1.3, "$1.30"],
    [1_234.567, "$1,234.57"],
  ])("writes %d dollars as %s", (value, text) => {
    expect(createFormat("en").usd(value)).toBe(text);
  });
});

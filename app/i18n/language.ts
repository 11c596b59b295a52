export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

/** How each language names itself. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", zh: "简体中文" };

/** Value of the `lang` attribute. */
export const LANGUAGE_TAGS: Record<Language, string> = { en: "en", zh: "zh-Hans" };

export const LANGUAGE_COOKIE = "weft_language";

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value);
}

/** The person's own choice (cookie) first, then what the browser prefers (RFC 9110 §12.5.4), then English. */
export function chooseLanguage(headers: Headers): Language {
  const cookie = readCookie(headers.get("Cookie") ?? "", LANGUAGE_COOKIE);
  if (isLanguage(cookie)) {
    return cookie;
  }
  const accepted = parseAcceptLanguage(headers.get("Accept-Language") ?? "");
  for (const tag of accepted) {
    const primary = tag.split("-")[0];
    if (isLanguage(primary)) {
      return primary;
    }
  }
  return "en";
}

function parseAcceptLanguage(header: string): string[] {
  return header
    .split(",")
    .map((part) => {
      const [tag = "", ...parameters] = part.trim().toLowerCase().split(";");
      const quality = parameters.map((p) => p.trim()).find((p) => p.startsWith("q="));
      const weight = quality === undefined ? 1 : Number(quality.slice(2));
      return { tag: tag.trim(), weight: Number.isFinite(weight) ? weight : 0 };
    })
    .filter(({ tag, weight }) => tag !== "" && weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag);
}

function readCookie(header: string, name: string): string | undefined {
  for (const part of header.split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) {
      return part.slice(at + 1).trim();
    }
  }
  return undefined;
}

import type { Language } from "./language.ts";

export interface Format {
  /** `850 ms`, `12.4 s`, `3 min 5 s`, `2 h 10 min`. */
  duration(milliseconds: number): string;
  number(value: number): string;
  /** `US$0.0024`, `US$1.30`: two figures that count, and cents from a dollar on. */
  usd(value: number): string;
  /** `640 kB`, `1.5 MB`. */
  bytes(value: number): string;
  /** Date and time in the given zone. */
  dateTime(iso: string, timeZone: string | undefined): string;
  /** Hours, minutes, seconds. */
  time(iso: string, timeZone: string | undefined): string;
}

const LOCALES: Record<Language, string> = { en: "en-GB", zh: "zh-CN" };
const UNITS: Record<Language, { ms: string; s: string; min: string; h: string; d: string }> = {
  en: { ms: " ms", s: " s", min: " min", h: " h", d: " d" },
  zh: { ms: " 毫秒", s: " 秒", min: " 分", h: " 小时", d: " 天" },
};

export function createFormat(language: Language): Format {
  const locale = LOCALES[language];
  const unit = UNITS[language];
  const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const cents = new Intl.NumberFormat(locale, { style: "currency", currency: "USD" });
  const fractions = new Intl.NumberFormat(locale, { style: "currency", currency: "USD", maximumSignificantDigits: 2 });
  const dateTime: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "short" };
  const time: Intl.DateTimeFormatOptions = { timeStyle: "medium" };
  return {
    duration(milliseconds) {
      if (milliseconds < 1_000) {
        return `${Math.round(milliseconds)}${unit.ms}`;
      }
      if (milliseconds < 60_000) {
        return `${numbers.format(Math.floor(milliseconds / 100) / 10)}${unit.s}`;
      }
      const seconds = Math.floor(milliseconds / 1_000);
      const minutes = Math.floor(seconds / 60);
      const hours = Math.floor(minutes / 60);
      if (minutes < 60) {
        return `${minutes}${unit.min} ${seconds % 60}${unit.s}`;
      }
      if (hours < 48) {
        return `${hours}${unit.h} ${minutes % 60}${unit.min}`;
      }
      return `${Math.floor(hours / 24)}${unit.d} ${hours % 24}${unit.h}`;
    },
    number: (value) => numbers.format(value),
    usd: (value) => (value < 1 ? fractions : cents).format(value),
    bytes: (value) =>
      value < 1_000_000
        ? `${numbers.format(Math.ceil(value / 1_000))} kB`
        : `${numbers.format(Math.ceil(value / 100_000) / 10)} MB`,
    dateTime: (iso, timeZone) => new Intl.DateTimeFormat(locale, { ...dateTime, timeZone }).format(new Date(iso)),
    time: (iso, timeZone) => new Intl.DateTimeFormat(locale, { ...time, timeZone }).format(new Date(iso)),
  };
}

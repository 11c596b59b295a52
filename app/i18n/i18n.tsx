import { createContext, type ReactNode, useContext, useMemo } from "react";
import { en } from "./en.ts";
import { type Format, createFormat } from "./format.ts";
import type { Language } from "./language.ts";
import type { Messages } from "./messages.ts";
import { zh } from "./zh.ts";

export const MESSAGES: Record<Language, Messages> = { en, zh };

export interface I18n {
  language: Language;
  t: Messages;
  format: Format;
}

const I18nContext = createContext<I18n | null>(null);

export function I18nProvider({ language, children }: { language: Language; children: ReactNode }) {
  const value = useMemo(() => ({ language, t: MESSAGES[language], format: createFormat(language) }), [language]);
  return <I18nContext value={value}>{children}</I18nContext>;
}

export function useI18n(): I18n {
  const value = useContext(I18nContext);
  if (value === null) {
    throw new Error("useI18n needs an I18nProvider above it");
  }
  return value;
}

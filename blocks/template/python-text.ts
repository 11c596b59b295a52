import { type Plain, Tuple } from "./runtime-values.ts";

/** `str(value)` of Python, which is what Jinja prints: `None`, `True`, `['a', 1]`, `{'k': 'v'}`. Undefined prints nothing. */
export function pythonText(value: Plain): string {
  return typeof value === "string" ? value : value === undefined ? "" : pythonRepr(value);
}

/** `repr(value)` of Python. */
export function pythonRepr(value: Plain): string {
  if (value === undefined) {
    return "Undefined";
  }
  if (value === null) {
    return "None";
  }
  if (typeof value === "boolean") {
    return value ? "True" : "False";
  }
  if (typeof value === "number") {
    return pythonNumber(value);
  }
  if (typeof value === "string") {
    return quote(value);
  }
  if (value instanceof Tuple) {
    return `(${value.map(pythonRepr).join(", ")}${value.length === 1 ? "," : ""})`;
  }
  if (Array.isArray(value)) {
    return `[${value.map(pythonRepr).join(", ")}]`;
  }
  return `{${[...value].map(([key, item]) => `${quote(key)}: ${pythonRepr(item)}`).join(", ")}}`;
}

function pythonNumber(value: number): string {
  // Python goes over to an exponent earlier than JavaScript.
  const isSmall = value !== 0 && Math.abs(value) < 1e-4;
  return (isSmall ? value.toExponential() : String(value))
    .replace("Infinity", "inf")
    .replace("NaN", "nan")
    .replace(/e([+-])(\d)$/, "e$10$2");
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\\p{Cc}]/gu, (char) => {
    return ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}

const HTML: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };

/** Escapes text for HTML as Jinja does. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => HTML[char] ?? char);
}

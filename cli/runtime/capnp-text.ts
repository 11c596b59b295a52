/** A value of a Cap'n Proto text file. `embed` stands for the contents of a file, `VOID` for a member of a union without a value. */
export type CapnpValue = string | number | boolean | Uint8Array | Embed | typeof VOID | CapnpValue[] | CapnpStruct;
export interface CapnpStruct {
  [field: string]: CapnpValue | undefined;
}

export const VOID = Symbol("void");

/** The contents of a file as text or data. The path starts with a slash and is looked for in the import paths. */
export class Embed {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

/** Writes a value as Cap'n Proto's text format wants it. Fields that are undefined are left out. */
export function capnpText(value: CapnpValue): string {
  if (value === VOID) return "void";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value instanceof Embed) return `embed ${quoted(value.path)}`;
  if (value instanceof Uint8Array) return `0x"${Buffer.from(value).toString("hex")}"`;
  if (Array.isArray(value)) return `[${value.map(capnpText).join(", ")}]`;
  const fields = Object.entries(value as CapnpStruct).flatMap(([name, field]) =>
    field === undefined ? [] : `${name} = ${capnpText(field)}`,
  );
  return `(${fields.join(", ")})`;
}

/** Control characters become hexadecimal escapes; everything else is UTF-8 as it is. */
function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what must be escaped
  return `"${text.replaceAll(/[\\"\u0000-\u001f\u007f]/g, (char) =>
    char === "\\" || char === '"' ? `\\${char}` : `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  )}"`;
}

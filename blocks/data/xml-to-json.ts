import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { MAX_JSON_DEPTH } from "#graph/json-value.ts";
import { recordOf, setOwn } from "#graph/own-property.ts";
import { BlockError } from "../define-block.ts";

/** Largest document, characters. */
const MAX_XML = 10_000_000;
/** Most tags and attributes together, about: each becomes an object. */
const MAX_PARTS = 500_000;
const ATTRIBUTES = ":@";
const TEXT = "#text";
const ATTRIBUTE = "@";
const ELEMENT = "<";

/** A node as the library gives it when it keeps the order: one key with the children, and maybe `:@` with the attributes. */
type OrderedNode = Record<string, unknown>;

/**
 * XML as JSON. An element becomes a key with its content: a text (whitespace around it taken off, "" when empty), or a dictionary
 * of its child elements; the same name several times becomes a list. Attributes are keys with `@` before their name, and text beside
 * attributes or child elements is under `#text`. Several elements at the top, and text around them, are allowed, because models write
 * so; that text is dropped. Comments and processing instructions are dropped, values stay text, HTML's entities are known too.
 *
 * @throws BlockError `invalid_xml`; `unsupported_xml` for document types (they can define entities that grow without end);
 *   `input_too_large` over 10,000,000 characters or about 500,000 tags and attributes
 */
export function xmlToJson(xml: string): JsonObject {
  if (xml.length > MAX_XML) {
    throw new BlockError("input_too_large", `The XML has ${xml.length} characters; at most ${MAX_XML} can be read.`);
  }
  if (occurrences(xml, "<") + occurrences(xml, "=") > MAX_PARTS) {
    throw new BlockError(
      "input_too_large",
      `The XML has more than ${MAX_PARTS} tags and attributes. Cut it into parts.`,
    );
  }
  if (/<!(?:DOCTYPE|ENTITY)/i.test(xml)) {
    throw new BlockError(
      "unsupported_xml",
      "XML with a document type (<!DOCTYPE or <!ENTITY) is not read. Take it out.",
    );
  }
  const start = xml.search(/<[\p{L}_?!]/u);
  const end = xml.lastIndexOf(">");
  if (start === -1 || end < start) {
    throw new BlockError("invalid_xml", "The text holds no XML element.");
  }
  // One root, so that several elements at the top are well-formed for the library.
  const document = `<root>${xml.slice(start, end + 1).replace(/^<\?xml[^>]*\?>/, "")}</root>`;
  const valid = XMLValidator.validate(document);
  if (valid !== true) {
    throw new BlockError("invalid_xml", `The XML is not valid: ${valid.err.msg} (line ${valid.err.line})`);
  }
  const content = contentOf(parse(document), 0);
  return typeof content === "object" && content !== null && !Array.isArray(content) ? withoutText(content) : {};
}

function parse(document: string): OrderedNode[] {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: ATTRIBUTE,
    // The library refuses names such as "constructor"; none begins like this one. It transforms empty elements twice.
    transformTagName: (name) => (name.startsWith(ELEMENT) ? name : ELEMENT + name),
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    processEntities: true,
    htmlEntities: true,
    ignoreDeclaration: true,
    ignorePiTags: true,
    maxNestedTags: MAX_JSON_DEPTH,
  });
  try {
    const [root] = parser.parse(document) as OrderedNode[];
    return root ? childrenOf(root, `${ELEMENT}root`) : [];
  } catch (error) {
    throw new BlockError(
      "invalid_xml",
      `The XML is not valid: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

function childrenOf(node: OrderedNode, name: string): OrderedNode[] {
  const children = node[name];
  return Array.isArray(children) ? (children as OrderedNode[]) : [];
}

function contentOf(nodes: OrderedNode[], depth: number, attributes: JsonObject = {}): JsonValue {
  if (depth > MAX_JSON_DEPTH) {
    throw new BlockError("invalid_xml", `The XML is nested deeper than ${MAX_JSON_DEPTH} levels.`);
  }
  const children = new Map<string, JsonValue[]>();
  let text = "";
  for (const node of nodes) {
    const name = Object.keys(node).find((key) => key !== ATTRIBUTES);
    if (name === TEXT) {
      text += String(node[TEXT]);
    } else if (name !== undefined) {
      const content = contentOf(childrenOf(node, name), depth + 1, attributesOf(node));
      const tag = name.slice(ELEMENT.length);
      const same = children.get(tag);
      if (same) {
        same.push(content);
      } else {
        children.set(tag, [content]);
      }
    }
  }
  if (children.size === 0 && Object.keys(attributes).length === 0) {
    return text.trim();
  }
  const object = recordOf(Object.entries(attributes));
  for (const [name, contents] of children) {
    const [first = null] = contents;
    setOwn(object, name, contents.length === 1 ? first : contents);
  }
  if (text.trim() !== "") {
    setOwn(object, TEXT, text.trim());
  }
  return object;
}

function attributesOf(node: OrderedNode): JsonObject {
  const attributes = node[ATTRIBUTES];
  return typeof attributes === "object" && attributes !== null
    ? recordOf(Object.entries(attributes).map(([name, value]): [string, JsonValue] => [name, String(value)]))
    : {};
}

function withoutText(content: JsonObject): JsonObject {
  return recordOf(Object.entries(content).filter(([name]) => name !== TEXT));
}

function occurrences(text: string, char: string): number {
  let count = 0;
  for (let at = text.indexOf(char); at !== -1; at = text.indexOf(char, at + 1)) {
    count += 1;
  }
  return count;
}

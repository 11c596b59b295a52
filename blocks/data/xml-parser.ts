import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { dictionary } from "../pin-types.ts";
import { xmlToJson } from "./xml-to-json.ts";

export default defineBlock({
  id: "286380af-9529-4b55-8be0-1d7c854abdb5",
  name: "XMLParserBlock",
  description:
    "Reads XML into a dictionary: elements by name, repeated ones as lists, attributes with @ before their name.",
  categories: ["DATA", "TEXT"],
  effects: "pure",
  input: z.object({
    input_xml: z.string().meta({ description: "The XML, at most 10 million characters.", format: "long-text" }),
  }),
  output: z.object({ parsed_xml: dictionary().meta({ description: "The elements." }) }),
  examples: [
    {
      name: "elements and lists",
      input: { input_xml: "<list><item>a</item><item>b &amp; c</item><note/></list>" },
      expect: [["parsed_xml", { list: { item: ["a", "b & c"], note: "" } }]],
    },
    {
      name: "attributes",
      input: { input_xml: '<?xml version="1.0"?><p id="1">Hi <b>you</b></p>' },
      expect: [["parsed_xml", { p: { "@id": "1", b: "you", "#text": "Hi" } }]],
    },
    {
      name: "a model's answer with words around",
      input: { input_xml: "Sure!\n<title>One</title>\n<score>7</score>\nDone." },
      expect: [["parsed_xml", { title: "One", score: "7" }]],
    },
    {
      name: "CDATA",
      input: { input_xml: "<code><![CDATA[a < b]]></code>" },
      expect: [["parsed_xml", { code: "a < b" }]],
    },
    { name: "an element that is not closed", input: { input_xml: "<a><b></a>" }, expectError: "not valid" },
    { name: "no XML at all", input: { input_xml: "hello" }, expectError: "no XML" },
    {
      name: "a document type",
      input: { input_xml: '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>' },
      expectError: "document type",
    },
  ],
  async *run({ input }) {
    yield ["parsed_xml", xmlToJson(input.input_xml)];
  },
});

import type { BlockCatalog, BlockDescriptor } from "#graph/catalog/block-descriptor.ts";
import agentExecutor from "./agent/agent-executor.ts";
import aiStructuredResponseGenerator from "./ai/ai-structured-response-generator.ts";
import aiTextGenerator from "./ai/ai-text-generator.ts";
import note from "./basic/note.ts";
import printToConsole from "./basic/print-to-console.ts";
import storeValue from "./basic/store-value.ts";
import universalTypeConverter from "./basic/universal-type-converter.ts";
import codeExtraction from "./code/code-extraction.ts";
import jsonDecoder from "./data/json-decoder.ts";
import jsonEncoder from "./data/json-encoder.ts";
import readSpreadsheet from "./data/read-spreadsheet.ts";
import xmlParser from "./data/xml-parser.ts";
import addToDictionary from "./dictionaries/add-to-dictionary.ts";
import createDictionary from "./dictionaries/create-dictionary.ts";
import dictionaryIsEmpty from "./dictionaries/dictionary-is-empty.ts";
import findInDictionary from "./dictionaries/find-in-dictionary.ts";
import removeFromDictionary from "./dictionaries/remove-from-dictionary.ts";
import replaceDictionaryValue from "./dictionaries/replace-dictionary-value.ts";
import humanInTheLoop from "./human/human-in-the-loop.ts";
import agentDateInput from "./io/agent-date-input.ts";
import agentDropdownInput from "./io/agent-dropdown-input.ts";
import agentInput from "./io/agent-input.ts";
import agentLongTextInput from "./io/agent-long-text-input.ts";
import agentNumberInput from "./io/agent-number-input.ts";
import agentOutput from "./io/agent-output.ts";
import agentShortTextInput from "./io/agent-short-text-input.ts";
import agentTableInput from "./io/agent-table-input.ts";
import agentTimeInput from "./io/agent-time-input.ts";
import agentToggleInput from "./io/agent-toggle-input.ts";
import addToList from "./lists/add-to-list.ts";
import collect from "./lists/collect.ts";
import concatenateLists from "./lists/concatenate-lists.ts";
import createList from "./lists/create-list.ts";
import findInList from "./lists/find-in-list.ts";
import flattenList from "./lists/flatten-list.ts";
import getListItem from "./lists/get-list-item.ts";
import interleaveLists from "./lists/interleave-lists.ts";
import listDifference from "./lists/list-difference.ts";
import listIntersection from "./lists/list-intersection.ts";
import listIsEmpty from "./lists/list-is-empty.ts";
import removeFromList from "./lists/remove-from-list.ts";
import replaceListItem from "./lists/replace-list-item.ts";
import reverseListOrder from "./lists/reverse-list-order.ts";
import zipLists from "./lists/zip-lists.ts";
import condition from "./logic/condition.ts";
import ifInputMatches from "./logic/if-input-matches.ts";
import stepThroughItems from "./logic/step-through-items.ts";
import calculator from "./math/calculator.ts";
import countItems from "./math/count-items.ts";
import dataSampling from "./math/data-sampling.ts";
import getWikipediaSummary from "./net/get-wikipedia-summary.ts";
import readRssFeed from "./net/read-rss-feed.ts";
import sendWebRequest from "./net/send-web-request.ts";
import waitForCall from "./net/wait-for-call.ts";
import combineTexts from "./text/combine-texts.ts";
import extractTextInformation from "./text/extract-text-information.ts";
import fillTextTemplate from "./text/fill-text-template.ts";
import matchTextPattern from "./text/match-text-pattern.ts";
import textDecoder from "./text/text-decoder.ts";
import textEncoder from "./text/text-encoder.ts";
import textReplace from "./text/text-replace.ts";
import textSplit from "./text/text-split.ts";
import wordCharacterCount from "./text/word-character-count.ts";
import countdownTimer from "./time/countdown-timer.ts";
import getCurrentDateAndTime from "./time/get-current-date-and-time.ts";
import getCurrentDate from "./time/get-current-date.ts";
import getCurrentTime from "./time/get-current-time.ts";
import type { Block } from "./define-block.ts";

/** Blocks of one folder. */
export interface BlockFamily {
  /** Name of the folder. */
  id: string;
  title: string;
  blocks: readonly Block[];
}

/** Every block of the platform. registry.test.ts compares the list with the files. */
export const blockFamilies: readonly BlockFamily[] = [
  { id: "basic", title: "Basics", blocks: [note, printToConsole, storeValue, universalTypeConverter] },
  {
    id: "io",
    title: "Inputs and outputs",
    blocks: [
      agentDateInput,
      agentDropdownInput,
      agentInput,
      agentLongTextInput,
      agentNumberInput,
      agentOutput,
      agentShortTextInput,
      agentTableInput,
      agentTimeInput,
      agentToggleInput,
    ],
  },
  {
    id: "text",
    title: "Text",
    blocks: [
      combineTexts,
      extractTextInformation,
      fillTextTemplate,
      matchTextPattern,
      textDecoder,
      textEncoder,
      textReplace,
      textSplit,
      wordCharacterCount,
    ],
  },
  { id: "agent", title: "Agents", blocks: [agentExecutor] },
  { id: "human", title: "People", blocks: [humanInTheLoop] },
  { id: "code", title: "Code", blocks: [codeExtraction] },
  { id: "data", title: "Data formats", blocks: [jsonDecoder, jsonEncoder, readSpreadsheet, xmlParser] },
  {
    id: "dictionaries",
    title: "Dictionaries",
    blocks: [
      addToDictionary,
      createDictionary,
      dictionaryIsEmpty,
      findInDictionary,
      removeFromDictionary,
      replaceDictionaryValue,
    ],
  },
  {
    id: "lists",
    title: "Lists",
    blocks: [
      addToList,
      collect,
      concatenateLists,
      createList,
      findInList,
      flattenList,
      getListItem,
      interleaveLists,
      listDifference,
      listIntersection,
      listIsEmpty,
      removeFromList,
      replaceListItem,
      reverseListOrder,
      zipLists,
    ],
  },
  { id: "logic", title: "Decisions and loops", blocks: [condition, ifInputMatches, stepThroughItems] },
  { id: "math", title: "Numbers and samples", blocks: [calculator, countItems, dataSampling] },
  { id: "net", title: "Network", blocks: [getWikipediaSummary, readRssFeed, sendWebRequest, waitForCall] },
  { id: "time", title: "Time", blocks: [countdownTimer, getCurrentDateAndTime, getCurrentDate, getCurrentTime] },
  { id: "ai", title: "Language models", blocks: [aiStructuredResponseGenerator, aiTextGenerator] },
];

const BLOCKS: readonly Block[] = blockFamilies.flatMap((family) => family.blocks);
const BY_ID: ReadonlyMap<string, Block> = new Map(BLOCKS.map((block) => [block.descriptor.id, block]));

export interface BlockRegistry {
  /** The block with code, or undefined when there is none with this id. */
  get(id: string): Block | undefined;
  list(): readonly Block[];
  /** What graph, engine and API know of the blocks: descriptors only. */
  catalog: BlockCatalog & { list(): BlockDescriptor[] };
}

export const blockRegistry: BlockRegistry = {
  get: (id) => BY_ID.get(id),
  list: () => BLOCKS,
  catalog: {
    get: (id) => BY_ID.get(id)?.descriptor,
    list: () => BLOCKS.map((block) => block.descriptor),
  },
};

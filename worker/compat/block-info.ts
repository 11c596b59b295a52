import type { BlockCategory, BlockDescriptor } from "#graph/catalog/block-descriptor.ts";

const CATEGORY_MEANING: Record<BlockCategory, string> = {
  AI: "Works with a model.",
  SOCIAL: "Reaches social networks.",
  TEXT: "Works on text.",
  SEARCH: "Finds or reads information elsewhere.",
  BASIC: "A building block for any agent.",
  INPUT: "Takes a value from outside into the agent.",
  OUTPUT: "Gives a value of the agent to the outside.",
  LOGIC: "Decides, repeats or computes.",
  COMMUNICATION: "Sends or receives messages.",
  DEVELOPER_TOOLS: "Helps people who write software.",
  DATA: "Works on structured data.",
  HARDWARE: "Talks to devices.",
  AGENT: "Runs or serves other agents.",
  CRM: "Works with customer records.",
  SAFETY: "Guards what an agent does.",
  PRODUCTIVITY: "Works with documents, calendars and notes.",
  ISSUE_TRACKING: "Works with issues and tickets.",
  MULTIMEDIA: "Works with pictures, sound and video.",
  MARKETING: "Helps to reach an audience.",
};

/** A block in the shape of AutoGPT's `BlockInfo` (autogpt.md §5). */
export function toBlockInfo(block: BlockDescriptor) {
  return {
    id: block.id,
    name: block.name,
    inputSchema: block.input_schema,
    outputSchema: block.output_schema,
    // AutoGPT's are prices in its credits; here blocks have none, and what models cost is counted by the call.
    costs: [],
    description: block.description,
    categories: block.categories.map((category) => ({ category, description: CATEGORY_MEANING[category] })),
    contributors: [],
    staticOutput: block.static_output,
    uiType: block.ui_type,
  };
}

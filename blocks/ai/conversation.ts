import { BlockError } from "#blocks/define-block.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { ModelMessage } from "./model-client.ts";

/**
 * The messages of a `conversation_history` pin, which are `{role, content}` (autogpt.md §6.2). Content that is not text becomes JSON.
 * Throws BlockError `invalid_history`.
 */
export function historyMessages(history: JsonObject[] | null): ModelMessage[] {
  return (history ?? []).map((entry, index): ModelMessage => {
    const { role } = entry;
    if (role === "user" || role === "system" || role === "assistant") {
      return { role, content: contentText(entry.content) };
    }
    throw new BlockError(
      "invalid_history",
      `Message ${index + 1} of the conversation history has the role ${JSON.stringify(role)}. It must be system, user or assistant.`,
    );
  });
}

function contentText(content: JsonValue | undefined): string {
  return typeof content === "string"
    ? content
    : content === undefined || content === null
      ? ""
      : JSON.stringify(content);
}

/** The messages as the `prompt` pin gives them. */
export function promptMessages(messages: ModelMessage[]): { role: string; content: string }[] {
  return messages.map(({ role, content }) => ({ role, content }));
}

const MIN_PROMPT_LENGTH = 200;
const CUT_MARK = "\n[…]\n";

/**
 * A shorter form of a conversation that the model found too long: first the older half of what lies between the system messages and the last
 * message goes, then a third from the middle of the last message. Undefined when nothing is left to cut.
 */
export function shortened(messages: ModelMessage[]): ModelMessage[] | undefined {
  const last = messages.at(-1);
  if (last === undefined) {
    return undefined;
  }
  const system = messages.filter((message) => message.role === "system");
  const middle = messages.slice(0, -1).filter((message) => message.role !== "system");
  if (middle.length > 0) {
    return [...system, ...middle.slice(Math.ceil(middle.length / 2)), last];
  }
  if (last.content.length < MIN_PROMPT_LENGTH) {
    return undefined;
  }
  const third = Math.floor(last.content.length / 3);
  return [...system, { ...last, content: last.content.slice(0, third) + CUT_MARK + last.content.slice(-third) }];
}

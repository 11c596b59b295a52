import type { JsonObject, JsonValue } from "#graph/json.ts";
import { recordOf } from "#graph/own-property.ts";
import { basePinName } from "#graph/pins/dynamic-pins.ts";
import { showsStored } from "#graph/run/stored-value.ts";
import type { DrawnNode } from "#app/graph-view/drawing.ts";
import { editOf, type ValueDraft } from "#app/inputs/value-draft.ts";

type Pins = [pin: string, value: JsonValue][];

/** The values that a node execution had, for the next one to begin with. */
export interface ForkPins {
  /** What came to it. */
  inputs: Pins;
  /** What the agent says where nothing came. */
  defaults: Pins;
  /** Pins whose values the page does not have whole, or should not show. */
  kept: string[];
}

export function forkPins(
  { private_pins, defaults, ui_type }: Pick<DrawnNode, "private_pins" | "defaults" | "ui_type">,
  input: JsonObject,
): ForkPins {
  const hidden = new Set(private_pins);
  const isOpen = ([pin, value]: Pins[number]) => !hidden.has(basePinName(pin)) && !showsStored(value);
  const came = Object.entries(input);
  // An input's or output's own values are its name and how it is asked for.
  const isIo = ui_type === "Input" || ui_type === "Output";
  const set = isIo ? [] : Object.entries(defaults).filter(([pin]) => !Object.hasOwn(input, pin));
  return {
    inputs: came.filter(isOpen),
    defaults: set.filter(isOpen),
    kept: [...came, ...set].filter((entry) => !isOpen(entry) && entry[1] !== null).map(([pin]) => pin),
  };
}

/** The values that somebody has changed, by pin; null while one of them is no JSON. */
export function changedInputs(
  { inputs, defaults }: ForkPins,
  drafts: ReadonlyMap<string, ValueDraft>,
): JsonObject | null {
  const changed: Pins = [];
  for (const [pin, first] of [...inputs, ...defaults]) {
    const draft = drafts.get(pin);
    const edit = draft === undefined ? {} : editOf(first, draft);
    if ("problem" in edit) {
      return null;
    }
    if (edit.value !== undefined) {
      changed.push([pin, edit.value]);
    }
  }
  return recordOf(changed);
}

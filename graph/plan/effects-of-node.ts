import type { BlockDescriptor } from "../catalog/block-descriptor.ts";
import type { JsonObject } from "../json.ts";
import { getOwn } from "../own-property.ts";
import { basePinName } from "../pins/dynamic-pins.ts";
import type { PlanNode } from "./plan.ts";

/**
 * What a lost attempt of this node means (rule LS8). A block may have milder effects for some values of a pin: an HTTP request with GET may be sent
 * again. That counts only when the value stands in the node and nothing else can reach the pin, so it is decided once, before the run.
 *
 * @param linkedPins exact names of the node's pins that links lead to
 */
export function effectsOfNode(
  block: Pick<BlockDescriptor, "effects" | "effects_by">,
  values: JsonObject,
  linkedPins: readonly string[],
): Pick<PlanNode, "effects" | "refined"> {
  const { effects, effects_by: by } = block;
  if (by === undefined) {
    return { effects };
  }
  const reached = [...linkedPins, ...Object.keys(values)].filter((pin) => basePinName(pin) === by.pin);
  const value = getOwn(values, by.pin);
  const refined = typeof value === "string" ? getOwn(by.effects, value) : undefined;
  return refined === undefined || refined === effects || reached.length !== 1
    ? { effects }
    : { effects: refined, refined: { pin: by.pin, otherwise: effects } };
}

/** The node when values that were not there at the plan's making are laid over its input, as a fork does. */
export function withoutRefinement(node: PlanNode, laid: JsonObject): PlanNode {
  const { refined, ...rest } = node;
  return refined !== undefined && Object.keys(laid).some((pin) => basePinName(pin) === refined.pin)
    ? { ...rest, effects: refined.otherwise }
    : node;
}

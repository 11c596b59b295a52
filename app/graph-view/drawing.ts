import type { BlockCategory, BlockUiType } from "#graph/catalog/block-descriptor.ts";
import type { JsonObject } from "#graph/json.ts";

/** What a pin carries, as far as its colour is concerned. */
export type PinType = "string" | "number" | "boolean" | "array" | "object" | "any";

export interface DrawnPin {
  /** Exact name as links use it, dynamic selector included; also the id of the handle. */
  name: string;
  label: string;
  type: PinType;
  linked: boolean;
  required: boolean;
  /** Short form of the value set in the agent; absent when none is. */
  value?: string;
}

export interface DrawnNode {
  id: string;
  title: string;
  block_id: string;
  /** Name of the block for people; the id when the block is missing. */
  block_name: string;
  description: string;
  ui_type: BlockUiType;
  category: BlockCategory | null;
  /** No block with this id exists here. */
  missing: boolean;
  position: { x: number; y: number } | null;
  inputs: DrawnPin[];
  outputs: DrawnPin[];
  /** Pins that are neither linked nor set and are not drawn. */
  hidden_inputs: number;
  /** Text of a sticky note; null for every other node. */
  note: string | null;
  /** Input pins, without their dynamic parts, whose values are not for people to look at or to change. */
  private_pins: string[];
  /** Values set in the agent, secrets masked. */
  defaults: JsonObject;
}

export interface DrawnLink {
  id: string;
  source: string;
  source_pin: string;
  sink: string;
  sink_pin: string;
  is_static: boolean;
  type: PinType;
}

/** A graph as the canvas needs it: blocks resolved to names, pins and texts, nothing of the catalogue left to look up. */
export interface Drawing {
  nodes: DrawnNode[];
  links: DrawnLink[];
}

/** Whether the file's own positions can be used: every node has one and they are not all the same. */
export function hasPositions(drawing: Drawing): boolean {
  const places = new Set<string>();
  for (const { position } of drawing.nodes) {
    if (position === null) {
      return false;
    }
    places.add(`${position.x},${position.y}`);
  }
  return drawing.nodes.length < 2 || places.size > 1;
}

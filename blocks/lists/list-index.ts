import { BlockError } from "../define-block.ts";

/**
 * Position of an index that counts from the end when it is negative, as in Python.
 * @throws BlockError `index_out_of_range`
 */
export function resolveIndex(length: number, index: number): number {
  const position = index < 0 ? length + index : index;
  if (position < 0 || position >= length) {
    throw new BlockError(
      "index_out_of_range",
      `Index out of range: the list has ${length} elements, the index is ${index}.`,
    );
  }
  return position;
}

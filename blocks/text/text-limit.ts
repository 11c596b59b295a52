import { BlockError } from "../define-block.ts";

/** Longest text that a text block builds, characters. */
const MAX_TEXT = 100_000_000;

/** @throws BlockError `output_too_large`, before a text of `length` characters is built */
export function checkTextLength(length: number): void {
  if (length > MAX_TEXT) {
    throw new BlockError(
      "output_too_large",
      `The text would have ${length} characters; at most ${MAX_TEXT} are possible.`,
    );
  }
}

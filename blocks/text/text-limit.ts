import { BlockError } from "../define-block.ts";

/** Longest text that a text block builds, characters. */
const MAX_TEXT = 100_000_000;
/** Longest text that is gone through character by character, and most parts that a text is cut into. */
const MAX_READ = 10_000_000;
const MAX_PARTS = 1_000_000;

/** @throws BlockError `output_too_large`, before a text of `length` characters is built */
export function checkTextLength(length: number): void {
  if (length > MAX_TEXT) {
    throw new BlockError(
      "output_too_large",
      `The text would have ${length} characters; at most ${MAX_TEXT} are possible.`,
    );
  }
}

/** @throws BlockError `input_too_large` for a text that is too long to be gone through character by character */
export function checkReadLength(text: string): void {
  if (text.length > MAX_READ) {
    throw new BlockError(
      "input_too_large",
      `The text has ${text.length} characters; at most ${MAX_READ} can be worked on at once.`,
    );
  }
}

/** The parts of `text` between the occurrences of `delimiter`. @throws BlockError `too_many_items` for more than 1,000,000 */
export function splitText(text: string, delimiter: string): string[] {
  return atMost(text.split(delimiter, MAX_PARTS + 1));
}

/** The characters of `text`. @throws BlockError `too_many_items` for more than 1,000,000 */
export function charactersOf(text: string): string[] {
  return atMost(Array.from(text.slice(0, 2 * (MAX_PARTS + 1))));
}

function atMost(parts: string[]): string[] {
  if (parts.length > MAX_PARTS) {
    throw new BlockError(
      "too_many_items",
      `The text has more than ${MAX_PARTS} parts. Cut it into shorter texts first.`,
    );
  }
  return parts;
}

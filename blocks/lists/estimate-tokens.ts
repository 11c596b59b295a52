/** Rough number of tokens that a language model counts for a text: four ASCII characters make one, any other character is one. */
export function estimateTokens(text: string): number {
  let ascii = 0;
  let other = 0;
  for (const char of text) {
    if (char < "\u0080") {
      ascii += 1;
    } else {
      other += 1;
    }
  }
  return Math.ceil(ascii / 4) + other;
}

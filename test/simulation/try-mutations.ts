import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MUTATIONS } from "./mutations.ts";

/** Where the search for each mutation begins: the number of seeds it takes is a matter of luck, so it is tried from several places. */
const STARTS = [1, 1_000_001, 2_000_001, 3_000_001, 4_000_001];

/** Puts every mutation in, one at a time, and tells which invariant finds it after how many seeds. False when one is not found. */
export async function tryMutations(most: number, only: string | null): Promise<boolean> {
  console.log("| mutation | rule | found by | seeds needed (median of 5) |\n|---|---|---|---|");
  let all = true;
  for (const { name, rule, what } of MUTATIONS.filter((mutation) => only === null || mutation.name === only)) {
    const found = await Promise.all(STARTS.map((from) => search(name, from, most)));
    const needed = found.flatMap((one) => (one === null ? [] : [one.seeds])).toSorted((a, b) => a - b);
    const invariants = [...new Set(found.flatMap((one) => (one === null ? [] : [one.invariant])))];
    all &&= needed.length === STARTS.length;
    const median =
      needed.length === STARTS.length
        ? String(needed[Math.floor(needed.length / 2)])
        : `${needed.length} of ${STARTS.length} searches`;
    console.log(`| \`${name}\`: ${what} | ${rule} | ${invariants.join(", ") || "**not found**"} | ${median} |`);
  }
  return all;
}

async function search(
  mutation: string,
  from: number,
  most: number,
): Promise<{ seeds: number; invariant: string } | null> {
  const script = fileURLToPath(new URL("simulate.ts", import.meta.url).href);
  const args = [script, "--mutation", mutation, "--from", String(from), "--seeds", String(most)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 28 }).catch(
    (error: unknown) => {
      if (typeof error === "object" && error !== null && "stdout" in error && "code" in error && error.code === 1) {
        return { stdout: String(error.stdout) };
      }
      throw error;
    },
  );
  const match = /^Seed (\d+) breaks "([a-z-]+)"/m.exec(stdout);
  if (match === null) {
    if (!/^\d+ runs in/m.test(stdout)) {
      throw new Error(`the simulation with ${mutation} came to no end:\n${stdout.slice(-2_000)}`);
    }
    return null;
  }
  return { seeds: Number(match[1]) - from + 1, invariant: match[2] ?? "" };
}

/** Bugs put in on purpose, to see that the simulation finds them. */
export interface Mutation {
  name: string;
  /** The rule of SPEC.md that it breaks. */
  rule: string;
  file: string;
  /** Must be there exactly once. */
  find: string;
  replace: string;
}

export const MUTATIONS: readonly Mutation[] = [];

export function mutated(name: string, url: string, source: string): string {
  const mutation = MUTATIONS.find((candidate) => candidate.name === name);
  if (mutation === undefined) {
    throw new Error(`there is no mutation ${name}`);
  }
  if (!url.endsWith(`/${mutation.file}`)) {
    return source;
  }
  if (source.split(mutation.find).length !== 2) {
    throw new Error(`the mutation ${name} no longer fits ${mutation.file}`);
  }
  return source.replace(mutation.find, () => mutation.replace);
}

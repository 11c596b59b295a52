/** How often each of some names came up. */
export class Tally<Name extends string> extends Map<Name, number> {
  add(name: Name, by = 1): void {
    this.set(name, (this.get(name) ?? 0) + by);
  }
}

/** The names of a table, in its order. */
export function namesOf<Name extends string>(table: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(table) as Name[];
}

import type { StoredValue } from "./runtime-config.ts";

interface Service {
  name: string;
  worker?: { modules: unknown; [field: string]: unknown };
}

/** The services among `all` that the named ones can reach through bindings, storage and ways out, themselves included, in the order of `all`. */
export function reachable<S extends Service>(all: S[], roots: string[]): S[] {
  const byName = new Map(all.map((service) => [service.name, service]));
  const found = new Set<string>();
  const left = [...roots];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    const service = byName.get(name);
    if (service === undefined || found.has(name)) continue;
    found.add(name);
    if (service.worker === undefined) continue;
    const { modules: _modules, ...references } = service.worker;
    left.push(...texts(references as StoredValue));
  }
  return all.filter(({ name }) => found.has(name));
}

/** Every string in a value: whichever of them names a service is a way to it. One too many costs an isolate, one too few a start. */
function texts(value: StoredValue): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(texts);
}

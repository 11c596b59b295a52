import { registerHooks } from "node:module";
import { mutated } from "./mutations.ts";

/** Lets Node run the Workers code as it stands: gives it the module that only the runtime has, and bends the sources when a mutation is tried. */
export function register(mutation: string | null): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "cloudflare:workers"
        ? next("./cloudflare-workers.ts", { ...context, parentURL: import.meta.url })
        : next(specifier, context),
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (mutation === null || loaded.source === undefined || loaded.source === null) {
        return loaded;
      }
      return { ...loaded, source: mutated(mutation, url, String(loaded.source)) };
    },
  });
}

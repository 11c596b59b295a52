import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the checkout: the folder of package.json. */
export const PROJECT_ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** What `npm run build` leaves behind and the embedded runtime serves. */
export const BUILD_DIR = resolve(PROJECT_ROOT, "build");

export const MIGRATIONS_DIR = resolve(PROJECT_ROOT, "migrations");

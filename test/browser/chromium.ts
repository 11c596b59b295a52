import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const INSTALL = "apt-get update && apt-get install -y --no-install-recommends chromium";

export type FoundChromium = { path: string } | { missing: string };

/**
 * The browser for the tests: CHROMIUM_PATH, one on the PATH, Playwright's own, or Debian's, which is installed when this runs as root.
 * Otherwise a sentence with the command that helps.
 */
export function findChromium(): FoundChromium {
  const given = process.env["CHROMIUM_PATH"];
  if (given !== undefined && given !== "") {
    return existsSync(given) ? { path: given } : { missing: `CHROMIUM_PATH is ${given}, where there is no file.` };
  }
  const found = onPath() ?? playwrightsOwn();
  if (found !== undefined) {
    return { path: found };
  }
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    return installDebians();
  }
  return { missing: `There is no Chromium here. Install it with: sudo sh -c "${INSTALL}", or set CHROMIUM_PATH.` };
}

function onPath(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).concat("/usr/bin");
  for (const name of NAMES) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (folder !== "" && existsSync(path)) {
        return path;
      }
    }
  }
  return undefined;
}

function playwrightsOwn(): string | undefined {
  const path = chromium.executablePath();
  return path !== "" && existsSync(path) ? path : undefined;
}

function installDebians(): FoundChromium {
  console.log("Installing Debian's Chromium for the browser tests …");
  try {
    execFileSync("sh", ["-c", INSTALL], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  } catch (error) {
    return { missing: `Chromium could not be installed (${String(error)}). Try: ${INSTALL}` };
  }
  const path = onPath();
  return path === undefined ? { missing: "Chromium was installed but is not on the PATH." } : { path };
}

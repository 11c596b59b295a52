import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { WeftClient } from "#cli/client.ts";
import { ensureBuild } from "#cli/runtime/build-project.ts";
import { readLocalAccess } from "#cli/runtime/local-owner.ts";
import { PROJECT_ROOT } from "#cli/runtime/project.ts";
import { WORKLOADS, workloadFile } from "../workloads.ts";
import { PLACEHOLDERS, weftSpec } from "./targets.ts";
import type { PeersSpec } from "./targets.ts";

/**
 * `npm run bench:peers -- [--rig FOLDER] [--out FILE]`: sets Weft up for the peers' rig. Fresh data under `$PEERS_DIR`, the workloads
 * imported, Weft left running, and a spec written with the rig's own engines and Weft's; `node bench.mjs --spec FILE` then measures all of
 * them in one run. `--template` only writes `bench/peers-targets.json`, in which placeholders stand for what the set-up finds out.
 */
const { values } = parseArgs({
  options: { rig: { type: "string" }, out: { type: "string" }, template: { type: "boolean", default: false } },
});

if (values.template) {
  const path = join(PROJECT_ROOT, "bench", "peers-targets.json");
  const note =
    "Placeholders ($WEFT_ROOT, $WEFT_URL, $WEFT_API_KEY, $ids.…) are filled in by `npm run bench:peers`: docs/performance.md.";
  writeFileSync(path, `${JSON.stringify({ note, workloads: titles(), ...weftSpec(PLACEHOLDERS) }, null, 1)}\n`);
} else {
  await setUp(values.rig, values.out);
}

async function setUp(rig: string | undefined, out: string | undefined): Promise<void> {
  await ensureBuild({ onStart: () => console.log("Building Weft …") });
  const peersDir = process.env["PEERS_DIR"] ?? join(tmpdir(), "peers");
  const dataDir = join(peersDir, "data", "weft");
  weft("stop");
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  weft("start");
  weft("wait");
  const access = await localAccess(dataDir);
  const client = new WeftClient({ url: access.url, apiKey: access.api_key });
  const graphIds: Record<string, string> = {};
  for (const { id } of WORKLOADS) {
    const graph = await client.importGraph(workloadFile(id, Number(process.env["ECHO_PORT"] ?? 18_099)));
    graphIds[id] = graph.id;
  }
  const ours = weftSpec({ root: PROJECT_ROOT, url: access.url, apiKey: access.api_key, graphIds });
  const path = resolve(out ?? join(peersDir, "weft-targets.json"));
  mkdirSync(peersDir, { recursive: true });
  writeFileSync(path, `${JSON.stringify(merged(rig, ours), null, 1)}\n`, { mode: 0o600 });
  console.log(`Weft runs on ${access.url}. Now, in the rig's folder: node bench.mjs --spec ${path}`);
}

function merged(rig: string | undefined, ours: Pick<PeersSpec, "engines" | "targets">): PeersSpec {
  const theirs: PeersSpec =
    rig === undefined
      ? { settings: {}, workloads: titles(), engines: {}, targets: [] }
      : (JSON.parse(readFileSync(join(rig, "targets.json"), "utf8")) as PeersSpec);
  return { ...theirs, engines: { ...theirs.engines, ...ours.engines }, targets: [...theirs.targets, ...ours.targets] };
}

function titles(): PeersSpec["workloads"] {
  return WORKLOADS.map(({ id, title }) => ({ id, title }));
}

function weft(command: "start" | "stop" | "wait"): void {
  execFileSync("bash", [join(PROJECT_ROOT, "bench", "peers", "weft.sh"), command], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

/** `/ready` answers a moment before the starter has made the owner's account at its first start. */
async function localAccess(dataDir: string): Promise<{ url: string; api_key: string }> {
  for (let tries = 0; tries < 200; tries += 1) {
    const access = readLocalAccess(dataDir);
    if (access !== null) {
      return access;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`The server did not write ${dataDir}/local.json.`);
}

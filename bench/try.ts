import { BenchServer } from "./bench-server.ts";
import { WORKLOADS } from "./workloads.ts";
import { treeUsage } from "./process-tree.ts";
const s = await BenchServer.start();
try {
  const c = s.client();
  for (const w of WORKLOADS) {
    const t = await s.load(w);
    const ms: number[] = [];
    const a = treeUsage(s.server.pid);
    for (let i = 0; i < 8; i++) { const r = await c.run(t); ms.push(Math.round(r.ms*10)/10); if (!r.ok) { console.log(r.why); break; } else if (i === 0) console.log(w.id, 'nodes', r.nodeExecutions); }
    const b = treeUsage(s.server.pid);
    console.log(w.id, ms.join(" "), 'cpu/run', ((b.cpuMs-a.cpuMs)/ms.length).toFixed(1));
  }
} finally { await s.stop(); }
process.exit(0);

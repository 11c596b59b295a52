import { waitUntil } from "cloudflare:workers";
import { ArchivedRun } from "#durable-objects/execution/archived-run.ts";
import { errorMessage, log } from "#durable-objects/logger.ts";
import { hasExecutionRow } from "#worker/db/execution-table.ts";
import { ArchiveFile, archiveKey } from "#worker/retention/archive-file.ts";
import type { ServiceDeps } from "./service-deps.ts";

/** Events read at a time for a subscriber. */
const PAGE = 500;

/** A run of the workspace whose object is empty, out of the archive (rule AR4). Null: there is none, or it was deleted. */
export async function openArchivedRun(
  deps: Pick<ServiceDeps, "db" | "env">,
  run: { workspaceId: string; executionId: string },
): Promise<ArchivedRun | null> {
  if (!(await hasExecutionRow(deps.db, run))) {
    return null;
  }
  const file = await ArchiveFile.open(deps.env.FILES, archiveKey(run.workspaceId, run.executionId));
  return file === null ? null : ArchivedRun.open(file);
}

/** The live view of a run that is over: everything after `after`, then the end, as its object would send it (rules LV1, LV3). */
export function archivedLiveEvents(run: ArchivedRun, after: number): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  waitUntil(
    sendAll(run, server, after).catch((error: unknown) => {
      log("warn", "the events of an archived run could not be sent", {
        execution_id: run.header.execution_id,
        error: errorMessage(error),
      });
      closeQuietly(server, 1011, "The run's archive could not be read.");
    }),
  );
  return new Response(null, { status: 101, webSocket: client });
}

async function sendAll(run: ArchivedRun, socket: WebSocket, after: number): Promise<void> {
  let sent = after;
  let open = true;
  socket.addEventListener("close", () => {
    open = false;
  });
  while (open && sent < run.lastSeq) {
    const page = await run.events(run.header.workspace_id, sent, PAGE);
    const items = page.ok ? page.value.items : [];
    for (const event of items) {
      socket.send(JSON.stringify(event));
      sent = event.seq;
    }
    if (items.length === 0) {
      throw new Error(`there is no event ${sent + 1}`);
    }
    // The socket takes what it was given, and hears whether the other side has gone.
    await scheduler.wait(0);
  }
  closeQuietly(socket, 1000, "The run has ended.");
}

function closeQuietly(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // The other side was faster.
  }
}

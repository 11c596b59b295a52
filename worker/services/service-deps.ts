import type { Block } from "#blocks/define-block.ts";
import type { Draft } from "#durable-objects/execution/draft.ts";
import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import type { RunHeader } from "#durable-objects/execution/store.ts";
import type { BlockCatalog, BlockDescriptor } from "#graph/catalog/block-descriptor.ts";
import type { Principal } from "#worker/auth/principal.ts";
import type { FirstConsumer } from "#worker/consumers/first-consumer.ts";
import type { BlockOutput } from "#worker/contracts/block.ts";
import type { Database } from "#worker/db/database.ts";
import type { Env } from "#worker/env.ts";
import type { JsonObject } from "#graph/json.ts";

/** The blocks of this deployment. */
export interface BlockLibrary {
  get(blockId: string): Block | undefined;
  catalog: BlockCatalog & { list(): readonly BlockDescriptor[] };
}

/** Runs one block by itself, here and now. */
export type RunSingleBlock = (
  request: { blockId: string; input: JsonObject },
  principal: Principal,
) => Promise<BlockOutput["outputs"]>;

/** Does the first stretch of a run in this Worker. */
export type RunFirstStretch = (header: RunHeader, inputs: JsonObject) => Promise<Draft>;

/** What every use case works with. */
export interface ServiceDeps {
  env: Env;
  db: Database;
  blocks: BlockLibrary;
  runSingleBlock: RunSingleBlock;
  runFirstStretch: RunFirstStretch;
  /** Starts a run of a workspace when its turn has come. @throws ServiceError 503 `overloaded` */
  inLine: <T>(workspaceId: string, start: () => Promise<T>) => Promise<T>;
  /** Takes work of a run that is begun here, to do it here. */
  firstConsumer: (draft: Draft) => FirstConsumer | null;
  /** Writes a run's row in the list; resolves when it is there. */
  listRun: (summary: ExecutionSummary) => Promise<void>;
  /** Tells the run's workspace of it, some time later. */
  observeRun: (summary: ExecutionSummary) => void;
  /** ms since the epoch */
  now: () => number;
}

import type { ChildNews } from "./core/child.ts";
import type { ExecutionState } from "./core/state.ts";
import { planNode } from "./core/state.ts";
import { hasStoredKey } from "./core/stored-value.ts";
import { waitingFor } from "./core/waiting.ts";
import type { Effects } from "./effects.ts";
import { selectsOf } from "./wire.ts";

/**
 * A child's news with its large values made the parent's own, so that deleting the child takes nothing from its parent; with the parts that the
 * parent's links select of them. News without large values are given back as they are.
 */
export async function ownNews(
  news: ChildNews,
  state: ExecutionState,
  effects: Pick<Effects, "carryValues">,
): Promise<ChildNews> {
  const execution = waitingFor(state, news.ne, "child");
  const known = execution === undefined ? 0 : execution.outputs - execution.outputBase - news.firstOutput;
  const outputs = news.outputs.slice(Math.max(0, known));
  if (execution === undefined || !outputs.some(([, value]) => hasStoredKey(value))) {
    return news;
  }
  const { selects = [] } = selectsOf(planNode(state, execution.node));
  const firstOutput = news.firstOutput + news.outputs.length - outputs.length;
  return { ...news, firstOutput, outputs: await effects.carryValues(news.ne, outputs, selects) };
}

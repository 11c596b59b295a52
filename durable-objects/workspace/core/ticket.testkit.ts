import type { FlowSettings } from "#graph/model/flow-settings.ts";
import type { AdmissionTicket, RunReport } from "../protocol.ts";
import { Admission } from "./admission.ts";
import type { AdmissionLimits } from "./admission-limits.ts";
import { DEFAULT_LIMITS } from "./admission-limits.ts";

export function ticket(
  id: string,
  flow: FlowSettings | null = null,
  more: Partial<AdmissionTicket> = {},
): AdmissionTicket {
  return { execution_id: id, workspace_id: "w", graph_id: "g", flow, keys: {}, ...more };
}

export function report(id: string, more: Partial<RunReport> = {}): RunReport {
  return {
    execution_id: id,
    workspace_id: "w",
    graph_id: "g",
    ended: false,
    waiting: false,
    figures: null,
    blocks: {},
    ...more,
  };
}

/** An admission in which every run of an agent is expected to take what `expected` says, else a second. */
export function admissionWith(limits: Partial<AdmissionLimits> = {}, expected: Record<string, number> = {}): Admission {
  return new Admission({
    limits: { ...DEFAULT_LIMITS, ...limits },
    expectedMs: (graphId) => expected[graphId] ?? 1_000,
  });
}

/** Rings the alarm as often as it asks for it until a run is asked or told something; answers when that is. */
export function ringUntilCommand(admission: Admission, rings = 1_000): { now: number; commands: string[] } {
  for (let ring = 0; ring < rings; ring += 1) {
    const now = admission.nextAlarm();
    if (now === null) {
      break;
    }
    admission.tick(now);
    const commands = admission.takeChanges().commands.map(({ type, execution_id }) => `${type} ${execution_id}`);
    if (commands.length > 0) {
      return { now, commands };
    }
  }
  throw new Error("the alarm rings and nothing is asked");
}

/** Ids of the runs that were told to go since the last time, in order. */
export function letGo(admission: Admission): string[] {
  return admission
    .takeChanges()
    .commands.flatMap((command) => (command.type === "admit" ? [command.execution_id] : []));
}

export function stopped(admission: Admission): string[] {
  return admission
    .takeChanges()
    .commands.flatMap((command) => (command.type === "cancel" ? [command.execution_id] : []));
}

import type { AdmissionTicket } from "../protocol.ts";

/**
 * `queued`: accepted, not let go yet. `running`: has a place. `waiting`: nothing of it goes on (rule WA6); has no place, but is still its
 * singleton. `cancelling`: another run takes its place, as soon as its object has confirmed that it is over.
 */
export type RunState = "queued" | "running" | "waiting" | "cancelling";

/** A run that the workspace counts. All times are ms since the epoch. */
export interface RunEntry {
  ticket: AdmissionTicket;
  state: RunState;
  queuedAt: number;
  /** Debounce: not before this time. */
  notBefore: number;
  /** Debounce: when the first of the starts came that this one stands for. */
  firstAt: number;
  /** When it got its place; null while it has none. */
  admittedAt: number | null;
  /** It ran before and waited: it goes on before others start. */
  resumed: boolean;
  /** Why it is being cancelled. */
  why: string;
}

/** An entry with what is only kept in memory. */
export interface LiveEntry extends RunEntry {
  /** When the run's object is asked next how it stands. */
  checkAt: number;
  /** Answers missing since the last one. */
  tries: number;
  /** Expected slot time that its agent was charged for it, ms. */
  charged: number;
}

export function holdsPlace(entry: RunEntry): boolean {
  return entry.admittedAt !== null;
}

/** One counter for every agent and value of the setting's key. */
export function groupOf(ticket: AdmissionTicket, setting: keyof AdmissionTicket["keys"]): string | null {
  return ticket.flow?.[setting] === undefined ? null : `${ticket.graph_id} ${ticket.keys[setting] ?? ""}`;
}

import type { Clock } from "./clock.ts";

/** A timer that rings so much early or late by the clock says that the clock was set, not that time passed, ms. */
const CLOCK_WAS_SET_MS = 1_000;

interface Appointment {
  /** ms since the epoch */
  at: number;
  work: () => void;
}

/**
 * A clock whose `after` shares one timer among all appointments: a timer of the platform costs more than all else that a limit of time needs, and most limits
 * are called off. Appointments of the same time are kept in the order in which they were made.
 */
export function withOneTimer(clock: Clock): Clock {
  const appointments = new Set<Appointment>();
  let armedFor = Number.POSITIVE_INFINITY;
  let disarm: (() => void) | undefined;

  const arm = (at: number): void => {
    disarm?.();
    armedFor = at;
    disarm = clock.after(Math.max(0, at - clock.now()), ring);
  };
  const ring = (): void => {
    const now = clock.now();
    const skew = now - armedFor;
    armedFor = Number.POSITIVE_INFINITY;
    disarm = undefined;
    if (Math.abs(skew) > CLOCK_WAS_SET_MS) {
      for (const appointment of appointments) {
        appointment.at += skew;
      }
    }
    const due = [...appointments].filter(({ at }) => at <= now).toSorted((a, b) => a.at - b.at);
    for (const appointment of due) {
      // What was done before may have called it off.
      if (appointments.delete(appointment)) {
        appointment.work();
      }
    }
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of appointments) {
      next = Math.min(next, at);
    }
    if (next < armedFor) {
      arm(next);
    }
  };

  return {
    now: () => clock.now(),
    every: (ms, work) => clock.every(ms, work),
    after: (ms, work) => {
      const appointment = { at: clock.now() + ms, work };
      appointments.add(appointment);
      if (appointment.at < armedFor) {
        arm(appointment.at);
      }
      return () => {
        appointments.delete(appointment);
        if (appointments.size === 0) {
          disarm?.();
          disarm = undefined;
          armedFor = Number.POSITIVE_INFINITY;
        }
      };
    },
  };
}

import { GraphError } from "#graph/errors.ts";
import { data, redirect, type RouterContextProvider } from "react-router";
import { type AppServices, type AppSession, servicesContext, sessionContext } from "#worker/contracts/app-context.ts";

/** Where a person who is not signed in is sent, and comes back from. */
export function requireSession(context: Readonly<RouterContextProvider>, request: Request): AppSession {
  const session = context.get(sessionContext);
  if (session === null) {
    const url = new URL(request.url);
    const here = url.pathname + url.search;
    throw redirect(here === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(here)}`);
  }
  return session;
}

export function requireServices(context: Readonly<RouterContextProvider>, request: Request): AppServices {
  requireSession(context, request);
  const services = context.get(servicesContext);
  if (services === null) {
    throw new Error("The Worker set a session but no services for this request");
  }
  return services;
}

/** What a use case says when it refuses. */
export interface Refusal {
  code: string;
  message: string;
  status: number;
  details?: unknown;
}

const UNPROCESSABLE = 422;

/** What an action answers that only does something. */
export type Answer = { ok: true } | { ok: false; refusal: Refusal };

/** What an action answers that starts a run. */
export type StartAnswer = { ok: true; execution_id: string } | { ok: false; refusal: Refusal };

export function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof GraphError) {
    return { code: error.code, message: error.message, status: UNPROCESSABLE, details: error.details };
  }
  if (error instanceof Error && "code" in error && "status" in error && typeof error.status === "number") {
    const details = "details" in error ? error.details : undefined;
    return { code: String(error.code), message: error.message, status: error.status, details };
  }
  return undefined;
}

/** Turns a refusal into an answer; anything else stays an unexpected error. */
export async function toAnswer(work: Promise<unknown>): Promise<Answer> {
  try {
    await work;
    return { ok: true };
  } catch (error) {
    return refused(error);
  }
}

/** As `toAnswer`, with the run that was started. */
export async function toStartAnswer(work: Promise<{ id: string }>): Promise<StartAnswer> {
  try {
    const { id } = await work;
    return { ok: true, execution_id: id };
  } catch (error) {
    return refused(error);
  }
}

/** The answer to a request that did not come from these pages. */
export function unknownShape(message: string): { ok: false; refusal: Refusal } {
  return { ok: false, refusal: { code: "invalid_request", message, status: 400 } };
}

function refused(error: unknown): { ok: false; refusal: Refusal } {
  const refusal = asRefusal(error);
  if (refusal === undefined) {
    throw error;
  }
  return { ok: false, refusal };
}

/** Turns a refusal into the page's error boundary with its status; anything else stays an unexpected error. */
export async function orErrorPage<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const refusal = asRefusal(error);
    if (refusal === undefined) {
      throw error;
    }
    throw data({ code: refusal.code, message: refusal.message }, { status: refusal.status });
  }
}

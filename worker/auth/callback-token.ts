import { createHmac } from "node:crypto";
import { sameSecret } from "./same-secret.ts";

/** The wait of a node execution that a call from outside may end. */
export interface CallbackTarget {
  executionId: string;
  nodeExecutionId: string;
}

const TOKEN = /^([0-9a-f-]{36})\.(n\d{1,9})\.([\w-]{43})$/;

/**
 * The token in the address at which a node execution waits for a call: whoever has it may make the call, and nobody can guess it. It is the same
 * over all attempts of the node execution.
 */
export function callbackToken(secret: string, target: CallbackTarget): string {
  return `${target.executionId}.${target.nodeExecutionId}.${mac(secret, target)}`;
}

/** For whom a token was made; null when this deployment made no such token. */
export function readCallbackToken(secret: string, token: string): CallbackTarget | null {
  const [, executionId, nodeExecutionId, given] = TOKEN.exec(token) ?? [];
  if (executionId === undefined || nodeExecutionId === undefined || given === undefined) {
    return null;
  }
  const target = { executionId, nodeExecutionId };
  return sameSecret(given, mac(secret, target)) ? target : null;
}

function mac(secret: string, { executionId, nodeExecutionId }: CallbackTarget): string {
  return createHmac("sha256", secret).update(`weft callback\n${executionId}\n${nodeExecutionId}`).digest("base64url");
}

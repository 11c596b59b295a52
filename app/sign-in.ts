export type SignInOutcome =
  | { kind: "signed_in" }
  | { kind: "wrong" }
  | { kind: "invalid_email" }
  | { kind: "too_many" }
  | { kind: "unreachable" }
  | { kind: "refused"; detail: string };

/** Signs in with the account server of this site (better-auth's email sign-in); on success the session cookie is set. */
export async function signIn(email: string, password: string): Promise<SignInOutcome> {
  let response: Response;
  try {
    response = await fetch("/api/auth/sign-in/email", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
  } catch {
    return { kind: "unreachable" };
  }
  if (response.ok) {
    return { kind: "signed_in" };
  }
  return readRefusal(response);
}

async function readRefusal(response: Response): Promise<SignInOutcome> {
  if (response.status === 429) {
    return { kind: "too_many" };
  }
  const body: unknown = await response.json().catch(() => null);
  const { code, message } = codeAndMessage(body);
  if (code === "INVALID_EMAIL") {
    return { kind: "invalid_email" };
  }
  if (response.status === 401 || code === "INVALID_EMAIL_OR_PASSWORD") {
    return { kind: "wrong" };
  }
  return { kind: "refused", detail: message ?? `HTTP ${response.status}` };
}

/** better-auth answers `{code, message}`, everything else of this server `{error: {code, message}}`. */
function codeAndMessage(body: unknown): { code?: string; message?: string } {
  const holder = isRecord(body) && isRecord(body["error"]) ? body["error"] : body;
  if (!isRecord(holder)) {
    return {};
  }
  const { code, message } = holder;
  return {
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof message === "string" ? { message } : {}),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

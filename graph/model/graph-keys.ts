/** Keys of an agent file that say nothing of the agent itself: derived on export, or someone else's business. */

/** Computed from nodes and blocks on every export (autogpt.md §3.1). */
export const COMPUTED_KEYS: readonly string[] = [
  "input_schema",
  "output_schema",
  "credentials_input_schema",
  "has_external_trigger",
  "has_human_in_the_loop",
  "has_sensitive_action",
  "trigger_setup_info",
];

/** Owners on the platform that the file comes from. */
export const OWNER_KEYS: readonly string[] = ["user_id", "organization_id", "team_id"];

/** Copies of the graph's links at its nodes. */
export const LINK_COPY_KEYS: readonly string[] = ["input_links", "output_links"];

/** Registrations of a webhook with the platform that the file comes from. */
export const WEBHOOK_KEYS: readonly string[] = ["webhook_id", "webhook"];

/** True for pins that hold a reference to a credential: AutoGPT reserves these names for them (autogpt.md §3.2, §5). */
export function isCredentialsName(name: string): boolean {
  return name === "credentials" || name.endsWith("_credentials");
}

import { formatTable } from "./table.ts";

/** One thing wrong with a graph, wherever it was found: by the server or by this program. */
export interface Problem {
  severity: "error" | "warning";
  code: string;
  message: string;
  node_id?: string | undefined;
  field?: string | undefined;
}

export function formatProblems(problems: readonly Problem[]): string {
  if (problems.length === 0) return "";
  const rows = problems.map(({ severity, code, message, node_id, field }) => [
    severity,
    code,
    [node_id, field].filter((part) => part !== undefined).join(" / "),
    message,
  ]);
  return formatTable(["SEVERITY", "CODE", "WHERE", "WHAT"], rows);
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === "error");
}

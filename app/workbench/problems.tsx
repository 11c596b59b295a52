import { Anchor, List } from "@mantine/core";
import type { AppGraphProblem } from "#worker/contracts/app-context.ts";
import { Notice } from "#app/components/notice.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import classes from "./workbench.module.css";

interface ProblemsProps {
  problems: AppGraphProblem[];
  titleOf: (nodeId: string) => string | undefined;
  onShowNode: (nodeId: string) => void;
}

/** What keeps the agent from running, and where; then what is only good to know. */
export function Problems({ problems, titleOf, onShowNode }: ProblemsProps) {
  const { t } = useI18n();
  const errors = problems.filter(({ severity }) => severity === "error");
  const warnings = problems.filter(({ severity }) => severity === "warning");
  const listOf = (items: AppGraphProblem[]) => (
    <List size="sm" spacing={2} className={classes.problemList}>
      {items.map((problem, index) => (
        <List.Item key={index}>
          <Problem problem={problem} titleOf={titleOf} onShowNode={onShowNode} />
        </List.Item>
      ))}
    </List>
  );
  return (
    <>
      {errors.length > 0 && (
        <Notice
          kind="error"
          title={`${t.agent.problems_title} (${t.agent.problems(errors.length)})`}
          flush
          testId="problems"
        >
          {listOf(errors)}
        </Notice>
      )}
      {warnings.length > 0 && (
        <Notice kind="warning" title={t.agent.warnings_title} flush>
          {listOf(warnings)}
        </Notice>
      )}
    </>
  );
}

function Problem({ problem, titleOf, onShowNode }: { problem: AppGraphProblem } & Omit<ProblemsProps, "problems">) {
  const { t } = useI18n();
  const { node_id: nodeId, field, message } = problem;
  const title = nodeId === undefined ? undefined : titleOf(nodeId);
  // A message that names the block already needs no place before it.
  const place =
    title === undefined || message.includes(title) ? "" : `${title}${field === undefined ? "" : ` › ${field}`}: `;
  return (
    <span style={{ overflowWrap: "anywhere" }}>
      {place !== "" && <b>{place}</b>}
      {message}{" "}
      {nodeId !== undefined && title !== undefined && (
        <Anchor component="button" type="button" size="sm" onClick={() => onShowNode(nodeId)}>
          {t.agent.show_node}
        </Anchor>
      )}
    </span>
  );
}

import { Anchor, Button, Group, List, Loader, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import { Notice } from "#app/components/notice.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import type { ImportOutcome } from "./import-outcome.ts";
import type { Import } from "./use-import.ts";

/** What became of the files of the last import, each with what to do next. */
export function ImportReport({ current }: { current: Import }) {
  const { t } = useI18n();
  const { busy, names, outcomes, unreadable } = current;
  if (!busy && outcomes.length === 0 && unreadable.length === 0) {
    return null;
  }
  return (
    <Stack gap="xs" role="status" aria-live="polite">
      {busy && (
        <Group gap="xs">
          <Loader size="xs" />
          <Text size="sm">{t.import.importing(names.join(", "))}</Text>
        </Group>
      )}
      {!busy && unreadable.map((text) => <Refused key={text} title={text} details={[]} />)}
      {!busy && outcomes.map((outcome, index) => <Outcome key={index} outcome={outcome} />)}
      {!busy && (
        <div>
          <Button variant="subtle" size="compact-xs" onClick={current.dismiss}>
            {t.import.close}
          </Button>
        </div>
      )}
    </Stack>
  );
}

function Outcome({ outcome }: { outcome: ImportOutcome }) {
  const { t } = useI18n();
  if (outcome.kind === "refused") {
    return <Refused title={t.import.refused(outcome.file)} details={[outcome.message, ...outcome.details]} />;
  }
  const { graph, problems, problem_count } = outcome;
  const sound = problem_count === 0;
  const title = sound ? t.import.done(graph.name) : t.import.done_with_problems(graph.name, problem_count);
  return (
    <Notice kind={sound ? "success" : "warning"} title={title}>
      {!sound && (
        <List size="sm" mb={4}>
          {problems.map((problem, index) => (
            <List.Item key={index}>{problem.message}</List.Item>
          ))}
          {problem_count > problems.length && (
            <List.Item>{t.import.more_problems(problem_count - problems.length)}</List.Item>
          )}
        </List>
      )}
      <Anchor component={Link} to={`/agents/${encodeURIComponent(graph.id)}`} size="sm" fw={600}>
        {t.import.open}
      </Anchor>
    </Notice>
  );
}

function Refused({ title, details }: { title: string; details: string[] }) {
  return (
    <Notice kind="error" title={title} urgent>
      {details.map((line, index) => (
        <Text key={index} size="sm" style={{ overflowWrap: "anywhere" }}>
          {line}
        </Text>
      ))}
    </Notice>
  );
}

import { Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { Play } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { JsonObject } from "#graph/json.ts";
import type { AppEstimate, AppRun } from "#worker/contracts/app-context.ts";
import { Notice } from "#app/components/notice.tsx";
import { RefusalNotice } from "#app/components/refusal-notice.tsx";
import { useInBrowser } from "#app/components/local-time.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import { Estimate } from "./estimate.tsx";
import { inputsToStartFrom } from "./inputs-to-start-from.ts";
import type { StartRun } from "./use-start-run.ts";
import classes from "./workbench.module.css";
import type { WorkbenchAgent } from "./workbench-data.ts";

// The form library is large and only of use in the browser.
const InputsForm = lazy(() => import("#app/inputs/inputs-form.client.tsx"));

interface InputsPanelProps {
  agent: WorkbenchAgent;
  run: AppRun | null;
  estimate: AppEstimate | null;
  start: StartRun;
}

/** What the agent wants to know, and the button that runs it. */
export function InputsPanel({ agent, run, estimate, start }: InputsPanelProps) {
  const { t } = useI18n();
  const inBrowser = useInBrowser();
  const [invalid, setInvalid] = useState(false);
  const blocked = agent.problems.some((problem) => problem.severity === "error");
  const names = Object.keys(agent.input_schema.properties ?? {});
  const submit = (inputs: JsonObject) => {
    setInvalid(false);
    start.start(inputs);
  };
  const buttons = (
    <Stack gap="xs" className={classes.runButtons}>
      {invalid && <Notice kind="error" title={t.form.fix} urgent />}
      {start.refusal !== null && <RefusalNotice title={t.form.start_failed} refusal={start.refusal} />}
      {blocked && (
        <Text size="sm" c="var(--text-quiet)">
          {t.agent.cannot_run_text}
        </Text>
      )}
      {!blocked && <Estimate estimate={estimate} />}
      <Group>
        <Button
          type={names.length === 0 ? "button" : "submit"}
          onClick={names.length === 0 ? () => submit({}) : undefined}
          disabled={blocked}
          loading={start.busy}
          leftSection={<Play size={14} aria-hidden />}
        >
          {blocked ? t.agent.cannot_run : run === null ? t.form.run : t.form.run_again}
        </Button>
      </Group>
    </Stack>
  );
  if (names.length === 0) {
    return (
      <Stack gap="sm">
        <Text size="sm">{t.form.no_inputs}</Text>
        {buttons}
      </Stack>
    );
  }
  if (!inBrowser) {
    return <Waiting />;
  }
  return (
    <Suspense fallback={<Waiting />}>
      <InputsForm
        key={`${agent.id}@${agent.version}`}
        schema={agent.input_schema}
        initial={inputsToStartFrom(run?.inputs ?? {})}
        disabled={start.busy}
        onSubmit={submit}
        onInvalid={() => setInvalid(true)}
      >
        {buttons}
      </InputsForm>
    </Suspense>
  );
}

function Waiting() {
  const { t } = useI18n();
  return (
    <Stack gap="sm" aria-busy aria-label={t.form.loading}>
      <Skeleton height={16} width="40%" />
      <Skeleton height={34} />
      <Skeleton height={16} width="30%" />
      <Skeleton height={34} />
    </Stack>
  );
}

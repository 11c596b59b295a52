import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { GitFork, Play } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { isTerminal } from "#graph/run/status.ts";
import type { NodeExecutionRunView } from "#graph/run/run-view.ts";
import { RefusalNotice } from "#app/components/refusal-notice.tsx";
import type { DrawnNode } from "#app/graph-view/drawing.ts";
import { useI18n } from "#app/i18n/i18n.tsx";
import { newValueDraft, type ValueDraft } from "#app/inputs/value-draft.ts";
import { ValueEditor } from "#app/inputs/value-editor.tsx";
import { useLatestRun } from "#app/run/live-run.tsx";
import { type Rerun, useRerun } from "#app/run/use-rerun.ts";
import { changedInputs, type ForkPins, forkPins } from "./fork-inputs.ts";
import classes from "./workbench.module.css";

interface ForkRunProps {
  executionId: string;
  node: DrawnNode;
  execution: NodeExecutionRunView;
  onStarted: (executionId: string) => void;
}

/**
 * The way to a new run that goes on from an execution of a block. Of a run that goes on it is not offered, although it would be possible: what has not
 * completed would act on the outside in both.
 */
export function ForkRun(props: ForkRunProps) {
  const run = useLatestRun();
  const { executionId, execution } = props;
  return run !== undefined && isTerminal(run.status) && execution.queued_at !== null ? (
    <Fork key={`${executionId} ${execution.node_execution_id}`} {...props} />
  ) : null;
}

function Fork({ executionId, node, execution, onStarted }: ForkRunProps) {
  const { t } = useI18n();
  const [opened, { open, close }] = useDisclosure(false);
  const [drafts, setDrafts] = useState<ReadonlyMap<string, ValueDraft>>(new Map());
  const narrow = useMediaQuery("(max-width: 720px)") === true;
  const rerun = useRerun(executionId, "fork", onStarted);
  return (
    <>
      <Group>
        <Button variant="light" size="xs" leftSection={<GitFork size={13} aria-hidden />} onClick={open}>
          {t.rerun.fork}
        </Button>
      </Group>
      <Modal
        opened={opened}
        onClose={close}
        title={t.rerun.fork_title(node.title)}
        size="lg"
        fullScreen={narrow}
        styles={{ title: { fontWeight: 650, overflowWrap: "anywhere" } }}
        closeButtonProps={{ "aria-label": t.node.close }}
      >
        <ForkForm
          pins={forkPins(node, execution.input)}
          drafts={drafts}
          rerun={rerun}
          onChange={(pin, draft) => setDrafts((known) => new Map(known).set(pin, draft))}
          onSend={(inputs) => rerun.send({ node_execution_id: execution.node_execution_id, inputs })}
          onCancel={close}
        />
      </Modal>
    </>
  );
}

interface ForkFormProps {
  pins: ForkPins;
  drafts: ReadonlyMap<string, ValueDraft>;
  rerun: Rerun;
  onChange: (pin: string, draft: ValueDraft) => void;
  onSend: (inputs: NonNullable<ReturnType<typeof changedInputs>>) => void;
  onCancel: () => void;
}

function ForkForm({ pins, drafts, rerun, onChange, onSend, onCancel }: ForkFormProps) {
  const { t } = useI18n();
  const form = useRef<HTMLFormElement>(null);
  const { busy, refusal } = rerun;
  const inputs = changedInputs(pins, drafts);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (inputs === null) {
      form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
    } else {
      onSend(inputs);
    }
  };
  const group = (title: string, entries: ForkPins["inputs"]) =>
    entries.length > 0 && (
      <section>
        <h3 className={classes.section}>{title}</h3>
        <Stack gap="sm">
          {entries.map(([pin, value]) => (
            <ValueEditor
              key={pin}
              label={pin}
              value={value}
              draft={drafts.get(pin) ?? newValueDraft(value)}
              disabled={busy}
              minRows={1}
              onChange={(draft) => onChange(pin, draft)}
            />
          ))}
        </Stack>
      </section>
    );
  return (
    <form ref={form} onSubmit={submit} noValidate data-testid="fork-form">
      <Stack gap="sm">
        <Text size="sm">{t.rerun.fork_hint}</Text>
        {group(t.rerun.inputs, pins.inputs)}
        {group(t.node.defaults, pins.defaults)}
        {pins.inputs.length + pins.defaults.length === 0 && (
          <Text size="sm" c="var(--text-quiet)">
            {t.rerun.nothing_to_change}
          </Text>
        )}
        {pins.kept.length > 0 && (
          <Text size="sm" c="var(--text-quiet)" style={{ overflowWrap: "anywhere" }}>
            {t.rerun.kept(pins.kept.join(", "))}
          </Text>
        )}
        {refusal !== null && (
          <RefusalNotice title={t.form.start_failed} refusal={refusal} unreachable={t.rerun.unreachable} />
        )}
        <Group justify="flex-end" gap="xs">
          <Button type="button" variant="default" onClick={onCancel}>
            {t.rerun.cancel}
          </Button>
          <Button type="submit" loading={busy} leftSection={<Play size={14} aria-hidden />}>
            {inputs !== null && Object.keys(inputs).length === 0 ? t.rerun.start : t.rerun.start_with_changes}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

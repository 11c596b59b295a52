import { Anchor, Group, Stack, Text } from "@mantine/core";
import { isTerminal } from "#graph/run/status.ts";
import type { AppRun } from "#worker/contracts/app-context.ts";
import { ValueView } from "#app/components/value-view.tsx";
import type { Drawing } from "#app/graph-view/drawing.ts";
import { useI18n } from "#app/i18n/i18n.tsx";
import { useRunView } from "#app/run/live-run.tsx";
import classes from "./workbench.module.css";

const SHOWN_VALUES = 50;

interface OutputsPanelProps {
  run: AppRun | null;
  drawing: Drawing | null;
  onShowNode: (nodeId: string) => void;
}

/** The outputs of the run by name, in the order in which they came. */
export function OutputsPanel({ run, drawing, onShowNode }: OutputsPanelProps) {
  const { t } = useI18n();
  const live = useRunView();
  if (run === null) {
    return <Quiet>{t.outputs.before_run}</Quiet>;
  }
  const outputs = Object.entries(live?.outputs ?? run.outputs);
  const status = live?.status ?? run.status;
  if (outputs.length === 0) {
    return <Quiet>{isTerminal(status) ? t.outputs.none : t.outputs.waiting}</Quiet>;
  }
  return (
    <Stack gap="md" data-testid="outputs" aria-live="polite">
      {outputs.map(([name, values]) => {
        const source = drawing?.nodes.find((node) => node.ui_type === "Output" && node.defaults["name"] === name);
        return (
          <section key={name} data-output={name}>
            <Group justify="space-between" gap="xs" mb={4} wrap="nowrap">
              <h3 className={classes.outputName}>
                {name} <span className={classes.quiet}>{t.outputs.values(values.length)}</span>
              </h3>
              {source !== undefined && (
                <Anchor component="button" type="button" size="xs" onClick={() => onShowNode(source.id)}>
                  {t.run.show_node}
                </Anchor>
              )}
            </Group>
            <Stack gap={6}>
              {values.slice(-SHOWN_VALUES).map((value, index) => (
                <ValueView key={index} value={value} />
              ))}
              {values.length > SHOWN_VALUES && <Quiet>{t.outputs.truncated(SHOWN_VALUES, values.length)}</Quiet>}
            </Stack>
          </section>
        );
      })}
    </Stack>
  );
}

function Quiet({ children }: { children: string }) {
  return (
    <Text size="sm" c="var(--text-quiet)">
      {children}
    </Text>
  );
}

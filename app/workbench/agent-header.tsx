import { ActionIcon, Button, Group, Menu, Modal, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Download, EllipsisVertical, Trash2 } from "lucide-react";
import { Form, Link } from "react-router";
import { useI18n } from "#app/i18n/i18n.tsx";
import classes from "./workbench.module.css";
import type { WorkbenchAgent } from "./workbench-data.ts";

/** Name and version of the agent, and what can be done with it besides running it. */
export function AgentHeader({ agent, linked }: { agent: WorkbenchAgent; linked: boolean }) {
  const { t } = useI18n();
  const [removing, { open, close }] = useDisclosure(false);
  const path = `/agents/${encodeURIComponent(agent.id)}`;
  return (
    <div className={classes.agentHeader}>
      <div className={classes.agentTitle}>
        <Title order={1} size="h4" className={classes.agentName}>
          {linked ? (
            <Link to={path} title={t.run.back_to_agent}>
              {agent.name}
            </Link>
          ) : (
            agent.name
          )}
        </Title>
        <span className={classes.version}>{t.agent.version(agent.version)}</span>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={agent.name} ml="auto">
              <EllipsisVertical size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              component="a"
              href={`/api/v1/graphs/${encodeURIComponent(agent.id)}?for_export=true`}
              download={`${fileName(agent.name)}_v${agent.version}.json`}
              leftSection={<Download size={14} aria-hidden />}
            >
              {t.agent.export}
            </Menu.Item>
            <Menu.Item color="red" leftSection={<Trash2 size={14} aria-hidden />} onClick={open}>
              {t.agents.remove}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {agent.description !== "" && (
        <Text size="sm" c="var(--text-quiet)" lineClamp={2} title={agent.description}>
          {agent.description}
        </Text>
      )}
      <Modal opened={removing} onClose={close} title={t.agents.remove} centered>
        <Text size="sm" mb="md">
          {t.agents.remove_confirm(agent.name)}
        </Text>
        <Form method="post" action={path}>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t.agents.cancel}
            </Button>
            <Button type="submit" color="red" name="intent" value="remove">
              {t.agents.remove}
            </Button>
          </Group>
        </Form>
      </Modal>
    </div>
  );
}

function fileName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}-]+/gu, "_").slice(0, 80) || "agent";
}

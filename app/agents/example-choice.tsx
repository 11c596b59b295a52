import { Button, Menu, SimpleGrid, Text, UnstyledButton } from "@mantine/core";
import { ChevronDown } from "lucide-react";
import { useFetcher } from "react-router";
import { useI18n } from "#app/i18n/i18n.tsx";
import classes from "./example-choice.module.css";
import type { Example } from "./example.ts";

/** Imports an example and opens it. */
function useExample() {
  const fetcher = useFetcher();
  const choose = (id: string) =>
    void fetcher.submit(JSON.stringify({ intent: "example", id }), {
      method: "post",
      action: "/?index",
      encType: "application/json",
    });
  return { busy: fetcher.state !== "idle", choose };
}

/** All examples laid out, for a person who has nothing yet. */
export function ExampleCards({ examples }: { examples: Example[] }) {
  const { t } = useI18n();
  const { busy, choose } = useExample();
  return (
    <section aria-label={t.agents.examples}>
      <Text fw={600} size="sm" mb={8}>
        {t.agents.examples_try}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }} spacing="sm">
        {examples.map((example) => (
          <UnstyledButton
            key={example.id}
            className={classes.card}
            disabled={busy}
            onClick={() => choose(example.id)}
            aria-label={example.name}
          >
            <Text size="sm" fw={600}>
              {example.name}
            </Text>
            <Text size="xs" c="var(--text-quiet)" lineClamp={3}>
              {example.description}
            </Text>
          </UnstyledButton>
        ))}
      </SimpleGrid>
    </section>
  );
}

/** The examples as a menu, for everybody else. */
export function ExampleMenu({ examples }: { examples: Example[] }) {
  const { t } = useI18n();
  const { busy, choose } = useExample();
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <Button variant="default" size="xs" loading={busy} rightSection={<ChevronDown size={14} aria-hidden />}>
          {t.agents.examples}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu}>
        {examples.map((example) => (
          <Menu.Item key={example.id} title={example.description} onClick={() => choose(example.id)}>
            {example.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

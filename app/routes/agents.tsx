import { Button, FileButton, Stack, Text, TextInput, Title } from "@mantine/core";
import { Search, Upload, Workflow } from "lucide-react";
import { useCallback } from "react";
import { data, Form, Link, redirect, useSearchParams } from "react-router";
import { AgentTable } from "#app/agents/agent-table.tsx";
import { WindowDropZone } from "#app/agents/drop-zone.tsx";
import { ExampleCards, ExampleMenu } from "#app/agents/example-choice.tsx";
import type { Example } from "#app/agents/example.ts";
import { listExamples, readExample } from "#app/agents/examples.server.ts";
import { importAgents, parseAgentsRequest } from "#app/agents/import-agents.server.ts";
import { ImportReport } from "#app/agents/import-report.tsx";
import { useImport } from "#app/agents/use-import.ts";
import { EmptyState } from "#app/components/empty-state.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import { orErrorPage, requireServices } from "#app/services.server.ts";
import page from "#app/components/page.module.css";
import type { Route } from "./+types/agents.ts";

const PAGE_SIZE = 50;

export async function loader({ context, request }: Route.LoaderArgs) {
  const services = requireServices(context, request);
  const query = new URL(request.url).searchParams;
  const search = query.get("q")?.trim() ?? "";
  const list = await orErrorPage(
    services.graphs.list({
      limit: PAGE_SIZE,
      ...(search === "" ? {} : { search }),
      ...(query.has("cursor") ? { cursor: query.get("cursor") ?? "" } : {}),
    }),
  );
  return { ...list, search, examples: listExamples() };
}

export async function action({ context, request }: Route.ActionArgs) {
  const services = requireServices(context, request);
  const parsed = parseAgentsRequest(await request.json().catch(() => null));
  if (parsed === undefined) {
    throw data({ code: "invalid_request", message: "The form was sent in an unknown shape." }, { status: 400 });
  }
  if (parsed.intent === "import") {
    return { outcomes: await importAgents(services, parsed.files) };
  }
  const file = readExample(parsed.id);
  if (file === undefined) {
    throw data({ code: "not_found", message: "There is no example of this name." }, { status: 404 });
  }
  const { graph } = await orErrorPage(services.graphs.import(file));
  return redirect(`/agents/${encodeURIComponent(graph.id)}`);
}

export default function Agents({ loaderData }: Route.ComponentProps) {
  const { t } = useI18n();
  const current = useImport();
  const { start } = current;
  const onFiles = useCallback((files: File[]) => start(files), [start]);
  const { items, next_cursor, search, examples } = loaderData;
  const [params] = useSearchParams();
  const onFirstPage = !params.has("cursor");
  const nothingYet = items.length === 0 && search === "" && onFirstPage;
  return (
    <WindowDropZone onFiles={onFiles}>
      <div className={page.page}>
        <div className={page.head}>
          <Title order={1} size="h3" className={page.title}>
            {t.agents.title}
          </Title>
          {!nothingYet && <SearchBox initial={search} />}
          {!nothingYet && <ExampleMenu examples={examples} />}
          <ImportButton current={current} />
        </div>
        <div style={{ marginBottom: 12 }}>
          <ImportReport current={current} />
        </div>
        {nothingYet ? (
          <NoAgents examples={examples} />
        ) : (
          <>
            {items.length === 0 ? (
              <Text c="var(--text-quiet)">{t.agents.none_found(search)}</Text>
            ) : (
              <AgentTable agents={items} />
            )}
            <div className={page.foot}>
              {!onFirstPage && (
                <Button variant="default" size="xs" component={Link} to="/">
                  {t.agents.first_page}
                </Button>
              )}
              {next_cursor !== null && (
                <Button variant="default" size="xs" component={Link} to={`?${nextPage(params, next_cursor)}`}>
                  {t.agents.more}
                </Button>
              )}
            </div>
          </>
        )}
      </div>
    </WindowDropZone>
  );
}

function nextPage(current: URLSearchParams, cursor: string): string {
  const next = new URLSearchParams(current);
  next.set("cursor", cursor);
  return next.toString();
}

function SearchBox({ initial }: { initial: string }) {
  const { t } = useI18n();
  return (
    <Form method="get" role="search" className={page.search}>
      <TextInput
        name="q"
        type="search"
        size="xs"
        defaultValue={initial}
        aria-label={t.agents.search}
        placeholder={t.agents.search}
        leftSection={<Search size={14} aria-hidden />}
      />
    </Form>
  );
}

function ImportButton({ current }: { current: ReturnType<typeof useImport> }) {
  const { t } = useI18n();
  return (
    <FileButton
      multiple
      accept="application/json,.json"
      onChange={(files) => current.start(files)}
      inputProps={{ "aria-label": t.import.choose }}
    >
      {(props) => (
        <Button {...props} size="xs" loading={current.busy} leftSection={<Upload size={14} aria-hidden />}>
          {t.import.button}
        </Button>
      )}
    </FileButton>
  );
}

function NoAgents({ examples }: { examples: Example[] }) {
  const { t } = useI18n();
  return (
    <Stack gap="lg">
      <EmptyState icon={<Workflow size={40} strokeWidth={1.5} />} title={t.agents.empty_title}>
        <Text size="sm">{t.agents.empty_text}</Text>
      </EmptyState>
      <ExampleCards examples={examples} />
    </Stack>
  );
}

export function meta() {
  return [{ title: "Weft" }];
}

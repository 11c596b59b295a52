import { useState } from "react";
import { useFetcher } from "react-router";
import { useI18n } from "#app/i18n/i18n.tsx";
import type { ImportOutcome } from "./import-outcome.ts";
import { MAX_FILE_MEGABYTES, readAgentFile, type ReadFile } from "./read-agent-file.ts";

export interface Import {
  busy: boolean;
  /** Names of the files under way. */
  names: string[];
  outcomes: ImportOutcome[];
  /** Sentences about files that were not even sent. */
  unreadable: string[];
  start(files: readonly File[]): void;
  dismiss(): void;
}

/** Reads files, sends them to the list's action and keeps what became of them until dismissed. */
export function useImport(): Import {
  const { t } = useI18n();
  const fetcher = useFetcher<{ outcomes: ImportOutcome[] }>();
  const [names, setNames] = useState<string[]>([]);
  const [failed, setFailed] = useState<Exclude<ReadFile, { ok: true }>[]>([]);
  const [dismissed, setDismissed] = useState(false);

  async function read(files: readonly File[]) {
    setDismissed(false);
    setNames(files.map((file) => file.name));
    const all = await Promise.all(files.map(readAgentFile));
    setFailed(all.filter((file) => !file.ok));
    const sound = all.filter((file) => file.ok).map(({ name, content }) => ({ name, content }));
    if (sound.length > 0) {
      const body = JSON.stringify({ intent: "import", files: sound });
      await fetcher.submit(body, { method: "post", action: "/?index", encType: "application/json" });
    } else {
      fetcher.reset();
    }
    setNames([]);
  }

  return {
    busy: names.length > 0,
    names,
    outcomes: dismissed ? [] : (fetcher.data?.outcomes ?? []),
    unreadable: dismissed ? [] : failed.map((file) => describe(file, t.import)),
    start: (files) => void read(files),
    dismiss: () => setDismissed(true),
  };
}

type ImportMessages = ReturnType<typeof useI18n>["t"]["import"];

function describe(file: Exclude<ReadFile, { ok: true }>, t: ImportMessages): string {
  switch (file.reason) {
    case "too_large":
      return t.too_large(file.name, MAX_FILE_MEGABYTES);
    case "not_read":
      return t.not_read(file.name);
    case "not_json":
      return t.not_json(file.name, file.detail);
  }
}

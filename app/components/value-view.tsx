import { ActionIcon, Anchor, CopyButton, Tooltip } from "@mantine/core";
import { Check, Copy } from "lucide-react";
import { useMemo, useState } from "react";
import type { JsonValue } from "#graph/json.ts";
import { type ShownValue, shownValueOf } from "#graph/run/stored-value.ts";
import { useI18n } from "#app/i18n/i18n.tsx";
import classes from "./value-view.module.css";

const SHOWN_CHARACTERS = 3_000;
/** Raster images only: they are shown as images, everything else as text. Nothing is ever taken as markup. */
const IMAGE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/;
const MAX_IMAGE_CHARACTERS = 4_000_000;

/** A value that an agent took or gave, as text: plain text as it is, everything else as indented JSON. */
export function ValueView({ value }: { value: JsonValue }) {
  const stored = shownValueOf(value);
  return stored === undefined ? <SmallValue value={value} /> : <LargeValue stored={stored} />;
}

/** The beginning of a value that is too large for a page, and the way to all of it. */
function LargeValue({ stored: { preview, size, url } }: { stored: ShownValue }) {
  const { t, format } = useI18n();
  return (
    <div className={classes.box} data-kind="json">
      <pre className={classes.text}>{preview}…</pre>
      <Anchor href={url} download size="xs">
        {t.outputs.download(format.bytes(size))}
      </Anchor>
    </div>
  );
}

function SmallValue({ value }: { value: JsonValue }) {
  const { t, format } = useI18n();
  const [all, setAll] = useState(false);
  const text = useMemo(() => (typeof value === "string" ? value : JSON.stringify(value, null, 2)), [value]);
  if (typeof value === "string" && value.length <= MAX_IMAGE_CHARACTERS && IMAGE.test(value)) {
    return <img src={value} alt="" className={classes.image} />;
  }
  const long = text.length > SHOWN_CHARACTERS;
  const shown = long && !all ? text.slice(0, SHOWN_CHARACTERS) : text;
  return (
    <div className={classes.box} data-kind={typeof value === "string" ? "text" : "json"}>
      <pre className={classes.text} tabIndex={long ? 0 : undefined}>
        {shown === "" ? <span className={classes.empty}>{t.outputs.empty_text}</span> : shown}
        {long && !all && "…"}
      </pre>
      <div className={classes.tools}>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? t.outputs.copied : t.outputs.copy}>
              <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={t.outputs.copy}>
                {copied ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </div>
      {long && (
        <Anchor component="button" type="button" size="xs" onClick={() => setAll(!all)}>
          {all ? t.outputs.show_less : t.outputs.show_all(format.number(text.length))}
        </Anchor>
      )}
    </div>
  );
}

import { Upload } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useI18n } from "#app/i18n/i18n.tsx";
import classes from "./drop-zone.module.css";

/** Takes files dropped anywhere in the window; shows that it does while they are dragged over it. */
export function WindowDropZone({ onFiles, children }: { onFiles: (files: File[]) => void; children: ReactNode }) {
  const { t } = useI18n();
  const [over, setOver] = useState(false);

  useEffect(() => {
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const enter = (event: DragEvent) => {
      if (carriesFiles(event)) {
        event.preventDefault();
        setOver(true);
      }
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) {
        setOver(false);
      }
    };
    const drop = (event: DragEvent) => {
      if (carriesFiles(event)) {
        event.preventDefault();
        setOver(false);
        onFiles([...(event.dataTransfer?.files ?? [])]);
      }
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragover", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragover", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, [onFiles]);

  return (
    <>
      {children}
      {over && (
        <div className={classes.overlay} aria-hidden>
          <div className={classes.target}>
            <Upload size={28} />
            {t.import.drop_active}
          </div>
        </div>
      )}
    </>
  );
}

import { BaseEdge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { useI18n } from "#app/i18n/i18n.tsx";
import { useLinkCount } from "#app/run/live-run.tsx";
import classes from "./counted-edge.module.css";

/** A link, with the number of values it has carried in the run shown; links that carried none step back. */
export const CountedEdge = memo(function CountedEdge(props: EdgeProps) {
  const { format } = useI18n();
  const count = useLinkCount(props.id);
  const [path, labelX, labelY] = getBezierPath(props);
  const idle = count === 0;
  return (
    <>
      <BaseEdge id={props.id} path={path} style={{ ...props.style, opacity: idle ? 0.35 : 1 }} interactionWidth={0} />
      {count !== undefined && count > 0 && (
        <text x={labelX} y={labelY} className={classes.count} textAnchor="middle" dominantBaseline="central">
          {format.number(count)}
        </text>
      )}
    </>
  );
});
